"""Writes what deid_rules/dose says into the views that need it; `test_rules.py` compares. Run: python -m tests.sql.generate

A view holds a pair of lines `-- rules NAME` and `-- end`; what stands between them is made here, so that a factor, a level or a limit is
changed in one place and a view shows nothing that is not verified.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from dicomlake.rules.dosimetry import load_alerts, load_size_specific
from dicomlake.rules.effective import load_effective
from dicomlake.rules.exams import load_reference

SQL = Path(__file__).parents[2] / "sql"
_METHODS = {"AAPM96_ICRP60": "icrp60", "NCI_ICRP103": "icrp103"}
_BLOCK = re.compile(r"^(?P<indent> *)-- rules (?P<name>\w+)\n.*?^ *-- end$", re.M | re.S)


def factors() -> list[str]:
    """Rows: region, first year of an age band, tabulated voltage (0: unknown), then factor and phantom of each method that holds there."""
    rules = load_effective()
    used = [factor for factor in rules.factors if factor.verified]
    rows = []
    for region in sorted({factor.region for factor in used}):
        for age in sorted({factor.age_from for factor in used}):
            for kvp in sorted({factor.kvp or 0 for factor in used}):
                found = [rules.factor(method, region, age, float(kvp) if kvp else None) for method in _METHODS]
                rows.append((region, age, kvp, *(part for f in found for part in (f and f.k, f and f.phantom_cm))))
    kinds = ["region STRING", "age_from INT64", "kvp INT64"]
    kinds += [
        f"{name}_{short} {kind}"
        for short in _METHODS.values()
        for name, kind in (("k", "FLOAT64"), ("phantom", "INT64"))
    ]
    return _array(kinds, rows)


def age_band() -> list[str]:
    """CASE branches: completed years -> first year of the band, as in `factors`."""
    ages = sorted({factor.age_from for factor in load_effective().factors if factor.verified})
    return [f"WHEN age_y >= {age} THEN {age}" for age in reversed(ages)]


def kvp_class() -> list[str]:
    """CASE branches: kV -> tabulated voltage; 0 where it is unknown or out of range."""
    ranges = sorted({(f.kvp_from, f.kvp_to, f.kvp) for f in load_effective().factors if f.kvp is not None})
    return [f"WHEN kvp_mean >= {low:g} AND kvp_mean < {high:g} THEN {kvp}" for low, high, kvp in ranges] + ["ELSE 0"]


def phantom_ratio() -> list[str]:
    """DLP of the 16 cm phantom over that of the 32 cm one."""
    return [f"{load_effective().phantom_ratio} AS ratio,"]


def size_curves() -> list[str]:
    """CASE branches: phantom -> factor from CTDIvol to SSDE at `dw_cm`."""
    rules = load_size_specific()
    low, high = rules.diameter_cm
    regions = ", ".join(map(_text, rules.regions))
    return [f"WHEN region NOT IN ({regions}) OR dw_cm < {low:g} OR dw_cm > {high:g} THEN NULL"] + [
        f"WHEN phantom_cm = {phantom} THEN {a} * EXP(-{b} * dw_cm)" for phantom, (a, b) in rules.curves.items()
    ]


def size_method() -> list[str]:
    """The name of the method, with its version, that a size-specific dose was made by."""
    return [f"ELSE {_text(load_size_specific().label)}"]


def exam_lines() -> list[str]:
    """Rows: place in the order of trying, exam, and the pieces that must stand in a folded name; a blank always does."""
    rows: list[tuple[str | int, ...]] = []
    for exam in load_reference().exams:
        for line in exam.lines:
            assert len(line) <= 3, "a line of words has three at most: widen physics.dose_names"
            rows.append((len(rows) + 1, exam.name, *line, *[" "] * (3 - len(line))))
    return _array(["place INT64", "exam STRING", "piece_1 STRING", "piece_2 STRING", "piece_3 STRING"], rows)


def exam_without() -> list[str]:
    """Rows: exam and a piece that must not stand in a folded name."""
    rows = [(exam.name, piece) for exam in load_reference().exams for piece in exam.without]
    return _array(["exam STRING", "piece STRING"], rows)


def site_protocols() -> list[str]:
    """Rows: a site's own reading of a name; exam NULL is compared with nothing."""
    rows = [(site, name, exam) for (site, name), exam in load_reference().protocols.items()]
    return _array(["site STRING", "name STRING", "exam STRING"], rows)


def region_codes() -> list[str]:
    """Rows: SNOMED CT code of a target region, exam and region."""
    exams = load_reference().exams
    return _array(
        ["code STRING", "exam STRING", "region STRING"],
        [(code, exam.name, exam.region) for exam in exams for code in exam.region_codes],
    )


def exam_regions() -> list[str]:
    """Rows: exam and region."""
    return _array(["exam STRING", "region STRING"], [(exam.name, exam.region) for exam in load_reference().exams])


def levels() -> list[str]:
    """Rows: the verified levels of the authority to compare with, per exam and quantity."""
    columns = {"dlp": "dlp_mGycm", "ctdivol": "ctdivol_mGy", "ssde": "ssde_mGy"}
    return _array(
        ["exam STRING", "quantity STRING", "level FLOAT64", "authority STRING", "year INT64", "indication STRING"],
        [
            (level.exam, columns[level.quantity], level.value, level.authority, level.year, level.indication)
            for level in load_reference().compared
        ],
    )


def minimum_patients() -> list[str]:
    """The number of patients below which there is no median to compare and no local level."""
    return [f"{load_reference().minimum_patients} AS minimum_patients,"]


def alerts() -> list[str]:
    """Rows of an array: each alert that the study raises, else NULL."""
    rows = []
    for alert in load_alerts():
        value = {"reference_level": "times_level", "dose_check": "times_dose_check"}.get(alert.quantity, alert.quantity)
        modalities = ", ".join(map(_text, alert.modalities))
        rows.append(
            f"STRUCT({_text(alert.name)} AS alert, {_text(alert.severity)} AS severity, {_text(alert.quantity)} AS quantity, "
            f"{alert.above} AS above, IF(modality IN ({modalities}), {value}, NULL) AS value)"
        )
    return [f"{row}," for row in rows[:-1]] + rows[-1:]


def settled_by() -> list[str]:
    """The text that names what settles: a digest of the views of `settling_*` and all they read, so that a changed rule settles anew."""
    digest = hashlib.sha256()
    paths = [
        *SQL.glob("views/physics/settling_*.sql"),
        SQL / "views/physics/dose_names.sql",
        SQL / "views/clinic/hidden.sql",
    ]
    for path in sorted(paths):
        digest.update(_BLOCK.sub(_filled, path.read_text("utf-8")).encode())
    return [f"{_text(digest.hexdigest()[:12])},"]


BLOCKS: dict[str, Callable[[], list[str]]] = {
    made.__name__: made
    for made in (
        factors, age_band, kvp_class, phantom_ratio, size_curves, size_method, exam_lines, exam_without, site_protocols, region_codes,
        exam_regions, levels, minimum_patients, alerts, settled_by,
    )
}  # fmt: skip


def documents() -> dict[Path, str]:
    """Path of each view with a block -> what it must hold."""
    made = {}
    for path in sorted(SQL.glob("views/*/*.sql")):
        text = path.read_text("utf-8")
        if _BLOCK.search(text):
            made[path] = _BLOCK.sub(_filled, text)
    return made


def _filled(found: re.Match[str]) -> str:
    indent, name = found["indent"], found["name"]
    return "\n".join([f"{indent}-- rules {name}", *(indent + line for line in BLOCKS[name]()), f"{indent}-- end"])


def _array(kinds: Sequence[str], rows: Sequence[Sequence[str | int | float | None]]) -> list[str]:
    lines = [f"({', '.join(map(_literal, row))})" for row in rows]
    return [
        f"ARRAY<STRUCT<{', '.join(kinds)}>>[",
        *(f"    {line}," for line in lines[:-1]),
        *(f"    {line}" for line in lines[-1:]),
        "]",
    ]


def _literal(value: str | int | float | None) -> str:
    if value is None:
        return "NULL"
    return _text(value) if isinstance(value, str) else str(value)


def _text(value: str) -> str:
    assert "'" not in value and "\\" not in value
    return f"'{value}'"
