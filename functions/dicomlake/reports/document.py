"""A report as it was read: its text in reading order, where each word stands, and what the file itself says about whom it is. Made by `extract/`.

Pages are parted by form feeds, lines by line feeds, the cells of a table row by tabs, so that one string holds the whole order.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from dicomlake.errors import Code, PermanentError

MAX_TEXT = 2_000_000
_LITTLE_TEXT = 30  # letters and digits
PAGE, CELL = "\f", "\t"
# Letters that fonts draw as one; other compatibility forms (m²) mean something of their own and stay.
_LIGATURES = {
    "ﬀ": "ff",
    "ﬁ": "fi",
    "ﬂ": "fl",
    "ﬃ": "ffi",
    "ﬄ": "ffl",
    "ﬅ": "st",
    "ﬆ": "st",
    "\u00a0": " ",
    "\u202f": " ",
    "\u2007": " ",
}
_KEPT_CONTROLS = frozenset("\n\t\f")


@dataclass(frozen=True, slots=True)
class Word:
    """Characters `start` to `end` of the text and their box on a page, in points from its upper left corner as it is shown."""

    start: int
    end: int
    page: int
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PageForm:
    """Width and height of a page in points as it stands upright; `read` is how its text was found: `text` or `ocr`; `turned` is by how many
    degrees clockwise its picture was turned for that.
    """

    width: float
    height: float
    read: str = "text"
    turned: int = 0


@dataclass(frozen=True)
class Subject:
    """Whom a report is about, as far as the file itself says it. `repr` shows nothing."""

    patient_id: str | None = field(default=None, repr=False)
    issuer: str | None = field(default=None, repr=False)
    accessions: tuple[str, ...] = field(default=(), repr=False)
    study_uid: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Document:
    """A report read. `known` are values the file names people by: kind (`names`, `ids`, `dates`, `births`, `places`, `phones`) -> values.

    `left_behind` counts what the file holds and no copy gets: attachments, earlier revisions and the like, by name of ours. `table`: the
    whole text is a table for programs. `source` are the bytes of a PDF, for those who want its pages as pictures.
    """

    kind: str
    text: str = field(repr=False)
    pages: tuple[PageForm, ...] = ()
    words: tuple[Word, ...] = field(default=(), repr=False)
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    subject: Subject = field(default_factory=Subject, repr=False)
    left_behind: Mapping[str, int] = field(default_factory=dict)
    table: bool = False
    source: bytes = field(default=b"", repr=False)

    @property
    def read_by_ocr(self) -> bool:
        """Whether any page was read from its picture."""
        return any(page.read == "ocr" for page in self.pages)


def tidy(text: str) -> str:
    """Text without control and format characters (a name cut by a zero-width space is still that name), ligatures written out, NFC.

    Raises PermanentError(resource_limit) beyond two million characters.
    """
    if len(text) > MAX_TEXT:
        raise PermanentError(Code.RESOURCE_LIMIT, "text_too_long")
    text = (
        text.replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\u2028", "\n")
        .replace("\u2029", "\n\n")
        .replace("\v", "\n")
    )
    if not text.isascii():
        text = unicodedata.normalize("NFC", "".join(_LIGATURES.get(c, c) for c in text))
    kept = (c if c in _KEPT_CONTROLS or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co") else "" for c in text)
    text = "".join(kept) if not (text.isascii() and text.isprintable()) else text
    text = re.sub(r"[ \t]+\n", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n ")


def readable(document: Document) -> Document:
    """The document, if there is text in it. Raises PermanentError(text_phi_suspected): empty text is never taken for clean, nor is a line or
    two around a picture that nobody could read.
    """
    if not any(map(str.isalnum, document.text)):
        raise PermanentError(Code.TEXT_PHI_SUSPECTED, "no_text_found")
    if document.left_behind.get("pictures_not_read") and sum(map(str.isalnum, document.text)) < _LITTLE_TEXT:
        raise PermanentError(Code.TEXT_PHI_SUSPECTED, "picture_hard_to_read")
    return document
