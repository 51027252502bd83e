"""Numbers in, drawings out: box plots with reference lines, trends, a heat map. Rendered by matplotlib without a display or a network.

Shapes and tones carry the meaning, never colour alone: the pages must read in grey print. The same numbers give the same bytes.
"""

import datetime
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dicomlake.dose.monthly.blocks import Chart
from dicomlake.dose.quantiles import Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, TONE, LINE, LEVEL = "#1b2a38", "#c9d6e2", "#5b7186", "#a33b20"
_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": LINE,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "svg.hashsalt": "dicomlake",
    "svg.fonttype": "path",
}
_PRINT_DPI = 200
_MAX_BEYOND = 60


@dataclass(frozen=True, slots=True)
class Box:
    """A row of a box plot: its label, summary, the values beyond the whiskers and the level it is compared with."""

    label: str
    summary: Summary
    beyond: Sequence[float] = ()
    level: float | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """A small chart of a trend: per month median and quartiles (None: left open), changes to mark, the level."""

    title: str
    months: Sequence[datetime.date]
    medians: Sequence[float | None]
    quartiles: Sequence[tuple[float, float] | None]
    changes: Sequence[datetime.date] = ()
    level: float | None = None


def box_plot(columns: Sequence[tuple[str, Sequence[Box]]], words: Mapping[str, str], level_label: str = "") -> Chart:
    """Horizontal boxes, one per row; each of `columns` (unit, boxes) has a scale of its own, rows of one label stand side by side."""
    labels = list(dict.fromkeys(box.label for _unit, boxes in columns for box in boxes))
    counts = {box.label: box.summary.n for _unit, boxes in reversed(columns) for box in boxes}
    with _drawing(7.2, 1.0 + 0.3 * len(labels), 1, len(columns)) as (figure, grid):
        cells = list(grid.flat) if hasattr(grid, "flat") else [grid]
        for cell, (unit, boxes) in zip(cells, columns, strict=True):
            _boxes(cell, {box.label: box for box in boxes}, labels)
            cell.set_xlabel(unit)
        cells[0].set_yticks(range(len(labels), 0, -1), [f"{label}  (n = {counts[label]})" for label in labels])
        for cell in cells[1:]:
            cell.set_yticks([])
        every = [box for _unit, boxes in columns for box in boxes]
        levels = level_label if any(box.level is not None for box in every) else ""
        _legend(figure, words, levels, any(box.beyond for box in every))
        told = (f"{box.label} {words['median_label']} {box.summary.median:.3g}" for box in every)
        return _chart(figure, f"{columns[0][0]}: " + "; ".join(told))


def _boxes(axes: "Axes", boxes: Mapping[str, Box], labels: Sequence[str]) -> None:
    """Draw the boxes of one quantity, from the top in the order of `labels`."""
    places = [len(labels) - labels.index(label) for label in boxes]
    line = {"color": INK, "linewidth": 0.9}
    axes.bxp(
        [_statistics(box) for box in boxes.values()],
        positions=places,
        orientation="horizontal",
        widths=0.52,
        patch_artist=True,
        manage_ticks=False,
        boxprops={"facecolor": TONE, "edgecolor": INK, "linewidth": 0.9},
        medianprops={"color": INK, "linewidth": 2.4, "solid_capstyle": "butt"},
        whiskerprops=line,
        capprops=line,
        flierprops={
            "marker": "o",
            "markersize": 2.6,
            "markerfacecolor": "none",
            "markeredgecolor": LINE,
            "markeredgewidth": 0.7,
        },
    )
    for place, box in zip(places, boxes.values(), strict=True):
        if box.level is not None:
            axes.vlines(box.level, place - 0.4, place + 0.4, color=LEVEL, linewidth=1.6, zorder=5)
            axes.plot(box.level, place + 0.4, marker="v", markersize=5, color=LEVEL, zorder=6, clip_on=False)
    axes.set_ylim(0.4, len(labels) + 0.75)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#e3e8ed", linewidth=0.7)
    axes.set_axisbelow(True)
    _scale(axes, list(boxes.values()))


def _statistics(box: Box) -> dict[str, object]:
    """What matplotlib's `bxp` takes."""
    summary = box.summary
    return {
        "med": summary.median,
        "q1": summary.q1,
        "q3": summary.q3,
        "whislo": summary.low,
        "whishi": summary.high,
        "fliers": sorted(box.beyond, reverse=True)[:_MAX_BEYOND],
    }


def trend_chart(panels: Sequence[Panel], unit: str, month_names: Sequence[str]) -> Chart:
    """Small charts in two columns, one per exam, with the same months below."""
    rows = (len(panels) + 1) // 2
    with _drawing(7.2, 1.75 * rows + 0.15, rows, min(2, len(panels))) as (figure, grid):
        cells = list(grid.flat) if hasattr(grid, "flat") else [grid]
        for cell, panel in zip(cells, panels, strict=False):
            _panel(cell, panel, month_names)
        for cell in cells[len(panels) :]:
            cell.set_visible(False)
        figure.supylabel(unit, fontsize=8.5, x=0.01)
        figure.tight_layout(rect=(0.02, 0, 1, 1), h_pad=1.1, w_pad=1.6)
        return _chart(figure, f"{unit}: " + "; ".join(panel.title for panel in panels), tight=False)


def heat_map(counts: Sequence[Sequence[int]], weekdays: Sequence[str], hour_label: str) -> Chart:
    """Seven rows of 24 numbers: studies per weekday and hour, each written into its cell."""
    with _drawing(7.2, 2.35) as (figure, axes):
        greatest = max(max(row) for row in counts)
        edges = [place - 0.5 for place in range(25)]
        axes.pcolormesh(edges, edges[:8], counts, cmap="Greys", vmin=0, vmax=greatest * 1.15, rasterized=False)
        axes.invert_yaxis()
        for y, row in enumerate(counts):
            for x, count in enumerate(row):
                if count:
                    tone = "white" if count > greatest * 0.6 else INK
                    axes.text(x, y, str(count), ha="center", va="center", fontsize=6.6, color=tone)
        axes.set_xticks(range(24), [str(hour) for hour in range(24)])
        axes.set_yticks(range(7), list(weekdays))
        axes.set_xticks([x - 0.5 for x in range(25)], minor=True)
        axes.set_yticks([y - 0.5 for y in range(8)], minor=True)
        axes.grid(which="minor", color="#d5dce3", linewidth=0.6)
        axes.tick_params(which="both", length=0)
        axes.set_xlabel(hour_label)
        for spine in axes.spines.values():
            spine.set_visible(False)
        total = sum(map(sum, counts))
        return _chart(
            figure, f"{total}: " + ", ".join(f"{day} {sum(row)}" for day, row in zip(weekdays, counts, strict=True))
        )


class _drawing:  # noqa: N801  # used like a function: with _drawing(...) as (figure, axes)
    """A figure of inches width x height under the house style, closed at the end."""

    def __init__(self, width: float, height: float, rows: int = 1, columns: int = 1) -> None:
        self._shape = (width, height, rows, columns)

    def __enter__(self) -> "tuple[Figure, Any]":
        import matplotlib as mpl
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self._style = mpl.rc_context(_STYLE)  # type: ignore[arg-type]  # keys are names of settings
        self._style.__enter__()
        width, height, rows, columns = self._shape
        figure = Figure(figsize=(width, height))
        FigureCanvasAgg(figure)
        return figure, figure.subplots(rows, columns)

    def __exit__(self, *error: object) -> None:
        self._style.__exit__(None, None, None)


def _panel(axes: "Axes", panel: Panel, month_names: Sequence[str]) -> None:
    places = list(range(len(panel.months)))
    lows = [q[0] if q else float("nan") for q in panel.quartiles]
    highs = [q[1] if q else float("nan") for q in panel.quartiles]
    medians = [value if value is not None else float("nan") for value in panel.medians]
    axes.fill_between(places, lows, highs, color=TONE, linewidth=0)
    axes.plot(places, medians, color=INK, linewidth=1.5, marker="o", markersize=3)
    if panel.level is not None:
        axes.axhline(panel.level, color=LEVEL, linewidth=1.2, linestyle=(0, (5, 3)))
    first = panel.months[0]
    for change in panel.changes:
        place = (change.year - first.year) * 12 + change.month - first.month + (change.day - 1) / 31
        axes.axvline(place, color=LINE, linewidth=1.1, linestyle=(0, (1, 2)))
    tops = [value for value in [*highs, panel.level or 0.0] if value == value]
    axes.set_ylim(0, max(tops) * 1.15)
    axes.set_xlim(-0.4, len(places) - 0.6)
    shown = [place for place in places if (len(places) - 1 - place) % 3 == 0]
    axes.set_xticks(
        shown, [f"{month_names[panel.months[i].month - 1][:3]} {panel.months[i].year % 100:02}" for i in shown]
    )
    axes.set_title(panel.title)
    axes.grid(axis="y", color="#e3e8ed", linewidth=0.7)
    axes.set_axisbelow(True)


def _scale(axes: "Axes", boxes: Sequence[Box]) -> None:
    from matplotlib.ticker import FuncFormatter

    lows = [box.summary.low for box in boxes if box.summary.low > 0]
    highs = [max([box.summary.high, box.level or 0, *box.beyond]) for box in boxes]
    if lows and max(box.summary.median for box in boxes) > 30 * min(box.summary.median for box in boxes) > 0:
        axes.set_xscale("log")
        axes.set_xlim(min(lows) * 0.8, max(highs) * 1.15)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _place: f"{value:g}"))
    else:
        axes.set_xlim(0, max(highs) * 1.04)


def _legend(figure: "Figure", words: Mapping[str, str], level_label: str, beyond: bool) -> None:
    from matplotlib.lines import Line2D

    marks = [Line2D([], [], color=INK, linewidth=2.4, label=words["median_label"])]
    if level_label:
        marks.append(Line2D([], [], color=LEVEL, linewidth=1.6, marker="v", markersize=5, label=level_label))
    if beyond:
        marks.append(
            Line2D(
                [],
                [],
                linestyle="",
                marker="o",
                markersize=3,
                markerfacecolor="none",
                markeredgecolor=LINE,
                label=words["beyond_label"],
            )
        )
    figure.legend(
        handles=marks,
        loc="upper right",
        ncol=len(marks),
        frameon=False,
        fontsize=8,
        borderaxespad=0.1,
        handlelength=1.6,
    )


def _chart(figure: "Figure", alt: str, tight: bool = True) -> Chart:
    if tight:
        figure.tight_layout(rect=(0, 0, 1, 0.94 if figure.legends else 1))
    svg, png = io.StringIO(), io.BytesIO()
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    figure.savefig(png, format="png", dpi=_PRINT_DPI, metadata={"Software": None})
    text = svg.getvalue()
    width, height = figure.get_size_inches()
    return Chart(text[text.index("<svg") :], png.getvalue(), float(width), float(height), alt)
