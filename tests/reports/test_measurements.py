"""Numbers of structured reports become rows: concept, value and unit as written, with the group they belong to."""

from typing import Any

import pytest
from pydicom.dataset import Dataset

from dicomlake.reports.measurements import Coded, Measurement, measurements
from tests.dicom.builders import encoded
from tests.reports.structured import bare_report, code

LENGTH, MEAN = ("410668003", "SCT", "Length"), ("373098007", "SCT", "Mean")


def item(kind: str, name: tuple[str, str, str] | None, *below: Dataset, **values: Any) -> Dataset:
    made = Dataset()
    made.RelationshipType, made.ValueType = "CONTAINS", kind
    if name:
        made.ConceptNameCodeSequence = [code(*name)]
    for keyword, value in values.items():
        setattr(made, keyword, value)
    if below:
        made.ContentSequence = list(below)
    return made


def number(text: str, unit: tuple[str, str, str], *below: Dataset, name: tuple[str, str, str] = LENGTH) -> Dataset:
    measured = Dataset()
    measured.NumericValue, measured.MeasurementUnitsCodeSequence = text, [code(*unit)]
    return item("NUM", name, *below, MeasuredValueSequence=[measured])


def report(*content: Dataset, sop_class: str = "1.2.840.10008.5.1.4.1.1.88.33") -> bytes:
    made = bare_report()
    made.SOPClassUID, made.ContentSequence = sop_class, list(content)
    template = Dataset()
    template.MappingResource, template.TemplateIdentifier = "DCMR", "1500"
    made.ContentTemplateSequence = [template]
    return encoded(made)


MM = ("mm", "UCUM", "millimeter")
SITE = item("CODE", ("363698007", "SCT", "Finding Site"),
            item("CODE", ("272741003", "SCT", "Laterality"), ConceptCodeSequence=[code("7771000", "SCT", "Left")]),
            ConceptCodeSequence=[code("39607008", "SCT", "Lung")])  # fmt: skip


def test_a_number_has_its_concept_value_unit_and_place() -> None:
    (one,) = measurements(report(item("TEXT", ("121071", "DCM", "Finding"), TextValue="x"), number("12.50", MM)))
    assert (one.item, one.concept, one.value, one.text, one.unit) == (
        "1.2", Coded(*LENGTH), 12.5, "12.50", Coded(*MM))  # fmt: skip
    assert one.around.template == "1500"


def test_a_group_tells_what_its_numbers_are_about_and_nothing_of_the_next_group() -> None:
    image = Dataset()
    image.ReferencedSOPInstanceUID = "1.2.3.9"
    source = item("IMAGE", None, ReferencedSOPSequence=[image])
    region = item("SCOORD", None, source, GraphicType="POLYLINE")
    group = item("CONTAINER", ("125007", "DCM", "Measurement Group"),
                 item("TEXT", ("112039", "DCM", "Tracking Identifier"), TextValue="Nodule 1"),
                 item("UIDREF", ("112040", "DCM", "Tracking Unique Identifier"), UID="1.2.3"),
                 item("CODE", ("121071", "DCM", "Finding"), ConceptCodeSequence=[code("27925004", "SCT", "Nodule")]),
                 SITE, number("9", MM, region),
                 number("-321.5", ("[hnsf'U]", "UCUM", "Hounsfield unit"), name=MEAN))  # fmt: skip
    other = item("CONTAINER", ("125007", "DCM", "Measurement Group"), number("4", MM))
    first, second, third = measurements(
        report(item("CONTAINER", ("126010", "DCM", "Imaging Measurements"), group, other))
    )
    assert (first.item, second.item, third.item) == ("1.1.1.5", "1.1.1.6", "1.1.2.1")
    assert first.around.path[-2:] == ("Imaging Measurements", "Measurement Group")
    assert (first.around.tracking_id, first.around.tracking_uid) == ("Nodule 1", "1.2.3")
    assert first.around.finding == second.around.finding == Coded("27925004", "SCT", "Nodule")
    assert (first.around.finding_site.code, first.around.laterality.meaning) == ("39607008", "Left")
    assert first.references == ("1.2.3.9",) and second.references == ()
    assert second.value == -321.5 and second.unit.code == "[hnsf'U]"
    assert third.around.tracking_id == "" and third.around.finding == Coded()


def test_a_site_below_one_number_is_not_that_of_the_next() -> None:
    first, second = measurements(report(number("9", MM, SITE), number("4", MM)))
    assert first.around.finding_site.meaning == "Lung"
    assert second.around.finding_site == Coded()


def test_a_number_that_was_not_stated_is_a_row_without_a_value() -> None:
    (one,) = measurements(
        report(item("NUM", LENGTH, NumericValueQualifierCodeSequence=[code("114006", "DCM", "Measurement failure")]))
    )
    assert (one.value, one.text, one.qualifier.meaning) == (None, "", "Measurement failure")


def test_the_exact_value_counts_where_a_report_gives_both() -> None:
    both = number("0.333333", MM)
    both.MeasuredValueSequence[0].FloatingPointValue = 1 / 3
    (one,) = measurements(report(both))
    assert (one.value, one.text) == (1 / 3, "0.333333")


@pytest.mark.parametrize("sop_class", ["1.2.840.10008.5.1.4.1.1.88.67", "1.2.840.10008.5.1.4.1.1.88.76"])
def test_dose_reports_have_tables_of_their_own(sop_class: str) -> None:
    assert measurements(report(number("9", MM), sop_class=sop_class)) == []


def test_a_tree_without_end_ends() -> None:
    deep = number("1", MM)
    for _ in range(80):
        deep = item("CONTAINER", ("1", "L", "x"), deep)
    found = measurements(report(number("2", MM), deep))
    assert [one.value for one in found] == [2.0]


def test_its_columns_are_those_of_the_table() -> None:
    from dicomlake.lake.definitions import tables

    one = Measurement("1.1", Coded(), None, "", Coded(), Coded())
    assert set(one.columns()) < set(tables()["lake.measurements"].columns)
