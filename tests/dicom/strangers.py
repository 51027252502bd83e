"""Objects as somebody else would plant them: people by Faker in twelve languages, sentences of their own, odd places. Seeded.

`stranger(seed)` gives bytes, what must be gone (anywhere in the copy) and what must still be there (tag -> words).
"""

import random
from dataclasses import dataclass, field
from typing import Any

from faker import Faker
from pydicom import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from tests.dicom.builders import dataset, encoded, item

LOCALES = ("en_US", "en_GB", "de_DE", "es_ES", "fr_FR", "it_IT", "pt_PT", "nl_NL", "pl_PL", "sv_SE", "tr_TR", "cs_CZ")
# Places for text that stay under the default profile; some without a row in Table E.1-1, some nested.
PLACES = (
    "StudyDescription SeriesDescription ProtocolName ImageComments FrameComments DerivationDescription AdditionalPatientHistory "
    "ContrastBolusAgent AcquisitionProtocolDescription ReasonForStudy StudyComments RequestedProcedureDescription PatientState "
    "CommentsOnRadiationDose SegmentDescription ROIDescription BeamDescription AcquisitionComments PositionReferenceIndicator "
    "ReasonForTheImagingServiceRequest ImagingServiceRequestComments VisitComments SpecialNeeds DoseCalibrationFactor StructureSetDescription "
    "RTPlanDescription TreatmentSites WindowCenterWidthExplanation FilterMaterial ContainerDescription"
).split()
SCIENCE = (
    "BROWN FAT uptake",
    "MAYO stand left",
    "Parkinson disease",
    "120kV 3.5 mGy",
    "T2 FLAIR axial",
    "supine head first",
    "post-op follow-up",
    "2.5mm thin",
    "CTDIvol 12.4 DLP 431",
    "L4-L5 disc",
    "Baker cyst",
    "0.1 mmol/kg Gd",
    "PA view",
    "White matter",
    "Brown tumor",
)


@dataclass
class Stranger:
    """`gone`: text that may stand nowhere in the copy. `left`: keyword (or parent.keyword) and the words that must stay in it."""

    data: bytes
    gone: list[str] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)


class _Person:
    def __init__(self, fake: Faker, rng: random.Random) -> None:
        self.given, self.family = fake.first_name().split(" ")[0], fake.last_name()
        self.middle = fake.first_name().split(" ")[0]
        self.doctor_given, self.doctor = fake.first_name().split(" ")[0], fake.last_name()
        self.mrn = rng.choice(
            [
                f"{rng.randrange(10**5, 10**8)}",
                f"{rng.choice('QWRT')}{rng.randrange(10**5, 10**7)}",
                f"{rng.randrange(100, 999)}-{rng.randrange(1000, 9999)}",
            ]
        )
        self.accession = f"{rng.choice(['E', 'CT', ''])}{rng.randrange(10**6, 10**9)}"[:16]
        self.born = fake.date_of_birth(minimum_age=1, maximum_age=88)
        self.day = fake.date_between("-14y", "-1y")
        self.hospital = f"{fake.last_name()} {rng.choice(['Hospital', 'Klinik', 'Medical Center', 'Clinic'])}"
        self.street = fake.street_address().replace("\n", " ")
        self.phone = f"{rng.randrange(200, 999)}-{rng.randrange(200, 999)}-{rng.randrange(1000, 9999)}"


def _mentions(p: _Person, rng: random.Random) -> tuple[str, list[str]]:
    """Somebody's way of typing an identity, and the parts of it that must be gone."""
    g, f, day, born = p.given, p.family, p.day, p.born
    return rng.choice(
        [
            (f"{g} {f}", [g, f]),
            (f"{f}, {g}", [g, f]),
            (f"{f}^{g}", [g, f]),
            (f"{f.upper()}, {g.upper()}", [g, f]),
            (f"{g[0]}. {f}", [f]),
            (f"{f} {g[0]}.", [f]),
            (f"pt {g.lower()} {f.lower()}", [g, f]),
            (f"{f}_{g}", [f, g]),
            (f"Mr. {f}", [f]),
            (f"{g} {p.middle[0]}. {f}", [g, f]),
            (f"Dr. {p.doctor}", [p.doctor]),
            (f"referred by {p.doctor_given} {p.doctor}", [p.doctor, p.doctor_given]),
            (f"DR {p.doctor.upper()}", [p.doctor]),
            (f"MRN {p.mrn}", [p.mrn]),
            (f"#{p.mrn}", [p.mrn]),
            (f"ID:{p.mrn}", [p.mrn]),
            (f"acc {p.accession}", [p.accession]),
            (f"DOB {born:%m/%d/%Y}", [f"{born:%m/%d/%Y}"]),
            (f"born {born.day} {born:%B} {born.year}", [f"{born.day} {born:%B} {born.year}"]),
            (f"({born:%Y-%m-%d})", [f"{born:%Y-%m-%d}"]),
            (f"{day:%m/%d/%Y}", [f"{day:%m/%d/%Y}"]),
            (f"on {day:%d.%m.%Y}", [f"{day:%d.%m.%Y}"]),
            (f"{day:%b %d, %Y}", [f"{day:%b %d, %Y}"]),
            (f"{day.day} {day:%B} {day.year}", [f"{day.day} {day:%B} {day.year}"]),
            (f"dated {day:%Y%m%d}", [f"{day:%Y%m%d}"]),
            (f"at {p.hospital}", [p.hospital.split(" ")[0]]),
            (f"tel. {p.phone}", [p.phone]),
            (f"call {p.phone}", [p.phone]),
        ]
    )


def _strange(p: _Person, fake: Faker, rng: random.Random) -> tuple[str, list[str]]:
    """The same of people and days the object does not state: only their form tells."""
    g, f = fake.first_name().split(" ")[0], fake.last_name()
    day = fake.date_between("-20y", "-1y")
    mrn = f"{rng.randrange(10**6, 10**8)}"
    return rng.choice(
        [
            (f"Dr. {f}", [f]),
            (f"seen by Dr. {g} {f}", [f]),
            (f"Mrs. {f}", [f]),
            (f"{g} {f}, MD", [f]),
            (f"Patient: {g} {f}", [f]),
            (f"Technologist: {f}", [f]),
            (f"read by {g} {f}", [f]),
            (f"MRN: {mrn}", [mrn]),
            (f"{day:%m/%d/%Y}", [f"{day:%m/%d/%Y}"]),
            (f"{day.day} {day:%B} {day.year}", [f"{day.day} {day:%B} {day.year}"]),
            (f"{g.lower()}@clinic.example", [f"{g.lower()}@clinic"]),
            (f"tel {rng.randrange(200, 999)} 555 0{rng.randrange(100, 199)}", ["555 0"]),
        ]
    )


def stranger(seed: int) -> Stranger:
    """One object of the set."""
    rng = random.Random(f"stranger {seed}")
    fake = Faker(rng.choice(LOCALES))
    fake.seed_instance(seed)
    p = _Person(fake, rng)
    made = dataset(patient=seed % 4, study=seed % 9, number=seed)
    made.SpecificCharacterSet = (
        rng.choice(["ISO_IR 192", "ISO_IR 192", ["", "ISO 2022 IR 100"]]) if _is_latin(p) else "ISO_IR 192"
    )
    made.PatientName, made.PatientID, made.AccessionNumber = f"{p.family}^{p.given}^{p.middle}", p.mrn, p.accession
    made.PatientBirthDate, made.StudyDate = f"{p.born:%Y%m%d}", f"{p.day:%Y%m%d}"
    made.ReferringPhysicianName, made.InstitutionName = f"{p.doctor}^{p.doctor_given}", p.hospital
    made.PatientAddress, made.PatientTelephoneNumbers = p.street, p.phone
    planted = Stranger(b"")
    for keyword in rng.sample(PLACES, 14):
        _plant(made, keyword, p, fake, rng, planted)
    made.RequestAttributesSequence = [item()]
    _plant(
        made.RequestAttributesSequence[0],
        "ScheduledProcedureStepDescription",
        p,
        fake,
        rng,
        planted,
        "RequestAttributesSequence.",
    )
    made.PerformedProtocolCodeSequence = [
        item(CodeValue="P7", CodingSchemeDesignator="99X", CodeMeaning=f"{p.given} {p.family} Thorax")
    ]
    planted.left.append(("PerformedProtocolCodeSequence.CodeMeaning", "Thorax"))
    made.private_block(0x0009, "SOMEBODY 1.0", create=True).add_new(
        0x10, "UN", f"{p.given} {p.family} {p.mrn}".encode()
    )
    planted.gone += [p.mrn, p.accession, p.phone, f"{p.born:%Y%m%d}", p.street]
    syntax = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)[seed % 3]
    planted.data = encoded(made, syntax)
    return planted


def _is_latin(p: _Person) -> bool:
    text = p.family + p.given + p.middle + p.doctor + p.doctor_given + p.hospital + p.street
    return text.encode("latin-1", "ignore").decode("latin-1") == text


def _plant(
    level: Dataset, keyword: str, p: _Person, fake: Faker, rng: random.Random, planted: Stranger, above: str = ""
) -> None:
    from pydicom.datadict import dictionary_VR, tag_for_keyword

    tag = tag_for_keyword(keyword)
    vr = dictionary_VR(tag) if tag is not None else ""
    if vr not in ("LO", "LT", "ST", "UT", "UC", "SH"):
        return
    secret, gone = _mentions(p, rng) if rng.random() < 0.6 else _strange(p, fake, rng)
    science = rng.choice(
        [
            one
            for one in SCIENCE
            if not {w.casefold() for w in one.split()} & {w.casefold() for w in secret.replace(",", " ").split()}
        ]
    )
    text = rng.choice([f"{science} {secret}", f"{secret} {science}", f"{secret}; {science}", f"{science} ({secret})"])
    if len(text) > {"SH": 16, "LO": 64}.get(vr, 1024):
        return
    setattr(level, keyword, text)
    planted.gone += gone
    planted.left.append((above + keyword, science))


def words_of(after: Dataset, place: str) -> list[str]:
    """The words of an attribute of the copy."""
    level: Any = after
    parent, _, keyword = place.rpartition(".")
    if parent:
        level = after[parent].value[0]
    return str(level.get(keyword, "") or "").replace("(", " ").replace(")", " ").replace(";", " ").split()
