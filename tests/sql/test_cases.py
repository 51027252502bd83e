"""Each folder tests/sql/<dataset>.<view>/<case>: the rows of input.yaml give the rows of expect.yaml (the columns named there, in any order)."""

import datetime
import json
from pathlib import Path

import pytest
import yaml

from dicomlake.lake.definitions import views
from tests.sql.conftest import Lake

ROOT = Path(__file__).parent
CASES = sorted(path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("*.*/*/input.yaml"))


@pytest.mark.parametrize("case", CASES)
def test_rows_in_give_rows_out(case: str, lake: Lake) -> None:
    folder = ROOT / case
    expected = yaml.safe_load((folder / "expect.yaml").read_text("utf-8"))
    columns = list(expected[0])
    assert all(list(row) == columns for row in expected), "every expected row names the same columns"
    lake.fill(yaml.safe_load((folder / "input.yaml").read_text("utf-8")))
    found = lake.select(folder.parent.name, columns)
    assert sorted(map(_text, found)) == sorted(map(_text, expected))


def test_every_view_has_a_case() -> None:
    assert {view.name for view in views()} == {case.partition("/")[0] for case in CASES}


def _text(row: dict[str, object]) -> str:
    return json.dumps({name: _plain(value) for name, value in row.items()})


def _plain(value: object) -> object:
    if isinstance(value, float):  # by hand to six digits; a whole number is one, whatever its type
        return float(f"{value:.6g}") if value % 1 else int(value)
    return value.isoformat() if isinstance(value, (datetime.date, datetime.datetime)) else value
