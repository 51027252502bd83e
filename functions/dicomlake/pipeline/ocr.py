"""A raw picture in, the lines of text read in it out, for who is passed a reader: dose screens. Called by `dose_files.py` and `settle.py`.

The pixels room decodes (native, JPEG, JPEG-LS, JPEG 2000, RLE) and reads in its child process: a screen is as untrusted as any picture.
"""

from collections.abc import Sequence

from dicomlake.dicom import RawInstance
from dicomlake.dose import ReadText, ScreenText
from dicomlake.errors import Code, PermanentError
from dicomlake.pixels import PixelWorker
from dicomlake.rules.cleaning import Box


def screen_reader(worker: PixelWorker) -> ReadText:
    """A reader of the first frame's text, from top to bottom; [] for a picture that cannot be decoded or is too large."""

    def words_of(raw: RawInstance, look: int) -> Sequence[tuple[str, Box, float]]:
        try:
            return worker.words(raw, look)
        except PermanentError as error:
            if error.code is not Code.RESOURCE_LIMIT:
                return []
        worker.close()  # a child that has read many pictures may have come to its limit: a fresh one is asked once
        try:
            return worker.words(raw, look)
        except PermanentError:
            return []

    def read(raw: RawInstance, look: int) -> Sequence[ScreenText]:
        return [
            ScreenText(text, left, top, right - left, low - top, confidence)
            for text, (left, top, right, low), confidence in words_of(raw, look)
        ]

    return read
