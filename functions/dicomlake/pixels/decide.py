"""A picture and the lines found in it in, those that may stay out (selective cleaning). Called by `clean.py` through `requests.py`.

A line stays when two readers, the detector's own recogniser and Tesseract, both read nothing in it but technical words and short numbers,
and no value the object is known to identify with. What cannot be read surely goes.
"""

import re
from collections.abc import Callable

import cv2
import numpy as np

from dicomlake.pixels.detector import Image, Polygon
from dicomlake.pixels.words import cut_out, read_line

_SURE = 0.8
_TOKENS = re.compile(r"[^\W\d_]+(?:/[^\W\d_]+)?|\d+(?:[.,]\d+)?")
_DATE_OR_TIME = re.compile(r"\d\s*[:/\-]\s*\d|\d+\.\d+\.\d|\b(19|20)\d\d\b")
_NUMBER = re.compile(r"\d{1,4}(?:[.,]\d{1,3})?")
_TIMEOUT_S = 20


def sparing(
    technical: frozenset[str], known: tuple[str, ...], threads: int
) -> Callable[[Image, list[Polygon]], list[Polygon]]:
    """The decision for one object: `technical` are words in capital letters, `known` what it is known to identify with."""
    forbidden = frozenset(word for value in known for word in _words(value) if len(word) > 1) - technical

    def stay(image: Image, polygons: list[Polygon]) -> list[Polygon]:
        return [polygon for polygon in polygons if _may_stay(image, polygon, technical, forbidden, threads)]

    return stay


def _may_stay(
    image: Image, polygon: Polygon, technical: frozenset[str], forbidden: frozenset[str], threads: int
) -> bool:
    read = read_line(image, polygon, threads)
    if read.confidence < _SURE or not is_technical(read.text, technical, forbidden):
        return False
    return _agrees(_tesseract(cut_out(image, polygon)), read.text, technical, forbidden)


def is_technical(text: str, technical: frozenset[str], forbidden: frozenset[str] = frozenset()) -> bool:
    """Whether a line says nothing but technical words and short numbers, and neither a date, a time nor a long number."""
    words = _words(text)
    if not words or _DATE_OR_TIME.search(text):
        return False
    return all(word not in forbidden and (word in technical or _NUMBER.fullmatch(word)) for word in words)


def _agrees(second: str, first: str, technical: frozenset[str], forbidden: frozenset[str]) -> bool:
    """Whether the second reader saw nothing that speaks against: it may see less, but nothing else."""
    if not _words(second):
        return len(_words(first)) == 1 and len(first) <= 3
    letters = re.sub(r"[\W_]", "", second).upper()
    same = letters == re.sub(r"[\W_]", "", first).upper()
    return same or is_technical(second, technical, forbidden)


def _words(text: str) -> list[str]:
    return [token.upper() for token in _TOKENS.findall(text)]


def _tesseract(line: Image) -> str:
    import pytesseract

    grey = cv2.cvtColor(line, cv2.COLOR_RGB2GRAY)
    if grey.shape[0] > 1.5 * grey.shape[1]:
        return ""
    scale = 48 / grey.shape[0]
    grey = np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)
    edge = np.concatenate([grey[0], grey[-1]])
    if np.median(edge) < 128:
        grey = 255 - grey
    padded = cv2.copyMakeBorder(grey, 12, 12, 12, 12, cv2.BORDER_REPLICATE)
    try:
        text: str = pytesseract.image_to_string(padded, config="--psm 7", timeout=_TIMEOUT_S)
    except (RuntimeError, OSError, pytesseract.TesseractError):
        return ""
    return text.strip()
