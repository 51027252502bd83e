"""A seeded set of objects with invented identities planted in every kind of place, and a scorecard of what became of them.

`plant(seed)` gives the bytes of one object and what must be true of its clean copy; `score` counts it by the categories in which
de-identified sets are judged. Nothing here knows the rules: what must go and stay is said by who planted it.
"""

import datetime
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydicom import Dataset
from pydicom.datadict import DicomDictionary
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from tests.dicom.builders import CT, ROOT, dataset, encoded, item

SURNAMES = (
    "Zubiri Okonkwo Lindqvist Moreau Achterberg Tanaka-Reyes O'Sullivan Castellanos Vanderhoof Mbeki Szymanski Ferreira Halloran Petrov "
    "Yildirim Kowalczyk Beaumont Iyer Nakagawa Rutherford Brown Parkinson Mayo Hand Grant Cho Lee Quispe Ostrowska McAllister Delacroix"
).split()
GIVEN = (
    "Amaia Chidi Astrid Thibault Miriam Kenji Siobhan Inmaculada Jurgen Thandiwe Agnieszka Joaquim Declan Svetlana Emre Halina Odile "
    "Priya Haruto Winifred James Mary Ali Sun Tuula Ewa Ruairi Celestine"
).split()
ACCENTED = ("Müller^Jörg", "Núñez^José", "Lefèvre^Chloé", "Åström^Göran", "Weiß^Käthe")
WIDE = {
    "ISO_IR 192": ("Yamada^Tarou=山田^太郎", "Wang^XiaoDong=王^小東", "Иванова^Анна", "Hong^Gildong=洪^吉洞=홍^길동"),
    "ISO_IR 144": ("Смирнов^Павел",),
    "GB18030": ("Wang^XiaoDong=王^小东",),
    "ISO 2022 IR 6\\ISO 2022 IR 87": ("Yamada^Tarou=山田^太郎",),
}
PLACES = (
    "Spital Waldkirchen",
    "Hospital Quirinale Norte",
    "Clinique Bellefontaine",
    "Ridgecombe Medical Center",
    "Klinikum Ostheidehof",
)
PHRASES = (
    ("axial routine", "delayed phase"), ("BROWN FAT", "uptake stable"), ("MAYO stand", "left lung"), ("Parkinson disease", "protocol 3"),
    ("2.5mm thin", "120kV 3.5 mGy"), ("PA view", "supine"), ("T2 FLAIR", "512"), ("post-op", "follow-up portal"),
)  # fmt: skip
# Attributes that describe and stay, with or without a row in the table, at least two of each VR.
DESCRIBING = (
    "StudyDescription SeriesDescription ProtocolName ImageComments FrameComments DerivationDescription AcquisitionProtocolDescription "
    "ContrastBolusAgent RequestedProcedureDescription PerformedProcedureStepDescription AdditionalPatientHistory ReasonForStudy "
    "StudyComments AcquisitionDeviceProcessingDescription ContrastBolusRoute FilterMaterial AngioFlag "
    "ViewName StimulusArea LesionNumber ScanOptions BodyPartExamined CollimatorShape ReconstructionDescription SegmentDescription "
    "ROIDescription BeamDescription RTPlanLabel TableTopPositionAlignmentUID PatientState Allergies SpecialNeeds Occupation "
    "CommentsOnRadiationDose PixelSpacingCalibrationDescription WindowCenterWidthExplanation LUTExplanation "
    "FilterLookupTableDescription LabelText UserContentLabel ContainerDescription SpecimenShortDescription SpecimenDetailedDescription"
).split()
_TEXT = {"LO": 64, "SH": 16, "LT": 10240, "ST": 1024, "UT": 4096, "UC": 4096, "CS": 16}
SAFE_PRIVATE = (
    (0x0019, "GEMS_ACQU_01", 0x9E, "LO"),
    (0x0019, "SIEMENS MR HEADER", 0x0C, "IS"),
    (0x0045, "GEMS_SENO_02", 0x1B, "LO"),
)
DAY = datetime.date


@dataclass
class Planted:
    """One object: its bytes, and per category the claims on the copy as (what is claimed, check of the copy)."""

    data: bytes
    name: str
    claims: list[tuple[str, str, Callable[[Dataset], bool]]] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    uids: list[str] = field(default_factory=list)
    patient: str = ""


class Person:
    """An invented patient with everything that could tell who it is."""

    def __init__(self, rng: random.Random) -> None:
        self.family, self.given = rng.choice(SURNAMES), rng.choice(GIVEN)
        self.mrn = rng.choice(
            [
                f"{rng.randrange(10**6, 10**8)}",
                f"MR-{rng.randrange(10**5, 10**6)}",
                f"{rng.choice('ABKX')}{rng.randrange(10**6, 10**7)}",
            ]
        )
        self.accession = f"{rng.choice(['A', 'RAD', ''])}{rng.randrange(10**6, 10**8)}"
        self.born = DAY(1935, 1, 1) + datetime.timedelta(days=rng.randrange(25000))
        self.day = DAY(2009, 1, 1) + datetime.timedelta(days=rng.randrange(5000))
        self.place = rng.choice(PLACES)
        self.doctor = f"{rng.choice(SURNAMES[:20])}^{rng.choice(GIVEN[:19])}"
        self.phone = f"{rng.randrange(200, 999)}-{rng.randrange(200, 999)}-{rng.randrange(1000, 9999)}"
        self.station = f"{rng.choice(['CTROOM', 'MRAWP', 'PETST'])}{rng.randrange(10, 99)}"
        self.serial = f"{rng.randrange(10**6, 10**7)}SN"


def spellings(person: Person, rng: random.Random) -> tuple[str, list[str]]:
    """A way somebody would type something that identifies, and what of it must be gone."""
    f, g, born = person.family, person.given, person.born
    doctor, first = person.doctor.split("^")
    both = [f, g]
    forms: list[tuple[str, list[str]]] = [
        (f"{g} {f}", both), (f"{f}, {g}", both), (f"{f}^{g}", both), (f"{f.upper()} {g.upper()}", both), (f"{f.lower()}_{g.lower()}", both),
        (f"{g[0]}. {f}", [f"{g[0]}. {f}"]), (f"{f} {g[0]}", [f"{f} {g[0]}"]), (f"Dr. {doctor}", [doctor]), (f"{first} {doctor}", [doctor, first]),
        (person.mrn, [person.mrn]), (f"MRN {person.mrn}", [person.mrn]), (person.mrn.replace("-", " "), [person.mrn.replace("-", " ")]),
        (person.accession, [person.accession]), (f"Acc#: {person.accession}", [person.accession]),
        (f"DOB {born:%d.%m.%Y}", [f"{born:%d.%m.%Y}"]), (f"DOB: {born:%m/%d/%Y}", [f"{born:%m/%d/%Y}"]), (f"{born:%Y%m%d}", [f"{born:%Y%m%d}"]),
        (f"born {born:%d %b %Y}", [f"{born:%d %b %Y}"]), (person.place, [max(person.place.split(), key=len)]),
        (person.station, [person.station]), (person.serial, [person.serial]), (f"tel {person.phone}", [person.phone]),
        (f"{person.day:%Y-%m-%d}", [f"{person.day:%Y-%m-%d}"]), (f"{person.day:%d/%m/%Y}", [f"{person.day:%d/%m/%Y}"]),
        (f"{person.day:%Y%m%d}", [f"{person.day:%Y%m%d}"]),
        (f"{person.day:%B} {person.day.day}, {person.day.year}", [f"{person.day:%B} {person.day.day}, {person.day.year}"]),
        (f"{person.day:%d-%b-%Y}".upper(), [f"{person.day:%d-%b-%Y}".upper()]), (f"{g.lower()}.{f.lower()}@mail.example", [f.lower()]),
    ]  # fmt: skip
    return rng.choice(forms)


def plant(seed: int) -> Planted:
    """One object, a CT or a structured report, in one of the encodings."""
    rng = random.Random(seed)
    person = Person(rng)
    made = dataset(patient=seed, study=seed % 7, number=seed)
    _identify(made, person)
    planted = Planted(b"", f"seed {seed}", patient=person.mrn)
    _charset(made, rng, person, planted)
    for keyword in rng.sample(DESCRIBING, 18):
        _describe(made, keyword, person, rng, planted)
    made.RequestAttributesSequence = [item()]
    _describe(
        made.RequestAttributesSequence[0],
        "ScheduledProcedureStepDescription",
        person,
        rng,
        planted,
        "RequestAttributesSequence",
    )
    made.ProcedureCodeSequence = [
        item(CodeValue="71250", CodingSchemeDesignator="99LOC", CodeMeaning=f"CT {person.given} {person.family}")
    ]
    planted.claims.append(("tag_retained", "code", lambda after: after.ProcedureCodeSequence[0].CodeValue == "71250"))
    planted.claims.append(
        ("text_removed", "meaning", lambda after: person.given not in str(after.ProcedureCodeSequence[0].CodeMeaning))
    )
    _private(made, person, rng, planted)
    _references(made, seed, planted)
    _numbers(made, rng, planted)
    if seed % 3 == 0:
        _report(made, person, rng, planted)
    planted.secrets += [person.mrn, person.accession, person.phone, person.serial, f"{person.born:%Y%m%d}"]
    syntax = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)[seed % 5 % 3]
    planted.data = encoded(made, syntax)
    return planted


def _identify(made: Dataset, person: Person) -> None:
    made.SpecificCharacterSet = "ISO_IR 100"
    made.PatientName = f"{person.family}^{person.given}"
    made.PatientID, made.AccessionNumber = person.mrn, person.accession[:16]
    made.PatientBirthDate = f"{person.born:%Y%m%d}"
    made.StudyDate = made.SeriesDate = made.AcquisitionDate = made.ContentDate = f"{person.day:%Y%m%d}"
    made.InstitutionName, made.StationName, made.DeviceSerialNumber = person.place, person.station, person.serial
    made.ReferringPhysicianName, made.PatientTelephoneNumbers = person.doctor, person.phone
    made.OperatorsName = "Radtech^Verena"


def _charset(made: Dataset, rng: random.Random, person: Person, planted: Planted) -> None:
    """Half of the objects have names that are not ASCII, in the set they need, and show them in a description."""
    kind = rng.randrange(4)
    if kind == 0:
        name, terms = rng.choice(ACCENTED), rng.choice(["ISO_IR 100", "ISO_IR 192"])
    elif kind == 1:
        terms = rng.choice(sorted(WIDE))
        name = rng.choice(WIDE[terms])
    else:
        return
    made.SpecificCharacterSet = terms.split("\\")
    made.ResponsiblePerson = name
    group = name.split("=")[-1]
    parts = [part for part in group.split("^") if part]
    made.PatientAddress = "x"
    text = f"scan {group.replace('^', ' ')} thin"
    made.AcquisitionProtocolDescription = text
    planted.claims.append(
        (
            "text_removed",
            f"{terms} {text}",
            lambda after: not any(p in str(after.get("AcquisitionProtocolDescription", "")) for p in parts),
        )
    )
    planted.claims.append(
        (
            "text_retained",
            f"{terms} {text}",
            lambda after: {"scan", "thin"} <= set(str(after.get("AcquisitionProtocolDescription", "")).split()),
        )
    )


def _describe(
    made: Dataset, keyword: str, person: Person, rng: random.Random, planted: Planted, within: str = ""
) -> None:
    vr = _vr(keyword)
    if vr not in _TEXT or keyword == "AcquisitionProtocolDescription":
        return
    secret, gone = spellings(person, rng)
    before, after_words = _phrase(rng, secret)
    text = f"{before} {secret} {after_words}"
    if len(text) > _TEXT[vr]:
        text, after_words = f"{before} {secret}", ""
    if len(text) > _TEXT[vr]:
        text, before = secret[: _TEXT[vr]], ""
        gone = [part for part in gone if part in text]
    text = text.upper() if vr == "CS" else text
    setattr(made, keyword, text)
    words = f"{before} {after_words}".upper().split() if vr == "CS" else f"{before} {after_words}".split()

    def value(after: Dataset) -> str:
        level = after[within].value[0] if within else after
        return str(level.get(keyword, "") or "")

    for part in gone:
        planted.claims.append(
            (
                "text_removed",
                f"{keyword}: {text}",
                lambda after, part=part: part.casefold() not in value(after).casefold(),
            )
        )
    for word in words:
        planted.claims.append(
            ("text_retained", f"{keyword}: {text}", lambda after, word=word: word in value(after).split())
        )


def _phrase(rng: random.Random, secret: str) -> tuple[str, str]:
    """Words around a secret; none that is the name of the very person."""
    fitting = [pair for pair in PHRASES if not any(word.casefold() in secret.casefold() for word in pair[0].split())]
    return rng.choice(fitting)


def _vr(keyword: str) -> str:
    return next((row[0] for row in DicomDictionary.values() if row[4] == keyword), "")


def _private(made: Dataset, person: Person, rng: random.Random, planted: Planted) -> None:
    group, creator, low, vr = rng.choice(SAFE_PRIVATE)
    block = made.private_block(group, creator, create=True)
    block.add_new(low, vr, f"thin {person.family} {person.given}" if vr == "LO" else "750")
    tag = block.get_tag(low)
    planted.claims.append(("tag_retained", creator, lambda after: tag in after))
    planted.claims.append(
        (
            "text_retained",
            creator,
            lambda after: tag in after and ("thin" in str(after[tag].value) or "750" in str(after[tag].value)),
        )
    )
    planted.claims.append(
        ("text_removed", creator, lambda after: tag not in after or person.given not in str(after[tag].value))
    )
    other = made.private_block(0x0029, "SITE NOTES 7", create=True)
    other.add_new(0x10, "LO", f"{person.family} {person.mrn}")
    planted.claims.append(
        ("text_removed", "unsafe private", lambda after: not any(e.tag.group == 0x0029 for e in after))
    )


def _references(made: Dataset, seed: int, planted: Planted) -> None:
    uid = f"{ROOT}.{seed}.{seed % 7}.1.{seed + 1}"
    made.ReferencedImageSequence = [item(ReferencedSOPClassUID=CT, ReferencedSOPInstanceUID=uid)]
    original = (str(made.SOPInstanceUID), str(made.StudyInstanceUID))
    planted.uids = [*original, uid]
    planted.claims += [
        ("uid_changed", "instance", lambda after: after.SOPInstanceUID not in original),
        ("uid_changed", "study", lambda after: after.StudyInstanceUID not in original),
        ("uid_changed", "reference", lambda after: after.ReferencedImageSequence[0].ReferencedSOPInstanceUID != uid),
        ("tag_retained", "class", lambda after: after.ReferencedImageSequence[0].ReferencedSOPClassUID == CT),
    ]


def _numbers(made: Dataset, rng: random.Random, planted: Planted) -> None:
    made.RadiopharmaceuticalInformationSequence = [
        item(RadiopharmaceuticalStartDateTime=f"{made.StudyDate}081500.25+0100")
    ]
    exposure = rng.randrange(50, 900)
    made.Exposure = exposure
    pixels, study = made.PixelData, made.StudyDate
    planted.claims += [
        ("tag_retained", "Exposure", lambda after: after.Exposure == exposure),
        ("text_notnull", "Modality", lambda after: bool(after.Modality)),
        ("text_notnull", "StudyDate", lambda after: bool(after.StudyDate)),
        ("date_shifted", "StudyDate", lambda after: after.StudyDate != study),
        (
            "date_shifted",
            "nested",
            lambda after: (
                after.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartDateTime
                == f"{after.StudyDate}081500.25+0100"
            ),
        ),
        ("pixels_retained", "pixels", lambda after: sorted(after.PixelData) == sorted(pixels)),
    ]


def _report(made: Dataset, person: Person, rng: random.Random, planted: Planted) -> None:
    """A content tree with one item of each value type."""

    def content(kind: str, meaning: str, **values: Any) -> Dataset:
        name = item(CodeValue=values.pop("code", "121071"), CodingSchemeDesignator="DCM", CodeMeaning=meaning)
        return item(RelationshipType="CONTAINS", ValueType=kind, ConceptNameCodeSequence=[name], **values)

    secret, gone = spellings(person, rng)
    before, after_words = _phrase(rng, secret)
    unit = item(CodeValue="mGy.cm", CodingSchemeDesignator="UCUM", CodeMeaning="mGy.cm")
    made.ContentSequence = [
        content("TEXT", "Finding", TextValue=f"{before} {secret} {after_words}"),
        content("PNAME", "Person Observer Name", code="121008", PersonName=person.doctor),
        content("DATE", "Study Date", Date=f"{person.day:%Y%m%d}"),
        content(
            "NUM",
            "DLP",
            code="113838",
            MeasuredValueSequence=[item(NumericValue="412.75", MeasurementUnitsCodeSequence=[unit])],
        ),
        content("TEXT", "Subject ID", code="121030", TextValue="subject-" + person.mrn[::-1]),
        content("UIDREF", "Study Instance UID", code="110180", UID=f"{ROOT}.5"),
        content(
            "CODE",
            "Finding site",
            ConceptCodeSequence=[item(CodeValue="39607008", CodingSchemeDesignator="SCT", CodeMeaning="Lung")],
        ),
    ]
    tree = "ContentSequence"
    for part in gone:
        planted.claims.append(
            (
                "text_removed",
                f"SR {secret}",
                lambda after, part=part: part.casefold() not in after[tree][0].TextValue.casefold(),
            )
        )
    for word in f"{before} {after_words}".split():
        planted.claims.append(
            (
                "text_retained",
                f"SR {before} {secret}",
                lambda after, word=word: word in after[tree][0].TextValue.split(),
            )
        )
    planted.claims += [
        ("text_removed", "PNAME", lambda after: str(after[tree][1].PersonName) not in (person.doctor, "")),
        ("date_shifted", "DATE", lambda after: after[tree][2].Date == after.StudyDate),
        ("tag_retained", "NUM", lambda after: str(after[tree][3].MeasuredValueSequence[0].NumericValue) == "412.75"),
        ("tag_retained", "unit", lambda after: after[tree][3].MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue == "mGy.cm"),
        ("text_removed", "subject", lambda after: person.mrn[::-1] not in after[tree][4].TextValue),
        ("uid_changed", "UIDREF", lambda after: after[tree][5].UID.startswith("2.25.")),
        ("tag_retained", "CODE", lambda after: after[tree][6].ConceptCodeSequence[0].CodeMeaning == "Lung"),
    ]  # fmt: skip


def score(planted: Planted, after: Dataset | None, raw_bytes: bytes) -> tuple[Counter[str], Counter[str], list[str]]:
    """Passed and all actions by category, and what failed. An object that is held passes none of its claims."""
    passed: Counter[str] = Counter()
    total: Counter[str] = Counter()
    failures = []
    for category, what, check in _claims(planted, raw_bytes):
        total[category] += 1
        if after is not None and _holds(check, after, category):
            passed[category] += 1
        else:
            failures.append(f"{planted.name} {category}: {what}" + ("" if after is not None else " (held)"))
    return passed, total, failures


def _holds(check: Callable[[Dataset], bool], after: Dataset, category: str) -> bool:
    """Whether a claim is true of the copy. Where its place is gone, so is the text that stood there, and nothing else is true of it."""
    try:
        return check(after)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return category == "text_removed"


def _claims(planted: Planted, raw_bytes: bytes) -> Iterator[tuple[str, str, Callable[[Dataset], bool]]]:
    yield from planted.claims
    for secret in planted.secrets:
        yield "text_removed", f"{secret} in the bytes of the file", lambda _, s=secret: s.encode() not in raw_bytes  # type: ignore[misc]
    for uid in planted.uids:
        yield (
            "uid_changed",
            f"{uid} in the bytes of the file",
            lambda _, u=uid: not re.search(re.escape(u).encode() + rb"(?![0-9.])", raw_bytes),
        )  # type: ignore[misc]
