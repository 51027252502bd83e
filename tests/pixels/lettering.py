"""What is burned into pictures, and its ink: texts as machines write them, in fonts of this machine, stroke fonts and bitmap fonts, made by seed.

Identities are invented.
"""

import random
import string
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

_FIRST = "ANNA BJORN CHIDI DOLORES EMEKA FATIMA GRETA HIRO INES JOZEF KOFI LENA MATEO NADIA OLGA PIET QUINN ROSA SVEN TARIQ".split()
_LAST = (
    "ABARA BRANDSTETTER CASTILLO DUBOIS EKSTROM FERRARI GONCALVES HAUGEN IBRAHIM JANSSEN KOWALSKI LINDQVIST MOREAU NAKAMURA OKONKWO "
    "PETROV QUISPE ROSSI SATO TANAKA UZUN VOGEL WALSH XU YILMAZ ZUBIRI LI NG WU"
).split()
_PLACES = (
    "ST. MARY HOSPITAL",
    "KLINIKUM WALDKIRCHEN",
    "Hopital St. Luc",
    "Clinica del Mar",
    "RIVERSIDE MEDICAL CENTER",
)
TECHNICAL = (
    "MI 1.2", "TIs 0.4", "Gain 50%", "DR 60 dB", "FR 32 Hz", "Depth 14 cm", "5.0 MHz", "120 kV", "250 mA", "FOV 35 cm", "ST 2.5 mm",
    "R", "L", "AP", "PA", "Zoom 1.5", "WL 40 WW 400", "Vmax 85 cm/s", "HR 72 bpm", "LIVER", "KIDNEY", "SUPINE", "PRONE", "TE 80",
)  # fmt: skip


@cache
def fonts() -> tuple[str, ...]:
    """Font files of this machine with Latin letters: matplotlib's, which tests always have, and Debian's where present."""
    import matplotlib

    own = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    found = {path.name: str(path) for path in sorted(Path("/usr/share/fonts").rglob("*.[to]tf"))}
    found |= {path.name: str(path) for path in sorted(own.glob("DejaVu*.ttf"))}
    odd = ("Symbol", "Dingbat", "Math", "Display", "D050", "Z003", "Emoji", "cmex", "Signature")
    return tuple(path for name, path in sorted(found.items()) if not any(word in name for word in odd))


def words(draw: random.Random) -> tuple[str, bool]:
    """A text as machines burn them in, and whether it identifies."""
    first, last = draw.choice(_FIRST), draw.choice(_LAST)
    day, month, year = draw.randint(1, 28), draw.randint(1, 12), draw.randint(1925, 2024)
    digits = "".join(draw.choices(string.digits, k=draw.randint(5, 10)))
    forms = (
        f"{last}, {first}", f"{last}^{first}", f"{first.title()} {last.title()}", last, f"Name: {last.title()}, {first.title()}",
        f"ID: {digits}", digits, f"MRN {digits}", f"{draw.choice('ABCDEFGH')}{digits}", f"DOB: {day:02}.{month:02}.{year}",
        f"{day:02}/{month:02}/{year}", f"{year}-{month:02}-{day:02}", f"{day:02}-{draw.choice(('JAN', 'MAY', 'OCT', 'DEC'))}-{year % 100:02}",
        f"{draw.randint(0, 23):02}:{draw.randint(0, 59):02}:{draw.randint(0, 59):02}", draw.choice(_PLACES), f"Dr. {last.title()}",
        f"Acc# {digits}", f"{last} {first} {day:02}.{month:02}.{year}", f"{first[0]}. {last.title()}", f"{draw.choice('FM')} {draw.randint(18, 99)}Y",
        f"{draw.randint(18, 99):03}Y", f"{last[:3]}{digits[:3]}", f"{last} {draw.choice('FM')} {digits}",
    )  # fmt: skip
    if draw.random() < 0.25:
        return draw.choice(TECHNICAL), False
    return draw.choice(forms), True


@cache
def _font(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


def stamp(text: str, draw: random.Random, size: int, turn: float, *, path: str | None = None) -> np.ndarray:
    """The ink of a text, 0 to 1, cropped to where there is any."""
    kind = draw.random()
    if path is not None:
        ink = _outlines(text, draw, size, path)
    elif kind < 0.18:
        ink = _strokes(text, draw, size)
    elif kind < 0.3:
        ink = _bitmap(text, draw, size)
    else:
        ink = _outlines(text, draw, size, draw.choice(fonts()))
    if turn % 90 == 0:
        ink = np.rot90(ink, int(turn // 90) % 4)
    else:
        ink = np.asarray(Image.fromarray(ink).rotate(turn, Image.Resampling.BICUBIC, expand=True))
    there = np.argwhere(ink > 60)
    if not len(there):
        return np.zeros((1, 1), np.float32)
    (y0, x0), (y1, x1) = there.min(0), there.max(0) + 1
    return ink[y0:y1, x0:x1].astype(np.float32) / 255


def _strokes(text: str, draw: random.Random, size: int) -> np.ndarray:
    """Hershey's, one or two pixels wide whatever their size."""
    face = draw.choice(
        (
            cv2.FONT_HERSHEY_SIMPLEX,
            cv2.FONT_HERSHEY_PLAIN,
            cv2.FONT_HERSHEY_DUPLEX,
            cv2.FONT_HERSHEY_COMPLEX_SMALL,
            cv2.FONT_HERSHEY_COMPLEX,
            cv2.FONT_HERSHEY_TRIPLEX,
        )
    ) | draw.choice((0, 0, 0, cv2.FONT_ITALIC))
    thick = 2 if size >= 20 and draw.random() < 0.4 else 1
    scale = cv2.getFontScaleFromHeight(face & 7, max(7, int(size * 0.72)), thick)
    (w, h), base = cv2.getTextSize(text, face, scale, thick)
    ink = np.zeros((h + base + 12, w + 24), np.uint8)
    cv2.putText(ink, text, (6, h + 6), face, scale, 255, thick, cv2.LINE_AA if draw.random() < 0.5 else cv2.LINE_8)
    return ink


def _bitmap(text: str, draw: random.Random, size: int) -> np.ndarray:
    """Letters of few large dots, as old consoles have them."""
    times = max(1, round(size / 13))
    if draw.random() < 0.5:
        font: ImageFont.ImageFont | ImageFont.FreeTypeFont = ImageFont.load_default_imagefont()
    else:
        mono = [path for path in fonts() if "Mono" in path and "Oblique" not in path and "Italic" not in path]
        font = _font(draw.choice(mono), max(9, round(size / times)))
    left, top, right, bottom = (int(edge) for edge in font.getbbox(text))
    sheet = Image.new("1", (right - left + 6, bottom - top + 6))
    ImageDraw.Draw(sheet).text((3 - left, 3 - top), text, 1, font=font)
    return np.kron(np.asarray(sheet, np.uint8) * 255, np.ones((times, times), np.uint8))


def _outlines(text: str, draw: random.Random, size: int, path: str) -> np.ndarray:
    font = _font(path, size)
    left, top, right, bottom = font.getbbox(text)
    sheet = Image.new("L", (int(right - left) + 12, int(bottom - top) + 12))
    pen = ImageDraw.Draw(sheet)
    pen.fontmode = "1" if draw.random() < 0.3 else "L"
    pen.text((6 - left, 6 - top), text, 255, font=font)
    return np.asarray(sheet)
