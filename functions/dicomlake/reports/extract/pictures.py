"""Pictures pasted into a word-processor's file in, the text they show out, and how many could not be read. Called by `docx.py` and `rtf.py`.

The copy carries no picture; one that holds text is read so that nothing a report says is lost or passes unseen.
"""

import io
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dicomlake.errors import Code, PermanentError
from dicomlake.reports.document import tidy
from dicomlake.reports.extract.layout import Token, in_order
from dicomlake.reports.extract.ocr import OcrEngine
from dicomlake.reports.extract.pdf import NeedsOcr, language_of

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF")
_LEAST_WIDTH, _LEAST_HEIGHT, _MAX_PIXELS, _READ_WIDTH = 48, 12, 50_000_000, 1400
_MAX_PICTURES, _MAX_FRAMES = 60, 20
_SURE, _NO_WORDS = 60.0, 3


def texts_of(pictures: Sequence[bytes], ocr: OcrEngine | None) -> tuple[str, int]:
    """The text of all pictures and the number of those nobody could read. Raises NeedsOcr without an engine, PermanentError(resource_limit)."""
    if len(pictures) > _MAX_PICTURES:
        raise PermanentError(Code.RESOURCE_LIMIT, "too_many_pictures")
    texts, unread = [], 0
    for data in pictures:
        try:
            for picture in _opened(data):
                texts.append(_read(picture, ocr))
        except _NotReadable:
            unread += 1
    return "\n\n".join(filter(None, texts)), unread


class _NotReadable(Exception):  # says what is
    """No picture of a kind that can be opened."""


def _opened(data: bytes) -> Iterator["Image"]:
    """Its frames in grey on white, those that are large enough to hold a word."""
    from PIL import Image, ImageSequence, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
                if picture.width * picture.height > _MAX_PIXELS:
                    raise PermanentError(Code.RESOURCE_LIMIT, "picture_too_large")
                for number, frame in enumerate(ImageSequence.Iterator(picture)):
                    if number >= _MAX_FRAMES:
                        raise PermanentError(Code.RESOURCE_LIMIT, "too_many_pictures")
                    if frame.width >= _LEAST_WIDTH and frame.height >= _LEAST_HEIGHT:
                        yield _grey(frame)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):
        raise _NotReadable from None


def _grey(frame: "Image") -> "Image":
    from PIL import Image

    colours = frame.convert("RGBA")
    white = Image.new("RGBA", colours.size, "white")
    grey = Image.alpha_composite(white, colours).convert("L")
    scale = min(3.0, _READ_WIDTH / grey.width)
    return grey.resize((round(grey.width * scale), round(grey.height * scale))) if scale > 1 else grey


def _read(picture: "Image", ocr: OcrEngine | None) -> str:
    """The text of a picture; "" for one without words, as photographs and logos are."""
    if ocr is None:
        raise NeedsOcr
    reading = ocr.read(picture)
    language = language_of(reading)
    if language not in ("", "en"):
        reading = ocr.read(picture, language)
    words = [token for token in reading.tokens if any(map(str.isalnum, token.text))]
    if not words or (len(words) < _NO_WORDS and reading.confidence < _SURE):
        return ""
    if reading.confidence < _SURE:
        raise _NotReadable
    tokens = (Token(tidy(token.text), token.box) for token in reading.tokens)
    return in_order([token for token in tokens if token.text])[0]
