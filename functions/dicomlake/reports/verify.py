"""A second look at a finished file: `prove(...)` returns, or raises PermanentError. Called by `clean.py` for each file it has made.

Reads with other engines than the ones that wrote it: pypdf for the text of a PDF, pikepdf for all of its streams and strings, PDFium and OCR
for the picture of each page. A value known from outside that is still there is a failure; one that was found and replaced elsewhere in the
text is a suspicion. What was read from a picture is searched for all that looks like a value, too.
"""

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from dicomlake.errors import Code, PermanentError
from dicomlake.reports.document import tidy
from dicomlake.reports.extract.ocr import OcrEngine
from dicomlake.reports.lookalike import is_near, shape
from dicomlake.reports.recognise import KnownValues, Label, Recogniser
from dicomlake.reports.recognise.notation import days_of, name_words
from dicomlake.reports.recognise.writing import fold
from dicomlake.reports.shown import shown

_OURS = frozenset({"/Root", "/Info", "/ID", "/Size"})
_FORBIDDEN = frozenset(
    "/Annots /AcroForm /EmbeddedFiles /AF /JS /JavaScript /OpenAction /AA /Metadata /PieceInfo /Outlines /StructTreeRoot /OCProperties "
    "/Names /URI /Launch /XFA".split()
)
_BIRTH_FORMS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y%m%d", "%d-%m-%Y", "%Y/%m/%d", "%d%m%Y")
_OUT = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "ß": "ss",
        "å": "aa",
        "ø": "oe",
        "æ": "ae",
        "ł": "l",
        "ı": "i",
        "þ": "th",
        "ð": "d",
    }
)
_MISREAD = 2  # words of a page that OCR may make up
_SURE_LABELS = frozenset((Label.NAME, Label.ID, Label.PHONE, Label.EMAIL))


@dataclass(frozen=True)
class Needles:
    """What must not be found. `known` in folded words or compact numbers, `found` likewise, `alike` in the form of what looks the same;
    `repr` shows nothing. `ocr` reads pictures (None: such a page raises NeedsOcr); `blurred`: the original was read from one; `said`
    are the words of the scrubbed text (`saying`), which is all that a picture may say.
    """

    values: KnownValues = field(repr=False)
    known: frozenset[str] = field(repr=False)
    births: frozenset[str] = field(repr=False)
    found: frozenset[str] = field(repr=False)
    glued: frozenset[str] = field(repr=False)
    alike: frozenset[str] = field(repr=False)
    recogniser: Recogniser = field(repr=False)
    ocr: OcrEngine | None = None
    blurred: bool = False
    said: frozenset[str] = frozenset()

    @classmethod
    def of(cls, known: KnownValues, replaced: Iterable[tuple[str, str]], recogniser: Recogniser) -> "Needles":
        """From what is known of the study, and (label, text) of what was replaced."""
        words = {word for name in known.names for word in name_words(name)}
        telling = {word for word in words if len(word) > 3 and not recogniser.clinical.is_ordinary(word)}
        pairs = {f"{a} {b}" for name in known.names for a, b in _neighbours(name_words(name))}
        telling |= {word for word in _written_out(known.names) if len(word) > 4}
        ids = {compact for value in known.ids if (compact := _compact(value)) and _is_telling(compact)}
        births = {day.strftime(form) for text in known.births for day in days_of(text) for form in _BIRTH_FORMS}
        found = {_plain(text) for label, text in replaced if label in _SURE_LABELS}
        found = {text for text in found if len(text) > 5 and (" " in text or any(map(str.isdigit, text)))}
        glued = {value for value in ids if len(value) > 6} | {word for word in telling if len(word) > 6}
        glued = {word for word in glued if not recogniser.clinical.terms(f"{word} disease")}
        everything = frozenset(telling | pairs | ids)
        alike = frozenset(shape(value) for value in everything if len(value) > 4)
        return cls(known, everything, frozenset(births), frozenset(found), frozenset(glued), alike, recogniser)


def prove(ending: str, data: bytes, needles: Needles, lang: str, *, waived: bool = False) -> None:
    """Raises PermanentError(deid_failed) for what is known and still there, (text_phi_suspected) for what was found and still is."""
    for text, by_ocr in _views(ending, data, lang, needles.ocr):
        plain = _plain(text)
        _prove_without_known(text, plain, needles)
        if (by_ocr or needles.blurred) and _looks_known(text, needles):
            raise PermanentError(Code.DEID_FAILED, "known_value_in_picture")
        if by_ocr and needles.said and not waived and _says_otherwise(text, needles):
            raise PermanentError(Code.TEXT_PHI_SUSPECTED, "picture_says_otherwise")
        if not waived and any(_stands(value, plain, ()) for value in needles.found):
            raise PermanentError(Code.TEXT_PHI_SUSPECTED, "found_value_left")


def _prove_without_known(text: str, plain: str, needles: Needles) -> None:
    places = _eponyms(plain, needles.recogniser)
    if any(_stands(word, plain, places) for word in needles.known) or any(birth in text for birth in needles.births):
        raise PermanentError(Code.DEID_FAILED, "known_value_left")
    inside = "".join(plain.split())
    if any(value in inside for value in needles.glued):
        raise PermanentError(Code.DEID_FAILED, "known_value_inside_a_word")
    again = needles.recogniser.known_spans(text, needles.values)
    if any(span.label is not Label.DATE for span in needles.recogniser.clinical.kept(text, again)):
        raise PermanentError(Code.DEID_FAILED, "known_value_recognised")


def _looks_known(text: str, needles: Needles) -> bool:
    """Whether something stands there that a reader of pictures makes of a known value. Words of the languages are themselves."""
    words = re.findall(r"[^\W_]+", fold(text))
    strange = " ".join("." if needles.recogniser.is_term(word) else shape(word) for word in words)
    return any(_stands(value, strange, ()) for value in needles.alike)


def saying(text: str) -> frozenset[str]:
    """The words of a text in the form that what looks the same shares."""
    return frozenset(shape(word) for word in re.findall(r"[^\W_]{3,}", text))


def _says_otherwise(text: str, needles: Needles) -> bool:
    """Whether a picture shows words that its text does not have: a name behind letters that claim to be others."""
    strange = 0
    for word in re.findall(r"(?<![^\W_])[^\W\d_]{4,}(?![^\W_])", text):
        if needles.recogniser.is_term(fold(word)) or shape(word) in needles.said:
            continue
        strange += not any(is_near(shape(word), said) for said in needles.said)
    return strange > _MISREAD


def _views(ending: str, data: bytes, lang: str, ocr: OcrEngine | None) -> Iterator[tuple[str, bool]]:
    """What other engines see in a file, and whether a picture was read for it."""
    if not ending.endswith(".pdf"):
        yield data.decode("utf-8"), False
        return
    yield tidy(_pdf_text(data)), False
    yield _pdf_strings(data), False
    yield from ((page.text, page.by_ocr) for page in shown(data, lang, ocr))


def _pdf_text(data: bytes) -> str:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(data), strict=True)
        return "\n".join(page.extract_text() for page in reader.pages)
    except (PyPdfError, ValueError, KeyError, TypeError, RecursionError):
        raise PermanentError(Code.DEID_FAILED, "copy_not_readable") from None


def _pdf_strings(data: bytes) -> str:
    """Every string and decompressed stream, but fonts and pictures; and nothing in it that is not of a rebuilt page."""
    import pikepdf

    strings: list[str] = []
    with pikepdf.open(io.BytesIO(data), attempt_recovery=False) as pdf:
        if not set(pdf.trailer.keys()) <= _OURS or data.count(b"%%EOF") != 1:
            raise PermanentError(Code.DEID_FAILED, "copy_not_ours")
        for item in pdf.objects:
            if isinstance(item, (pikepdf.Dictionary, pikepdf.Stream)):
                if not _FORBIDDEN.isdisjoint(item.keys()):
                    raise PermanentError(Code.DEID_FAILED, "copy_not_ours")
                strings += [str(value) for value in item.values() if isinstance(value, pikepdf.String)]
            if isinstance(item, pikepdf.Stream) and "/Length1" not in item and item.get("/Subtype") != "/Image":
                strings.append(item.read_bytes().decode("latin-1"))
    return "\n".join(strings)


def _plain(text: str) -> str:
    """Folded words and numbers with one blank between them."""
    return " ".join(re.findall(r"[^\W_]+", fold(text)))


def _compact(text: str) -> str:
    return "".join(re.findall(r"[^\W_]+", fold(text)))


def _is_telling(compact: str) -> bool:
    return len(compact) >= 5 and any(map(str.isdigit, compact)) and len(set(compact)) > 2


def _neighbours(words: list[str]) -> Iterator[tuple[str, str]]:
    for a, b in pairwise(words):
        if len(a) > 1 and len(b) > 1 and len(a + b) > 5:
            yield a, b
            yield b, a


def _eponyms(plain: str, recogniser: Recogniser) -> tuple[tuple[int, int], ...]:
    return tuple(recogniser.clinical.terms(plain))


def _written_out(names: Iterable[str]) -> set[str]:
    """Words of names with letters written out, as messages and machines do that have no others."""
    forms = (
        form for name in names for form in (name.casefold().translate(_OUT), name.casefold())
    )  # casefold makes ss of ß
    return {word for form in forms for word in name_words(form)}


def _stands(needle: str, plain: str, allowed: Iterable[tuple[int, int]]) -> bool:
    """Whether a value stands in the text as whole words, elsewhere than in clinical terms."""
    spaced = any(map(str.isdigit, needle)) and " " not in needle
    form = r" ?".join(re.findall(r"\d+|[^\W\d_]+", needle)) if spaced else re.escape(needle)
    for match in re.finditer(rf"(?<!\w){form}(?!\w)", plain):
        if not any(start <= match.start() and match.end() <= end for start, end in allowed):
            return True
    return False
