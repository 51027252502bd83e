"""Pictures with bar codes and matrix codes, made by seed, and pictures that resemble them and have none.

`coded(seed)` draws symbology, size of a module, quarter turns, tilt, contrast, ground and plate anew. The codes are ZXing's, which also reads them
again (`readable`): neither has anything to do with how the product finds them. Identities are invented.
"""

import random
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import zxingcpp

LINEAR = ("Code39", "Code128", "EAN13", "EAN8", "ITF", "Codabar", "Code93")
MATRIX = ("QRCode", "DataMatrix", "Aztec", "PDF417")
GROUNDS = ("margin", "clean", "film", "sector", "photo", "paper")


@dataclass
class Coded:
    """A picture (rows x columns x 3, uint8) and its code: symbology, pixels of a module, where it stands (rows x columns, true within)."""

    picture: np.ndarray
    symbology: str
    module: float
    ground: str
    turn: float
    contrast: int
    place: np.ndarray = field(repr=False)

    def around(self, margin: int) -> "Coded":
        """The same, of the picture only what stands around the code."""
        rows, columns = (slice(max(0, int(at.min()) - margin), int(at.max()) + margin) for at in np.nonzero(self.place))
        return replace(self, picture=np.ascontiguousarray(self.picture[rows, columns]), place=self.place[rows, columns])


def content(symbology: str, draw: random.Random) -> str:
    """What a hospital would encode: a number of a patient or an accession, a name where letters fit."""
    digits = "".join(draw.choices("0123456789", k=draw.choice((6, 8, 10))))
    if symbology in ("EAN13", "EAN8"):
        return (digits * 2)[: 12 if symbology == "EAN13" else 7]
    if symbology in ("ITF", "Codabar"):
        return digits if symbology == "ITF" else f"A{digits}B"
    if symbology in MATRIX and draw.random() < 0.5:
        return (
            f"{draw.choice(('ZUBIRI', 'KOVACS', 'OYELARAN'))}^{draw.choice(('AMAIA', 'ILONA'))}^{digits}^19{digits[:2]}"
        )
    return f"P{digits}" if draw.random() < 0.5 else digits


def symbol(symbology: str, draw: random.Random) -> np.ndarray:
    """Modules of a code, true where dark; a linear code is one row."""
    made = zxingcpp.create_barcode(content(symbology, draw), getattr(zxingcpp.BarcodeFormat, symbology))
    drawn = np.array(zxingcpp.write_barcode_to_image(made, scale=1, add_quiet_zones=False)) < 128
    return drawn[drawn.shape[0] // 2][None] if symbology in LINEAR else drawn


def _ground(kind: str, rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    if kind == "margin":
        return np.full((rows, columns), float(rng.uniform(0, 12)), np.float32)
    if kind == "clean":
        return np.full((rows, columns), float(rng.uniform(20, 235)), np.float32)
    if kind == "film":
        blobs = cv2.GaussianBlur(rng.random((rows, columns)).astype(np.float32), (0, 0), 30)
        return np.asarray(40 + 150 * (blobs - blobs.min()) / np.ptp(blobs) + rng.normal(0, 3, blobs.shape), np.float32)
    if kind == "sector":
        speckle = cv2.GaussianBlur(rng.rayleigh(60, (rows, columns)).astype(np.float32), (0, 0), 1.3)
        return np.where(np.abs(np.arctan2(x - columns / 2, y + 10)) < 0.8, speckle, 3).astype(np.float32)
    if kind == "photo":
        shade = cv2.GaussianBlur(rng.random((rows, columns)).astype(np.float32), (0, 0), 40)
        return np.asarray(90 + 90 * (shade - shade.min()) / np.ptp(shade) + rng.normal(0, 4, shade.shape), np.float32)
    return np.asarray(rng.uniform(215, 250) + rng.normal(0, 2, (rows, columns)), np.float32)


def coded(seed: int, symbology: str = "", ground: str = "") -> Coded:
    """A picture with one code."""
    rng, draw = np.random.default_rng(seed), random.Random(seed)
    symbology = symbology or draw.choice(LINEAR + MATRIX)
    kind = ground or draw.choice(GROUNDS)
    rows, columns = draw.choice((384, 480, 600, 768)), draw.choice((512, 640, 800, 1024))
    dark = symbol(symbology, draw)
    module = float(draw.choice((1, 1, 2, 2, 3, 3, 4)))
    if draw.random() < 0.25:
        module *= draw.uniform(1.1, 1.4)
    high = dark.shape[0] * module if symbology in MATRIX else draw.randint(14, 70)
    wide = dark.shape[1] * module
    fit = min(1.0, (columns - 30) / wide, (rows - 30) / max(high, wide))
    module, wide, high = module * fit, max(8, round(wide * fit)), max(8, round(high * fit))
    exact = module == int(module)
    drawn = cv2.resize(
        dark.astype(np.float32), (wide, high), interpolation=cv2.INTER_NEAREST if exact else cv2.INTER_AREA
    )
    quiet = (
        max(2, round(module * draw.choice((1, 4, 8)))) if symbology in MATRIX else round(module * draw.choice((5, 10)))
    )
    drawn = np.pad(drawn, quiet)
    turn = draw.choice((0, 0, 1, 2, 3))
    drawn = np.ascontiguousarray(np.rot90(drawn, turn))
    tilt = draw.uniform(-7, 7) if kind in ("photo", "film", "paper") and draw.random() < 0.4 else 0.0
    cover = np.ones_like(drawn)
    inner = np.pad(np.ones((drawn.shape[0] - 2 * quiet, drawn.shape[1] - 2 * quiet), np.float32), quiet)
    if tilt:
        drawn, cover, inner = (_tilted(one, tilt) for one in (drawn, cover, inner))
    back = _ground(kind, rows, columns, rng)
    h, w = drawn.shape
    if h >= rows or w >= columns:
        return coded(seed + 100_000, symbology, ground)
    y, x = draw.randint(0, rows - h), draw.randint(0, columns - w)
    contrast = draw.choice((60, 110, 170, 230))
    part = back[y : y + h, x : x + w]
    if kind in ("margin", "sector") and draw.random() < 0.4:  # light bars straight on black, no plate
        part[:] = np.where(drawn > 0, part + drawn * contrast, part)
    else:
        light = draw.uniform(contrast, 255)
        plate = light - drawn * contrast
        part[:] = part + cover * (plate - part)
    place = np.zeros((rows, columns), bool)
    place[y : y + h, x : x + w] = inner > 0.5
    if draw.random() < 0.3:
        back = cv2.GaussianBlur(back, (0, 0), draw.uniform(0.3, 0.25 + 0.2 * module))
    back = np.clip(back + rng.normal(0, draw.choice((0, 1, 4)), back.shape), 0, 255).astype(np.uint8)
    picture = np.repeat(back[..., None], 3, 2)
    if draw.random() < 0.2:
        coded_jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, draw.randint(70, 95)])[1]
        picture = np.asarray(cv2.imdecode(coded_jpeg, cv2.IMREAD_COLOR), np.uint8)
    return Coded(picture, symbology, module, kind, turn * 90 + tilt, contrast, place)


def _tilted(layer: np.ndarray, degrees: float) -> np.ndarray:
    h, w = layer.shape
    turn = cv2.getRotationMatrix2D((w / 2, h / 2), degrees, 1)
    cos, sin = abs(turn[0, 0]), abs(turn[0, 1])
    wide, high = int(h * sin + w * cos) + 2, int(h * cos + w * sin) + 2
    turn[:, 2] += (wide - w) / 2, (high - h) / 2
    return cv2.warpAffine(layer, turn, (wide, high), flags=cv2.INTER_LINEAR)


def readable(picture: np.ndarray) -> bool:
    """Whether ZXing reads any code in it."""
    return bool(zxingcpp.read_barcodes(picture))


LOOKALIKES = (
    "grid", "ruler", "hair", "bone", "stent", "ribs", "spine", "grating", "spectrum", "m_mode", "wedge", "steps", "noise", "trace", "chart",
)  # fmt: skip


def lookalike(kind: str, seed: int) -> np.ndarray:
    """A picture (rows x columns x 3) of what resembles a code and is none."""
    rng, draw = np.random.default_rng(seed), random.Random(f"{kind}{seed}")
    rows, columns = draw.choice((256, 384, 512)), draw.choice((256, 512, 640))
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    grey = np.full((rows, columns), float(rng.uniform(0, 60)), np.float32)
    tone, step = float(rng.uniform(110, 250)), draw.randint(4, 24)
    if kind == "grid":
        grey[::step], grey[:, ::step] = tone, tone
    elif kind == "ruler":
        for index, at in enumerate(range(8, columns - 8, step)):
            grey[rows - 40 : rows - 20 - 10 * (index % 5 == 0) + 10, at : at + draw.choice((1, 2))] = tone
    elif kind == "hair":
        for _ in range(60):
            start = rng.uniform((0, 0), (columns, rows))
            bend = np.cumsum(np.cumsum(rng.normal(0, 0.01, 80)))
            line = start + np.stack([np.cos(bend), np.sin(bend)], 1).cumsum(0) * 3
            cv2.polylines(
                grey, [line.astype(np.int32)], False, float(rng.uniform(0, 200)), draw.choice((1, 2)), cv2.LINE_AA
            )
    elif kind == "bone":
        web = np.abs(cv2.GaussianBlur(rng.normal(0, 1, (rows, columns)).astype(np.float32), (0, 0), draw.uniform(1, 3)))
        grey = np.where(np.hypot(x - columns / 2, y - rows / 2) < rows / 3, 220 - 260 * web / web.std() / 4, 20)
    elif kind == "stent":
        for shift in range(0, 200, step):
            cv2.line(grey, (100 + shift, 100), (100 + shift + 20, 140), tone, 1, cv2.LINE_AA)
            cv2.line(grey, (120 + shift, 100), (100 + shift, 140), tone, 1, cv2.LINE_AA)
    elif kind == "ribs":
        grey = 90 + 60 * np.sin((y + 0.002 * (x - columns / 2) ** 2) * 2 * np.pi / draw.uniform(18, 40)) + 20
    elif kind == "spine":
        body = np.abs(x - columns / 2 - 12 * np.sin(y / 90)) < 24
        grey = np.where(body, np.where((y % 26) < 20, 200, 70), 60).astype(np.float32)
    elif kind == "grating":
        way = draw.choice((x, y, x + y))
        grey = np.where((way // max(1, step // 4)) % 2 > 0, tone, grey)
    elif kind == "spectrum":
        height = np.abs(np.sin(x / draw.uniform(25, 50))) * rows * 0.35 + 10
        grains = rng.rayleigh(1, (rows, columns)).astype(np.float32)
        streak = cv2.GaussianBlur(grains, (0, 0), sigmaX=0.6, sigmaY=3)
        grey = np.where(np.abs(rows * 0.6 - y) < height, streak * 110, 4)
    elif kind == "m_mode":
        layers = cv2.GaussianBlur(
            rng.normal(0, 1, (rows, 1)).astype(np.float32), (1, 1), sigmaX=0.1, sigmaY=draw.uniform(0.8, 2)
        )
        moved = (y + 6 * np.sin(x / 30)).clip(0, rows - 1).astype(int)
        grey = 90 + 70 * layers[moved, 0] / layers.std() + rng.normal(0, 8, (rows, columns))
    elif kind == "wedge":
        grey[20:220, 20:40] = np.linspace(255, 0, 200)[:, None]
        grey[20:40, 60:220] = (np.arange(160) // 10 * 16)[None]
    elif kind == "steps":
        grey = ((x // 12 + y // 12) % 9 * 28).astype(np.float32)
    elif kind == "noise":
        grey = cv2.GaussianBlur(
            rng.normal(110, 70, (rows, columns)).astype(np.float32), (0, 0), draw.choice((0.4, 0.8, 1.5))
        )
    elif kind == "trace":
        for base in range(60, rows - 20, 60):
            height = base - 30 * np.exp(-(((x[0] % 70) - 35) ** 2) / 6) + rng.normal(0, 1, columns)
            cv2.polylines(grey, [np.stack([x[0], height], 1).astype(np.int32)], False, tone, 1)
        grey[::10] = np.maximum(grey[::10], 40)
    else:
        for at in range(30, columns - 30, 20):
            cv2.rectangle(
                grey, (at, rows - draw.randint(40, rows - 40)), (at + 12, rows - 30), float(rng.uniform(80, 250)), -1
            )
    grey = grey + rng.normal(0, draw.choice((0.5, 3)), (rows, columns))
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, 2)
