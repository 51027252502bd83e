"""The vocabulary, read once, and a short way from a data set to its dose."""

from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset

from dicomlake.dicom import parse_raw
from dicomlake.dose import Dose, read_dose
from dicomlake.rules import DoseRules, load_dose_rules
from tests.dose.builders import to_bytes

Read = Callable[[Dataset], Dose]


@pytest.fixture(scope="session")
def rules() -> DoseRules:
    return load_dose_rules()


@pytest.fixture(scope="session")
def read(rules: DoseRules) -> Read:
    return lambda ds: read_dose(parse_raw(to_bytes(ds)), rules)
