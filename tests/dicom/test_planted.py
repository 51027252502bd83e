"""Invented identities planted in every kind of place (`planter.py`), scored by category; other seeds than those anything was written for."""

from collections import Counter
from pathlib import Path

import pytest

from dicomlake.dicom import read_raw, verify
from dicomlake.rules import Profile
from tests.dicom.conftest import Deidentify
from tests.dicom.planter import plant, score
from tests.dicom.reference import read_clean

FLOOR = {"text_removed": 0.995, "text_retained": 0.995}  # every other category: all of it


@pytest.mark.parametrize("first", [7_000, 7_030])
def test_planted_identities_go_and_everything_else_stays(first: int, cleaned: Deidentify, profile: Profile) -> None:
    passed: Counter[str] = Counter()
    total: Counter[str] = Counter()
    failures: list[str] = []
    for seed in range(first, first + 30):
        planted = plant(seed)
        clean = cleaned(planted.data)
        verify(read_raw(planted.data), clean, profile)
        good, every, failed = score(planted, read_clean(clean.to_bytes()), clean.to_bytes())
        passed, total, failures = passed + good, total + every, failures + failed
    low = {category: passed[category] / total[category] for category in total}
    assert all(share >= FLOOR.get(category, 1.0) for category, share in low.items()), failures


def test_the_score_can_fail(cleaned: Deidentify) -> None:
    planted = plant(7_001)
    original = read_clean(planted.data)
    passed, total, failures = score(planted, original, planted.data)
    assert passed["text_removed"] < total["text_removed"] / 3
    assert passed["uid_changed"] == 0
    assert passed["date_shifted"] < total["date_shifted"]
    assert passed["text_retained"] == total["text_retained"]
    assert failures and not Path(failures[0]).exists()
    assert score(planted, None, b"")[0]["tag_retained"] == 0
