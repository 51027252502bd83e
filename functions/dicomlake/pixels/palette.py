"""The palette of an object in, its table of colours out (PS3.3 C.7.6.3.1.5 and C.7.9.2). Called by `picture.py`."""

import numpy as np
from numpy.typing import NDArray

from dicomlake.dicom import RawInstance
from dicomlake.errors import Code, PermanentError

_FORM, _PLAIN, _SEGMENTED = 0x00281101, 0x00281201, 0x00281221
_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2


def palette_of(raw: RawInstance) -> tuple[int, NDArray[np.uint8]]:
    """The first mapped value, and the table as entries x 3 in 8 bits. Raises PermanentError(corrupt)."""
    form = raw.value(_FORM)
    if form is None or len(form) < 6:
        raise _broken("palette_missing")
    count, start, bits = (int(one) for one in np.frombuffer(form[:6], "<u2"))
    columns = [_column(raw, colour, count or 65536) for colour in range(3)]
    wide = bits > 8 and max(int(column.max(initial=0)) for column in columns) > 255
    table = np.stack(columns, axis=1)
    return start, np.asarray(table >> 8 if wide else table, np.uint8)


def _broken(detail: str) -> PermanentError:
    return PermanentError(Code.CORRUPT, detail)


def _column(raw: RawInstance, colour: int, count: int) -> NDArray[np.uint16]:
    plain = raw.value(_PLAIN + colour)
    if plain:
        wide = len(plain) >= 2 * count
        values = np.frombuffer(plain, "<u2" if wide else "u1", count=min(count, len(plain) // (1 + wide)))
    else:
        segmented = raw.value(_SEGMENTED + colour) or b""
        values = np.array(
            _expanded([int(v) for v in np.frombuffer(segmented[: len(segmented) // 2 * 2], "<u2")], count)
        )
    if len(values) < count:
        raise _broken("palette_truncated")
    return values[:count].astype(np.uint16)


def _expanded(words: list[int], count: int) -> list[int]:
    """The table that segments describe: values one by one, straight lines, and earlier segments again."""
    out: list[int] = []
    pos = 0
    while pos + 1 < len(words) and len(out) < count:
        kind, length = words[pos], words[pos + 1]
        if kind == _INDIRECT:
            if pos + 3 >= len(words):
                break
            pos, again = pos + 4, words[pos + 2] | words[pos + 3] << 16
            for _ in range(min(length, count)):
                if again + 1 >= len(words) or words[again] not in (_DISCRETE, _LINEAR) or len(out) >= count:
                    break
                again = _segment(words, again, out)
        elif kind in (_DISCRETE, _LINEAR):
            pos = _segment(words, pos, out)
        else:
            raise _broken("palette_segment_unknown")
    return out


def _segment(words: list[int], pos: int, out: list[int]) -> int:
    kind, length = words[pos], words[pos + 1]
    if kind == _DISCRETE:
        out += words[pos + 2 : pos + 2 + length]
        return pos + 2 + length
    if not out or pos + 2 >= len(words):
        raise _broken("palette_segment_without_start")
    first, last = out[-1], words[pos + 2]
    out += [first + round((last - first) * step / length) for step in range(1, length + 1)]
    return pos + 3
