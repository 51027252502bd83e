"""What a PDF holds beside its pages: values of form fields and notes as lines of text, and a count of what is left behind. Called by `pdf.py`."""

import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dicomlake.errors import Code, PermanentError

if TYPE_CHECKING:
    from pikepdf import Pdf

_MAX_FIELDS, _MAX_DEPTH, _MAX_IMAGE_PIXELS = 5000, 32, 150_000_000


@dataclass(frozen=True)
class Rest:
    """`lines` are (line, the part of it that a page may already show)."""

    lines: tuple[tuple[str, str], ...] = field(repr=False)
    left_behind: Mapping[str, int]


def rest_of(data: bytes) -> Rest:
    """Raises PermanentError: encrypted (a password is asked for), corrupt, resource_limit (a picture beyond 150 million pixels)."""
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(data), suppress_warnings=True) as pdf:
            _check_pictures(pdf)
            lines = (*_fields(pdf), *_notes(pdf))
            return Rest(tuple(dict.fromkeys(lines)), _left_behind(pdf, data))
    except pikepdf.PasswordError:
        raise PermanentError(Code.ENCRYPTED, "password_asked_for") from None
    except (pikepdf.PdfError, RecursionError, ValueError, TypeError, KeyError, AttributeError, OverflowError):
        raise PermanentError(Code.CORRUPT, "pdf_not_readable") from None


def _check_pictures(pdf: "Pdf") -> None:
    import pikepdf

    for item in pdf.objects:
        if isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Image":
            width, height = item.get("/Width", 0), item.get("/Height", 0)
            if isinstance(width, int) and isinstance(height, int) and width * height > _MAX_IMAGE_PIXELS:
                raise PermanentError(Code.RESOURCE_LIMIT, "picture_too_large")


def _fields(pdf: "Pdf") -> Iterator[tuple[str, str]]:
    form = pdf.Root.get("/AcroForm")
    left = [_MAX_FIELDS]
    if form is not None:
        for item in form.get("/Fields", ()):
            yield from _field(item, "", 0, left)


def _field(item: Any, above: str, depth: int, left: list[int]) -> Iterator[tuple[str, str]]:
    left[0] -= 1
    if left[0] < 0 or depth > _MAX_DEPTH:
        raise PermanentError(Code.RESOURCE_LIMIT, "too_many_fields")
    name = str(item.get("/TU", item.get("/T", ""))) or above
    value = item.get("/V")
    if value is not None and item.get("/FT") != "/Sig":
        text = _text(value)
        if text and not text.startswith("/"):
            yield f"{name}: {text}" if name else text, text
    for kid in item.get("/Kids", ()):
        yield from _field(kid, name, depth + 1, left)


def _text(value: Any) -> str:
    import pikepdf

    if isinstance(value, pikepdf.Array):
        return ", ".join(filter(None, (_text(one) for one in value)))
    if isinstance(value, pikepdf.Stream):
        return value.read_bytes().decode("utf-8", "replace")
    return str(value)


def _notes(pdf: "Pdf") -> Iterator[tuple[str, str]]:
    """What comments say. Who wrote them, and when, is not carried."""
    for page in pdf.pages:
        for note in page.get("/Annots", ()):
            text = str(note.get("/Contents", "")).strip()
            if text and note.get("/Subtype") not in ("/Widget", "/Link"):
                yield text, text


def _left_behind(pdf: "Pdf", data: bytes) -> dict[str, int]:
    import pikepdf

    found = Counter[str]()
    found["attachments"] = len(pdf.attachments)
    found["earlier_revisions"] = max(0, data.count(b"%%EOF") - 1 - (b"/Linearized" in data[:1024]))
    root = pdf.Root
    for name, key in (
        ("outline", "/Outlines"),
        ("metadata", "/Metadata"),
        ("scripts", "/OpenAction"),
        ("signatures", "/Perms"),
    ):
        found[name] = int(key in root)
    found["pictures"] = sum(isinstance(o, pikepdf.Stream) and o.get("/Subtype") == "/Image" for o in pdf.objects)
    return {name: count for name, count in found.items() if count}
