"""Screens with many technical lines and some that identify, made by seed, for selective cleaning.

`overlay(seed, "tried")` is for development, `overlay(seed, "kept_back")` for what is reported: the two share neither texts nor names. What may
stay was written down in `deid_rules/pixels/technical.yaml` before the second list was looked at.
"""

import random

import numpy as np

from tests.pixels.harder import _ink, faces, ground
from tests.pixels.pictures import Item, Scene

TECHNICAL = {
    "tried": (
        "MI {d}", "TIs {d}", "TIB {d}", "TIC {d}", "Gain {n}%", "Gn {n}", "DR {n} dB", "FR {n}Hz", "Depth {d} cm", "D {d}cm", "{d} MHz", "{n} kV",
        "{n} mA", "{n} mAs",
        "FOV {n} cm", "ST {d} mm", "R", "L", "AP", "PA", "Zoom {d}", "WL {n} WW {n}", "W:{n} C:{n}", "Vmax {d} cm/s", "HR {n} bpm", "LIVER",
        "RT KIDNEY", "SUPINE", "PRONE",
        "TE {n}", "TR {n}", "Dist {d} cm", "1 D {d} cm", "Area {d} cm2", "Vol {d} ml", "RI {d}", "PI {d}", "PSV {d} cm/s", "EDV {d} cm/s",
        "Frq {d}", "P {n}%", "Map 3/0",
        "C5-1", "L12-3", "9L-D", "Abdomen", "Thyroid", "Carotid", "2D", "CF", "PW", "FA {n}", "SL {d}", "Se: {n}", "Im: {n}", "AX T2", "SAG", "COR",
        "{n} fps", "Scale {n}",
    ),
    "kept_back": (
        "Mech. Index {d}", "TIS: {d}", "TIb<{d}", "2D Gain {n}", "Dyn Range {n}", "{n} Hz", "Dep {d}", "THI", "H{d} MHz", "kVp {n}", "mAs {n}",
        "DFOV {d} cm",
        "SW {d} mm", "RT", "LT", "LAO {n}", "CRAN {n}", "Mag {d}x", "WW: {n} WL: {n}", "Vel {d} m/s", "{n} bpm", "SPLEEN", "LEFT OVARY", "ERECT",
        "DECUBITUS", "ETL {n}", "TI {n}",
        "Length {d} mm", "2 L {d} mm", "Circ {d} mm", "PG {d} mmHg", "S/D {d}", "MV E Vel {d}", "AO Diam {d} cm", "Persist {n}", "PRF {n}",
        "WF {n} Hz", "SV {d} mm",
        "C1-6", "ML6-15", "EC9-4", "Gallbladder", "Testis", "Breast", "B-Mode", "Color", "M-Mode", "Thk {d} mm", "NEX {n}", "Series {n}",
        "Slice {n}", "Frame {n}/{n}", "T1", "FLAIR",
        "DLP {d} mGycm", "CTDIvol {d}", "Sagittal", "Long Axis", "ED", "ES", "Fem Length {d}", "GA {n}w{n}d", "Sys {n}", "Cine {n}%",
    ),
}  # fmt: skip
_PATIENTS = {  # names that are words of consoles too are asked of the header
    "tried": (("Anders", "Beate", "Carlo", "Dunja", "Erik", "Fadime", "Goran"), ("Nilsson", "Berger", "Rinaldi", "Horvat", "Kaya", "Long", "Hand",
    "Lee")),
    "kept_back": (("Pavel", "Queenie", "Ruth", "Simeon", "Tove", "Ulla", "Max"), ("Marek", "Osei", "Blank", "Petkov", "Lund", "Head", "Ma", "Hart")),
}  # fmt: skip
_STAFF = {
    "tried": ("Sandoval", "Ng", "Whitfield", "Popescu", "Lindh"),
    "kept_back": ("Amundsen", "Yoo", "Castellano", "Dvorak", "Li"),
}


def technical_line(draw: random.Random, part: str) -> str:
    """One line with numbers filled in."""
    text = draw.choice(TECHNICAL[part])
    while "{n}" in text:
        text = text.replace("{n}", str(draw.randint(1, 450)), 1)
    return text.replace("{d}", f"{draw.uniform(0.2, 25):.{draw.choice((1, 1, 2))}f}")


def identity_line(draw: random.Random, part: str, patient: tuple[str, str]) -> str:
    """One line that identifies: the patient, who the header knows, or what it does not: staff, numbers, dates."""
    given, family = patient
    other = draw.choice(_STAFF[part])
    number = "".join(draw.choices("0123456789", k=draw.randint(5, 9)))
    day, month, year = draw.randint(1, 28), draw.randint(1, 12), draw.randint(1930, 2025)
    return draw.choice((
        f"{family}, {given}", f"{family.upper()} {given.upper()}", f"{given} {family}", family, family.upper(), f"ID {number}",
        number, f"MRN: {number}",
        f"{day:02}.{month:02}.{year}", f"{month:02}/{day:02}/{year % 100:02}", f"{year}-{month:02}-{day:02}",
        f"{draw.randint(0, 23):02}:{draw.randint(0, 59):02}:{draw.randint(0, 59):02}",
        f"Dr {other}", f"{other} {draw.choice('MF')} {draw.randint(20, 88)}", f"Acc {number[:4]} {number[4:]}", f"{other[0]}. {other}",
        f"DOB {day}.{month}.{year}", f"MI {other}", f"F {day + 30}",
    ))  # fmt: skip


def overlay(seed: int, part: str, folder: str = "") -> tuple[Scene, tuple[str, ...]]:
    """A screen with some sixteen lines in columns as consoles have them, a third identifying, and what its header knows of the patient."""
    rng, draw = np.random.default_rng(seed), random.Random(f"{part}{seed}")
    rows, columns = 600, 800
    grey = np.clip(ground(draw.choice(("plain", "speckle", "anatomy")), rows, columns, rng) * 0.55, 0, 140)
    frame = np.repeat(grey.astype(np.uint8)[..., None], 3, 2)
    made = Scene([frame], [], part)
    patient = draw.choice(_PATIENTS[part][0]), draw.choice(_PATIENTS[part][1])
    path, size = draw.choice(faces(folder)), draw.randint(12, 22)
    x, y = draw.randint(4, 20), draw.randint(4, 20)
    while x < columns - 60:
        widest = 0
        for _ in range(draw.randint(4, 8)):
            identifies = draw.random() < 0.3
            text = identity_line(draw, part, patient) if identifies else technical_line(draw, part)
            ink = _ink(text, path, size, "plain", draw)
            if (ink > 0.4).sum() < 20 or y + ink.shape[0] > rows or x + ink.shape[1] > columns:
                continue
            area = frame[y : y + ink.shape[0], x : x + ink.shape[1]]
            area[:] = (area + ink[..., None] * (draw.choice((255, 230, 250)) - area.astype(np.float32))).astype(
                np.uint8
            )
            own = ink > 0.4
            ys, xs = np.nonzero(own)
            box = (x + int(xs.min()), y + int(ys.min()), int(np.ptp(xs)) + 1, int(np.ptp(ys)) + 1)
            made.items.append(
                Item(box, text, identifies, None, f"{size}px", own[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1])
            )
            widest = max(widest, ink.shape[1])
            y += round(size * draw.uniform(1.35, 2.2))
        x, y = x + widest + draw.randint(15, 200), draw.choice((draw.randint(4, 20), draw.randint(100, 380)))
    return made, (f"{patient[1]}^{patient[0]}",)
