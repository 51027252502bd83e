"""A part of a picture set level in, the rectangle in it that is made like a code out: bars of two tones, or a lattice of squares. Called by
`codes.py`.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_LEAST = 16.0  # grey levels between the two tones
_REPEATED = 0.72  # correlation with itself, moved: more is a grating or a grid
_ALIKE, _HIGH = 0.82, 9  # correlation of a row of bars with all of them; rows of bars
_RUNS = 17  # bars and gaps of the shortest code
_USUAL, _TALL = 9.0, 2.5  # pixels of the usual bar at most; times as high as that bars are
_WIDEST = 41  # pixels that hold a dark and a light bar
_PLAIN = 0.4  # of the contrast: less is no bar
_QUIET = 6.0  # times the usual width, wider than any bar
_VARIED = 0.2  # spread of widths over their mean: less is a grating
_WIDE, _TONE = 1.6, 0.22  # times the usual width: such bars show the full tone; share of the contrast it may differ by
_SIDE = 9  # pixels of the shorter side of a matrix code
_ACTIVE = 0.4  # of the usual steepness of its rows and columns: less is beyond its end
_TWO_TONES = 0.72  # share of the variance that two tones explain
_DARK = 0.22, 0.78  # share of dark
_FULL, _SHARE = 3, 0.15  # blocks along each side; of the edges of the whole, what each must have
_SMALL = 40  # pixels of a side below which there is one block fewer
_SQUARE, _RUNS_OF_SQUARE, _RUNS_OF_BAND = (
    1.2,
    4.4,
    6.5,
)  # sides of a square; usual runs along its side, and across others
_RELATIVE = 0.3  # of a steep edge: less is noise
_PERIODIC = 0.3  # of the edges, in step with the modules
_BOTH_PERIODIC = 0.06  # the same along times across
_FINE = 3.0, 0.76  # pixels of bars too fine to be in step; the share of variance that two tones must then explain
_SHORT = 0.38  # of the runs, of one pixel: a lattice too fine to be in step
_MODULES = 8  # pixels of the largest module
_GO_ON = 0.55, 0.42  # of the steepness inside, with which a code goes on: further rows, further columns
_STRONG = 0.45  # of a strong edge inside: less is noise
_GAP = 7.0  # usual widths between two edges of a code


@dataclass(frozen=True)
class Span:
    """A rectangle in pixels, and the usual width of what stands in it: of bars, or of modules."""

    left: float
    top: float
    right: float
    bottom: float
    usual: float

    def moved(self, by: float) -> "Span":
        """The same, to the right and down."""
        return replace(self, left=self.left + by, top=self.top + by, right=self.right + by, bottom=self.bottom + by)


def bars(level: Floats) -> Span | None:
    """Upright bars of two tones and of several widths, None where there are none."""
    rows = _same_rows(level)
    return None if rows is None else _barred(np.asarray(level[rows].mean(0), np.float32), rows)


def _same_rows(level: Floats) -> slice | None:
    """The rows that look like those in the middle."""
    middle = level.shape[0] // 2
    core = level[max(0, middle - 3) : middle + 4].mean(0)
    core, rows = core - core.mean(), level - level.mean(1, keepdims=True)
    alike = rows @ core / np.maximum(np.linalg.norm(rows, axis=1) * np.linalg.norm(core), 1e-3)
    good = cv2.morphologyEx((alike >= _ALIKE).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 1), np.uint8)).ravel() > 0
    return _around_middle(good, _HIGH)


def _around_middle(good: NDArray[np.bool_], least: int) -> slice | None:
    """The unbroken run of what is true that holds the middle."""
    middle, breaks = len(good) // 2, np.flatnonzero(~good)
    first = int(breaks[breaks <= middle].max(initial=-1)) + 1
    last = int(breaks[breaks > middle].min(initial=len(good)))
    return slice(first, last) if last - first >= least else None


def _barred(profile: Floats, rows: slice) -> Span | None:
    reach = np.ones((1, _WIDEST), np.uint8)
    low, high = (np.asarray(way(profile[None], reach)[0], np.float32) for way in (cv2.erode, cv2.dilate))
    contrast = float(np.percentile(high - low, 90))
    if contrast < _LEAST:
        return None
    light = profile > (low + high) / 2
    starts = np.concatenate([[0], np.flatnonzero(light[1:] != light[:-1]) + 1])
    widths = np.diff(np.concatenate([starts, [len(profile)]]))
    if len(widths) < _RUNS:
        return None
    usual = float(np.median(widths[1:-1]))
    apart = (widths > _QUIET * usual) | ((high - low)[starts] < _PLAIN * contrast)
    ends = np.concatenate([[-1], np.flatnonzero(apart), [len(widths)]])
    longest = int(np.diff(ends).argmax())
    first, last = int(ends[longest]) + 1, int(ends[longest + 1])
    if last - first < _RUNS or not _are_bars(profile, starts[first:last], widths[first:last], light, contrast):
        return None
    usual = float(np.median(widths[first:last]))
    if usual > _USUAL or rows.stop - rows.start < _TALL * usual:
        return None
    start, end = int(starts[first]), int(starts[last - 1] + widths[last - 1])
    span = profile[start:end]
    sharp = _in_step(_steep(np.abs(np.diff(span)))) >= _PERIODIC or (usual <= _FINE[0] and _parted(span)[1] >= _FINE[1])
    if not sharp or _repeats(span, 5 * usual) > _REPEATED:
        return None
    return Span(start, rows.start, end, rows.stop, usual)


def _are_bars(
    profile: Floats, starts: NDArray[np.intp], widths: NDArray[np.intp], light: NDArray[np.bool_], contrast: float
) -> bool:
    """Whether widths vary, and wide bars show the same tone."""
    usual, varied = float(np.median(widths)), False
    for tone, extreme in ((True, np.max), (False, np.min)):
        of_tone = light[starts] == tone
        varied |= float(widths[of_tone].std()) >= _VARIED * float(widths[of_tone].mean())
        wide = np.flatnonzero(of_tone & (widths >= _WIDE * usual))
        full = [float(extreme(profile[starts[index] : starts[index] + widths[index]])) for index in wide]
        if len(full) > 1 and float(np.std(full)) > _TONE * contrast:
            return False
    return varied


def squares(level: Floats) -> Span | None:
    """A full lattice of two tones, None where there is none."""
    across, down = np.abs(np.diff(level, axis=1))[:-1], np.abs(np.diff(level, axis=0))[:, :-1]
    columns, rows = _active(across + down, 0), _active(across + down, 1)
    if columns is None or rows is None:
        return None
    inside = level[rows.start : rows.stop + 1, columns.start : columns.stop + 1]
    dark = _two_tones(inside)
    across, down = (_steep(edges[rows, columns]) for edges in (across, down))
    if dark is None or not (_is_full(across) and _is_full(down)):
        return None
    in_step = _in_step(across.sum(0)) * _in_step(down.sum(1))
    if in_step < _BOTH_PERIODIC and min(_short_runs(dark), _short_runs(dark.T)) < _SHORT:
        return None
    usual = (_usual_run(dark) + _usual_run(dark.T)) / 2
    if not _has_rows(inside.shape, usual) or _repeats(inside[:256, :256], _MODULES) > _REPEATED:
        return None
    return Span(columns.start, rows.start, columns.stop + 1, rows.stop + 1, usual)


def _has_rows(shape: tuple[int, ...], usual: float) -> bool:
    """Whether so many modules lie across the shorter side as codes have; a line of letters has fewer."""
    least = _RUNS_OF_SQUARE if max(shape) <= _SQUARE * min(shape) else _RUNS_OF_BAND
    return min(shape) >= least * usual


def _active(steep: Floats, axis: int) -> slice | None:
    """The columns (axis 0) or rows that are dense in edges."""
    smooth = np.asarray(cv2.blur(steep.mean(axis)[None], (5, 1))[0], np.float32)
    quarter = len(smooth) // 4
    return _around_middle(smooth >= _ACTIVE * float(np.median(smooth[quarter : len(smooth) - quarter])), _SIDE)


def _two_tones(inside: Floats) -> NDArray[np.bool_] | None:
    """What is dark, None where there are more than two tones or hardly any of one."""
    dark, explained = _parted(inside)
    return dark if _DARK[0] <= dark.mean() <= _DARK[1] and explained >= _TWO_TONES else None


def _parted(values: Floats) -> tuple[NDArray[np.bool_], float]:
    """What is dark by Otsu's bound, and the share of the variance that the two tones explain; 0 where they hardly differ."""
    bound, _ = cv2.threshold(values.astype(np.uint8), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    dark = values.astype(np.uint8) <= bound
    share = float(dark.mean())
    apart = float(values[~dark].mean() - values[dark].mean()) if 0 < share < 1 else 0.0
    return dark, share * (1 - share) * apart**2 / float(values.var()) if apart >= _LEAST else 0.0


def _steep(edges: Floats) -> Floats:
    return edges * (edges >= _RELATIVE * np.percentile(edges, 95))


def _is_full(edges: Floats) -> bool:
    """Whether edges stand everywhere."""
    count = _FULL if min(edges.shape) >= _SMALL else _FULL - 1
    blocks = cv2.resize(edges, (count, count), interpolation=cv2.INTER_AREA)
    return bool(blocks.min() >= _SHARE * edges.mean())


def _short_runs(dark: NDArray[np.bool_]) -> float:
    """Of what lies between two changes along a row, the share that is one pixel long."""
    changes = dark[:, 1:] != dark[:, :-1]
    return float((changes[:, 1:] & changes[:, :-1]).sum() / max(int(changes.sum()) - len(dark), 1))


def _usual_run(dark: NDArray[np.bool_]) -> float:
    changes = int((dark[:, 1:] != dark[:, :-1]).sum())
    return dark.size / max(1, changes + len(dark))


def _in_step(edges: Floats) -> float:
    """The largest share of edges that stand in step, over all sizes of a module."""
    size = 4 * len(edges)
    shares = np.abs(np.fft.rfft(edges, size)) / max(float(edges.sum()), 1e-3)
    return float(shares[max(24, size // 50) :].max(initial=0.0))


def _repeats(values: Floats, apart: float) -> float:
    """How like itself a picture or profile is when it is moved by more than `apart` pixels: 1 for gratings and grids."""
    deviation = values - values.mean()
    size = [2 * side for side in values.shape]
    axes = list(range(len(size)))
    power = np.abs(np.fft.rfftn(deviation, size, axes)) ** 2
    like = np.fft.irfftn(power, size, axes)
    ones = np.ones((1,) * len(size))
    for axis, side in enumerate(values.shape):
        shifts = np.abs(np.fft.fftfreq(2 * side, 1 / (2 * side)))
        ones = ones * np.expand_dims(side - shifts, [other for other in axes if other != axis])
    shifted = np.zeros(size)
    for axis, side in enumerate(values.shape):
        shifts = np.abs(np.fft.fftfreq(2 * side, 1 / (2 * side)))
        shifted = np.maximum(shifted, np.expand_dims(shifts, [other for other in axes if other != axis]))
    counted = (shifted > apart) & (ones > 0.3 * values.size)
    return float((like[counted] / ones[counted]).max(initial=0.0) / max(float(deviation.var()), 1e-3))


def grown(level: Floats, span: Span, most: float) -> Span:
    """The span as far as edges like those within it go on, over gaps no wider than a code has, by `most` times its length at each end."""
    left, top, right, bottom = (max(0, round(side)) for side in (span.left, span.top, span.right, span.bottom))
    across = np.abs(np.diff(level, axis=1))
    across *= across >= _STRONG * np.percentile(across[top:bottom, left:right], 90)
    gap, high, wide = max(4, round(_GAP * span.usual)), round(most * (bottom - top)), round(most * (right - left))
    for _ in range(2):
        top, bottom = _on(across[:, left:right].mean(1), (top, bottom), 4, (_GO_ON[0], high))
        left, right = _on(across[top:bottom].mean(0), (left, right), gap, (_GO_ON[1], wide))
    return replace(span, left=left, top=top, right=right, bottom=bottom)


def heightened(level: Floats, span: Span) -> Span:
    """A line across bars, as high as they are."""
    left, right = max(0, round(span.left)), round(span.right)
    top, bottom = max(0, round(span.top) - 1), round(span.bottom) + 1
    core, rows = level[top:bottom, left:right].mean(0), level[:, left:right]
    core, rows = core - core.mean(), rows - rows.mean(1, keepdims=True)
    alike = rows @ core / np.maximum(np.linalg.norm(rows, axis=1) * np.linalg.norm(core), 1e-3)
    top, bottom = _on(np.asarray(alike, np.float32), (top, bottom), 4, (_GO_ON[0], right - left))
    return replace(span, top=top, bottom=bottom)


def _on(steep: Floats, old: tuple[int, int], gap: int, further: tuple[float, int]) -> tuple[int, int]:
    """Where a run of what is steep ends: as steep as `further` says (share, pixels at most), over gaps of so many pixels."""
    (first, last), (go_on, most) = (max(0, old[0]), old[1]), further
    there = np.flatnonzero(steep >= go_on * np.percentile(steep[first:last], 80))
    before, after = there[there < first][::-1], there[there >= last]
    start, end = first, last
    for place in before[before >= first - most]:
        if start - place > gap:
            break
        start = int(place)
    for place in after[after < last + most]:
        if place + 1 - end > gap:
            break
        end = int(place) + 1
    return start, end
