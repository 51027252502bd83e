"""Reports of the newer templates, built row by row from the tables of PS3.16: TID 10040 and below (enhanced X-ray), TID 10021 and 10022
(radiopharmaceuticals), TID 10003 in mammography. Independent of the vocabulary that reads them: codes stand here as the tables print them.
"""

from pydicom.dataset import Dataset

from tests.dose.builders import GE, ROOT, Style, Triple, coded, container, dcm, moment, num, report, text, uidref

MBQ, SECONDS, CM3 = ("MBq", "UCUM", "MBq"), ("s", "UCUM", "seconds"), ("cm3", "UCUM", "cm3")
GYM2, GY, MGY, MGYCM = (
    ("Gy.m2", "UCUM", "Gy.m2"),
    ("Gy", "UCUM", "Gy"),
    ("mGy", "UCUM", "mGy"),
    ("mGy.cm", "UCUM", "mGy.cm"),
)
ONE, MSV = ("1", "UCUM", "no units"), ("mSv", "UCUM", "mSv")


def enhanced_accumulated(source: str, **totals: tuple[str, Triple]) -> Dataset:
    """TID 10041 for one source; totals by code value without its first letter: `n113722=("1e-5", GYM2)`."""
    return container(
        dcm("130500", "Accumulated Dose Data"),
        text(dcm("113832", "Identification of the X-Ray Source"), source),
        *(num(dcm(name[1:], "Total"), value, unit) for name, (value, unit) in totals.items()),
    )


def enhanced_event(uid: str, source: str, kind: Triple, **numbers: tuple[str, Triple]) -> Dataset:
    """TID 10042."""
    return container(
        dcm("130501", "Irradiation Event Summary Data"),
        uidref(dcm("113769", "Irradiation Event UID"), uid),
        moment(dcm("111526", "DateTime Started"), "20240310101733"),
        moment(dcm("111527", "DateTime Ended"), "20240310101741"),
        text(dcm("113832", "Identification of the X-Ray Source"), source),
        text(dcm("113605", "Irradiation Event Label"), "Run 1"),
        coded(dcm("113721", "Irradiation Event Type"), kind),
        *(num(dcm(name[1:], "Value"), value, unit) for name, (value, unit) in numbers.items()),
    )


def irradiation_details(source: str) -> Dataset:
    """TID 10043 and below, which tells of beams over time and belongs to no event."""
    times = (
        moment(dcm("111526", "DateTime Started"), "20240310101733"),
        moment(dcm("111527", "DateTime Ended"), "20240310101741"),
        text(dcm("113832", "Identification of the X-Ray Source"), source),
    )
    return container(
        dcm("130505", "Irradiation Details"),
        *times[:2],
        uidref(dcm("112227", "Frame of Reference UID"), f"{ROOT}.40.9"),
        container(
            dcm("130514", "Radiation Output"),
            *times,
            num(dcm("130515", "Air Kerma at Output Measurement Point"), "77", MGY),
        ),
        container(dcm("130512", "Radiation Technique"), *times, num(dcm("113733", "KVP"), "999", ("kV", "UCUM", "kV"))),
    )


def enhanced_report(
    *content: Dataset, procedure: Triple = ("44491008", "SCT", "Fluoroscopy"), style: Style = GE
) -> Dataset:
    """TID 10040 in an Enhanced X-Ray Radiation Dose SR."""
    ds = report(
        style,
        dcm("113701", "X-Ray Radiation Dose Report"),
        "10040",
        coded(dcm("121058", "Procedure reported"), procedure),
        *content,
    )
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.76"
    return ds


def administration(uid: str, activity: str = "252.5") -> Dataset:
    """TID 10022 with all rows that are columns, and some that are not."""
    agent = coded(
        ("349358000", "SCT", "Radiopharmaceutical agent"),
        ("35321007", "SCT", "Fluorodeoxyglucose F^18^"),
        coded(("89457008", "SCT", "Radionuclide"), ("77004003", "SCT", "^18^Fluorine")),
        num(("304283002", "SCT", "Radionuclide Half Life"), "6586.2", SECONDS),
    )
    return container(
        dcm("113502", "Radiopharmaceutical Administration"),
        agent,
        num(dcm("123007", "Radiopharmaceutical Specific Activity"), "5e9", ("Bq/mmol", "UCUM", "Bq/mmol")),
        uidref(dcm("113503", "Radiopharmaceutical Administration Event UID"), uid),
        num(dcm("113506", "Estimated Extravasation Activity"), "3", ("%", "UCUM", "percent")),
        moment(dcm("123003", "Radiopharmaceutical Start DateTime"), "20240310093000"),
        moment(dcm("123004", "Radiopharmaceutical Stop DateTime"), "20240310093112"),
        num(dcm("113507", "Administered activity"), activity, MBQ),
        num(dcm("123005", "Radiopharmaceutical Volume"), "4.5", CM3),
        num(dcm("113508", "Pre-Administration Measured Activity"), "260.1", MBQ),
        num(dcm("113509", "Post-Administration Measured Activity"), "7.6", MBQ),
        coded(("410675002", "SCT", "Route of administration"), ("47625008", "SCT", "Intravenous route")),
        num(dcm("113839", "Effective Dose"), "4.8", MSV),
        container(
            dcm("113517", "Organ Dose Information"),
            coded(("363698007", "SCT", "Finding Site"), ("89837001", "SCT", "Bladder")),
            num(dcm("113518", "Organ Dose"), "33", MGY),
        ),
    )


def radiopharmaceutical_report(*content: Dataset) -> Dataset:
    """TID 10021."""
    ds = report(
        GE,
        dcm("113500", "Radiopharmaceutical Radiation Dose Report"),
        "10021",
        coded(("363589002", "SCT", "Associated Procedure"), ("443271005", "SCT", "Positron emission tomography")),
        *content,
    )
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.68"
    return ds


def mammogram(uid: str, side: str = "L", agd: str = "1.31", *, modern: bool = True) -> Dataset:
    """TID 10003 of one view of a breast, as the table for mammography has it."""
    left = ("80248007", "SCT", "Left breast") if modern else ("T-04030", "SRT", "Left breast")
    right = ("73056007", "SCT", "Right breast") if modern else ("T-04020", "SRT", "Right breast")
    breast = ("76752008", "SCT", "Breast") if modern else ("T-04000", "SRT", "Breast")
    laterality = ("272741003", "SCT", "Laterality") if modern else ("G-C171", "SRT", "Laterality")
    silver = (
        ("41967008", "SCT", "Silver or Silver compound") if modern else ("C-137F9", "SRT", "Silver or Silver compound")
    )
    tungsten = (
        ("26194003", "SCT", "Tungsten or Tungsten compound")
        if modern
        else ("C-164F9", "SRT", "Tungsten or Tungsten compound")
    )
    mm = ("mm", "UCUM", "mm")
    return container(
        dcm("113706", "Irradiation Event X-Ray Data"),
        coded(dcm("113764", "Acquisition Plane"), dcm("113622", "Single Plane")),
        uidref(dcm("113769", "Irradiation Event UID"), uid),
        moment(dcm("111526", "DateTime Started"), "20240310101733"),
        coded(dcm("113721", "Irradiation Event Type"), dcm("113611", "Stationary Acquisition")),
        coded(dcm("123014", "Target Region"), breast, coded(laterality, left if side == "L" else right)),
        num(dcm("111631", "Average Glandular Dose"), agd, MGY),
        num(dcm("111636", "Entrance Exposure at RP"), "5.2", MGY),
        num(dcm("111633", "Compression Thickness"), "53", mm),
        num(dcm("111647", "Compression Force"), "91", ("N", "UCUM", "N")),
        num(dcm("111634", "Half Value Layer"), "0.55", mm),
        coded(dcm("111632", "Anode Target Material"), tungsten),
        container(
            dcm("113771", "X-Ray Filters"),
            coded(dcm("113757", "X-Ray Filter Material"), silver),
            num(dcm("113758", "X-Ray Filter Thickness Minimum"), "0.05", mm),
            num(dcm("113773", "X-Ray Filter Thickness Maximum"), "0.05", mm),
        ),
        num(dcm("113733", "KVP"), "30", ("kV", "UCUM", "kV")),
        num(dcm("113736", "Exposure"), "85000", ("uA.s", "UCUM", "uA.s")),
    )


def mammography_report(events: list[Dataset], left: str, right: str, *, modern: bool = True) -> Dataset:
    """TID 10001 with TID 10005."""
    laterality = ("272741003", "SCT", "Laterality") if modern else ("G-C171", "SRT", "Laterality")
    sides = (("80248007", "SCT", "Left breast"), ("73056007", "SCT", "Right breast"))
    if not modern:
        sides = (("T-04030", "SRT", "Left breast"), ("T-04020", "SRT", "Right breast"))
    totals = []
    for value, side in zip((left, right), sides, strict=True):
        item = num(dcm("111637", "Accumulated Average Glandular Dose"), value, MGY)
        item.ContentSequence = [coded(laterality, side)]
        totals.append(item)
    return report(
        GE,
        dcm("113701", "X-Ray Radiation Dose Report"),
        "10001",
        coded(
            dcm("121058", "Procedure reported"),
            ("71651007", "SCT", "Mammography") if modern else ("P5-40010", "SRT", "Mammography"),
        ),
        container(dcm("113702", "Accumulated X-Ray Dose Data"), *totals),
        *events,
    )
