"""What an object is, told by its content and never by its name. Called by `assess.py` for what is no DICOM object."""

import re
from enum import StrEnum

from dicomlake.errors import PermanentError

_HEAD = 4096
_ZIP_OFFICE = (b"word/", b"xl/", b"ppt/", b"[Content_Types].xml")
_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07")
_FRAME = b"\x0bMSH"  # the frame of a message (MLLP)
_XML = re.compile(rb"\s*<(\?xml|!DOCTYPE|!--|[A-Za-z_][\w:.-]*[\s>/])")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


class Kind(StrEnum):
    """The kinds of object a clinic sends; the column `kind` of `ops.receipts`."""

    DICOM_IMAGE = "dicom_image"
    DICOM_SR = "dicom_sr"
    DICOM_ENCAPSULATED = "dicom_encapsulated"
    DICOM_OTHER = "dicom_other"
    PDF = "pdf"
    TEXT = "text"
    RTF = "rtf"
    OFFICE = "office"
    HL7 = "hl7"
    XML = "xml"
    ARCHIVE = "archive"
    MANIFEST = "manifest"
    OTHER = "other"


# Defined terms of Modality (PS3.3 C.7.3.1.1.1), current and retired.
MODALITIES = frozenset(
    (
        "ANN AR AS ASMT AU BDUS BI BMD CD CF CP CR CS CT CTPROTOCOL DD DF DG DM DMS DOC DS DX EC ECG EEG EMG EOG EPS ES "
        "FA FID FS GM HC HD IO IOL IVOCT IVUS KER KO LEN LP LS M3D MA MG MR MS NM OAM OCT OP OPENP OPM OPR OPT OPTBSV "
        "OPTENF OPV OSS OT PA PLAN POS PR PT PX REG RESP RF RG RTDOSE RTIMAGE RTINTENT RTPLAN RTRAD RTRECORD RTSEGANN "
        "RTSTRUCT RWV SEG SM SMR SR SRF ST STAIN TEXTUREMAP TG US VA VF VL XA XAPROTOCOL XC"
    ).split()
)
REPORTS = frozenset({Kind.PDF, Kind.TEXT, Kind.RTF, Kind.OFFICE, Kind.HL7, Kind.XML})


def sniff(data: bytes) -> Kind:
    """The kind of `data` that is no DICOM object, from its first 4 KiB."""
    head = data[:_HEAD]
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if b"%PDF-" in head[:1024]:
        return Kind.PDF
    if head.startswith(b"PK\x03\x04") and any(mark in head for mark in _ZIP_OFFICE):
        return Kind.OFFICE
    if head.startswith(_ARCHIVES) or head[257:262] == b"ustar":
        return Kind.ARCHIVE
    if start.startswith(b"{\\rtf"):
        return Kind.RTF
    if _XML.match(start):
        return Kind.XML
    if not is_text(head) and not start.startswith(_FRAME):
        return Kind.OTHER
    from dicomlake.reports.extract.hl7 import is_hl7

    return Kind.HL7 if is_hl7(_decoded(head)) else Kind.TEXT


def _decoded(head: bytes) -> str:
    """The beginning of a text; a character cut at its end is of no matter."""
    from dicomlake.reports.extract.text import decode

    try:
        return decode(head[: len(head) // 4 * 4])
    except PermanentError:
        return head.decode("latin-1")


def is_text(head: bytes) -> bool:
    """Whether the bytes read as text of a common encoding: UTF-16, else no control characters but white space."""
    from dicomlake.reports.extract.text import unmarked_utf16

    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or unmarked_utf16(head):
        return True
    if 50 * head.count(b"\0") <= len(head):  # a stray NUL makes no text something else
        head = head.replace(b"\0", b"")
    return bool(head.strip()) and not _CONTROL.search(head)
