"""Short header texts with names nobody has (`sayings.py`), by class: what identifies goes, and what was said beside it stays."""

import re

import pytest

from dicomlake.dicom import KnownIdentity
from dicomlake.dicom.cleaner import Cleaner
from dicomlake.dicom.deidentify import values_for
from dicomlake.dicom.read import read_raw
from dicomlake.pipeline.headers import HeaderRecogniser
from dicomlake.pseudonyms import SiteKey
from dicomlake.rules import Profile
from tests.dicom.builders import instance
from tests.dicom.conftest import identity
from tests.dicom.sayings import WAYS, said

RECOGNISER = HeaderRecogniser(None)


@pytest.fixture(scope="module")
def cleaner(profile: Profile, key: SiteKey) -> Cleaner:
    raw = read_raw(instance())
    return values_for(raw, profile, key, identity(raw), RECOGNISER).cleaner


@pytest.mark.parametrize("kind", WAYS)
def test_what_identifies_goes_and_what_was_said_beside_it_stays(kind: str, cleaner: Cleaner) -> None:
    lost = words = 0
    left = []
    for seed in range(60):
        text, gone, beside = said(seed, kind)
        new = cleaner.text(text)
        shown = new.replace("90+", "")
        left += [text] if any(re.search(rf"(?<!\w){re.escape(one)}(?!\w)", shown) for one in gone) else []
        kept = re.findall(r"\S+", new)
        words += len(beside.split())
        lost += sum(one not in kept for one in beside.split())
    assert len(left) <= 1, left
    assert lost / words <= 0.02


def test_the_measure_can_fail() -> None:
    text, gone, _ = said(1, "people")
    assert all(one in text for one in gone)
    assert list(RECOGNISER("CT Quandellmoor thin", KnownIdentity()))
