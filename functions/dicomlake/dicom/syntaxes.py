"""Transfer syntax UID in, how its data set is encoded out (PS3.5 section 10 and Annex A). Called by `read.py`."""

from dataclasses import dataclass

from dicomlake.errors import Code, PermanentError

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
ENCAPSULATED_UNCOMPRESSED = "1.2.840.10008.1.2.1.98"
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
RLE = "1.2.840.10008.1.2.5"
_COMPRESSED = "1.2.840.10008.1.2.4."
# Pixel data that stand elsewhere (JPIP) would have to be fetched from an address in the header.
_JPIP = frozenset({"94", "95", "204", "205"})


@dataclass(frozen=True, slots=True)
class Syntax:
    """An encoding of a data set: explicit or implicit VR, byte order, deflated or not, pixel data in fragments or native."""

    uid: str
    explicit: bool = True
    big_endian: bool = False
    deflated: bool = False
    encapsulated: bool = False

    @property
    def written_as(self) -> str:
        """The transfer syntax of the clean copy: its own, or Explicit VR Little Endian for big endian (retired) and deflated ones."""
        return EXPLICIT_LITTLE if self.big_endian or self.deflated else self.uid


_PLAIN = {
    IMPLICIT_LITTLE: Syntax(IMPLICIT_LITTLE, explicit=False),
    EXPLICIT_LITTLE: Syntax(EXPLICIT_LITTLE),
    EXPLICIT_BIG: Syntax(EXPLICIT_BIG, big_endian=True),
    DEFLATED: Syntax(DEFLATED, deflated=True),
}


def syntax_of(uid: str) -> Syntax:
    """The encoding named by `uid`. Raises PermanentError(unsupported) for private, referenced (JPIP) and unknown ones."""
    if uid in _PLAIN:
        return _PLAIN[uid]
    if uid in (RLE, ENCAPSULATED_UNCOMPRESSED, DEFLATED_FRAMES):
        return Syntax(uid, encapsulated=True)
    number = uid.removeprefix(_COMPRESSED)
    if number != uid and number.isdecimal() and len(number) <= 3 and number not in _JPIP:
        return Syntax(uid, encapsulated=True)
    raise PermanentError(Code.UNSUPPORTED, "transfer_syntax")
