"""Ten thousand reports, each changed in several ways at once and encoded in one of many: nothing breaks the reader, nothing comes out wrong of
what `expected.py` says they were built from."""

import json
import random
from collections import Counter
from collections.abc import Iterator

import pydicom
import pytest
from pydicom.dataset import Dataset

from dicomlake.dicom import parse_raw
from dicomlake.dose import document, read_dose
from dicomlake.rules import DoseRules
from tests.dose import mutations
from tests.dose.builders import ROOT, STYLES, accumulated, ct_event, ct_report, projection_report, x_ray_event
from tests.dose.enhanced import (
    GY,
    GYM2,
    administration,
    enhanced_accumulated,
    enhanced_event,
    enhanced_report,
    mammogram,
    mammography_report,
    radiopharmaceutical_report,
)
from tests.dose.expected import expected
from tests.dose.mutations import FORMS, SAME, encoded, in_turn
from tests.dose.test_mutations import _lost, _wrong

REPORTS = 10_000


@pytest.fixture(autouse=True)
def unchecked() -> Iterator[None]:
    """Mutated values are against the standard on purpose."""
    settings = pydicom.config.settings
    before = settings._reading_validation_mode, settings._writing_validation_mode
    settings._reading_validation_mode = settings._writing_validation_mode = pydicom.config.IGNORE
    yield
    settings._reading_validation_mode, settings._writing_validation_mode = before


def built(seed: int) -> Dataset:
    """A report of one of five templates, in the manner of one of seven makers."""
    style, uids = STYLES[seed % len(STYLES)], [f"{ROOT}.9.{number}" for number in (1, 2, 3)]
    match seed % 5:
        case 0:
            events = [ct_event(style, uid, f"{n + 7}.31", f"{100 * n + 126.5}") for n, uid in enumerate(uids)]
            return ct_report(style, events, "679.5")
        case 1:
            parts = [(2.5e-6, 0.0004), (7.25e-6, 0.0011), (1.5e-6, 0.0002)]
            events = [x_ray_event(style, uid, *part) for uid, part in zip(uids, parts, strict=True)]
            return projection_report(style, accumulated(style, 1.125e-5, 0.0017), *events)
        case 2:
            events = [
                mammogram(uids[0], "L", "1.31", modern=seed % 2 > 0),
                mammogram(uids[1], "R", "1.52", modern=seed % 2 > 0),
            ]
            return mammography_report(events, "1.31", "1.52", modern=seed % 2 > 0)
        case 3:
            return radiopharmaceutical_report(administration(uids[0]))
    fluoroscopy = ("44491008", "SCT", "Fluoroscopy")
    return enhanced_report(
        enhanced_accumulated("1", n113722=("0.00012", GYM2), n113725=("0.03", GY)),
        *(enhanced_event(uid, "1", fluoroscopy, n113738=("0.01", GY), n122130=("0.00004", GYM2)) for uid in uids),
    )


def run(reports: int, rules: DoseRules) -> Counter[str]:
    """Fields that are right, absent and wrong, over `reports` changed reports."""
    told: Counter[str] = Counter()
    for seed in range(reports):
        chance = random.Random(seed)
        stated = expected(seed % 5, STYLES[seed % len(STYLES)])
        ds = built(seed)
        changes = chance.sample([one for one in SAME if one is not mutations.units_missing], chance.randint(1, 3))
        if mutations.deeper in changes:  # what is grouped anew and then shuffled has its events in another order
            changes = [one for one in changes if one is not mutations.other_order]
        for change in in_turn(sorted(changes, key=SAME.index, reverse=True)):
            change(ds, chance)
        found = document("r", read_dose(parse_raw(encoded(ds, chance.choice(FORMS))), rules))
        json.dumps(found, allow_nan=False)
        fields = len(stated["study"]) + sum(len(event) for event in stated["events"])  # type: ignore[arg-type,attr-defined,misc]
        wrong, lost, more = _wrong(stated, found), _lost(stated, found), _lost(found, stated)
        told.update({"fields": fields, "wrong": len(wrong), "lost": len(lost), "invented": len(more)})
        told.update(f"invented {change.__name__} {name}" for name in more for change in changes)
        told.update(f"wrong {change.__name__} {name}" for name in wrong for change in changes)
        told.update(f"lost {change.__name__}" for _ in lost for change in changes)
    return told


def test_a_hundred_changed_reports_say_the_same(rules: DoseRules) -> None:
    _check(run(100, rules))


@pytest.mark.whole
def test_ten_thousand_changed_reports_say_the_same_and_none_breaks_the_reader(rules: DoseRules) -> None:
    _check(run(REPORTS, rules))


def _check(told: Counter[str]) -> None:
    assert told["wrong"] == 0 and told["invented"] == 0, told
    assert told["lost"] <= 0.001 * told["fields"], told
