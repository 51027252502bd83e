"""Ways in which dose reports of other makers differ, as changes of a data set. Each leaves every value what it was, unless it says otherwise."""

import copy
import random
import zlib
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from io import BytesIO

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr._snomed_dict import mapping
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from tests.dose.builders import code, dcm

Change = Callable[[Dataset, random.Random], None]
_NUMERIC = 0x0040A30A
# Spelling -> what one of the base unit is in it, by base unit.
UNITS = {
    "Gy.m2": {
        "dGy.cm2": "1e5",
        "Gy.cm2": "1e4",
        "mGy.cm2": "1e7",
        "uGy.m2": "1e6",
        "µGym²": "1e6",
        "cGy.cm^2": "1e6",
        "dGy*cm2": "1e5",
        "Gym2": "1",
        "Gy·cm²": "1e4",
        "mGycm2": "1e7",
        "mGy.m2": "1e3",
        "cGy.dm2": "1e4",
        "dGy.mm2": "1e7",
    },
    "Gy": {"mGy": "1e3", "uGy": "1e6", "cGy": "1e2", "dGy": "10", "MGY": "1e3"},
    "mGy": {"Gy": "1e-3", "uGy": "1e3", "cGy": "0.1", "dGy": "0.01", "µGy": "1e3"},
    "mGy.cm": {
        "mGycm": "1",
        "mGy*cm": "1",
        "Gy.cm": "1e-3",
        "mGy cm": "1",
        "mGy·cm": "1",
        "uGy.m": "10",
        "dGy.mm": "0.1",
        "cGy.m": "1e-3",
    },
    "mm": {"cm": "0.1", "m": "1e-3", "MM": "1"},
    "s": {"ms": "1e3", "sec": "1", "min": None},
    "ms": {"s": "1e-3", "msec": "1", "us": "1e3"},
    "kV": {"V": "1e3", "kVp": "1"},
    "mA": {"A": "1e-3", "uA": "1e3"},
    "uAs": {"mAs": "1e-3", "uA.s": "1", "mA.s": "1e-3", "A.s": "1e-6"},
    "MBq": {"Bq": "1e6", "kBq": "1e3", "GBq": "1e-3"},
}
_BASES = {"Gym2": "Gy.m2", "mGycm": "mGy.cm", "uA.s": "uAs"}


def items(ds: Dataset) -> Iterator[Dataset]:
    """Every content item below the root, the root included."""
    waiting = [ds]
    while waiting:
        item = waiting.pop()
        yield item
        waiting.extend(item.get("ContentSequence", ()))


def measured(ds: Dataset) -> Iterator[Dataset]:
    for item in items(ds):
        yield from item.get("MeasuredValueSequence", ())


def codes(ds: Dataset) -> Iterator[Dataset]:
    """Every code of the content."""
    for item in items(ds):
        for keyword in ("ConceptNameCodeSequence", "ConceptCodeSequence"):
            yield from item.get(keyword, ())
    for value in measured(ds):
        yield from value.get("MeasurementUnitsCodeSequence", ())


def number(value: Dataset) -> str:
    if _NUMERIC not in value or value[_NUMERIC].value in (None, ""):
        return ""
    held = value[_NUMERIC].value
    return str(held) if isinstance(held, (str, int, float, Decimal)) else "\\".join(map(str, held))


def write(value: Dataset, text: str) -> None:
    """A number as any text: DS where it fits, the check of pydicom being none of ours."""
    del value[_NUMERIC]
    value.add_new(_NUMERIC, "LO", text)  # same bytes; the reader goes by the tag's meaning


def decimal_comma(ds: Dataset, _chance: random.Random) -> None:
    for value in measured(ds):
        if number(value):
            write(value, number(value).replace(".", ","))


def written_otherwise(ds: Dataset, chance: random.Random) -> None:
    """Exponents, signs, zeros and blanks."""
    for value in measured(ds):
        text = number(value)
        if text and "\\" not in text:
            exact = Decimal(text)
            write(
                value,
                chance.choice(
                    [
                        f"{exact:E}",
                        f"+{text}" if exact >= 0 else text,
                        f" {text} ",
                        f"{exact:f}0" if "." in f"{exact:f}" else text,
                    ]
                ),
            )


def other_units(ds: Dataset, chance: random.Random) -> None:
    """Every value in another unit of its kind, converted."""
    chosen: dict[str, tuple[str, str | None]] = {}
    for value in measured(ds):
        text, unit = number(value), next(iter(value.get("MeasurementUnitsCodeSequence", ())), None)
        if not text or "\\" in text or unit is None:
            continue
        base = _BASES.get(unit.CodeValue, unit.CodeValue)
        if base not in UNITS:
            continue
        spelled, factor = chosen.setdefault(base, chance.choice(list(UNITS[base].items())))
        exact = Decimal(text) * Decimal(factor) if factor else Decimal(text) / 60
        write(value, str(exact.normalize())[:64])
        unit.CodeValue, unit.CodeMeaning = spelled[:16], spelled


def units_missing(ds: Dataset, chance: random.Random) -> None:
    how = chance.randrange(3)
    for value in measured(ds):
        if how == 0:
            value.MeasurementUnitsCodeSequence = []
        elif how == 1 and "MeasurementUnitsCodeSequence" in value:
            del value.MeasurementUnitsCodeSequence
        else:
            for unit in value.get("MeasurementUnitsCodeSequence", ()):
                unit.CodeValue, unit.CodeMeaning = "", ""


def no_template(ds: Dataset, _chance: random.Random) -> None:
    for item in items(ds):
        if "ContentTemplateSequence" in item:
            del item.ContentTemplateSequence


def garbled_meanings(ds: Dataset, chance: random.Random) -> None:
    meanings = [str(one.get("CodeMeaning", "")) for one in codes(ds)]
    chance.shuffle(meanings)
    for one, meaning in zip(codes(ds), meanings, strict=True):
        one.CodeMeaning = chance.choice([meaning, "???", "", "Wert", "Mean CTDIvol", "mGy.cm"])


def modern_codes(ds: Dataset, _chance: random.Random) -> None:
    """SNOMED RT codes as SNOMED CT, where the standard's own table has them."""
    for one in codes(ds):
        new = mapping["SRT"].get(str(one.get("CodeValue", "")))
        if one.get("CodingSchemeDesignator") == "SRT" and new:
            one.CodeValue, one.CodingSchemeDesignator = new, "SCT"


def other_spelling_of_schemes(ds: Dataset, chance: random.Random) -> None:
    old = chance.choice(["SNM3", "99SDM", "srt"])
    for one in codes(ds):
        scheme = one.get("CodingSchemeDesignator")
        one.CodingSchemeDesignator = {"SRT": old, "DCM": " DCM "}.get(str(scheme), scheme)


def no_schemes(ds: Dataset, _chance: random.Random) -> None:
    for one in codes(ds):
        one.CodingSchemeDesignator = ""


def own_scheme(ds: Dataset, _chance: random.Random) -> None:
    for one in codes(ds):
        if one.get("CodingSchemeDesignator") == "DCM":
            one.CodingSchemeDesignator = "99ACME"


def equivalent_codes(ds: Dataset, _chance: random.Random) -> None:
    """Concept names under codes of their own, with the standard's as equivalents (PS3.3 8.9)."""
    for item in items(ds):
        for number, one in enumerate(item.get("ConceptNameCodeSequence", ())):
            standard = code((one.CodeValue, one.CodingSchemeDesignator, str(one.get("CodeMeaning", "x"))))
            one.CodeValue, one.CodingSchemeDesignator, one.EquivalentCodeSequence = f"X{number}", "99ACME", standard


def other_order(ds: Dataset, chance: random.Random) -> None:
    """Children in any order within an event; the events keep theirs."""
    for item in items(ds):
        if item is not ds and "ContentSequence" in item:
            content = list(item.ContentSequence)
            chance.shuffle(content)
            item.ContentSequence = content


def deeper(ds: Dataset, chance: random.Random) -> None:
    """Extra containers of no meaning around single items and around groups of them."""
    for item in list(items(ds)):
        if "ContentSequence" not in item or chance.random() < 0.3:
            continue
        wrapped = Dataset()
        wrapped.RelationshipType, wrapped.ValueType, wrapped.ContinuityOfContent = "CONTAINS", "CONTAINER", "SEPARATE"
        wrapped.ConceptNameCodeSequence = code(dcm("999999", "Group"))
        if str(item.get("ValueType")) == "CONTAINER":
            wrapped.ContentSequence = list(item.ContentSequence)
            item.ContentSequence = [wrapped]


def repeated_events(ds: Dataset, chance: random.Random) -> None:
    content = list(ds.get("ContentSequence", ()))
    events = [one for one in content if _name(one) in ("113819", "113706", "113502")]
    ds.ContentSequence = [*content, copy.deepcopy(chance.choice(events))] if events else content


def several_values(ds: Dataset, _chance: random.Random) -> None:
    """The same number for each of three pulses, where only means and single values are told."""
    for item in items(ds):
        names = [
            one
            for name in item.get("ConceptNameCodeSequence", ())
            for one in (name, *name.get("EquivalentCodeSequence", ()))
        ]
        if all(name.CodeValue != "113736" for name in names):  # exposures are added, by whatever code
            for value in item.get("MeasuredValueSequence", ()):
                if number(value) and "\\" not in number(value):
                    write(value, "\\".join([number(value)] * 3))


def floating_point_only(ds: Dataset, _chance: random.Random) -> None:
    for value in measured(ds):
        if number(value) and "\\" not in number(value):
            value.FloatingPointValue = float(number(value))
            del value[_NUMERIC]


def thousands_marked(ds: Dataset, chance: random.Random) -> None:
    """Numbers from a thousand on with a mark between groups of three, where a fraction shows which mark is which."""
    group, point = chance.choice([",.", ".,"])
    for value in measured(ds):
        text = number(value)
        if text and "\\" not in text and abs(Decimal(text)) >= 1000:
            whole, _, fraction = f"{Decimal(text):f}".partition(".")
            write(value, f"{int(whole):,}".replace(",", group) + point + (fraction or "0"))


def floating_point_beside(ds: Dataset, _chance: random.Random) -> None:
    for value in measured(ds):
        if number(value) and "\\" not in number(value):
            value.FloatingPointValue = float(number(value))


def units_of_a_scheme_of_their_own(ds: Dataset, chance: random.Random) -> None:
    scheme = chance.choice(["99ACME", "UCM", "", "99SDM", "DCM"])
    for value in measured(ds):
        for unit in value.get("MeasurementUnitsCodeSequence", ()):
            unit.CodingSchemeDesignator = scheme


def measured_twice(ds: Dataset, chance: random.Random) -> None:
    """The same value a second time in an item, in its unit or in one a thousand times smaller; exposures are added, and stay."""
    smaller = {"mGy": "uGy", "Gy": "mGy", "mm": "um", "s": "ms", "mA": "uA", "kV": "V"}
    for item in items(ds):
        found = item.get("MeasuredValueSequence", ())
        if len(found) != 1 or not number(found[0]) or "\\" in number(found[0]) or _name(item) == "113736":
            continue
        again = copy.deepcopy(found[0])
        unit = next(iter(again.get("MeasurementUnitsCodeSequence", ())), None)
        if unit is not None and unit.get("CodeValue") in smaller and chance.random() < 0.5:
            unit.CodeValue = smaller[unit.CodeValue]
            unit.CodeMeaning = unit.CodeValue
            write(again, f"{Decimal(number(again)) * 1000:f}")
        item.MeasuredValueSequence.append(again)


def said_again_deeper(ds: Dataset, chance: random.Random) -> None:
    """Numbers of an event a second time in a container of no meaning below it, their own children left out."""
    for item in list(items(ds)):
        content = list(item.get("ContentSequence", ()))
        numbers = [one for one in content if one.get("MeasuredValueSequence") and _name(one) not in ADDED]
        if item is ds or not numbers:
            continue
        inner = Dataset()
        inner.RelationshipType, inner.ValueType, inner.ContinuityOfContent = "CONTAINS", "CONTAINER", "SEPARATE"
        inner.ConceptNameCodeSequence = code(dcm("999998", "Again"))
        again = [copy.deepcopy(one) for one in numbers if chance.random() < 0.5]
        for one in again:
            if "ContentSequence" in one:
                del one.ContentSequence
        inner.ContentSequence = again
        item.ContentSequence = [*content, inner]


# Exposures are added, tubes listed, filters listed, and a glandular total belongs to the side below it.
ADDED = ("113736", "113733", "113734", "113833", "113834", "113758", "113773", "111637", "113793")


def wrong_template(ds: Dataset, chance: random.Random) -> None:
    for item in items(ds):
        for named in item.get("ContentTemplateSequence", ()):
            named.TemplateIdentifier = chance.choice(["10001", "10011", "10021", "2000", "X"])


def foreign_meanings(ds: Dataset, chance: random.Random) -> None:
    """Meanings of concepts in German or French, the codes being what they were."""
    words = {
        "Mean CTDIvol": ("Mittlerer CTDIvol", "IDSV moyen"),
        "DLP": ("Dosisl\u00e4ngenprodukt", "PDL"),
        "Dose Area Product": ("Dosisfl\u00e4chenprodukt", "Produit dose surface"),
        "KVP": ("R\u00f6hrenspannung", "Tension"),
    }
    language = chance.randrange(2)
    ds.SpecificCharacterSet = "ISO_IR 192"
    for item in items(ds):
        for one in item.get("ConceptNameCodeSequence", ()):
            meaning = str(one.get("CodeMeaning", ""))
            one.CodeMeaning = words.get(meaning, (f"Wert {meaning}", f"Valeur {meaning}"))[language][:64]


def decoys(ds: Dataset, chance: random.Random) -> None:
    """Doses that are none: under codes of a maker's own that mean something else, and in private sequences."""
    for item in list(items(ds)):
        numbers = [one for one in item.get("ContentSequence", ()) if one.get("MeasuredValueSequence")]
        for one in numbers[:2]:
            decoy = copy.deepcopy(one)
            named = decoy.ConceptNameCodeSequence[0]
            named.CodeMeaning, named.CodingSchemeDesignator = "Table height", "99ACME"
            if "EquivalentCodeSequence" in named:
                named.CodeValue = named.EquivalentCodeSequence[0].CodeValue
                del named.EquivalentCodeSequence
            for value in decoy.MeasuredValueSequence:
                if number(value):
                    write(value, "987.6")
            item.ContentSequence.insert(chance.randrange(len(item.ContentSequence) + 1), decoy)
            block = item.private_block(0x0019, "ACME DOSE", create=True)
            block.add_new(0x01, "SQ", [copy.deepcopy(one)])
            block.add_new(0x02, "DS", "987.6")


def qualified(ds: Dataset, chance: random.Random) -> None:
    """Some numbers said to be none (PS3.16 CID 42): empty with a qualifier, or with a value beside it that does not count."""
    for item in items(ds):
        if item.get("MeasuredValueSequence") and chance.random() < 0.4:
            reason = code(("114006", "DCM", "Measurement failure"))
            if chance.random() < 0.5:
                item.MeasuredValueSequence = []
            item.NumericValueQualifierCodeSequence = reason


def contradicted(ds: Dataset, chance: random.Random) -> None:
    """Some numbers measured as two values that differ; those of pulses may, and stay."""
    for item in items(ds):
        found = item.get("MeasuredValueSequence", ())
        if (
            _name(item) not in ADDED
            and len(found) == 1
            and number(found[0])
            and "\\" not in number(found[0])
            and chance.random() < 0.4
        ):
            again = copy.deepcopy(found[0])
            write(again, str(Decimal(number(again)) * 3 + 1))
            item.MeasuredValueSequence.append(again)


def _name(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].get("CodeValue", "")) if item.get("ConceptNameCodeSequence") else ""


SAME: tuple[Change, ...] = (
    decimal_comma,
    written_otherwise,
    other_units,
    units_missing,
    no_template,
    garbled_meanings,
    modern_codes,
    other_spelling_of_schemes,
    no_schemes,
    equivalent_codes,
    other_order,
    deeper,
    repeated_events,
    several_values,
    floating_point_only,
    thousands_marked,
    floating_point_beside,
    units_of_a_scheme_of_their_own,
    measured_twice,
    said_again_deeper,
    wrong_template,
    foreign_meanings,
    decoys,
)
# How numbers are spelled: of several changes of a report one, after those that reckon with numbers.
SPELLING = (decimal_comma, written_otherwise, thousands_marked, several_values)
# What may make values unknown, but never others.
SAFE: tuple[Change, ...] = (own_scheme,)
# What makes values unknown.
LOSING: tuple[Change, ...] = (qualified, contradicted)


def in_turn(changes: Iterable[Change]) -> list[Change]:
    """What reckons with codes and numbers first, decoys after schemes, and one way of spelling numbers last."""
    ordered = sorted(changes, key=lambda one: one not in LOSING and 1 + (one is decoys) + 2 * (one in SPELLING))
    return [one for one in ordered if one not in SPELLING or one is ordered[-1]]


def without_totals(ds: Dataset) -> None:
    for item in items(ds):
        if "ContentSequence" in item:
            item.ContentSequence = [one for one in item.ContentSequence if _name(one) not in ("113813", "113722")]


def encoded(ds: Dataset, form: str) -> bytes:
    """The data set as modern, legacy (no preamble and meta), implicit, big, deflated."""
    syntax = {
        "implicit": ImplicitVRLittleEndian,
        "big": ExplicitVRBigEndian,
        "deflated": DeflatedExplicitVRLittleEndian,
    }.get(form, ExplicitVRLittleEndian)
    body = BytesIO()
    ds = Dataset(ds)
    ds.save_as(body, implicit_vr=form in ("implicit", "legacy"), little_endian=form != "big", enforce_file_format=False)
    if form == "legacy":
        return body.getvalue()
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = (
        syntax,
        ds.SOPClassUID,
        ds.SOPInstanceUID,
    )
    head = BytesIO()
    from pydicom.filebase import DicomFileLike
    from pydicom.filewriter import write_file_meta_info

    write_file_meta_info(DicomFileLike(head), meta, enforce_standard=True)
    data = body.getvalue()
    if form == "deflated":
        engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        data = engine.compress(data) + engine.flush()
        data += b"\0" if len(data) & 1 else b""
    return b"\0" * 128 + b"DICM" + head.getvalue() + data


FORMS = ("modern", "legacy", "implicit", "big", "deflated")
