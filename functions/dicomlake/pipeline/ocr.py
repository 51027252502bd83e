"""A raw picture in, the lines of text read in it out, for who is passed a reader: dose screens. Called by `dose_files.py` and `settle.py`."""

from dicomlake.dicom import RawInstance
from dicomlake.dose import ScreenText


def read_screen(raw: RawInstance) -> list[ScreenText]:
    """The text of a one-frame native picture from top to bottom; [] for one that is none."""
    import numpy as np

    from dicomlake.pixels import read_words

    rows, columns = raw.number("Rows") or 0, raw.number("Columns") or 0
    samples, bits = raw.number("SamplesPerPixel") or 1, raw.number("BitsAllocated") or 0
    pixels = raw.value(0x7FE00010) or b""
    size = rows * columns * samples * bits // 8
    if raw.syntax.encapsulated or bits not in (8, 16) or samples not in (1, 3) or not 0 < size <= len(pixels):
        return []
    values = np.frombuffer(pixels[:size], dtype=np.uint8 if bits == 8 else "<u2")
    if samples == 3 and raw.number("PlanarConfiguration") == 1:
        image = values.reshape(3, rows, columns).transpose(1, 2, 0)
    else:
        image = values.reshape((rows, columns, 3) if samples == 3 else (rows, columns))
    if bits == 16:
        top = max(int(image.max()), 1)
        image = image.astype(np.float32) * (255.0 / top)
    return [
        ScreenText(word.text, *word.box, word.confidence)
        for word in read_words(np.ascontiguousarray(image.astype(np.uint8)))
    ]
