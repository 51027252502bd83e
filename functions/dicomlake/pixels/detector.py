"""A picture in, where text stands out. Called by `find.py` and `words.py`.

The net is PP-OCRv4's detector (a segmentation with differentiable binarisation, Liao et al., AAAI 2020), whose weights come inside the
wheel of rapidocr-onnxruntime; it was trained on text some 10 to 60 px high, so a picture is shown to it at several scales. Nothing is
fetched at run time. What it says is a map of shrunken text cores; each core becomes a rectangle, grown back by the ratio it was
trained to shrink by.
"""

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from dicomlake.rules.cleaning import DetectorRules

Image = NDArray[np.uint8]
Polygon = NDArray[np.float32]

_DETECTOR, _RECOGNISER = "ch_PP-OCRv4_det_infer.onnx", "ch_PP-OCRv4_rec_infer.onnx"
_STRIDE = 32


@cache
def _session(model: str, threads: int) -> Any:
    """The session of one of the wheel's models; one per process, since loading takes a third of a second."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    spec = find_spec("rapidocr_onnxruntime")  # not imported: its package pulls in much that is not needed here
    assert spec is not None and spec.origin is not None, "the extra `pixels` is installed"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # an arena keeps the largest picture's memory for good
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    path = Path(spec.origin).parent / "models" / model
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def detector_session(threads: int) -> Any:
    """The net that finds text."""
    return _session(_DETECTOR, threads)


def recogniser_session(threads: int) -> Any:
    """The net that reads a line of text."""
    return _session(_RECOGNISER, threads)


class Found(NamedTuple):
    """A rectangle around text, 4 x 2 corners (x, y), and how sure the net is of it, 0 to 1."""

    polygon: Polygon
    score: float


def find_text(image: Image, scale: float, rules: DetectorRules, threads: int) -> list[Found]:
    """Rectangles around text in pixels of `image` (rows x columns x 3, RGB), as seen at `scale`."""
    rows, columns = (max(1, round(side * scale)) for side in image.shape[:2])
    method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    shown = image if scale == 1 else np.asarray(cv2.resize(image, (columns, rows), interpolation=method), np.uint8)
    found = []
    for top, left in _tiles(rows, columns, rules):
        tile = shown[top : top + rules.tile, left : left + rules.tile]
        if tile.size and int(tile.max()) - int(tile.min()) >= 2:  # a flat tile shows nothing
            offset = np.array([left, top], np.float32)
            cores = _cores(_probability(tile, threads), rules)
            found += [Found((core.polygon + offset) / scale, core.score) for core in cores]
    return found


def _tiles(rows: int, columns: int, rules: DetectorRules) -> Iterator[tuple[int, int]]:
    for top in _starts(rows, rules):
        for left in _starts(columns, rules):
            yield top, left


def _starts(length: int, rules: DetectorRules) -> list[int]:
    """Where tiles begin so that they cover `length` evenly and overlap by at least `overlap`."""
    if length <= rules.tile:
        return [0]
    count = -(-(length - rules.overlap) // (rules.tile - rules.overlap))
    return [round(index * (length - rules.tile) / (count - 1)) for index in range(count)]


def _probability(tile: Image, threads: int) -> NDArray[np.float32]:
    rows, columns = tile.shape[:2]
    padded = np.empty((-(-rows // _STRIDE) * _STRIDE, -(-columns // _STRIDE) * _STRIDE, 3), np.uint8)
    padded[:] = np.median(tile[::4, ::4].reshape(-1, 3), axis=0)
    padded[:rows, :columns] = tile
    values = (padded.astype(np.float32) * (2 / 255) - 1).transpose(2, 0, 1)[None]
    session = detector_session(threads)
    answer: NDArray[np.float32] = session.run(None, {session.get_inputs()[0].name: values})[0]
    return answer[0, 0, :rows, :columns]


def probabilities(tiles: Image, threads: int) -> NDArray[np.float32]:
    """What the net says of small pictures of one size (number x rows x columns x 3, sides multiples of 4): number x rows x columns."""
    rows, columns = tiles.shape[1:3]
    high, wide = -(-rows // _STRIDE) * _STRIDE, -(-columns // _STRIDE) * _STRIDE
    padded = np.pad(tiles, ((0, 0), (0, high - rows), (0, wide - columns), (0, 0)), mode="edge")
    values = (padded.astype(np.float32) * (2 / 255) - 1).transpose(0, 3, 1, 2)
    session = detector_session(threads)
    answer: NDArray[np.float32] = session.run(None, {session.get_inputs()[0].name: values})[0]
    return answer[:, 0, :rows, :columns]


def _cores(probability: NDArray[np.float32], rules: DetectorRules) -> Iterator[Found]:
    contours, _ = cv2.findContours(
        (probability > rules.core).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    for contour in contours:
        x, y, width, height = cv2.boundingRect(contour)
        inside = np.zeros((height, width), np.uint8)
        cv2.fillPoly(inside, [contour - np.array([x, y])], 1)
        score = float(cv2.mean(probability[y : y + height, x : x + width], inside)[0])
        if score < rules.sure:
            continue
        centre, (w, h), angle = cv2.minAreaRect(contour)
        w, h = w + 1, h + 1
        if min(w, h) < 2:
            continue
        by = 2 * rules.grow * w * h / (2 * (w + h))
        yield Found(cv2.boxPoints((centre, (w + by, h + by), angle)).astype(np.float32), score)
