"""What deid_rules/dose says stands in the views, and the views and Python read names and factors alike."""

import re
from pathlib import Path

import pytest

from dicomlake.dose.effective import effective_doses
from dicomlake.rules.effective import load_effective
from dicomlake.rules.exams import load_reference
from tests.sql import generate_research
from tests.sql.conftest import Lake
from tests.sql.generate_rules import documents

ROOT = Path(__file__).parents[2]
NAMES = (
    "Thorax^01_ThorRoutine (Adult)", "5.12 Cráneo", "CT Kopf nativ", "HeadNeck Angio", "SINUS", "CORONARY CTA", "C-SPINE",
    "Columna lumbar", "KUB", "Angio Pulm TEP", "TAP", "Tórax-Abdomen-Pelvis", "uro TC", "Abdomen^AbdMultiphase (Adult)",
    "neck chest abdomen", "HR Thorax", "Spine cervical", "Card. Angio", "RENAL COLIC", "thoracic spine", "???", "L3 7",
)  # fmt: skip


def test_views_hold_what_the_rule_files_say() -> None:
    for path, text in documents().items():
        assert path.read_text("utf-8") == text, f"{path.name} is old: python -m tests.sql.generate"


def test_dose_of_research_is_decided_by_the_text_that_decides_it_for_physics() -> None:
    for path, text in generate_research.documents().items():
        assert path.read_text("utf-8") == text, f"{path.name} is old: python -m tests.sql.generate"


def test_every_view_that_decides_over_receipts_decides_by_the_order_of_clinic_receipts() -> None:
    """Two views decide over few receipts only and state the order once more, since a million decided first would cost seconds."""
    rules = {}
    for path in sorted((ROOT / "sql" / "views").glob("*/*.sql")):
        text = path.read_text("utf-8")
        if "latest AS (" in text and "`ops.receipts`" in text:
            told = text[: text.index("latest AS (")] + text[text.index("latest AS (") :].split("\n),\n")[0]
            rules[path.name] = re.findall(
                r"QUALIFY ROW_NUMBER\(\) OVER \((.*?)\n +\) = 1", told.replace("told.", ""), re.S
            )
    wanted = [" ".join(one.split()) for one in rules["receipts.sql"]]
    assert len(wanted) == 2 and set(rules) >= {"hidden.sql", "dose_rejected.sql"}
    for name, orders in rules.items():
        assert [" ".join(one.split()) for one in orders] == wanted, name


def test_no_view_shows_a_level_that_is_not_verified() -> None:
    texts = "".join(documents().values())
    unverified = [level for level in load_reference().levels if not level.verified]
    assert unverified, "the rule file holds some"
    assert [level.authority for level in unverified if f"'{level.authority}', {level.year}" in texts] == []


def test_the_view_reads_names_as_python_does(lake: Lake) -> None:
    lake.fill({"ops.dose_events": [{"modality": "CT", "protocol": name} for name in NAMES]})
    rules = load_reference()
    found = {row["name"]: row["exam"] for row in lake.select("physics.dose_names")}
    expected = {name: (exam.name if (exam := rules.exam_of(name)) else None) for name in NAMES}
    assert found == expected
    assert len(set(expected.values())) > 12


def test_the_view_estimates_effective_dose_as_python_does(lake: Lake) -> None:
    rules = load_effective()
    codes = {
        "head": "69536005",
        "chest": "51185008",
        "abdomen_pelvis": "416949008",
        "trunk": "416775004",
        "neck": "45048000",
    }
    cases = [
        (region, age, kvp, phantom)
        for region in codes
        for age in (0, 1, 3, 4, 9, 10, 13, 14, 17, 18, 90)
        for kvp in (None, 59.0, 80.0, 89.9, 90.0, 120.0, 140.0, 150.0)
        for phantom in (16, 32)
    ]
    studies, events = [], []
    for number, (region, age, kvp, phantom) in enumerate(cases):
        common = {"study_key": f"S{number}", "instance_key": f"I{number}", "generation": number, "modality": "CT"}
        common |= {"object_kind": "rdsr", "source_rank": 1, "content_key": f"C{number}"}
        studies.append({**common, "n_events": 1, "patient_age_years": age})
        event = {"event_key": f"E{number}", "event_key_kind": "uid", "dlp_mGycm": 100.0, "phantom_cm": phantom}
        events.append({**common, **event, "target_region_code": codes[region], "kvp": [kvp] if kvp else []})
    lake.fill({"ops.dose_studies": studies, "ops.dose_events": events})
    columns = ("event_key", "effective_icrp60_mSv", "effective_icrp103_mSv")
    found = {str(row["event_key"]): row for row in lake.select("physics.dose_ct_events", columns)}
    for number, (region, age, kvp, phantom) in enumerate(cases):
        expected = {e.method: e.value_mSv for e in effective_doses(rules, 100, region, age, kvp, phantom)}
        row = found[f"E{number}"]
        told = {"AAPM96_ICRP60": row["effective_icrp60_mSv"], "NCI_ICRP103": row["effective_icrp103_mSv"]}
        assert {name: value for name, value in told.items() if value is not None} == pytest.approx(expected), cases[
            number
        ]
