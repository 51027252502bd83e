"""A JPEG (DCT) code stream and a mask in, the same stream with the coefficients of the masked blocks replaced out. Called by `rewrite.py`.

Nothing is decoded and encoded again: every other block keeps its coefficients. A block of a component that is sampled less often covers
more pixels, so that what is black are whole units of the coarsest sampling (MCUs, ITU-T T.81 A.2).
"""

import os
from typing import Any

import cv2
import numpy as np

from dicomlake.errors import Code, PermanentError
from dicomlake.pixels.find import Mask

_KEPT = frozenset((0xE0, 0xE8, 0xEE))  # JFIF, JPEG-LS and Adobe: how the colours are coded


def unit(stream: bytes) -> tuple[int, int]:
    """Rows and columns of the smallest part that can be replaced."""
    found = _opened(stream).samp_factor
    return 8 * int(found[:, 0].max()), 8 * int(found[:, 1].max())


def in_units(mask: Mask, size: tuple[int, int]) -> Mask:
    """The mask, grown to whole units."""
    rows, columns = mask.shape
    high, wide = -(-rows // size[0]), -(-columns // size[1])
    padded = np.zeros((high * size[0], wide * size[1]), bool)
    padded[:rows, :columns] = mask
    blocks = padded.reshape(high, size[0], wide, size[1]).any(axis=(1, 3))
    return np.kron(blocks, np.ones(size, bool)).astype(bool)[:rows, :columns]


def ring(mask: Mask, size: tuple[int, int]) -> Mask:
    """The mask with what smooth upsampling of chroma may change around it: one unit."""
    reach = np.ones((2 * size[0] + 1, 2 * size[1] + 1), np.uint8)
    return cv2.dilate(mask.astype(np.uint8), reach).astype(bool)


def painted(stream: bytes, mask: Mask) -> bytes:
    """The stream with the units under `mask` (whole units) black. Raises PermanentError(unsupported)."""
    image = _opened(stream)
    factors, most = image.samp_factor, image.samp_factor.max(axis=0)
    rgb = image.jpeg_color_space.name == "JCS_RGB"
    tables = image.quant_tbl_no if image.quant_tbl_no is not None else [0, 1, 1]
    for index, blocks in enumerate((image.Y, image.Cb, image.Cr)):
        if blocks is None:
            continue
        step = 8 * most // factors[index]
        there = mask[:: int(step[0]), :: int(step[1])][: blocks.shape[0], : blocks.shape[1]]
        part = blocks[: there.shape[0], : there.shape[1]]
        part[there] = 0
        if index == 0 or rgb:
            quantum = int(image.qt[min(int(tables[index]), len(image.qt) - 1)][0, 0])
            part[there, 0, 0] = -1024 // quantum
    return _written(image)


def stripped(stream: bytes) -> bytes:
    """The stream without comments and application data, which may say anything; as it is where there are none."""
    pos, parts, left_out = 2, [stream[:2]], False
    while pos + 4 <= len(stream) and stream[pos] == 0xFF:
        marker, length = stream[pos + 1], int.from_bytes(stream[pos + 2 : pos + 4], "big")
        if marker == 0xDA or length < 2:
            break
        foreign = marker == 0xFE or (0xE0 <= marker <= 0xEF and marker not in _KEPT)
        left_out |= foreign
        if not foreign:
            parts.append(stream[pos : pos + 2 + length])
        pos += 2 + length
    return b"".join((*parts, stream[pos:])) if left_out else stream


def _opened(stream: bytes) -> Any:
    import jpeglib

    with _memory(stripped(stream)) as path:
        image = jpeglib.read_dct(path)
        image.load()
        known = image.Y is not None and image.K is None  # both are read on demand, while the file is there
    if not known or image.jpeg_color_space.name not in ("JCS_GRAYSCALE", "JCS_YCbCr", "JCS_RGB"):
        raise PermanentError(Code.UNSUPPORTED, "jpeg_colour")
    return image


def _written(image: Any) -> bytes:
    with _memory(b"") as path:
        image.write_dct(path)
        with open(path, "rb") as file:  # noqa: PTH123  # a descriptor's path
            return file.read()


class _memory:  # noqa: N801  # reads as a function
    """A path to bytes in memory: the library reads and writes by path only. What it copies goes to the scratch folder of the child."""

    def __init__(self, content: bytes) -> None:
        self._descriptor = os.memfd_create("jpeg")
        os.write(self._descriptor, content)

    def __enter__(self) -> str:
        return f"/proc/self/fd/{self._descriptor}"

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)
