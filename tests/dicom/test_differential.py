"""The walk over encoded bytes and the plain way through pydicom (`reference.py`) come to the same, whatever data set hypothesis makes.

A hundred thousand of them under `make fuzz`, a few hundred in `make test`.
"""

from collections.abc import Iterator

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicomlake.dicom import deidentify, read_raw
from dicomlake.pseudonyms import Domain, DomainKey
from dicomlake.rules import load_profile
from tests.dicom.anydataset import any_data_set
from tests.dicom.conftest import cleaner_of, identity
from tests.dicom.reference import Reference, differences, read_clean, read_original

PROFILE = load_profile("research")
KEY = DomainKey.from_secret(b"for tests of the dicom room", Domain.RESEARCH).site("clinic-a")
EXAMPLES = max(300, 5 * settings.default.max_examples)


@pytest.fixture(autouse=True, scope="module")
def _lengths_that_fit_no_number() -> Iterator[None]:
    """pydicom reads a private value by its own list, and gives up where the value is no such number; then it shall be bytes."""
    before = pydicom.config.convert_wrong_length_to_UN
    pydicom.config.convert_wrong_length_to_UN = True
    yield
    pydicom.config.convert_wrong_length_to_UN = before


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom's, about values that are wrong on purpose
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(st.binary(min_size=40, max_size=400))
def test_the_walk_and_the_plain_way_come_to_the_same(program: bytes) -> None:
    data = any_data_set(program)
    raw = read_raw(data)
    clean = deidentify(raw, PROFILE, KEY, identity(raw))
    plain = Reference(PROFILE, KEY, clean.patient_key, cleaner_of(raw, PROFILE, KEY)).apply(read_original(raw))
    after = read_clean(clean.to_bytes())
    for keyword in ("DeidentificationMethod", "DeidentificationMethodCodeSequence", "RecognizableVisualFeatures"):
        if keyword in after:
            del after[keyword]
    assert differences(plain, after) == []
