"""Reports as other makers would have written them: every value right, none wrong, and nothing ever breaks the reader."""

import json
import random
import struct
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from dicomlake.dicom import parse_raw
from dicomlake.dose import document, read_dose
from dicomlake.errors import PermanentError
from dicomlake.rules import DoseRules
from tests.dose import mutations
from tests.dose.builders import ROOT, STYLES, accumulated, ct_event, ct_report, projection_report, to_bytes, x_ray_event
from tests.dose.mutations import FORMS, LOSING, SAFE, SAME, SPELLING, Change, encoded, in_turn
from tests.dose.test_samples import FILES, SHARED, same

CT = (("8.31", "126.5"), ("9.31", "226.5"), ("40.31", "1326.5"))  # CTDIvol and DLP
# Numbers and names that a mutation may leave out, but never change.
Stated = Mapping[str, object]


@pytest.fixture(autouse=True)
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mutated values are against the standard on purpose."""
    monkeypatch.setattr(pydicom.config.settings, "_reading_validation_mode", pydicom.config.IGNORE)
    monkeypatch.setattr(pydicom.config.settings, "_writing_validation_mode", pydicom.config.IGNORE)


def _built(seed: int) -> Dataset:
    style = STYLES[seed % len(STYLES)]
    if seed % 2:
        events = [ct_event(style, f"{ROOT}.9.{n}", *one) for n, one in enumerate(CT)]
        return ct_report(style, events, "1679.5")
    parts = [(2.5e-6, 0.0004), (7.25e-6, 0.0011)]
    whole = [accumulated(style, 9.75e-6, 0.0015)]
    return projection_report(style, *whole, *(x_ray_event(style, f"{ROOT}.9.{n}", *one) for n, one in enumerate(parts)))


def _expected(seed: int) -> Stated:
    """What `_built` was built from."""
    if seed % 2:
        numbers = {"exposure_time_s": 4.2, "scanning_length_mm": 310.5, "pitch": 0.984}
        same_for_all = numbers | {"kvp": [120.0], "tube_current_mA": [200.0], "protocol": "THORAX"}
        same_for_all |= {
            "phantom": "IEC Body Dosimetry Phantom",
            "acq_type": "Spiral Acquisition",
            "target_region": "Chest",
        }
        events = [
            same_for_all
            | {"irradiation_event_uid": f"{ROOT}.9.{n}", "ctdivol_mGy": float(ctdivol), "dlp_mGycm": float(dlp)}
            for n, (ctdivol, dlp) in enumerate(CT)
        ]
        return {
            "study": {"modality": "CT", "n_events": 3, "n_events_declared": 3, "total_dlp_mGycm": 1679.5},
            "events": events,
        }
    common = {"event_type": "Fluoroscopy", "start": "2024-03-10T10:17:33.25", "kvp": 81.0}
    common |= {"tube_current_mA": 12.5, "n_pulses": 40.0, "exposure_time_ms": 260.0}
    events = [
        common | {"irradiation_event_uid": f"{ROOT}.9.{n}", "dap_Gym2": dap, "rp_dose_Gy": dose}
        for n, (dap, dose) in enumerate([(2.5e-6, 0.0004), (7.25e-6, 0.0011)])
    ]
    totals = {"total_dap_Gym2": 9.75e-6, "total_rp_dose_Gy": 0.0015, "total_fluoro_time_s": 31.0}
    return {"study": {"modality": "RF", "n_events": 2, **totals}, "events": events}


def _wrong(stated: Stated, found: Stated) -> list[str]:
    """Fields that are stated and come out as something else; `found` may lack some."""
    differ = [
        name
        for name, value in stated["study"].items()
        if name in found["study"] and not same(value, found["study"][name])
    ]  # type: ignore[attr-defined,index,operator]
    for number, event in enumerate(stated["events"]):  # type: ignore[arg-type,var-annotated]
        other = found["events"][number] if number < len(found["events"]) else {}  # type: ignore[arg-type,index]
        differ += [
            f"{number}.{name}" for name, value in event.items() if name in other and not same(value, other[name])
        ]
    return differ


def _lost(stated: Stated, found: Stated) -> list[str]:
    lost = [name for name in stated["study"] if name not in found["study"]]  # type: ignore[attr-defined,operator]
    for number, event in enumerate(stated["events"]):  # type: ignore[arg-type,var-annotated]
        other = found["events"][number] if number < len(found["events"]) else {}  # type: ignore[arg-type,index]
        lost += [f"{number}.{name}" for name in event if name not in other]
    return lost


@pytest.mark.parametrize("change", [None, *SAME, *SAFE, *LOSING], ids=lambda change: change and change.__name__)
@pytest.mark.parametrize("seed", range(2))
def test_a_changed_report_says_what_it_was_built_from(change: Change | None, seed: int, rules: DoseRules) -> None:
    ds, chance = _built(seed), random.Random(seed)
    if change is not None:
        change(ds, chance)
    found = document("r", read_dose(parse_raw(encoded(ds, chance.choice(FORMS))), rules))
    assert _wrong(_expected(seed), found) == []
    if change not in (
        mutations.units_missing,
        *LOSING,
    ):  # a unit that is not the template's cannot be known once it is gone
        assert _lost(_expected(seed), found) == []


def _combined(seed: int, rules: DoseRules) -> None:
    """Three to five changes one after the other: makers are odd in several ways at once."""
    chance = random.Random(seed)
    ds = _built(seed % 14)
    others = [change for change in (*SAME, *SAFE, *LOSING) if change not in SPELLING]
    changes = in_turn([*chance.sample(others, chance.randint(2, 4)), chance.choice(SPELLING)])
    for change in changes:
        change(ds, chance)
    found = document("r", read_dose(parse_raw(encoded(ds, chance.choice(FORMS))), rules))
    found["events"].sort(key=lambda event: event["irradiation_event_uid"])
    named = found.get("doubts", ())  # in a unit that is gone and can be the template's: never in silence
    wrong = [name for name in _wrong(_expected(seed % 14), found) if f"{name}:assumed_unit" not in named]
    assert wrong == [], [change.__name__ for change in changes]


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_reports_odd_in_several_ways_are_never_read_wrong(first: int, rules: DoseRules) -> None:
    for seed in range(first, first + 20):
        _combined(seed, rules)


@pytest.mark.whole
@pytest.mark.parametrize("first", range(1000, 5000, 500))
def test_more_reports_odd_in_several_ways_are_never_read_wrong(first: int, rules: DoseRules) -> None:
    for seed in range(first, first + 500):
        _combined(seed, rules)


def _changed(change: Change, files: Sequence[Path], rules: DoseRules) -> None:
    fields = right = 0
    wrong: list[str] = []
    for number, file in enumerate(files):
        stated = json.loads((SHARED / "expected" / f"{file.stem}.json").read_text())
        if stated["object_kind"] not in ("rdsr", "rrdsr"):
            continue
        chance = random.Random(number)
        ds = pydicom.dcmread(file)
        change(ds, chance)
        found = document(file.name, read_dose(parse_raw(encoded(ds, chance.choice(FORMS))), rules))
        wrong += [f"{file.stem}: {name}" for name in _wrong(stated, found)]
        fields += stated["n_fields"]
        right += stated["n_fields"] - len(_lost(stated, found))
    assert wrong == []
    assert right >= (0.999 if change in SAME else 0.95) * fields


@pytest.mark.slow
@pytest.mark.skipif(not FILES, reason="the shared dose objects are not beside this checkout")
@pytest.mark.parametrize("change", [*SAME, *SAFE], ids=lambda change: change.__name__)
def test_a_changed_shared_report_says_the_same(change: Change, rules: DoseRules) -> None:
    """Every fourth file for a change, every file for some; all for all in `make fuzz`."""
    _changed(change, FILES[[*SAME, *SAFE].index(change) % 4 :: 4], rules)


@pytest.mark.whole
@pytest.mark.skipif(not FILES, reason="the shared dose objects are not beside this checkout")
@pytest.mark.parametrize("change", [*SAME, *SAFE], ids=lambda change: change.__name__)
def test_every_changed_shared_report_says_the_same(change: Change, rules: DoseRules) -> None:
    _changed(change, FILES, rules)


def test_totals_that_were_taken_out_are_unknown(rules: DoseRules) -> None:
    for seed in range(4):
        ds = _built(seed)
        mutations.without_totals(ds)
        found = read_dose(parse_raw(to_bytes(ds)), rules)
        assert not {"total_dlp_mGycm", "total_dap_Gym2"} & set(found.study)


def _damaged(data: bytes, chance: random.Random) -> bytes:
    """Bytes overwritten, cut out, doubled, and numbers replaced by what no number looks like."""
    damaged = bytearray(data)
    for _ in range(chance.randint(1, 12)):
        at = chance.randrange(132, len(damaged))
        match chance.randrange(5):
            case 0:
                damaged[at] = chance.randrange(256)
            case 1:
                damaged[at : at + 4] = struct.pack("<I", chance.choice([0, 1, 0xFFFFFFFF, 0xFFFE, len(data)]))
            case 2:
                del damaged[at : at + chance.randrange(1, 9)]
            case 3:
                damaged[at:at] = bytes(damaged[at : at + chance.randrange(1, 200)])
            case _:
                text = chance.choice([b"NaN", b"1e999", b"-", b"1,2,3", b"\\\\\\", b"\xff\xfe", b"9" * 30])
                damaged[at : at + len(text)] = text
    return bytes(damaged)


@settings(max_examples=settings.default.max_examples, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 1 << 32))
def test_damaged_reports_are_read_or_refused_never_a_crash(seed: int, rules: DoseRules) -> None:
    chance = random.Random(seed)
    data = _damaged(encoded(_built(seed % 8), chance.choice(FORMS)), chance)
    try:
        found = document("r", read_dose(parse_raw(data), rules))
    except PermanentError:
        return
    json.dumps(found, allow_nan=False)


@pytest.mark.slow
@settings(max_examples=settings.default.max_examples, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 1 << 32))
def test_values_of_any_form_never_break_the_reader(seed: int, rules: DoseRules) -> None:
    chance = random.Random(seed)
    ds = _built(seed % 8)
    for item in mutations.items(ds):
        for value in item.get("MeasuredValueSequence", ()):
            if chance.random() < 0.3:
                mutations.write(
                    value,
                    chance.choice(
                        [
                            "",
                            " ",
                            "1e400",
                            "-1e-400",
                            "inf",
                            "0x10",
                            "1.2.3",
                            "1,2,3",
                            "5 mGy",
                            "\\",
                            "٣",
                            "1_000",
                            "--1",
                        ]
                    ),
                )
        if chance.random() < 0.05 and "ConceptNameCodeSequence" in item:
            item.ConceptNameCodeSequence = []
    found = document("r", read_dose(parse_raw(encoded(ds, "modern")), rules))
    json.dumps(found, allow_nan=False)


def test_the_changes_do_change_something() -> None:
    before = [_bytes(_built(seed)) for seed in range(4)]

    def changed(change: Change, seed: int) -> bool:
        after = _built(seed)
        change(after, random.Random(3))
        return _bytes(after) != before[seed]

    assert [change for change in (*SAME, *SAFE, *LOSING) if not any(changed(change, seed) for seed in range(4))] == []


def _bytes(ds: Dataset) -> bytes:
    target = BytesIO()
    ds.save_as(target, implicit_vr=True, little_endian=True)
    return target.getvalue()
