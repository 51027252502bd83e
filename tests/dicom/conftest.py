"""Keys, profiles and a short way from bytes to a clean instance, for the tests of this folder."""

from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

from dicomlake.dicom import CleanInstance, RawInstance, deidentify, read_raw
from dicomlake.dicom.cleaner import Cleaner
from dicomlake.dicom.deidentify import values_for
from dicomlake.dicom.plan import plan_for
from dicomlake.dicom.walk import Walk
from dicomlake.pseudonyms import Domain, DomainKey, IdentityRules, PatientIdentity, SiteKey, patient_identity
from dicomlake.rules import Profile, load_profile

Deidentify = Callable[..., CleanInstance]
PACKAGED = Path(pydicom.__file__).parent / "data"


def packaged_files() -> list[Path]:
    """Every file pydicom brings, the broken and the foreign ones too."""
    folders = ("test_files", "charset_files")
    return sorted(path for folder in folders for path in (PACKAGED / folder).rglob("*") if path.is_file())


def identity(raw: RawInstance) -> PatientIdentity:
    """The patient of an object at a site without rules of its own."""
    return patient_identity(
        IdentityRules(), raw.first("PatientID"), raw.first("IssuerOfPatientID"), raw.study_instance_uid
    )


def cleaner_of(raw: RawInstance, profile: Profile, key: SiteKey) -> Cleaner:
    """The cleaner of texts an object ends with: it knows whom the texts themselves give away."""
    values = values_for(raw, profile, key, identity(raw))
    Walk(raw, plan_for(profile), values).run()
    return values_for(raw, profile, key, identity(raw), None, frozenset(values.revealed)).cleaner


@pytest.fixture(scope="session")
def profile() -> Profile:
    return load_profile("research")


@pytest.fixture(scope="session")
def key() -> SiteKey:
    return DomainKey.from_secret(b"for tests of the dicom room", Domain.RESEARCH).site("clinic-a")


@pytest.fixture(scope="session")
def cleaned(profile: Profile, key: SiteKey) -> Deidentify:
    """Bytes to clean instance by the research profile, or another."""

    def run(data: bytes, other: Profile | None = None) -> CleanInstance:
        raw = read_raw(data)
        return deidentify(raw, other or profile, key, identity(raw))

    return run
