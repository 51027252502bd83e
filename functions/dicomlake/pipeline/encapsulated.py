"""A DICOM object that holds a document in, the same with the clean document in its place out (PS3.3 A.45). Called by `assess.py`.

The document is taken out, read, scrubbed with what the header knows, rebuilt, and put back with its right length; the header is then
de-identified like any other.
"""

from dataclasses import dataclass, field, replace
from struct import pack

from dicomlake.dicom import RawInstance, encode, known_identity, read_raw
from dicomlake.dicom.filemeta import preamble_and_meta
from dicomlake.errors import Code, PermanentError
from dicomlake.pipeline.linking import Link, values_of
from dicomlake.pipeline.report_tools import Asked, ReportTools
from dicomlake.pipeline.reports import clean_report, read
from dicomlake.pseudonyms import PatientIdentity, normal_accession
from dicomlake.reports.clean import CleanReport
from dicomlake.reports.rebuild import cda_of
from dicomlake.rules import Action, Profile

_KINDS = {"1.2.840.10008.5.1.4.1.1.104.1": "pdf", "1.2.840.10008.5.1.4.1.1.104.2": "xml"}
_DOCUMENT, _LENGTH = 0x00420011, 0x00420015


@dataclass(frozen=True)
class Inner:
    """The object with its clean document, and the report as it will stand in the lake."""

    raw: RawInstance = field(repr=False)
    report: CleanReport


def cleaned(raw: RawInstance, patient: PatientIdentity, profile: Profile, tools: ReportTools, asked: Asked) -> Inner:
    """Raises PermanentError for a document that cannot be read or cleaned, NeedsOcr for one with pictures to be read when `light`."""
    kind = _KINDS.get(raw.first("SOPClassUID") or "")
    if kind is None:
        raise PermanentError(Code.UNSUPPORTED, "document_of_no_known_kind")
    document = read(_taken_out(raw), kind, tools, light=asked.light)
    accession = normal_accession(tools.identity, raw.first("AccessionNumber"))
    link = Link(raw.study_instance_uid, patient, accession, values_of(known_identity(raw, profile)))
    report = clean_report(document, link, tools, asked)
    inner = next(file.data for file in report.files if file.ending == ".pdf")
    if kind == "xml":
        inner = cda_of(report.text, report.lang, tools.key.uid(raw.sop_instance_uid), report.owner.patient_key)
    return Inner(_put_back(raw, inner), replace(report, files=()))


def keeping_document(profile: Profile) -> Profile:
    """The profile for an object whose document is clean already."""
    rule = profile.rule_for(_DOCUMENT, "OB")
    kept = replace(rule, action=Action.K, note="the document was rebuilt from scrubbed text")
    return replace(profile, table={**profile.table, _DOCUMENT: kept})


def _taken_out(raw: RawInstance) -> bytes:
    data = raw.value(_DOCUMENT)
    if not data:
        raise PermanentError(Code.CORRUPT, "document_missing")
    length = raw.number("EncapsulatedDocumentLength")
    return data[:length] if length and 0 < length <= len(data) else data


def _put_back(raw: RawInstance, document: bytes) -> RawInstance:
    explicit, buffer = raw.syntax.explicit, raw.buffer
    new = {_DOCUMENT: encode.element(_DOCUMENT, b"OB", document + b"\0" * (len(document) & 1), explicit),
           _LENGTH: encode.element(_LENGTH, b"UL", pack("<I", len(document)), explicit)}  # fmt: skip
    parts = [(tag, bytes(buffer[start:end])) for tag, _, start, _, end, _ in raw.elements if tag not in new]
    body = b"".join(part for _, part in sorted([*parts, *new.items()], key=lambda one: one[0]))
    sop_class, instance = (raw.first(keyword) or "" for keyword in ("SOPClassUID", "SOPInstanceUID"))
    meta = preamble_and_meta(sop_class.encode("ascii"), instance.encode("ascii"), raw.syntax.written_as)
    return replace(read_raw(meta + body), status=raw.status)
