"""Dose screens in the manner of several makers and of nobody in particular, drawn from invented doses: fonts, sizes, number formats, words of
seven languages, colours and transfer syntaxes vary. The same seed gives the same screen.

`screens.py` draws plain tables; this module draws what stands around them: two lines of heads, units beneath, legends, totals per phantom,
scouts with and without a dose, lines of other numbers.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian

from tests.dose.builders import ROOT
from tests.dose.screens import FONTS

PHANTOM = {True: "IEC Head Dosimetry Phantom", False: "IEC Body Dosimetry Phantom"}
Grid = list[tuple[int, str]]  # a line of the picture: (column, text)


@dataclass(frozen=True)
class Scan:
    """A row of the table; dlp None: a scout without a dose."""

    name: str
    localiser: bool
    head: bool
    ctdivol: float | None
    dlp: float | None


@dataclass
class Drawn:
    """A screen and what it says. `stated` are the rows with a dose; `phantoms` whether it names theirs."""

    data: bytes = field(repr=False)
    layout: str
    stated: list[Scan]
    total: float | None
    phantoms: bool


@dataclass
class Sheet:
    """What a layout writes: lines of (column, text), and whether phantoms and a total are among it."""

    lines: list[Grid] = field(default_factory=list)
    phantoms: bool = True
    total: bool = True

    def write(self, *cells: tuple[int, str]) -> None:
        self.lines.append(list(cells))


WORDS = {
    "en": ("Total DLP", "Series", "Type", "Phantom", "Head", "Body", "Dose Report", "Chest"),
    "de": ("Gesamt DLP", "Serie", "Typ", "Phantom", "Kopf", "Körper", "Dosisbericht", "Thorax"),
    "fr": ("DLP total", "Série", "Type", "Fantôme", "Tête", "Corps", "Rapport de dose", "Thorax"),
    "es": ("DLP total", "Serie", "Tipo", "Maniquí", "Cabeza", "Cuerpo", "Informe de dosis", "Tórax"),
    "it": ("DLP totale", "Serie", "Tipo", "Fantoccio", "Testa", "Corpo", "Rapporto dose", "Torace"),
    "pt": ("DLP total", "Série", "Tipo", "Fantoma", "Cabeça", "Corpo", "Relatório de dose", "Tórax"),
    "nl": ("Totaal DLP", "Serie", "Type", "Fantoom", "Hoofd", "Lichaam", "Dosisrapport", "Thorax"),
}


def _scans(chance: random.Random, decimals: tuple[int, int], scout_dose: bool) -> list[Scan]:
    scans = []
    for number in range(chance.randint(1, 2)):
        dose = (round(chance.uniform(0.05, 0.3), decimals[0]), round(chance.uniform(1, 9), decimals[1]))
        said = dose if scout_dose and dose[0] and dose[1] else (None, None)
        scans.append(Scan(f"Scout{number or ''}", True, False, *said))
    for _ in range(chance.randint(1, 6)):
        head = chance.random() < 0.25
        ctdivol = round(chance.uniform(20, 70) if head else chance.uniform(1.5, 28), decimals[0])
        name = chance.choice(["Abdomen", "Thorax", "Chest", "Pelvis", "Liver", "Venous"]) if not head else "Head"
        scans.append(Scan(name, False, head, ctdivol, round(ctdivol * chance.uniform(3, 65), decimals[1])))
    return scans


def _number(value: float, decimals: int, point: str) -> str:
    return f"{value:.{decimals}f}".replace(".", point)


def _siemens(chance: random.Random, scans: list[Scan], point: str, lang: str, decimals: tuple[int, int]) -> Sheet:
    sheet, total = Sheet(), _total(scans)
    glued = chance.random() < 0.5
    for line in ("12-Mar-2026 10:48", "Ward:", "Physician:", "Operator:"):
        sheet.write((0, line))
    sheet.write()
    mas = chance.randint(300, 9000)
    label = chance.choice(
        ["Total mAs {}    Total DLP {} mGycm", "Total mAs {}  Total DLP {} mGy*cm", "Total mAs: {}  Total DLP: {}"]
    )
    sheet.write((0, label.format(mas, _number(total, decimals[1], point))))
    sheet.write()
    sheet.write((14, "Scan"), (21, "KV"), (27, "mAs / ref."), (40, "CTDIvol*"), (52, "DLP"), (60, "TI"), (66, "cSL"))
    sheet.write((41, "mGy"), (51, "mGycm"), (60, "s"), (66, "mm"))
    sheet.write((0, "Patient Position H-SP"))
    for number, scan in enumerate(scans):
        letter = ("" if glued else " ") + ("S" if scan.head else "L")
        ctdi = "" if scan.ctdivol is None else _number(scan.ctdivol, decimals[0], point) + letter
        dlp = "" if scan.dlp is None else _number(scan.dlp, decimals[1], point)
        mas_ref = (
            f"{chance.randint(20, 60)} mA"
            if scan.localiser
            else f"{chance.randint(40, 400)} / {chance.randint(60, 300)}"
        )
        sheet.write(
            (0, "Topogram" if scan.localiser else f"{scan.name}Routine"),
            (15, str(number + 1)),
            (21, str(chance.choice([80, 100, 120, 140]))),
            (27, mas_ref),
            (40, ctdi),
            (52, dlp),
            (60, _number(chance.choice([0.3, 0.5, 1.0]), 1 + (chance.random() < 0.3), point)),
            (66, _number(chance.choice([0.6, 1.2]), 1, point)),
        )
    sheet.write()
    sheet.write((0, "*: L = 32cm, S = 16cm"))
    return sheet


def _ge(chance: random.Random, scans: list[Scan], point: str, lang: str, decimals: tuple[int, int]) -> Sheet:
    sheet, total = Sheet(), _total(scans)
    for line in (
        f"Exam no: {chance.randint(1000, 99999)}        12 Mar 2026",
        "Accession Number:",
        "Patient ID: ZZ012925",
        "Exam Description: CT ABDOMEN",
    ):
        sheet.write((0, line))
    sheet.write()
    sheet.write((22, "Dose Report"))
    sheet.write()
    sheet.write((0, "Series"), (9, "Type"), (19, "Scan Range"), (36, "CTDIvol"), (48, "DLP"), (59, "Phantom"))
    sheet.write((22, "(mm)"), (37, "(mGy)"), (46, "(mGy-cm)"), (62, "cm"))
    sheet.write()
    for number, scan in enumerate(scans):
        if scan.dlp is None or scan.ctdivol is None:
            blank = chance.choice(["-", "-", "N/A"])
            sheet.write((2, str(number + 1)), (8, "Scout"), (22, blank), (38, blank), (49, blank), (61, blank))
            continue
        span = f"S{chance.uniform(0, 300):.3f}-I{chance.uniform(10, 400):.3f}"
        sheet.write(
            (2, str(number + 1)),
            (8, "Scout" if scan.localiser else chance.choice(["Helical", "Axial", "Helical"])),
            (17, span),
            (37, _number(scan.ctdivol, decimals[0], point)),
            (48, _number(scan.dlp, decimals[1], point)),
            (59, "Head 16" if scan.head else "Body 32"),
        )
    sheet.write()
    sheet.write((15, "Total Exam DLP:"), (36, _number(total, decimals[1], point)))
    sheet.write()
    sheet.write((26, "1/1"))
    return sheet


def _philips(chance: random.Random, scans: list[Scan], point: str, lang: str, decimals: tuple[int, int]) -> Sheet:
    sheet, total = Sheet(), _total(scans)
    sheet.write((0, "Patient Name: ZZTEST^SCREEN"))
    sheet.write((0, "Study: CT"))
    sheet.write((0, f"Total DLP: {_number(total, decimals[1], point)} mGy*cm"))
    if chance.random() < 0.6:
        sheet.write((0, f"Estimated Dose Savings: {chance.randint(5, 60)} %"))
    sheet.write()
    sheet.write(
        (0, "#"),
        (3, "Description"),
        (18, "Scan Mode"),
        (30, "mAs"),
        (36, "kV"),
        (41, "CTDIvol"),
        (52, "DLP"),
        (62, "Phantom"),
    )
    sheet.write((42, "[mGy]"), (51, "[mGy*cm]"), (61, "Type [cm]"))
    for number, scan in enumerate(scans):
        ctdi, dlp = scan.ctdivol or 0.0, scan.dlp or 0.0
        sheet.write(
            (0, str(number + 1)),
            (3, "Surview" if scan.localiser else scan.name),
            (18, "Surview" if scan.localiser else chance.choice(["Helical", "Axial"])),
            (30, str(chance.randint(20, 500))),
            (36, str(chance.choice([80, 100, 120, 140]))),
            (42, _number(ctdi, decimals[0], point)),
            (52, _number(dlp, decimals[1], point)),
            (61, "HEAD 16" if scan.head else "BODY 32"),
        )
    return sheet


def _canon(chance: random.Random, scans: list[Scan], point: str, lang: str, decimals: tuple[int, int]) -> Sheet:
    sheet = Sheet()
    parts = {head: round(sum(scan.dlp or 0 for scan in scans if scan.head is head), 2) for head in (True, False)}
    said = {head: _number(value, decimals[1], point) if value else "-" for head, value in parts.items()}
    sheet.write((0, "Dose Summary"))
    sheet.write()
    sheet.write((0, "Study Date: 2026.03.12"))
    if chance.random() < 0.5:
        sheet.write((0, f"Total DLP(mGy.cm): (Head): {said[True]}   (Body): {said[False]}"))
    else:
        sheet.write((0, f"Total DLP (Head): {said[True]}  (Body): {said[False]} mGy.cm"))
    sheet.write()
    sheet.write(
        (0, "No."), (4, "Scan Mode"), (18, "kV"), (24, "mA"), (29, "CTDIvol(mGy)"), (44, "DLP(mGy.cm)"), (59, "Phantom")
    )
    for number, scan in enumerate(scans):
        nothing = scan.dlp is None
        sheet.write(
            (1, str(number + 1)),
            (4, "ScanoScope" if scan.localiser else chance.choice(["Helical", "Volume", "S&V"])),
            (18, str(chance.choice([80, 100, 120, 135]))),
            (24, str(chance.randint(20, 500))),
            (33, "-" if nothing else _number(scan.ctdivol or 0, decimals[0], point)),
            (48, "-" if nothing else _number(scan.dlp or 0, decimals[1], point)),
            (59, "-" if nothing else "Head" if scan.head else "Body"),
        )
    return sheet


def _generic(chance: random.Random, scans: list[Scan], point: str, lang: str, decimals: tuple[int, int]) -> Sheet:
    total_word, series, kind, phantom, head, body, title, _ = WORDS[lang]
    sheet = Sheet(phantoms=chance.random() < 0.7)
    sheet.write((0, title))
    sheet.write()
    unit = chance.choice(["mGy*cm", "mGycm", "mGy.cm", "mGy cm"])
    swapped = chance.random() < 0.2
    ctdi_at, dlp_at = (48, 34) if swapped else (34, 48)
    sheet.write(
        (0, series),
        (10, kind),
        (26, "kV"),
        (ctdi_at, "CTDIvol (mGy)"),
        (dlp_at, f"DLP ({unit})"),
        *([(64, phantom)] if sheet.phantoms else []),
    )
    for number, scan in enumerate(scans):
        if scan.dlp is None:
            sheet.write(
                (0, str(number + 1)),
                (10, "Scout"),
                (26, "120"),
                *(((ctdi_at, "--"), (dlp_at, "--")) if chance.random() < 0.5 else ()),
            )
            continue
        sheet.write(
            (0, str(number + 1)),
            (10, "Scout" if scan.localiser else scan.name),
            (26, str(chance.choice([80, 100, 120, 140]))),
            (ctdi_at + 2, _number(scan.ctdivol or 0, decimals[0], point)),
            (dlp_at + 2, _number(scan.dlp, decimals[1], point)),
            *([(64, (f"{head} 16" if scan.head else f"{body} 32"))] if sheet.phantoms else []),
        )
    sheet.write()
    said = _number(_total(scans), decimals[1], point)
    if chance.random() < 0.5:
        sheet.write((0, f"{total_word}: {said} {unit}"))
    else:
        word = {
            "en": "Total",
            "de": "Summe",
            "fr": "Total",
            "es": "Total",
            "it": "Totale",
            "pt": "Total",
            "nl": "Totaal",
        }[lang]
        sheet.write((0, word), (dlp_at + 2, said))
    return sheet


def _sentences(chance: random.Random, scans: list[Scan], point: str, lang: str, decimals: tuple[int, int]) -> Sheet:
    """Two or three lines per series: its name, then `CTDIvol: x mGy (NN cm)   DLP: y mGy cm` in a sentence or on a line each."""
    sheet = Sheet(phantoms=chance.random() < 0.8)
    total_word, series, *_, title, _ = WORDS[lang]
    sign = chance.choice([":", ": ", " = ", "="])
    unit = chance.choice(["mGy cm", "mGy*cm", "mGy.cm", "mGycm"])
    between, dose_first, apart = chance.choice(["   ", ", ", "  "]), chance.random() < 0.25, chance.random() < 0.25
    atop = chance.random() < 0.4
    said = f"{total_word}{sign.rstrip()} {_number(_total(scans), decimals[1], point)} {unit}"
    sheet.write((0, title))
    sheet.write(*([(0, said)] if atop else []))
    for number, scan in enumerate(scans):
        kind = "Scout" if scan.localiser else chance.choice(["Helical", "Axial"])
        sheet.write((0, f"{series} {number + 1}   {scan.name if not scan.localiser else ''} {kind}"))
        if scan.dlp is None:
            continue
        size = f" ({16 if scan.head else 32} cm)" if sheet.phantoms else ""
        texts = [
            f"CTDIvol{sign}{_number(scan.ctdivol or 0, decimals[0], point)} mGy{size}",
            f"DLP{sign}{_number(scan.dlp, decimals[1], point)} {unit}",
        ]
        for text in texts[:: -1 if dose_first else 1] if apart else [between.join(texts[:: -1 if dose_first else 1])]:
            sheet.write((3, text))
    sheet.write(*([] if atop else [(0, said)]))
    return sheet


Layout = Callable[[random.Random, list[Scan], str, str, tuple[int, int]], Sheet]
LAYOUTS: dict[str, Layout] = {"siemens": _siemens, "ge": _ge, "philips": _philips, "canon": _canon, "generic": _generic}
CARDS: dict[str, Layout] = {"sentences": _sentences}
_MONO = [path for path in FONTS if "Mono" in path.name]
_OTHER = [path for path in FONTS if "Mono" not in path.name and "Serif" not in path.name]


def _total(scans: list[Scan]) -> float:
    return round(sum(scan.dlp or 0 for scan in scans), 2)


def drawn(seed: int, layout: str | None = None, form: str | None = None) -> Drawn:
    """A screen of a layout (any, without one), stored in a form (any of FORMS)."""
    chance = random.Random(seed)
    name = layout or list(LAYOUTS)[seed % len(LAYOUTS)]
    decimals = {"siemens": (2, chance.choice([0, 1])), "ge": (2, 2), "philips": (1, 1), "canon": (1, 1)}.get(
        name, (2, chance.choice([1, 2]))
    )
    lang = chance.choice(list(WORDS)) if name in ("generic", *CARDS) else "en"
    point = "," if chance.random() < 0.3 else "."
    scout_dose = name == "siemens" or (name in ("generic", *CARDS) and chance.random() < 0.4)
    scans = _scans(chance, decimals, scout_dose)
    sheet = (LAYOUTS | CARDS)[name](chance, scans, point, lang, decimals)
    pixels = _painted(chance, sheet)
    how = form or chance.choice(list(FORMS))
    stated = [scan for scan in scans if scan.dlp]
    return Drawn(written(FORMS[how](_dataset(pixels, seed, name))), name, stated, _total(scans), sheet.phantoms)


def _painted(chance: random.Random, sheet: Sheet) -> NDArray[np.uint8]:
    """The lines set on a grid, as terminals do, or each cell at its place in a font whose letters differ in width."""
    width, height = chance.choice([(512, 512), (512, 512), (512, 512), (640, 480), (768, 768), (1024, 768)])
    size = max(10, round(width / 512 * chance.uniform(10, 12.5)))
    path = chance.choice(_MONO if chance.random() < 0.7 or not _OTHER else _OTHER)
    longest = max((at + len(text) for line in sheet.lines for at, text in line), default=1)
    font = ImageFont.truetype(str(path), size)
    while size > 9 and font.getlength("0") * longest > width - 10:
        size -= 1
        font = ImageFont.truetype(str(path), size)
    step = (width - 10) / longest if "Mono" not in path.name else min(font.getlength("0"), (width - 10) / longest)
    light, dark = chance.choice([(255, 0), (255, 0), (230, 20), (200, 40), (0, 255)])
    image = Image.new("L", (width, height), dark)
    pen = ImageDraw.Draw(image)
    pen.fontmode = chance.choice(["L", "L", "1"])
    spacing = size * chance.choice([1.3, 1.45, 1.7])
    for number, line in enumerate(sheet.lines):
        for at, text in line:
            pen.text((6 + at * step, 8 + number * spacing), text, fill=light, font=font)
    return np.asarray(image)


def _dataset(pixels: NDArray[np.uint8], seed: int, layout: str) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", f"{ROOT}.78.3.{seed}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = f"{ROOT}.78.1", f"{ROOT}.78.2"
    ds.ImageType, ds.Modality = ["DERIVED", "SECONDARY", "SCREEN SAVE"], "CT"
    ds.Manufacturer = {"siemens": "SIEMENS", "ge": "GE MEDICAL SYSTEMS", "philips": "Philips", "canon": "TOSHIBA"}.get(
        layout, ""
    )
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.Rows, ds.Columns, ds.BitsAllocated, ds.BitsStored, ds.HighBit = *pixels.shape, 8, 8, 7
    ds.PixelData = pixels.tobytes()
    return ds


def written(ds: Dataset) -> bytes:
    """Its bytes, in the transfer syntax it is in."""
    target = BytesIO()
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.save_as(target, enforce_file_format=True)
    return target.getvalue()


def _array(ds: Dataset) -> NDArray[np.uint8]:
    return np.frombuffer(ds.PixelData, np.uint8).reshape(ds.Rows, ds.Columns)


def _compressed(uid: str) -> Callable[[Dataset], Dataset]:
    def change(ds: Dataset) -> Dataset:
        ds.compress(uid, generate_instance_uid=False)
        return ds

    return change


def _jpeg(ds: Dataset) -> Dataset:
    """Baseline JPEG, by Pillow: pydicom writes none."""
    target = BytesIO()
    Image.fromarray(_array(ds)).save(target, "JPEG", quality=90)
    ds.PixelData = encapsulate([target.getvalue()])
    ds["PixelData"].VR = "OB"
    ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.50"
    return ds


def _jpeg_2000(ds: Dataset) -> Dataset:
    from openjpeg.utils import encode_array

    ds.PixelData = encapsulate([bytes(encode_array(_array(ds), photometric_interpretation=0, codec_format=0))])
    ds["PixelData"].VR = "OB"
    ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.90"
    return ds


def _rgb(ds: Dataset) -> Dataset:
    coloured = np.repeat(_array(ds)[..., None], 3, axis=2).copy()
    coloured[..., 2] = np.minimum(coloured[..., 2], 210)
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
    ds.PixelData = coloured.tobytes()
    return ds


def _deep(ds: Dataset) -> Dataset:
    ds.PixelData = (_array(ds).astype("<u2") * 16).tobytes()
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 12, 11
    return ds


def _negative(ds: Dataset) -> Dataset:
    ds.PhotometricInterpretation = "MONOCHROME1"
    return ds


FORMS: dict[str, Callable[[Dataset], Dataset]] = {
    "native": lambda ds: ds,
    "rgb": _rgb,
    "deep": _deep,
    "negative": _negative,
    "jpeg": _jpeg,
    "rle": _compressed("1.2.840.10008.1.2.5"),
    "jpeg-ls": _compressed("1.2.840.10008.1.2.4.80"),
    "jpeg-2000": _jpeg_2000,
}
