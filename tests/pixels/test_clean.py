"""Burned-in text goes, nothing else changes, in every form pixels are stored in."""

import dataclasses
import random
from functools import cache

import numpy as np
import pytest

from dicomlake.errors import Code, PermanentError
from dicomlake.pixels import jpeg
from dicomlake.pixels.clean import Cleaned, Order, clean
from dicomlake.pixels.find import LookRules
from tests.pixels.lettering import fonts, stamp
from tests.pixels.objects import (
    BASELINE,
    IMPLICIT,
    J2K,
    J2K_LOSSY,
    LOSSLESS,
    LS,
    LS_NEAR,
    RLE,
    Form,
    picture,
    raw_of,
    seen_by_gdcm,
    with_picture,
)

ROWS, COLUMNS = 96, 144
BOX = (12, 20, 110, 15)  # x, y, width, height of the ink
# One scale finds text of this size; the others are for the generated pictures of the benchmark.
QUICK = Order(rules=LookRules(small=(1.0,)))


def ink() -> np.ndarray:
    (font,) = [path for path in fonts() if path.endswith("/DejaVuSans-Bold.ttf")]
    found = stamp("ZUBIRI AMAIA", random.Random(3), 17, 0, path=font) > 0.5
    mask = np.zeros((ROWS, COLUMNS), bool)
    mask[BOX[1] : BOX[1] + found.shape[0], BOX[0] : BOX[0] + found.shape[1]] = found
    return mask


INK = ink()


def shade(low: int, high: int, kind: str, dtype: str, frame: int = 0) -> np.ndarray:
    """A smooth ground with noise and text on it: values from low to high."""
    rng = np.random.default_rng(11 + frame)
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    ground = (
        low
        + (high - low) * (0.25 + 0.15 * np.sin(x / 40 + frame) * np.cos(y / 30))
        + rng.normal(0, (high - low) / 100, x.shape)
    )
    values = ground.clip(low, high)
    values[INK] = low if kind == "dark" else high
    return values.round().astype(dtype)


def colours() -> np.ndarray:
    grey = shade(0, 255, "bright", "u1").astype(float)
    return np.stack([grey, grey * 0.8, grey * 0.6], axis=2).round().astype("u1")


FORMS = {
    "native 8": (Form(), shade(0, 255, "bright", "u1")),
    "native 8 implicit": (Form(IMPLICIT), shade(0, 255, "bright", "u1")),
    "native monochrome 1": (Form(photometric="MONOCHROME1"), shade(0, 255, "dark", "u1")),
    "native 16 signed": (Form(allocated=16, stored=16, signed=True), shade(-1000, 3000, "bright", "<i2")),
    "native 12 in 16": (Form(allocated=16, stored=12), shade(0, 4095, "bright", "<u2")),
    "native 12 signed": (Form(allocated=16, stored=12, signed=True), shade(-2048, 2047, "bright", "<i2")),
    "native 12, high bit 15": (Form(allocated=16, stored=12, high=15), shade(0, 4095, "bright", "<u2") << 4),
    "native 32": (Form(allocated=32, stored=32), shade(0, 100000, "bright", "<u4")),
    "native rgb": (Form(photometric="RGB"), colours()),
    "native rgb by plane": (Form(photometric="RGB", planar=1), colours()),
    "native ybr": (Form(photometric="YBR_FULL"), colours()),
    "rle 8": (Form(RLE), shade(0, 255, "bright", "u1")),
    "rle 16": (Form(RLE, allocated=16, stored=12), shade(0, 4095, "bright", "<u2")),
    "rle rgb": (Form(RLE, "RGB"), colours()),
    "jpeg-ls 8": (Form(LS), shade(0, 255, "bright", "u1")),
    "jpeg-ls 12": (Form(LS, allocated=16, stored=12), shade(0, 4095, "bright", "<u2")),
    "jpeg-ls rgb": (Form(LS, "RGB"), colours()),
    "jpeg 2000 8": (Form(J2K), shade(0, 255, "bright", "u1")),
    "jpeg 2000 16 signed": (Form(J2K, allocated=16, stored=16, signed=True), shade(-1000, 3000, "bright", "<i2")),
    "jpeg 2000 rct": (Form(J2K, "YBR_RCT"), colours()),
    "jpeg lossless": (Form(LOSSLESS, allocated=16, stored=12), shade(0, 4095, "bright", "<u2")),
}


@cache
def stored(name: str) -> tuple[bytes, Cleaned]:
    """An object of one of the forms, and what became of its picture: cleaned once for all tests that look at it."""
    form, frame = FORMS[name]
    data = picture([frame], form)
    return data, cleaned(data)[0]


def cleaned(data: bytes, order: Order = QUICK) -> tuple[Cleaned, np.ndarray]:
    done = clean(raw_of(data), order)
    assert done.result is not None
    return done, done.result.mask


@pytest.mark.parametrize("name", FORMS)
def test_the_text_goes_and_every_other_value_stays(name: str) -> None:
    form, frame = FORMS[name]
    data, done = stored(name)
    assert done.result is not None
    mask = done.result.mask
    assert mask[INK].all()
    assert mask.mean() < 0.25
    out = with_picture(data, done)
    before, after = seen_by_gdcm(data)[0], seen_by_gdcm(out)[0]
    if form.high:  # GDCM takes the lowest bits whatever the high bit is
        assert done.result is not None
        before, after = frame, np.frombuffer(done.result.data(), frame.dtype).reshape(frame.shape)
    assert np.array_equal(before[~mask], after[~mask])
    inside = after[mask].reshape(mask.sum(), -1)
    assert (inside == inside[0]).all()
    darkest = {"MONOCHROME1": frame.max(), "YBR_FULL": None}.get(
        form.photometric, frame.min() if frame.ndim == 2 else 0
    )
    assert darkest is None or inside[0, 0] == darkest


@pytest.mark.parametrize("name", [name for name in FORMS if FORMS[name][0].syntax not in (LOSSLESS,)])
def test_the_transfer_syntax_stays(name: str) -> None:
    _, done = stored(name)
    assert done.result is not None
    assert done.result.picture.syntax == FORMS[name][0].syntax


def test_jpeg_lossless_becomes_jpeg_2000_lossless() -> None:
    _, done = stored("jpeg lossless")
    assert done.result is not None
    assert done.result.picture.syntax == J2K
    assert "LossyImageCompression" not in done.result.attributes


@pytest.mark.parametrize("form", [Form(J2K_LOSSY), Form(LS_NEAR)])
def test_a_lossy_picture_is_stored_lossless_and_keeps_its_history(form: Form) -> None:
    data = picture([shade(0, 255, "bright", "u1")], form)
    done, mask = cleaned(data)
    assert done.result is not None
    assert done.result.picture.syntax == {J2K_LOSSY: J2K, LS_NEAR: LS}[form.syntax]
    assert done.result.attributes["LossyImageCompression"] == "01"
    before, after = seen_by_gdcm(data)[0], seen_by_gdcm(with_picture(data, done))[0]
    assert np.array_equal(before[~mask], after[~mask])


@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_jpeg_keeps_the_coefficients_of_every_other_block(subsampling: int) -> None:
    data = picture([colours()], Form(BASELINE, "YBR_FULL_422", subsampling=subsampling))
    done, mask = cleaned(data)
    assert done.result is not None
    assert mask[INK].all()
    assert done.result.picture.syntax == BASELINE
    out = with_picture(data, done)
    (before,) = done.result.frames.encoded
    around = jpeg.ring(mask, jpeg.unit(before))
    old, new = seen_by_gdcm(data)[0], seen_by_gdcm(out)[0]
    assert np.array_equal(old[~around], new[~around])
    assert (~around).mean() > 0.3
    assert not np.array_equal(old[mask], new[mask])
    assert b"Zubiri" not in out[len(out) // 4 :], "comments of the code stream are gone"


def test_grey_jpeg_keeps_every_pixel_outside() -> None:
    data = picture([shade(0, 255, "bright", "u1")], Form(BASELINE))
    done, mask = cleaned(data)
    old, new = seen_by_gdcm(data)[0], seen_by_gdcm(with_picture(data, done))[0]
    assert np.array_equal(old[~mask], new[~mask])
    assert new[mask].max() <= 2


def test_a_palette_is_dark_where_its_table_is() -> None:
    table = (np.arange(256, dtype="<u2")[::-1] << 8).tobytes()  # turned round: 255 is black
    palette = {f"{colour}PaletteColorLookupTable{part}": value for colour in ("Red", "Green", "Blue")
               for part, value in (("Descriptor", [256, 0, 16]), ("Data", table))}  # fmt: skip
    data = picture([shade(0, 255, "dark", "u1")], Form(photometric="PALETTE COLOR"), **palette)
    done, mask = cleaned(data)
    assert done.result is not None
    assert mask[INK].all()
    assert set(np.frombuffer(done.result.data(), np.uint8).reshape(ROWS, COLUMNS)[mask]) == {255}


def test_chroma_shared_by_two_pixels_is_painted_for_both() -> None:
    data = picture([colours()], Form(photometric="YBR_FULL_422"))
    done, mask = cleaned(data)
    assert done.result is not None
    assert mask[INK].all()
    assert np.array_equal(mask[:, ::2], mask[:, 1::2])
    before = np.frombuffer(data[-ROWS * COLUMNS * 2 :], np.uint8).reshape(ROWS, COLUMNS // 2, 4)
    after = np.frombuffer(done.result.data(), np.uint8).reshape(ROWS, COLUMNS // 2, 4)
    assert np.array_equal(before[~mask[:, ::2]], after[~mask[:, ::2]])
    assert (after[mask[:, ::2]] == (0, 0, 128, 128)).all()


def test_single_bits_are_painted_where_frames_share_a_byte() -> None:
    frames = [INK[:95, :143].astype(np.uint8)] * 3  # 13,585 bits each
    data = picture(frames, Form(allocated=1, stored=1), SOPClassUID="1.2.840.10008.5.1.4.1.1.7.1")
    done, mask = cleaned(data)
    assert done.result is not None
    bits = np.unpackbits(np.frombuffer(done.result.data(), np.uint8), bitorder="little")
    after = bits[: 3 * 95 * 143].reshape(3, 95, 143)
    assert not after[:, INK[:95, :143]].any()
    assert np.array_equal(after[:, ~mask], np.stack(frames)[:, ~mask])


def test_an_overlay_in_unused_bits_goes() -> None:
    frame = (shade(0, 4095, "bright", "<u2") & 0x0FFF) | (INK.astype("<u2") << 15)
    plain = np.where(INK, 900, shade(0, 4095, "bright", "<u2")).astype("<u2")
    data = picture([(plain & 0x0FFF) | (INK.astype("<u2") << 15)], Form(allocated=16, stored=12))
    done, _ = cleaned(data)
    assert done.result is not None
    assert done.result.changed
    after = np.frombuffer(done.result.data(), "<u2")
    assert not (after & 0xF000).any()
    assert frame.shape == (ROWS, COLUMNS)


def test_every_frame_that_differs_is_looked_at_and_the_union_is_painted() -> None:
    still = np.where(INK, 60, shade(0, 255, "bright", "u1")).astype("u1")
    late = still.copy()
    late[50:80] = shade(0, 255, "bright", "u1")[8:38]
    data = picture([still, still, late, still])
    done, mask = cleaned(data)
    assert done.frames_looked_at == 2
    moved = np.zeros_like(INK)
    moved[50:80] = INK[8:38]
    assert mask[moved].all()
    after = seen_by_gdcm(with_picture(data, done))
    assert len({int(frame[mask].max()) for frame in after}) <= 2
    assert np.array_equal(after[0][~mask], still[~mask])


def test_a_picture_without_text_stays_as_it_is() -> None:
    frame = np.where(INK, 60, shade(0, 255, "bright", "u1")).astype("u1")
    smooth = np.full_like(frame, 60)
    smooth[30:70, 40:100] = 140
    done, mask = cleaned(picture([smooth]))
    assert done.result is not None
    assert not done.result.changed
    assert not mask.any()
    assert done.regions == ()


def test_what_a_steward_or_a_device_rule_names_is_painted_besides() -> None:
    order = dataclasses.replace(QUICK, masks=((100, 70, 140, 90),))
    _, mask = cleaned(picture([shade(0, 255, "bright", "u1")]), order)
    assert mask[70:90, 100:140].all()
    assert mask[INK].all()


def test_text_that_is_declared_and_not_found_is_held_until_a_person_has_looked() -> None:
    data = picture([np.full((64, 64), 9, "u1")], BurnedInAnnotation="YES")
    with pytest.raises(PermanentError) as held:
        cleaned(data)
    assert (held.value.code, held.value.detail) == (Code.PIXEL_PHI_SUSPECTED, "text_declared_but_not_found")
    assert not cleaned(data, dataclasses.replace(QUICK, approved=True))[1].any()


def test_text_that_goes_on_being_found_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    from dicomlake.pixels import clean as module

    monkeypatch.setattr(
        module,
        "_left_over",
        lambda result, *_: ~result.mask & (np.cumsum(~result.mask).reshape(result.mask.shape) < 200),
    )
    with pytest.raises(PermanentError) as held:
        cleaned(picture([shade(0, 255, "bright", "u1")]))
    assert (held.value.code, held.value.detail) == (Code.PIXEL_PHI_SUSPECTED, "text_left_over")


def test_a_writer_that_changes_something_else_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    from dicomlake.pixels import rewrite as module

    true = module.blanked

    def wrong(frame: np.ndarray, mask: np.ndarray, form: object) -> np.ndarray:
        out = true(frame, mask, form)  # type: ignore[arg-type]
        out[-1, -1] ^= 1
        return out

    monkeypatch.setattr(module, "blanked", wrong)
    with pytest.raises(PermanentError) as held:
        cleaned(picture([shade(0, 255, "bright", "u1")]))
    assert held.value.code is Code.DEID_FAILED
