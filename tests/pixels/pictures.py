"""Pictures with burned-in text, made by seed: what is written where is known, so that what becomes of it can be counted.

`scene(seed)` draws fonts, sizes (8 to 40 px), contrasts, rotations, plates, grounds and noise anew for each seed. Identities are invented.
"""

import random
from dataclasses import dataclass, field

import cv2
import numpy as np

from tests.pixels.lettering import stamp, words

GROUNDS = ("ultrasound", "xray", "slice", "page", "screen", "dark", "noise", "photo")


@dataclass(frozen=True)
class Item:
    """A line of text: its tight box of ink (x, y, w, h), the frames that show it (None: all), whether it identifies."""

    box: tuple[int, int, int, int]
    text: str
    identifies: bool = True
    frame: int | None = None
    note: str = ""
    ink: np.ndarray | None = field(default=None, repr=False, compare=False)

    def hidden(self, mask: np.ndarray) -> bool:
        """Whether at least 95 % of the ink lie under `mask` (rows x columns, true where blanked)."""
        x, y, w, h = self.box
        under = np.asarray(mask)[y : y + h, x : x + w].astype(bool)
        return bool(under[self.ink].mean() >= 0.95) if self.ink is not None else bool(under.mean() >= 0.95)


@dataclass
class Scene:
    """Frames (each rows x columns x 3, uint8), what is written on them, and the mask of ink per frame."""

    frames: list[np.ndarray]
    items: list[Item] = field(default_factory=list)
    ground: str = ""


def ground(kind: str, rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    """A picture without text, rows x columns x 3."""
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    grey = np.zeros((rows, columns), np.float32)
    if kind == "ultrasound":
        apex, reach = columns * rng.uniform(0.4, 0.6), rows * rng.uniform(0.75, 0.95)
        radius, angle = np.hypot(x - apex, y - rows * 0.05), np.arctan2(x - apex, y)
        fan = (radius < reach) & (np.abs(angle) < rng.uniform(0.5, 0.8)) & (radius > rows * 0.05)
        speckle = cv2.GaussianBlur(rng.rayleigh(60, (rows, columns)).astype(np.float32), (0, 0), rng.uniform(0.8, 2))
        grey = np.where(
            fan,
            speckle * (0.4 + 0.6 * cv2.GaussianBlur(rng.random((rows, columns)).astype(np.float32), (0, 0), 25) * 2),
            2,
        )
    elif kind == "speckle":  # coarse grains of hard contrast in a sector: what the nets take for writing most of all
        fan = (np.abs(np.arctan2(x - columns / 2, y + 1)) < 0.7) & (np.hypot(x - columns / 2, y) < rows * 0.9)
        grain = rng.random((rows // 3 + 1, columns // 3 + 1)).astype(np.float32)
        tissue = rng.random((rows // 30 + 1, columns // 30 + 1)).astype(np.float32)
        fine, coarse = (cv2.resize(one, (columns, rows), interpolation=cv2.INTER_CUBIC) for one in (grain, tissue))
        grey = np.where(fan, 128 * fine * coarse + 30 * rng.random((rows, columns)), 0).astype(np.float32)
    elif kind in ("xray", "slice"):
        grey += 20 if kind == "xray" else 0
        for _ in range(12):
            cx, cy, a, b = (
                rng.uniform(0.2, 0.8) * columns,
                rng.uniform(0.2, 0.8) * rows,
                rng.uniform(0.05, 0.35) * columns,
                rng.uniform(0.05, 0.35) * rows,
            )
            grey += rng.uniform(10, 60) * (((x - cx) / a) ** 2 + ((y - cy) / b) ** 2 < 1)
        grey = cv2.GaussianBlur(grey, (0, 0), 3) + rng.normal(0, rng.uniform(1, 8), grey.shape)
    elif kind == "page":
        grey += rng.uniform(220, 255) + rng.normal(0, 2, grey.shape)
    elif kind == "noise":
        grey = cv2.GaussianBlur(rng.normal(90, 90, grey.shape).astype(np.float32), (0, 0), rng.uniform(0.7, 3))
        grey = (grey - grey.min()) / np.ptp(grey) * rng.uniform(60, 200)
    elif kind == "dark":
        grey += rng.uniform(0, 30)
    out = np.repeat(grey[..., None], 3, 2)
    if kind in ("screen", "photo"):
        out += rng.uniform(0, 200 if kind == "screen" else 120, 3)
        for _ in range(6):
            a, b = (rng.integers(0, columns), rng.integers(0, rows)), (rng.integers(0, columns), rng.integers(0, rows))
            tone = tuple(float(v) for v in rng.uniform(0, 255, 3))
            cv2.rectangle(out, (int(a[0]), int(a[1])), (int(b[0]), int(b[1])), tone, -1)
        out = cv2.GaussianBlur(out, (0, 0), 12) + rng.normal(0, 4, out.shape) if kind == "photo" else out
    return np.clip(out, 0, 255).astype(np.uint8)


def scene(
    seed: int,
    rows: int = 0,
    columns: int = 0,
    kind: str = "",
    lines: int = -1,
    frames: int = 1,
    least_contrast: int = 0,
    furniture: bool | None = None,
) -> Scene:
    """One scene; `least_contrast` 0 draws one for each line. In a cine of several frames the ground moves, some texts stand still, some move,
    some show in one frame only.
    """
    draw, rng = random.Random(seed), np.random.default_rng(seed)
    rows = rows or draw.choice((240, 384, 480, 512, 600, 768))
    columns = columns or draw.choice((256, 320, 512, 640, 800, 1024))
    kind = kind or draw.choice(GROUNDS)
    made = Scene([ground(kind, rows, columns, rng) for _ in range(frames)], [], kind)
    if furniture if furniture is not None else draw.random() < 0.3:
        _furnish(made, draw)
    for _ in range(draw.randint(1, 6) if lines < 0 else lines):
        _write(made, draw, least_contrast or draw.choice((30, 45, 70, 70)))
    return made


def _furnish(made: Scene, draw: random.Random) -> None:
    """What machines draw besides writing: a ruler, a trace, a grid, a bar of shades, a cross, a dashed line."""
    rows, columns = made.frames[0].shape[:2]
    tone = (draw.randint(120, 255),) * 3
    x, y = draw.randint(20, columns - 60), draw.randint(20, rows - 60)
    step, kind = draw.randint(6, 20), draw.randrange(6)
    for frame in made.frames:
        if kind == 0:
            for index in range((rows - 20) // step):
                cv2.line(frame, (x, index * step), (x + (8 if index % 5 == 0 else 4), index * step), tone, 1)
        elif kind == 1:
            reach = np.arange(columns)
            trace = rows - 30 - 15 * np.sin(reach / 9.0) * (np.sin(reach / 37.0) > 0.6)
            cv2.polylines(frame, [np.stack([reach, trace], 1).astype(np.int32)], False, tone, 1)
        elif kind == 2:
            for index in range(1, 6):
                cv2.line(frame, (x, y + index * 8), (x + 48, y + index * 8), tone, 1)
                cv2.line(frame, (x + index * 8, y), (x + index * 8, y + 48), tone, 1)
        elif kind == 3:
            height = min(120, rows - 20)
            frame[10 : 10 + height, x : x + 12] = np.linspace(255, 0, height)[:, None, None]
        elif kind == 4:
            for dx, dy in ((0, 0), (40, 25)):
                cv2.drawMarker(frame, (x + dx, y + dy), tone, cv2.MARKER_CROSS, 11, 1)
        else:
            for index in range(0, 60, 8):
                cv2.line(frame, (x + index // 2, y + index - 20), (x + index // 2 + 2, y + index - 16), tone, 1)


def _write(made: Scene, draw: random.Random, least_contrast: int) -> None:
    rows, columns = made.frames[0].shape[:2]
    text, identifies = words(draw)
    size = draw.randint(8, 40)
    turn = draw.choices((0, 90, 180, 270, draw.uniform(-15, 15)), (80, 5, 3, 5, 7))[0]
    ink = stamp(text, draw, size, turn)
    while (ink.shape[0] >= rows - 4 or ink.shape[1] >= columns - 4) and size > 8:
        size = max(8, int(size * 0.7))
        ink = stamp(text, draw, size, turn)
    h, w = ink.shape
    if h >= rows - 4 or w >= columns - 4 or h < 3:
        return
    moving = len(made.frames) > 1 and draw.random() < 0.2
    single = draw.randrange(len(made.frames)) if len(made.frames) > 1 and draw.random() < 0.2 else None
    for _ in range(20):
        x, y = draw.randint(0, columns - w - 1), draw.randint(0, rows - h - 1)
        if draw.random() < 0.5:  # at an edge, as machines like it
            x, y = (
                draw.choice((draw.randint(0, 8), x, columns - w - draw.randint(1, 8))),
                draw.choice((draw.randint(0, 8), rows - h - draw.randint(1, 8))),
            )
            x, y = max(0, x), max(0, y)
        if not any(_meets((x, y, w, h), item.box, 6) for item in made.items):
            break
    else:
        return
    plate = draw.random() < 0.25
    tone = _tone(made, (x, y, w, h), draw, least_contrast, plate)
    if tone is None:
        return
    colour, plate_colour = tone
    edged = not plate and draw.random() < 0.1
    framed = draw.random() < 0.08
    for index, frame in enumerate(made.frames):
        if single is not None and index != single:
            continue
        dx = min(index * 3, columns - w - x - 1) if moving else 0
        if plate:
            frame[max(0, y - 3) : y + h + 3, max(0, x + dx - 3) : x + dx + w + 3] = plate_colour
        if framed:
            cv2.rectangle(frame, (x + dx - 3, y - 3), (x + dx + w + 2, y + h + 2), colour, 1)
        if edged:
            _edge(frame, (x + dx, y), ink, 0 if sum(colour) > 384 else 255)
        area = frame[y : y + h, x + dx : x + dx + w]
        area[:] = np.round(area * (1 - ink[..., None]) + np.array(colour) * ink[..., None]).astype(np.uint8)
        if moving or single is not None:
            made.items.append(Item((x + dx, y, w, h), text, identifies, index, f"{size}px {turn:.0f}deg", ink > 0.3))
    if not moving and single is None:
        made.items.append(Item((x, y, w, h), text, identifies, None, f"{size}px {turn:.0f}deg {colour}", ink > 0.3))


def _edge(frame: np.ndarray, at: tuple[int, int], ink: np.ndarray, tone: int) -> None:
    """A line of one pixel around the letters."""
    wide = cv2.dilate(np.pad((ink > 0.3).astype(np.uint8), 1), np.ones((3, 3), np.uint8))
    x, y = max(0, at[0] - 1), max(0, at[1] - 1)
    part = frame[y : y + wide.shape[0], x : x + wide.shape[1]]
    part[wide[: part.shape[0], : part.shape[1]].astype(bool)] = tone


def _meets(a: tuple[int, int, int, int], b: tuple[int, int, int, int], gap: int) -> bool:
    return (
        a[0] < b[0] + b[2] + gap and b[0] < a[0] + a[2] + gap and a[1] < b[1] + b[3] + gap and b[1] < a[1] + a[3] + gap
    )


def _tone(
    made: Scene, box: tuple[int, int, int, int], draw: random.Random, least: int, plate: bool
) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """A colour that a person can read on what is there: beyond it by `least` and twice its noise, in luminance or plainly in one channel."""
    x, y, w, h = box
    under = np.concatenate([frame[y : y + h, x : x + w].reshape(-1, 3) for frame in made.frames])
    plate_colour = tuple(draw.randint(0, 255) for _ in range(3)) if draw.random() < 0.3 else (draw.randint(0, 255),) * 3
    base = np.array([plate_colour]) if plate else np.percentile(under, (15, 85), axis=0)
    least = max(least, 0 if plate else int(2 * under.std(0).max()))
    for _ in range(30):
        grey = draw.choice((255, 255, draw.randint(0, 255), 0))
        colour = tuple(draw.randint(0, 255) for _ in range(3)) if draw.random() < 0.2 else (grey,) * 3
        luminance = np.array([0.299, 0.587, 0.114])
        for seen, enough in ((luminance, least), *((channel, 2 * least) for channel in np.eye(3))):
            differences = np.array(colour) @ seen - base @ seen
            if np.abs(differences).min() >= enough and (np.all(differences > 0) or np.all(differences < 0)):
                return colour, plate_colour
    return None
