"""Pictures that the first generator (`pictures.py`) does not draw, by class of difficulty, made by seed: what is written where is known.

`hard(kind, seed)` writes one to three lines in the way of its kind over a ground that suits it; `KINDS` are the ways. Every glyph of a line differs
from what is under it, so that a person can read the whole of it. `textless(seed)` is a picture with nothing written in it. Identities are invented.
"""

import random
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from tests.pixels.pictures import Item, Scene

KINDS = (
    "plain", "edge", "speckle", "anatomy", "graticule", "dim_small", "tiny", "aliased", "thin", "outline", "shadow", "glass", "spaced", "tight",
    "turned", "upright", "jpeg", "gradient", "block", "noisy",
    "faint", "pale_plate", "colours", "small",
)  # fmt: skip
_GIVEN = "Agnieszka Baptiste Cosima Dragan Elif Florian Gudrun Hamza Ilse Jurgen Katalin Leopold Mirela Noor Oskar Pilar Radka Wim Yara".split()
_FAMILY = (
    "Achterberg Bielawski Chukwuemeka Delacroix Eriksdottir Fitzgerald Grzelak Hofmeister Ivarsson Jovanovic Kirchgassner Lachance Mbeki "
    "Novotny Ostergaard Pfeiffer Quesada Rasmussen Szymanski Thorvald Ueda Vasquez Wojcik Yamamoto Zielinska Oyelaran Tran Kim Cho Roth"
).split()
_PLACES = (
    "Nordstadt Klinik",
    "St Olav Hospital",
    "CHU Montfleury",
    "Ospedale S. Rocco",
    "LAKEVIEW IMAGING",
    "Policlinico Este",
)
_ODD = "Display", "NonUni", "Symbol", "D050", "Z003", "Chancery"
PLAIN_LINES = (
    "Depth 12.0 cm",
    "MI 0.9",
    "TIS 0.3",
    "Gain 62 %",
    "FR 41 Hz",
    "80 kV",
    "FOV 22 cm",
    "Zoom 1.2",
    "SUPINE",
    "AP",
)


@cache
def faces(folder: str = "") -> tuple[str, ...]:
    """Font files: those that come with matplotlib, reportlab and this machine, or those of a folder."""
    if folder:
        return tuple(str(path) for path in sorted(Path(folder).rglob("*.[to]t[fb]")) if _has_latin(str(path)))
    import matplotlib
    import reportlab

    own = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    known = [
        *own.glob("DejaVuS*.ttf"),
        *own.glob("STIXGeneral*.ttf"),
        *(Path(reportlab.__file__).parent / "fonts").glob("Vera*.ttf"),
    ]
    return tuple(str(path) for path in sorted(known) if not any(word in path.name for word in _ODD))


def _has_latin(path: str) -> bool:
    try:
        font = _font(path, 20)
        return not any(word in path for word in _ODD) and len({bytes(font.getmask(letter)) for letter in "Aagi49W"}) > 6
    except ValueError:
        return False


def wording(draw: random.Random) -> tuple[str, bool]:
    """A line as it stands in pictures, and whether it identifies."""
    given, family = draw.choice(_GIVEN), draw.choice(_FAMILY)
    day, month, year = draw.randint(1, 28), draw.randint(1, 12), draw.randint(1931, 2025)
    number = "".join(draw.choices("0123456789", k=draw.randint(6, 9)))
    forms = (
        f"{family}, {given}", f"{family.upper()} {given.upper()}", f"{given} {family}", f"Pat: {family}", f"PID {number}", number,
        f"*{day:02}.{month:02}.{year}", f"{month:02}/{day:02}/{year}", f"{year}{month:02}{day:02}",
        f"{draw.randint(0, 23):02}:{draw.randint(0, 59):02}:{draw.randint(0, 59):02}",
        draw.choice(_PLACES), f"{family} {number}", f"{given[0]}.{family}", f"Acc {number}", f"{family}^{given}^^ {year}",
        f"{draw.choice('FMWH')}/{draw.randint(19, 97)}J",
        f"Ref: Dr {family}", f"{day} {draw.choice(('Jan', 'Apr', 'Jul', 'Nov'))} {year}", f"{family.upper()}  {draw.choice('MF')}  {number}",
    )  # fmt: skip
    return (draw.choice(PLAIN_LINES), False) if draw.random() < 0.1 else (draw.choice(forms), True)


@cache
def _font(path: str, size: int) -> ImageFont.FreeTypeFont:
    """At this size, or at the next one that a font of dots has."""
    for near in (size, *(other for step in range(1, 12) for other in (size + step, size - step) if other > 5)):
        try:
            return ImageFont.truetype(path, near)
        except OSError:
            continue
    raise ValueError("a font without sizes")


def _ink(text: str, path: str, size: int, kind: str, draw: random.Random) -> np.ndarray:
    """Coverage 0 to 1, with a border of 6 pixels."""
    font = _font(path, size)
    spacing = {"spaced": draw.uniform(0.15, 0.45) * size, "tight": -0.07 * size}.get(kind, 0.0)
    width = int(sum(font.getlength(letter) + spacing for letter in text)) + 2 * size + 12
    sheet = Image.new("L", (width, 3 * size + 12))
    pen = ImageDraw.Draw(sheet)
    pen.fontmode = "1" if kind == "aliased" or (kind == "plain" and draw.random() < 0.2) else "L"
    if spacing:
        x = 6.0 + size / 2
        for letter in text:
            pen.text((x, size // 2 + 6), letter, 255, font=font)
            x += font.getlength(letter) + spacing
    else:
        pen.text((6 + size // 2, size // 2 + 6), text, 255, font=font)
    ink = np.asarray(sheet, np.float32) / 255
    if kind == "thin":
        bold = cv2.resize(ink, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
        thin = cv2.resize(cv2.erode(bold, np.ones((3, 3), np.uint8)), ink.shape[::-1], interpolation=cv2.INTER_AREA)
        ink = np.clip(thin / max(float(thin.max()), 0.5), 0, 1)
    if kind in ("turned", "upright"):
        turn = draw.choice((90, 270)) if kind == "upright" else draw.choice((-1, 1)) * draw.uniform(2, 20)
        picture = Image.fromarray((ink * 255).astype(np.uint8)).rotate(turn, Image.Resampling.BICUBIC, expand=True)
        ink = np.asarray(picture, np.float32) / 255
    there = np.argwhere(ink > 0.3)
    if not len(there):
        return np.zeros((1, 1), np.float32)
    (top, left), (bottom, right) = np.maximum(there.min(0) - 6, 0), there.max(0) + 7
    return ink[top:bottom, left:right]


def _shapes(rows: int, columns: int, rng: np.random.Generator, level: tuple[float, float]) -> np.ndarray:
    """Blobs like organs or bones, 0 to 1."""
    grey = np.zeros((rows, columns), np.float32)
    for _ in range(7):
        at = tuple(int(value) for value in (rng.uniform(0, columns), rng.uniform(0, rows)))
        size = tuple(int(value) for value in (rng.uniform(0.05, 0.3) * columns, rng.uniform(0.05, 0.3) * rows))
        cv2.ellipse(grey, at, size, float(rng.uniform(0, 180)), 0, 360, float(rng.uniform(*level)), -1)
    return cv2.GaussianBlur(grey, (0, 0), float(rng.uniform(0.8, 3)))


def _speckle(rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    fine = cv2.GaussianBlur(rng.rayleigh(1, (rows, columns)).astype(np.float32), (0, 0), float(rng.uniform(0.7, 1.8)))
    slow = cv2.GaussianBlur(rng.random((rows, columns)).astype(np.float32), (0, 0), 18)
    slow = (slow - slow.min()) / np.ptp(slow)
    return fine * (0.25 + slow) * float(rng.uniform(40, 80))


def ground(kind: str, rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    """Rows x columns of grey, floats 0 to 255, for a kind."""
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    if kind == "edge":
        grey = np.full((rows, columns), float(rng.uniform(0, 25)), np.float32)
        angle, middle = rng.uniform(-0.5, 0.5), rng.uniform(0.35, 0.65) * columns
        side = (x - middle) * np.cos(angle) + (y - rows / 2) * np.sin(angle) > 0
        other = _speckle(rows, columns, rng) + 25 if rng.random() < 0.5 else np.full_like(grey, rng.uniform(80, 170))
        return np.where(side, other + rng.normal(0, 3, grey.shape), grey).astype(np.float32)
    if kind == "speckle":
        angle = np.abs(np.arctan2(x - columns / 2, y + 20))
        fan = (angle < rng.uniform(0.5, 0.9)) & (np.hypot(x - columns / 2, y) < rows * 0.92)
        return np.where(fan, _speckle(rows, columns, rng), float(rng.uniform(0, 12))).astype(np.float32)
    if kind == "anatomy":
        return np.asarray(
            _shapes(rows, columns, rng, (90, 235)) + rng.normal(0, rng.uniform(1, 6), (rows, columns)), np.float32
        )
    if kind == "gradient":
        way = rng.uniform(0, 2 * np.pi)
        slope = x / columns * np.cos(way) + y / rows * np.sin(way)
        return np.asarray((slope - slope.min()) / np.ptp(slope) * rng.uniform(90, 190) + rng.uniform(0, 40), np.float32)
    if kind == "noisy":
        return np.asarray(rng.uniform(30, 140) + rng.normal(0, rng.uniform(8, 20), (rows, columns)), np.float32)
    choice = rng.integers(2 if kind in ("faint", "small") else 4)
    if choice == 0:
        return np.full((rows, columns), float(rng.uniform(0, 60)), np.float32)
    if choice == 1:
        return ground("speckle", rows, columns, rng)
    if choice == 2:
        return np.asarray(_shapes(rows, columns, rng, (30, 150)) + rng.normal(0, 2, (rows, columns)), np.float32)
    return ground("gradient", rows, columns, rng)


def _graticule(grey: np.ndarray, rng: np.random.Generator) -> None:
    step, tone = int(rng.integers(12, 50)), float(rng.uniform(60, 180))
    offset = int(rng.integers(0, step))
    grey[offset::step, :] = tone
    if rng.random() < 0.6:
        grey[:, offset::step] = tone


def textless(seed: int) -> np.ndarray:
    """A picture (rows x columns x 3) without a letter, of any ground and with a scale, a trace or calipers."""
    rng, draw = np.random.default_rng(seed), random.Random(seed)
    rows, columns = draw.choice((360, 480, 600)), draw.choice((480, 640, 800))
    kind = draw.choice(("edge", "speckle", "anatomy", "gradient", "noisy", "plain", "graticule"))
    grey = ground(kind, rows, columns, rng)
    if kind == "graticule" or draw.random() < 0.2:
        _graticule(grey, rng)
    if draw.random() < 0.4:
        x = draw.randint(10, columns - 20)
        for index, y in enumerate(range(10, rows - 10, draw.randint(8, 25))):
            grey[y, x : x + (9 if index % 5 == 0 else 5)] = 220
    frame = np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, 2)
    if draw.random() < 0.4:
        for _ in range(2):
            at = draw.randint(20, columns - 20), draw.randint(20, rows - 20)
            cv2.drawMarker(
                frame, at, (0, 255, 0), draw.choice((cv2.MARKER_CROSS, cv2.MARKER_TILTED_CROSS, cv2.MARKER_STAR)), 11, 1
            )
    return frame


def hard(kind: str, seed: int, folder: str = "") -> Scene:
    """A picture with one to three lines written in the way of `kind`, fonts from `folder` or those at hand."""
    rng, draw = np.random.default_rng(seed), random.Random(f"{kind}{seed}")
    rows, columns = draw.choice((360, 480, 600)), draw.choice((480, 640, 800))
    if kind == "small":
        rows = columns = draw.choice((192, 256))
    grey = ground(kind, rows, columns, rng)
    if kind == "graticule":
        _graticule(grey, rng)
    made = Scene([np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, 2)], [], kind)
    if kind == "colours":  # skin, mucosa
        shade = cv2.GaussianBlur(rng.random((rows, columns)).astype(np.float32), (0, 0), 30)
        light = 0.75 + 0.5 * (shade - shade.min()) / np.ptp(shade)
        skin = np.array(draw.choice(((170, 120, 100), (185, 140, 115), (150, 70, 60))), np.float32)
        made.frames[0] = np.clip(light[..., None] * skin + rng.normal(0, 2, (rows, columns, 3)), 0, 255).astype(
            np.uint8
        )
    taken: list[tuple[int, int, int, int]] = []
    count = draw.randint(1, 3)
    for _ in range(count):
        _write(made, kind, draw, folder, taken)
    if kind == "jpeg":
        frame = made.frames[0]
        _, data = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, draw.randint(25, 60)])
        made.frames[0] = np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
    return made


def _write(made: Scene, kind: str, draw: random.Random, folder: str, taken: list[tuple[int, int, int, int]]) -> None:
    frame = made.frames[0]
    rows, columns = frame.shape[:2]
    path = draw.choice(faces(folder))
    size = {
        "dim_small": draw.randint(8, 11),
        "small": draw.randint(8, 12),
        "faint": draw.randint(14, 38),
        "tiny": draw.randint(7, 9),
        "block": draw.randint(9, 18),
    }.get(kind, draw.randint(11, 34))
    lines = [wording(draw) for _ in range(draw.randint(2, 4) if kind == "block" else 1)]
    inks = [_ink(text, path, size, kind, draw) for text, _ in lines]
    if any((ink > 0.4).sum() < 30 for ink in inks):
        return
    height, width = sum(ink.shape[0] - 6 for ink in inks) + 6, max(ink.shape[1] for ink in inks)
    if height >= rows or width >= columns:
        return
    for _ in range(60):
        x, y = draw.randint(0, columns - width), draw.randint(0, rows - height)
        if kind == "edge" and draw.random() < 0.9:
            x = min(max(0, columns // 2 - draw.randint(width // 4, 3 * width // 4)), columns - width)
        clear = all(x > a + c or a > x + width or y > b + d or b > y + height for a, b, c, d in taken)
        tone = _tone(frame, inks, x, y, kind, draw) if clear else None
        if tone is not None:
            break
    else:
        return
    taken.append((x, y, width, height))
    for (text, identifies), ink in zip(lines, inks, strict=True):
        _paint(frame, ink, x, y, tone, kind, draw)
        own = ink > 0.4
        ys, xs = np.nonzero(own)
        top, left, bottom, right = ys.min(), xs.min(), ys.max() + 1, xs.max() + 1
        box = (x + int(left), y + int(top), int(right - left), int(bottom - top))
        made.items.append(Item(box, text, identifies, None, f"{kind} {size}px {tone}", own[top:bottom, left:right]))
        y += ink.shape[0] - 6


def _tone(
    frame: np.ndarray, inks: list[np.ndarray], x: int, y: int, kind: str, draw: random.Random
) -> tuple[int, ...] | None:
    """A shade or colour that differs from what is under and around each letter by enough to be read."""
    height, width = sum(ink.shape[0] - 6 for ink in inks) + 6, max(ink.shape[1] for ink in inks)
    under = frame[y : y + height, x : x + width].astype(np.float32).mean(2)
    spread = float(np.median(np.abs(under - cv2.medianBlur(under.astype(np.uint8), 5).astype(np.float32)))) * 1.48
    least = max({"dim_small": 22, "tiny": 70}.get(kind, 45), 2.5 * spread)
    low, high = np.percentile(under, (3, 97))
    colour = kind not in ("dim_small",) and draw.random() < 0.2
    if kind == "pale_plate":
        return (draw.randint(0, 255),) * 3
    if kind == "colours":
        base = frame[y : y + height, x : x + width].reshape(-1, 3).mean(0)
        for _ in range(60):
            tone = tuple(draw.randint(0, 255) for _ in range(3))
            light = float(np.array((0.299, 0.587, 0.114)) @ (np.array(tone) - base))
            if abs(light) < 15 and np.abs(np.array(tone) - base).max() > 75:
                return tone
        return None
    if kind in ("faint", "small"):
        step = draw.randint(*(14, 22) if kind == "faint" else (16, 40))
        return (int(high + step),) * 3 if step >= 2.2 * float(under.std()) and high + step < 255 else None
    for _ in range(12):
        grey = draw.choice((255, 240, draw.randint(0, 255), 5))
        if kind == "dim_small":
            grey = int(
                np.clip((high if draw.random() < 0.7 else low) + draw.choice((-1, 1)) * draw.randint(22, 40), 0, 255)
            )
        tone = (grey,) * 3 if not colour else tuple(draw.choice((0, 120, 255)) for _ in range(3))
        light = 0.299 * tone[0] + 0.587 * tone[1] + 0.114 * tone[2]
        if light - high >= least or low - light >= least:
            return tone
    return None


def _paint(
    frame: np.ndarray, ink: np.ndarray, x: int, y: int, tone: tuple[int, ...], kind: str, draw: random.Random
) -> None:
    part = frame[y : y + ink.shape[0], x : x + ink.shape[1]].astype(np.float32)
    dark = 0.0 if sum(tone) > 380 else 255.0
    if kind == "outline":
        part += cv2.dilate(ink, np.ones((3, 3), np.uint8))[..., None] * (dark - part)
    elif kind == "shadow":
        moved = np.roll(np.roll(ink, 1 + draw.randint(0, 1), 0), 1 + draw.randint(0, 1), 1)
        soft = (
            np.asarray(
                Image.fromarray((moved * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.7)), np.float32
            )[..., None]
            / 255
        )
        part += soft * (dark - part)
    elif kind == "pale_plate":
        part[2:-2, 2:-2] = tone
        step = draw.randint(14, 28) * (1 if tone[0] < 128 else -1)
        part += ink[..., None] * step
        frame[y : y + ink.shape[0], x : x + ink.shape[1]] = np.clip(part, 0, 255).astype(np.uint8)
        return
    elif kind == "glass":
        part += draw.uniform(0.3, 0.8) * (dark - part)
    part += ink[..., None] * (np.array(tone, np.float32) - part)
    if kind == "noisy":
        part += np.random.default_rng(draw.randint(0, 1 << 30)).normal(0, 8, part.shape)
    frame[y : y + ink.shape[0], x : x + ink.shape[1]] = np.clip(part, 0, 255).astype(np.uint8)
