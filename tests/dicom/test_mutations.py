"""Any change of any byte ends in a clean, proven object or a code, and never shows a planted value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicomlake.dicom import acquisition_facts, deidentify, instance_values, read_raw, verify
from dicomlake.errors import PermanentError
from dicomlake.pseudonyms import Domain, DomainKey, shift_da
from dicomlake.rules import load_profile
from tests.dicom.builders import NAMES, instance, item
from tests.dicom.conftest import PACKAGED, identity

PROFILE = load_profile("research")
KEY = DomainKey.from_secret(b"for tests of the dicom room", Domain.RESEARCH).site("clinic-a")
SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)
OBJECTS = [
    *(instance(syntax=syntax, SourceImageSequence=[item(PatientName=NAMES[0])] * 2) for syntax in SYNTAXES),
    *(
        (PACKAGED / "test_files" / name).read_bytes()
        for name in ("reportsi.dcm", "JPEG2000.dcm", "image_dfl.dcm", "rtplan.dcm")
    ),
]
PLANTED = (b"Okonkwo", b"Zubiri", b"Brandstetter", b"Waldkirchen")


def outcome(data: bytes) -> bytes | None:
    """The clean bytes, or None when there is a code."""
    try:
        raw = read_raw(data)
        acquisition_facts(raw, "Europe/Madrid")
        clean = deidentify(raw, PROFILE, KEY, identity(raw))
        verify(raw, clean, PROFILE)
        instance_values(clean)
    except PermanentError:
        return None
    return clean.to_bytes()


changes = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4)
inserts = st.tuples(st.floats(0, 1), st.binary(max_size=24), st.integers(0, 24))


@pytest.mark.slow
@given(st.sampled_from(OBJECTS), changes, inserts)
def test_any_mutation_ends_in_an_outcome_without_a_planted_value(
    data: bytes, bytes_changed: list[tuple[float, int]], inserted: tuple[float, bytes, int]
) -> None:
    mutated = bytearray(data)
    for place, value in bytes_changed:
        mutated[int(place * (len(mutated) - 1))] = value
    place, new, dropped = inserted
    at = int(place * (len(mutated) - 1))
    mutated[at : at + dropped] = new
    out = outcome(bytes(mutated))
    # A name that a mutation broke in two is no longer one; whole ones must be gone from all but pixels.
    assert out is None or not [value for value in PLANTED if value in out[: len(out) - 64]]


@pytest.mark.slow
@given(st.binary(max_size=400))
def test_any_bytes_end_in_an_outcome(data: bytes) -> None:
    outcome(data)
    outcome(bytes(128) + b"DICM" + data)


@pytest.mark.slow
@given(st.sampled_from(OBJECTS[:3]), st.floats(0, 1))
def test_any_cut_ends_in_an_outcome(data: bytes, place: float) -> None:
    outcome(data[: int(place * len(data))])


texts = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="\\^="), max_size=24)


@pytest.mark.slow
@given(
    st.sampled_from(SYNTAXES),
    st.dictionaries(
        st.sampled_from(
            ["StudyDate", "AcquisitionDateTime", "StudyTime", "PatientAge", "ConvolutionKernel", "StudyDescription"]
        ),
        texts,
        max_size=4,
    ),
    st.dates(),
)
def test_any_text_in_any_element_yields_a_valid_copy_and_moves_real_dates(
    syntax: str, attributes: dict[str, str], day: object
) -> None:
    series_date = str(day).replace("-", "")
    raw = read_raw(instance(syntax=syntax, SeriesDate=series_date, **attributes))
    clean = deidentify(raw, PROFILE, KEY, identity(raw))
    again = read_raw(clean.to_bytes())
    days = KEY.shift_days(clean.patient_key, *PROFILE.shift_days)
    moved = again.first("SeriesDate")
    assert moved == shift_da(series_date, days) or (moved or "") in ("", "19000101")
    assert deidentify(raw, PROFILE, KEY, identity(raw)).to_bytes() == clean.to_bytes()
