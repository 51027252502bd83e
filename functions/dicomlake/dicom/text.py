"""Encoded values in, text out, in the character set of the object (PS3.5 6.1). Called by `read.py`, `known.py`, `rows.py` and `explain.py`.

Values for people to compare, never to be written back: what cannot be decoded becomes a surrogate and still tells two values apart.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct

from dicomlake.dicom.dictionary import TEXT_VRS, dictionary

PADDING = " \0\t\r\n"
# VRs in which a backslash is text (PS3.5 6.2).
SINGLE_VALUED = frozenset((b"LT", b"ST", b"UT", b"UR"))
# VRs that SpecificCharacterSet is about (PS3.5 6.1.2.2).
_LOCAL = frozenset(b"LO LT PN SH ST UC UT UN".split())
_NUMBERS = {b"US": "H", b"SS": "h", b"UL": "I", b"SL": "i", b"FL": "f", b"FD": "d", b"UV": "Q", b"SV": "q"}
_UNPACK = {vr: Struct("<" + form) for vr, form in _NUMBERS.items()}
_MAX_NUMBERS = 64


@dataclass(frozen=True, slots=True)
class Charset:
    """Python codecs for SpecificCharacterSet; () stands for the default repertoire, read as Latin-1 since so many files mean that."""

    codecs: tuple[str, ...] = ()

    @classmethod
    def of(cls, value: bytes) -> "Charset":
        """The character set named by an encoded (0008,0005). Unknown names count as the default repertoire."""
        return _charset(value)

    @classmethod
    def read(cls, value: bytes) -> "Charset":
        """The same, not remembered."""
        terms = [term.strip(b" \0").decode("ascii", "replace") for term in value.split(b"\\")]
        if not any(terms) or terms == ["ISO_IR 6"]:
            return cls()
        import warnings

        from pydicom.charset import convert_encodings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they quote the value
            try:
                return cls(tuple(convert_encodings(terms if len(terms) > 1 else terms[0])))
            except (LookupError, ValueError):
                return cls()

    def decode(self, value: bytes, vr: bytes = b"LO") -> str:
        """The text of `value`; never raises."""
        if value.isascii() and b"\x1b" not in value:
            return value.decode("ascii")
        if not self.codecs or vr not in _LOCAL:
            return _fallback(value)
        import warnings

        from pydicom.charset import decode_bytes
        from pydicom.valuerep import PN_DELIMS, TEXT_VR_DELIMS

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                text = decode_bytes(value, list(self.codecs), PN_DELIMS if vr == b"PN" else TEXT_VR_DELIMS)
            except (LookupError, ValueError):
                return _fallback(value)
        # Bytes that are no text in the set they claim: many files say one set and mean Latin-1.
        return _fallback(value) if "\ufffd" in text else text

    def encode(self, text: str, old: bytes = b"") -> bytes | None:
        """`text` in this set, or in what `old`, the value it comes of, was read in; None when no way of writing it reads as the same again."""
        if text.isascii():
            return text.encode("ascii")
        for encoded in self._encodings(text, old):
            if self.decode(encoded, b"LT") == text:
                return encoded
        return None

    def _encodings(self, text: str, old: bytes) -> Iterator[bytes]:
        import warnings

        from pydicom.charset import encode_string

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            if self.codecs:
                with suppress(LookupError, ValueError, Warning):
                    yield encode_string(text, list(self.codecs))
        undeclared = ("utf-8", "latin-1") if _is_utf8(old) else ("latin-1", "utf-8")
        for codec in undeclared:
            with suppress(UnicodeEncodeError):
                yield text.encode(codec)


@lru_cache(maxsize=64)
def _charset(value: bytes) -> Charset:
    return Charset.read(value)


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _fallback(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def decoded_values(value: bytes, tag: int, vr: bytes, charset: Charset) -> tuple[str, ...]:
    """The values of an element as trimmed text; numbers written out (the first 64), () for bytes that are neither."""
    vr = vr.upper()
    if vr == b"UN":
        vr = dictionary().vr.get(tag, b"UN")
    unpack = _UNPACK.get(vr)
    if unpack is not None:
        whole = len(value) // unpack.size * unpack.size
        return tuple(str(n) for (n,) in unpack.iter_unpack(value[: min(whole, _MAX_NUMBERS * unpack.size)]))
    if vr not in TEXT_VRS:
        return ()
    text = charset.decode(value, vr)
    parts = [text] if vr in SINGLE_VALUED else text.split("\\")
    return tuple(part.strip(PADDING) for part in parts)
