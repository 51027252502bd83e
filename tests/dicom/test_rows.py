"""Columns of the two sides of the wall, and the explanation."""

import json
from collections.abc import Callable

import pytest
from pydicom import Dataset

from dicomlake.dicom import CleanInstance, acquisition_facts, explain, instance_values, read_raw
from dicomlake.dicom.json_model import model_of
from dicomlake.dicom.times import date, date_time, local, time, utc
from dicomlake.pseudonyms import SiteKey
from dicomlake.rules import Profile
from tests.dicom.builders import CT, ROOT, explicit, instance, item, minimal
from tests.dicom.conftest import identity
from tests.dicom.reference import read_clean

Cleaned = Callable[..., CleanInstance]


def test_columns_are_typed_and_read_from_the_clean_bytes(cleaned: Cleaned) -> None:
    clean = cleaned(instance())
    row = instance_values(clean)
    after = read_clean(clean.to_bytes())
    assert row["PatientID"] == after.PatientID
    assert row["StudyDate"] == f"{after.StudyDate[:4]}-{after.StudyDate[4:6]}-{after.StudyDate[6:]}"
    assert (row["StudyTime"], row["AcquisitionTime"]) == ("08:15:00", "08:16:32.250000")
    assert (row["Rows"], row["SliceThickness"], row["KVP"]) == (4, 2.5, 120.0)
    assert row["PixelSpacing"] == [0.5, 0.75]
    assert row["ImageType"] == ["ORIGINAL", "PRIMARY", "AXIAL"]
    assert row["SOPClassUID"] == CT
    assert row["object"] == clean.object_name
    assert row["object_bytes"] == len(clean.to_bytes())
    assert row["NumberOfFrames"] is None
    json.dumps(row)


def test_columns_are_those_of_the_table(cleaned: Cleaned) -> None:
    import re
    from pathlib import Path

    ddl = (Path(__file__).resolve().parents[2] / "sql/tables/lake/instances.sql").read_text()
    columns = set(re.findall(r"^    `?(\w+)`? [A-Z]", ddl, re.M))
    added = {
        "row_key",
        "site",
        "release_month",
        "delivery_key",
        "content_key",
        "pipeline_version",
        "rules_version",
        "key_version",
    }
    assert set(instance_values(cleaned(instance()))) == columns - added


def test_malformed_values_are_null_and_never_fatal(cleaned: Cleaned) -> None:
    data = minimal(
        explicit(0x00180050, b"DS", b"1,23"),
        explicit(0x00200013, b"IS", b"seven "),
        explicit(0x00280030, b"DS", b"0.5\\NaN\\inf "),
        explicit(0x00080020, b"DA", b"gestern "),
    )
    row = instance_values(cleaned(data))
    assert row["SliceThickness"] is row["InstanceNumber"] is row["StudyDate"] is None
    assert row["PixelSpacing"] == [0.5]
    json.dumps(row["header"], allow_nan=False)


def test_the_header_is_the_dicom_json_model_without_bulk_data(cleaned: Cleaned) -> None:
    def more(made: Dataset) -> None:
        made.SourceImageSequence = [item(ReferencedSOPInstanceUID=f"{ROOT}.4", PurposeOfReferenceCodeSequence=[])]
        made.FrameIncrementPointer = 0x00540010

    clean = cleaned(instance(change=more))
    header = instance_values(clean)["header"]
    wanted = read_clean(clean.to_bytes()).to_json_dict()
    wanted["7FE00010"] = {"vr": "OW"}
    wanted["00082112"]["Value"][0]["0040A170"] = {"vr": "SQ"}  # F.2.5: an empty element has no Value
    assert header == wanted


def test_a_header_too_large_for_a_row_is_shortened(cleaned: Cleaned) -> None:
    many = [item(ContourData=["1.5"] * 1500) for _ in range(180)]
    header = instance_values(cleaned(instance(ContourSequence=many)))["header"]
    assert isinstance(header, dict)
    assert header["shortened"]["left_out"] >= 1
    assert len(json.dumps(header)) < 900_000


def test_names_in_several_writings_become_groups() -> None:
    raw = read_raw(instance(SpecificCharacterSet="ISO_IR 192", PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう"))
    model = model_of(raw.elements, raw.buffer, raw.charset)
    assert model["00100010"] == {
        "vr": "PN",
        "Value": [{"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎", "Phonetic": "やまだ^たろう"}],
    }


def test_the_operations_side_gets_true_times_and_no_identity() -> None:
    facts = acquisition_facts(read_raw(instance(BodyPartExamined="OKONKWO", SoftwareVersions=["v1", "Chidi Okonkwo"])))
    assert facts["acquired_local"] == "2021-03-04T08:16:32.250000"
    assert facts["acquired_at"] is None
    assert facts["StudyDate"] == "2021-03-04"
    assert facts["BodyPartExamined"] is None
    assert facts["SoftwareVersions"] == ["v1"]
    assert facts["Manufacturer"] == "Syntec"
    assert "okonkwo" not in json.dumps({name: facts[name] for name in facts}).lower()


def test_acquisition_columns_are_those_of_the_table() -> None:
    import re
    from pathlib import Path

    ddl = (Path(__file__).resolve().parents[2] / "sql/tables/ops/acquisitions.sql").read_text()
    columns = set(re.findall(r"^    `?(\w+)`? [A-Z]", ddl, re.M))
    assert set(acquisition_facts(read_raw(instance()))) - {"device"} <= columns


@pytest.mark.parametrize(
    ("attributes", "zone", "utc_time"),
    [
        ({}, "Europe/Madrid", "2021-03-04T07:16:32.250000+00:00"),
        ({"TimezoneOffsetFromUTC": "-0500"}, "Europe/Madrid", "2021-03-04T13:16:32.250000+00:00"),
        ({"AcquisitionDateTime": "20210304100000+0200"}, None, "2021-03-04T08:00:00+00:00"),
        ({"AcquisitionDateTime": "2021"}, "UTC", "2021-03-04T08:16:32.250000+00:00"),
        ({"AcquisitionDate": None, "ContentTime": "090000"}, "UTC", "2021-03-04T09:00:00+00:00"),
        ({}, "No/Such", None),
        ({"AcquisitionDate": None, "ContentDate": None}, "UTC", None),
    ],
)
def test_instants_follow_the_offset_in_the_header_then_the_zone_of_the_site(
    attributes: dict[str, str], zone: str | None, utc_time: str | None
) -> None:
    assert acquisition_facts(read_raw(instance(**attributes)), zone)["acquired_at"] == utc_time


def test_devices_are_told_apart_by_serial_number_else_station() -> None:
    def device(**attributes: str | None) -> object:
        return acquisition_facts(read_raw(instance(**attributes)))["device"]

    assert device() == device(StationName="OTHER") != device(DeviceSerialNumber="SN2")
    assert device(DeviceSerialNumber=None) != device(DeviceSerialNumber=None, StationName="OTHER")
    assert device(DeviceSerialNumber=None, StationName=None) is None


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (date("20210304"), "2021-03-04"),
        (date("2021.03.04"), "2021-03-04"),
        (date("20210230"), None),
        (date(None), None),
        (time("08"), "08:00:00"),
        (time("081660"), "08:16:59"),
        (time("08:16:32.5"), "08:16:32.500000"),
        (time("2516"), None),
        (local("20210304", None), None),
        (date_time("20210304081632-0300"), ("2021-03-04T08:16:32", "-0300")),
        (date_time("20210304"), (None, None)),
        (utc("2021-03-04T08:00:00", "+1500", None), None),
        (utc("0001-01-01T00:00:00", "+1400", None), None),
    ],
)
def test_dates_and_times_become_iso_text(found: object, wanted: object) -> None:
    assert found == wanted


def test_explanation_names_rule_and_effect_of_every_element_and_no_value(profile: Profile, key: SiteKey) -> None:
    raw = read_raw(instance(SourceImageSequence=[item(ReferencedSOPInstanceUID=f"{ROOT}.4")], StudyTime="um acht"))
    plans = explain(raw, profile, key, identity(raw))
    by_keyword = {plan.keyword: plan for plan in plans}
    assert by_keyword["StudyDate"].effect == "shifted with all dates of the patient"
    assert by_keyword["StudyTime"].effect == "emptied: malformed"
    assert by_keyword["PatientID"].effect == "replaced by the patient's pseudonym"
    assert by_keyword["AccessionNumber"].effect == "emptied"
    assert by_keyword["SOPClassUID"].effect == "kept: belongs to the standard"
    assert by_keyword["ReferencedSOPInstanceUID"].path == "(0008,2112)[0].(0008,1155)"
    assert by_keyword["KVP"].effect == "kept"
    assert by_keyword["PatientIdentityRemoved"].effect == "added: says what was done"
    assert by_keyword["StudyDate"].source.startswith("ps3_15/table_e1_1.yaml:")
    assert len(plans) == len(raw.elements) + 1 + 4
    told = " ".join(f"{plan.effect} {plan.note} {plan.path}" for plan in plans)
    assert not [value for value in ("Okonkwo", "PAT40001", "20210304", "ABDOMEN") if value in told]


def test_explanation_and_walk_agree(profile: Profile, key: SiteKey, cleaned: Cleaned) -> None:
    data = instance()
    raw = read_raw(data)
    after = read_clean(cleaned(data).to_bytes())
    for plan in explain(raw, profile, key, identity(raw)):
        assert (plan.tag in after) is (plan.effect != "removed"), plan.keyword
        if plan.effect.startswith("kept"):
            assert after[plan.tag].value is not None
