"""Dose screens drawn from invented doses: tables as scanners show them, in several layouts, fonts, sizes and number formats."""

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import Dataset

from tests.dose.builders import ROOT

FONTS = [
    path
    for folder in ("/usr/share/fonts", "/usr/local/share/fonts")
    for path in sorted(Path(folder).rglob("*.ttf"))
    if any(word in path.name for word in ("Sans", "Mono", "Serif", "Regular"))
    and not any(word in path.name for word in ("Math", "Oblique", "Italic"))
]


@dataclass(frozen=True)
class Row:
    """A line of the table; dlp None: a scout without doses."""

    name: str
    mode: str
    kv: int
    ma: int
    ctdivol: float | None
    dlp: float | None
    head: bool


@dataclass(frozen=True)
class Screen:
    """The picture and what it says."""

    dataset: Dataset
    rows: tuple[Row, ...]
    total: float


def _rows(chance: random.Random) -> tuple[Row, ...]:
    rows = [Row("Scout", "Scout", 120, 35, None, None, False)]
    for number in range(chance.randint(1, 6)):
        ctdivol = round(chance.uniform(0.5, 60), 2)
        length = chance.uniform(1, 70)
        name, mode = (
            chance.choice(["Thorax", "Abdomen", "Neck", "Series", "Vol"]),
            chance.choice(["Helical", "Axial", "Volume"]),
        )
        head = chance.random() < 0.2
        rows.append(
            Row(
                f"{name} {number}",
                mode,
                chance.choice([80, 100, 120, 140]),
                chance.randint(20, 400),
                ctdivol,
                round(ctdivol * length, chance.choice([1, 2])),
                head,
            )
        )
    return tuple(rows)


def _columns(chance: random.Random) -> list[tuple[str, str]]:
    """Heads and kinds of the columns, in one of several orders."""
    dlp = chance.choice(["DLP", "DLP [mGy*cm]", "DLP (mGy.cm)", "DLP mGycm"])
    ctdi = chance.choice(["CTDIvol", "CTDIvol [mGy]", "CTDIvol(mGy)", "CTDIvol*"])
    before = chance.choice(
        [
            [("Scan", "name"), ("kV", "kv"), ("mAs", "ma")],
            [("Series", "number"), ("Type", "mode")],
            [("No.", "number"), ("Scan Mode", "mode"), ("kV", "kv"), ("mA", "ma")],
            [("Description", "name"), ("mAs", "ma"), ("kV", "kv")],
        ]
    )
    after = chance.choice([[("Phantom", "phantom")], [("Phantom cm", "phantom")], [("TI", "ti"), ("cSL", "csl")]])
    return [*before, (ctdi, "ctdi"), (dlp, "dlp"), *after]


def _cell(row: Row, kind: str, number: int, style: dict[str, object]) -> str:
    point = str(style["point"])
    if kind == "ctdi":
        value = "" if row.ctdivol is None else f"{row.ctdivol:.2f}".replace(".", point)
        return value + (f" {'S' if row.head else 'L'}" if style["letters"] and value else "")
    texts = {
        "name": row.name,
        "number": str(number + 1),
        "mode": row.mode,
        "kv": str(row.kv),
        "ma": str(row.ma),
        "ti": "0.5",
        "csl": "0.6",
        "dlp": ""
        if row.dlp is None
        else f"{row.dlp:.2f}".rstrip("0").rstrip(".").replace(".", point)
        if style["short"]
        else f"{row.dlp:.2f}".replace(".", point),
        "phantom": ""
        if style["letters"] or row.dlp is None
        else ("Head 16" if row.head else "Body 32")
        if style["sizes"]
        else "HEAD"
        if row.head
        else "BODY",
    }
    return texts[kind]


def draw(seed: int) -> Screen:
    """A screen as a secondary capture; the same seed gives the same one."""
    chance = random.Random(seed)
    rows, columns = _rows(chance), _columns(chance)
    style: dict[str, object] = {
        "point": chance.choice([".", ".", ","]),
        "letters": columns[-1][1] != "phantom",
        "short": chance.random() < 0.5,
        "sizes": chance.random() < 0.5,
    }
    width, height = chance.choice([(512, 512), (512, 512), (768, 768), (1024, 768)])
    size = chance.randint(13, 15) * width // 512
    font = ImageFont.truetype(str(chance.choice(FONTS)), size)
    light, dark = chance.choice([(255, 0), (230, 20), (0, 255)])
    image = Image.new("L", (width, height), dark)
    pen = ImageDraw.Draw(image)
    total = round(sum(row.dlp or 0 for row in rows), 2)
    said = f"{total:.2f}".replace(".", str(style["point"]))
    line = int(size * 1.5)
    label = chance.choice(
        ["Total DLP {} mGycm", "Total DLP: {} mGy*cm", "Total Exam DLP: {}", "Total mAs 309   Total DLP {}"]
    )
    pen.text((6, 6), "Patient Name: QUINTANILLA^AURELIA", fill=light, font=font)
    top = 6 + 2 * line
    atop = chance.random() < 0.5
    if atop:
        pen.text((6, top), label.format(said), fill=light, font=font)
        top += 2 * line
    widths = [
        max(pen.textlength(text, font) for text in [head, *(_cell(row, kind, n, style) for n, row in enumerate(rows))])
        for head, kind in columns
    ]
    gap = (width - 12 - sum(widths)) / len(columns)
    if gap < size * 0.6:
        return draw(seed + 100_000)
    align = chance.choice(["left", "right", "middle"])
    for number, texts in enumerate(
        [
            [head for head, _ in columns],
            *([_cell(row, kind, n, style) for _, kind in columns] for n, row in enumerate(rows)),
        ]
    ):
        x = 6.0
        for text, across in zip(texts, widths, strict=True):
            spare = across - pen.textlength(text, font)
            pen.text(
                (x + {"left": 0, "right": spare, "middle": spare / 2}[align], top + number * line),
                text,
                fill=light,
                font=font,
            )
            x += across + gap
    if not atop:
        pen.text((6, top + (len(rows) + 2) * line), label.format(said), fill=light, font=font)
    return Screen(_dataset(np.asarray(image), seed), rows, total)


def _dataset(pixels: "np.ndarray[tuple[int, int], np.dtype[np.uint8]]", seed: int) -> Dataset:
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", f"{ROOT}.77.3.{seed}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = f"{ROOT}.77.1", f"{ROOT}.77.2"
    ds.ImageType, ds.Modality, ds.SeriesDescription = ["DERIVED", "SECONDARY", "SCREEN SAVE"], "CT", "Dose Report"
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.Rows, ds.Columns, ds.BitsAllocated, ds.BitsStored, ds.HighBit = *pixels.shape, 8, 8, 7
    ds.PixelData = pixels.tobytes()
    return ds
