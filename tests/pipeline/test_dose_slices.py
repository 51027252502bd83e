"""A report and the slices of its scan, come in any order and with repeats: the size of the patient is the same, and so is the dose for it."""

import random

import pytest

from tests.dose.builders import GE, ROOT, ct_event, ct_report, to_bytes
from tests.dose.layouts import written
from tests.dose.phantoms import cylinder, slice_of
from tests.pipeline.conftest import SITE, Platform

WIDTHS_MM = (280.0, 300.0, 320.0)


@pytest.mark.parametrize("seed", [1, 2])
def test_size_specific_dose_from_slices_is_the_same_in_any_order(platform: Platform, seed: int) -> None:
    study, event = f"{ROOT}.{700 + seed}.1", f"{ROOT}.{700 + seed}.9"
    files = {"report": to_bytes(ct_report(GE, [ct_event(GE, event, "10", "300")], "300", study=700 + seed))}
    for number, width in enumerate(WIDTHS_MM):
        ds = slice_of(cylinder(width), 10.0 * number, number + 1, IrradiationEventUID=event)
        ds.StudyInstanceUID, ds.SOPInstanceUID = study, f"{ROOT}.{700 + seed}.3.{number + 20}"
        ds.SeriesInstanceUID, ds.PatientID = f"{ROOT}.{700 + seed}.4", f"PAT{700 + seed}"
        files[f"slice-{number}"] = written(ds)
    order = [*files, *files]
    random.Random(seed).shuffle(order)
    for number, name in enumerate(order):
        platform.arrive(f"s{number}/{name}.dcm", files[name])
    platform.work()
    key = platform.services.operations(SITE).uid(study)
    (row,) = platform.rows(f"SELECT * FROM `physics.dose_ct_events` WHERE study_key = '{key}'")
    assert row["measured_dw_mm"] == pytest.approx(300.0, rel=0.01) and row["dw_slices"] == 3
    assert row["dw_truncated"] is False and row["ssde_size_from"] == "slices"
    # AAPM Report 204, table 1D: 1.23 at 30 cm, for a CTDIvol of 10 mGy of the 32 cm phantom.
    assert row["ssde_mGy"] == pytest.approx(12.3, rel=0.02)
    assert row["object_kind"] == "rdsr" and row["dlp_mGycm"] == 300.0
