"""The picture of a page in, the words in it with their places out, by Tesseract as a process of its own. Which way up it stands is found out.

`OcrEngine` is what the rest of the room asks for; `Tesseract` is the one the platform has.
"""

import io
import os
import re
import subprocess  # the program is found on the system's own path, its arguments are ours
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from dicomlake.errors import Code, ConfigError, PermanentError
from dicomlake.reports.extract.layout import Token

if TYPE_CHECKING:
    from PIL.Image import Image

_MODELS = {"en": "eng", "es": "spa", "fr": "fra", "de": "deu", "it": "ita", "pt": "por"}
_TIMEOUT_S = 120
_SURE, _ENOUGH_WORDS = 75.0, 12
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True)
class Reading:
    """Words of one picture in its upright form, boxes in pixels of it; `turned` is by how many degrees clockwise it was turned to stand upright."""

    tokens: tuple[Token, ...] = field(repr=False)
    confidence: float
    turned: int
    size: tuple[int, int]

    @property
    def weight(self) -> float:
        """How much of it reads as words: what the right way up has most of."""
        return self.confidence * sum(len(t.text) for t in self.tokens if _WORD.search(t.text) and not _is_sideways(t))

    @property
    def sideways(self) -> bool:
        """Whether most words were read along a line that runs up or down the picture."""
        words = [token for token in self.tokens if len(token.text) > 3]
        return 2 * sum(map(_is_sideways, words)) > len(words)


def _is_sideways(token: Token) -> bool:
    left, top, right, bottom = token.box
    return len(token.text) > 2 and bottom - top > right - left


class OcrEngine(Protocol):
    """Reads the words of a picture."""

    def read(self, picture: "Image", language: str = "") -> Reading:
        """Words of a grey picture; `language` is one of the six, if known. Raises PermanentError, ConfigError."""


class Tesseract:
    """The Debian program. One thread a process: the platform runs as many processes as it has processors."""

    def read(self, picture: "Image", language: str = "") -> Reading:
        """See `OcrEngine`. Raises ConfigError when the program is not installed, PermanentError(resource_limit) when it takes too long."""
        model = _MODELS.get(language, "eng")
        upright = self._read(picture, model, 0)
        if upright.confidence >= _SURE and len(upright.tokens) >= _ENOUGH_WORDS and not upright.sideways:
            return upright
        small = picture.resize((max(1, picture.width * 2 // 3), max(1, picture.height * 2 // 3)))
        tried = {turn: self._read(small.rotate(-turn, expand=True), model, turn) for turn in (0, 90, 180, 270)}
        best = max(tried.values(), key=lambda reading: reading.weight).turned
        if not best:
            return upright
        return self._read(picture.rotate(-best, expand=True), model, best)

    def _read(self, picture: "Image", model: str, turned: int) -> Reading:
        out = io.BytesIO()
        picture.save(out, "PPM")
        rows = self._run(out.getvalue(), model).split("\n")
        tokens, weights = [], []
        for row in rows[1:]:
            cells = row.split("\t")
            if len(cells) < 12 or cells[0] != "5" or not cells[11].strip():
                continue
            left, top, width, height = (int(cell) for cell in cells[6:10])
            if width > 0 and height > 0:
                tokens.append(Token(cells[11].strip(), (left, top, left + width, top + height)))
                weights.append((float(cells[10]), len(cells[11].strip())))
        total = sum(length for _, length in weights)
        confidence = sum(conf * length for conf, length in weights) / total if total else 0.0
        return Reading(tuple(tokens), confidence, turned, picture.size)

    @staticmethod
    def _run(picture: bytes, model: str) -> str:
        command = ["tesseract", "stdin", "stdout", "-l", model, "--dpi", "200", "--psm", "3", "tsv"]
        environment = {"OMP_THREAD_LIMIT": "1", "PATH": os.defpath, "LC_ALL": "C.UTF-8"}
        try:
            done = subprocess.run(
                command, input=picture, capture_output=True, timeout=_TIMEOUT_S, env=environment, check=False
            )
        except FileNotFoundError:
            raise ConfigError("the program tesseract is not installed: `make setup` installs it") from None
        except subprocess.TimeoutExpired:
            raise PermanentError(Code.RESOURCE_LIMIT, "ocr_too_slow") from None
        if done.returncode:
            raise PermanentError(Code.CORRUPT, "picture_not_readable")
        return done.stdout.decode("utf-8", "replace")
