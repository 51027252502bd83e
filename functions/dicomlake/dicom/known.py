"""A raw instance in, the values it is known to identify people with out, and a search for them in text. Called by `verify.py`, `acquisition.py`.

Known are the values of the original that the rules take away: names in all parts and orders, ids, birth date, institutions, addresses,
stations. A value counts only when it is distinctive: long enough, no common word, no word of the device's own description.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from dicomlake.dicom.dictionary import dictionary
from dicomlake.dicom.elements import Element
from dicomlake.dicom.read import RawInstance
from dicomlake.dicom.text import Charset, decoded_values
from dicomlake.rules import Action, Rule

_IDENTIFIERS = (
    "PatientID OtherPatientIDs IssuerOfPatientID AccessionNumber StudyID AdmissionID RequestedProcedureID ScheduledProcedureStepID "
    "PerformedProcedureStepID PlacerOrderNumberImagingServiceRequest FillerOrderNumberImagingServiceRequest ServiceEpisodeID "
    "MedicalRecordLocator PatientInsurancePlanCodeSequence DeviceSerialNumber PlateID DetectorID StationName InstitutionName "
    "InstitutionalDepartmentName InstitutionAddress PatientAddress PatientTelephoneNumbers ReferringPhysicianAddress "
    "ReferringPhysicianTelephoneNumbers RequestingService CurrentPatientLocation PatientInstitutionResidence RegionOfResidence "
    "PersonAddress PersonTelephoneNumbers PatientTelecomInformation CountryOfResidence PerformedStationName ScheduledStationName"
)
_DEVICE = ("Manufacturer", "ManufacturerModelName", "SoftwareVersions", "Modality", "BodyPartExamined")
_CHARSET, _BIRTH_DATE = 0x00080005, "PatientBirthDate"
# Words that stand in names and ids of real archives and identify nobody.
_COMMON = frozenset(
    "anonymous anonymized anonymised anonymize anonym anon unknown none null test testpatient patient phantom dummy sample removed "
    "deidentified hospital clinic clinica klinik university universitat radiology radiologie radiologia imaging medical center centre "
    "department service doctor head neck brain chest thorax abdomen pelvis spine knee foot hand heart liver lung breast left right "
    "male female adult child mayo brown black white gray grey young long short strong parkinson axial image study series scan contrast "
    "routine standard emergency trauma name first last firstname lastname family given demo case philips siemens toshiba canon hologic "
    "text comment contains screen save secondary "
    "derived original primary workstation computer general electric systems other person user admin operator technician physician "
    "research project qa qc".split()
)
# Scripts that put no space between words: there a value counts wherever it stands.
_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
# Dotless i is an i; soft hyphen, zero-width spaces and joiners, marks of direction and byte order mark are nothing.
_UNSEEN: dict[int, str] = {
    0x131: "i",
    **dict.fromkeys((0xAD, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF), ""),
}
_SEPARATORS = re.compile(r"[\s^=,;_]+")


@dataclass(frozen=True)
class Known:
    """Distinctive values in the form `fold` gives text. `repr` shows nothing."""

    words: tuple[str, ...] = field(repr=False)
    numbers: tuple[str, ...] = field(repr=False)

    def found_in(self, folded: str) -> bool:
        """Whether folded text shows a value as a whole word or number."""
        return any(_stands_in(word, folded) for word in self.words + self.numbers)

    def word_found_in(self, folded: str) -> bool:
        """The same for values with a letter in them; bytes that are no text are full of digits."""
        return any(_stands_in(word, folded) for word in self.words)


def fold(text: str) -> str:
    """Lower case without accents, what parts a name made one space: the form in which values are compared."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text.translate(_UNSEEN))
        text = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _SEPARATORS.sub(" ", text.casefold()).strip()


def fold_bytes(data: bytes) -> str:
    """The same of bytes that may hold text of one byte per character."""
    return _SEPARATORS.sub(" ", data.translate(_FOLDED).decode("latin-1")).strip()


def _folded_byte(number: int) -> int:
    folded = "".join(c for c in unicodedata.normalize("NFKD", chr(number)) if not unicodedata.combining(c)).casefold()
    return ord(folded) if len(folded) == 1 and ord(folded) < 256 and not folded.isspace() else number


_FOLDED = bytes(map(_folded_byte, range(256)))


def known_values(
    raw: RawInstance, rule_of: Callable[[int, bytes], Rule] | None = None, common: frozenset[str] = frozenset()
) -> Known:
    """The known values of `raw`. With `rule_of`, what a rule keeps on purpose does not count; `common` are further words of no weight."""
    common |= _COMMON
    tags = {dictionary().tag[keyword] for keyword in _IDENTIFIERS.split() if keyword in dictionary().tag}
    described = {fold(value) for keyword in _DEVICE for value in raw.values(keyword)}
    makers = {word for keyword in _DEVICE[:2] for value in raw.values(keyword) for word in fold(value).split(" ")}
    birth_date = dictionary().tag[_BIRTH_DATE]
    found: set[str] = set()
    for element, values in _texts(raw, tags | {birth_date}):
        tag, vr = element[0], element[1].upper()
        if rule_of is not None and rule_of(tag, element[1]).action is Action.K:
            continue
        for value in values:
            if tag == birth_date:
                found.update(_dates(value))
            elif vr == b"PN" or dictionary().vr.get(tag) == b"PN":
                found.update(set(_names(value, common)) - makers)
            else:
                found.update({fold(value)} - described - makers if _distinctive(fold(value), common) else ())
    return Known(
        tuple(sorted(value for value in found if not _is_number(value))),
        tuple(sorted(value for value in found if _is_number(value))),
    )


def _texts(raw: RawInstance, tags: set[int]) -> Iterator[tuple[Element, tuple[str, ...]]]:
    """Elements of these tags, and all names of persons, at every level, with their decoded values."""
    levels: list[tuple[Iterable[Element], Charset]] = [(raw.elements, raw.charset)]
    while levels:
        elements, charset = levels.pop()
        for element in elements:
            tag, vr, _, value, end, items = element
            if tag == _CHARSET:
                charset = Charset.of(raw.buffer[value:end])
            if items is not None:
                levels.extend((item[4], charset) for item in items)
            elif value < end and (tag in tags or vr in (b"PN", b"pn") or dictionary().vr.get(tag) == b"PN"):
                yield element, decoded_values(raw.buffer[value:end], tag, vr, charset)


def _names(value: str, common: frozenset[str]) -> Iterator[str]:
    """A name's parts, and its first two together in both orders, for each of its writings (PS3.5 6.2.1)."""
    for group in value.split("="):
        parts = [part for part in map(fold, re.split(r"[\^,]", group)) if part]
        for part in parts:
            words = {part, *part.split(" ")}
            yield from (word for word in words if _distinctive_name(word, common))
        if len(parts) > 1 and not {*parts[:2]} <= common and len(parts[0]) + len(parts[1]) >= 4:
            yield f"{parts[0]} {parts[1]}"
            yield f"{parts[1]} {parts[0]}"


def _distinctive_name(word: str, common: frozenset[str]) -> bool:
    shortest = 4 if word.isascii() else 2
    return len(word) >= shortest and word not in common and not word.replace(".", "").isdecimal()


def _distinctive(value: str, common: frozenset[str]) -> bool:
    """Ids of five characters, or four with letters and digits, that hold more than one character and no common word only."""
    if value in common or all(word in common for word in value.split(" ")) or len(set(value)) < 2:
        return False
    mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    return len(value) >= (4 if mixed else 5) or (not value.isascii() and len(value) >= 2)


def _dates(value: str) -> Iterator[str]:
    match = re.fullmatch(r"([0-9]{4})\.?([0-9]{2})\.?([0-9]{2})", value)
    if match is not None:
        year, month, day = match.groups()
        yield from (f"{year}{month}{day}", f"{year}-{month}-{day}", f"{year}.{month}.{day}", f"{year}/{month}/{day}")
        yield from (f"{day}.{month}.{year}", f"{day}/{month}/{year}", f"{month}/{day}/{year}", f"{day}-{month}-{year}")


def _is_number(value: str) -> bool:
    return not any(c.isalpha() for c in value)


def _stands_in(word: str, folded: str) -> bool:
    """Whether `word` stands in the text with no letter or digit right before or after it; scripts without spaces: anywhere."""
    pos = folded.find(word)
    if pos >= 0 and _UNSPACED.search(word):
        return True
    dotted = _is_number(word)
    while pos >= 0:
        before, after = folded[pos - 1 : pos], folded[pos + len(word) : pos + len(word) + 1]
        if not (before.isalnum() or after.isalnum() or (dotted and (before == "." or after == "."))):
            return True
        pos = folded.find(word, pos + 1)
    return False
