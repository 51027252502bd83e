"""Dose reports built from scratch in the manner of several makers, with the values they were built from. Identities are invented."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, XRayRadiationDoseSRStorage

ROOT = "1.2.826.0.1.3680043.10.999"
Triple = tuple[str, str, str]


def code(triple: Triple) -> list[Dataset]:
    """A code sequence of one entry: (value, scheme, meaning)."""
    entry = Dataset()
    entry.CodeValue, entry.CodingSchemeDesignator, entry.CodeMeaning = triple
    return [entry]


def _item(kind: str, name: Triple, relation: str = "CONTAINS") -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType = relation, kind
    item.ConceptNameCodeSequence = code(name)
    return item


def container(name: Triple, *children: Dataset) -> Dataset:
    item = _item("CONTAINER", name)
    item.ContinuityOfContent = "SEPARATE"
    item.ContentSequence = list(children)
    return item


def num(name: Triple, value: str | None, unit: Triple | None) -> Dataset:
    """A NUM item; value None: an empty MeasuredValueSequence, unit None: an empty unit sequence."""
    item = _item("NUM", name)
    measured = Dataset()
    if value is not None:
        measured.add_new(0x0040A30A, "DS", value)
        measured.MeasurementUnitsCodeSequence = code(unit) if unit else []
    item.MeasuredValueSequence = [measured] if value is not None else []
    return item


def coded(name: Triple, value: Triple, *children: Dataset) -> Dataset:
    item = _item("CODE", name)
    item.ConceptCodeSequence = code(value)
    if children:
        item.ContentSequence = list(children)
    return item


def text(name: Triple, value: str) -> Dataset:
    item = _item("TEXT", name)
    item.TextValue = value
    return item


def uidref(name: Triple, value: str) -> Dataset:
    item = _item("UIDREF", name)
    item.UID = value
    return item


def moment(name: Triple, value: str) -> Dataset:
    item = _item("DATETIME", name)
    item.DateTime = value
    return item


def dcm(value: str, meaning: str) -> Triple:
    return value, "DCM", meaning


MGY, GY = ("mGy", "UCUM", "mGy"), ("Gy", "UCUM", "Gy")
MM, KV, MA, S, MS = (
    ("mm", "UCUM", "mm"),
    ("kV", "UCUM", "kV"),
    ("mA", "UCUM", "mA"),
    ("s", "UCUM", "s"),
    ("ms", "UCUM", "ms"),
)


@dataclass
class Style:
    """How a maker writes: its name, its spelling of units, its generation of codes, whether it states the template."""

    manufacturer: str
    dlp: Triple = ("mGy.cm", "UCUM", "mGy.cm")
    dap: Triple = ("Gy.m2", "UCUM", "Gy.m2")
    dap_factor: float = 1.0  # what a Gy.m2 is in `dap`
    rp: Triple = GY
    rp_factor: float = 1.0
    modern: bool = False
    template: bool = True
    spiral: Triple = field(init=False)
    chest: Triple = field(init=False)
    fluoroscopy: Triple = field(init=False)

    def __post_init__(self) -> None:
        old = not self.modern
        self.spiral = ("P5-08001", "SRT", "Spiral Acquisition") if old else ("116152004", "SCT", "Spiral Acquisition")
        self.chest = ("T-D3000", "SRT", "Chest") if old else ("51185008", "SCT", "Chest")
        self.fluoroscopy = ("P5-06000", "SRT", "Fluoroscopy") if old else ("44491008", "SCT", "Fluoroscopy")


SIEMENS = Style("SIEMENS", dlp=("mGycm", "UCUM", "mGycm"), dap=("Gym2", "UCUM", "Gym2"))
GE = Style("GE MEDICAL SYSTEMS", dlp=("mGycm", "UCM", "mGycm"), dap=("Gy.m2", "UCM", "Gy.m2"), template=False)
PHILIPS = Style("Philips Medical Systems", dap=("Gy.m2", "UCUM", "Gym2"), modern=True)
CANON = Style("CANON_MEC", dap=("dGy.cm2", "UCUM", "dGy.cm2"), dap_factor=1e5, rp=MGY, rp_factor=1e3, modern=True)
TOSHIBA = Style("TOSHIBA", dap=("dGy*cm2", "UCUM", "dGy.cm²"), dap_factor=1e5)
SHIMADZU = Style("SHIMADZU CORPORATION", dap=("uGy.m2", "UCUM", "µGym²"), dap_factor=1e6)
ZIEHM = Style("Ziehm Imaging GmbH", dap=("cGycm2", "99ZIEHM", "cGycm²"), dap_factor=1e6, rp=MGY, rp_factor=1e3)
STYLES = (SIEMENS, GE, PHILIPS, CANON, TOSHIBA, SHIMADZU, ZIEHM)


def report(
    style: Style, root: Triple, template: str, *content: Dataset, study: int = 1, number: int = 1, **header: object
) -> Dataset:
    """A whole SR object with a header of an invented patient."""
    ds = container(root, *content)
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID = XRayRadiationDoseSRStorage, f"{ROOT}.{study}.3.{number}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = f"{ROOT}.{study}.1", f"{ROOT}.{study}.2"
    ds.StudyDate, ds.StudyTime, ds.Modality, ds.Manufacturer = "20240310", "101500", "SR", style.manufacturer
    ds.ManufacturerModelName, ds.DeviceSerialNumber, ds.SoftwareVersions = "Model X", "S-4711", "V1.0"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = "Quintanilla^Aurelia", f"PAT{study}", "19600310"
    ds.PatientSex, ds.PatientSize, ds.PatientWeight = "F", "1.70", "71.5"
    if style.template:
        named = Dataset()
        named.MappingResource, named.TemplateIdentifier = "DCMR", template
        ds.ContentTemplateSequence = [named]
    for keyword, value in header.items():
        setattr(ds, keyword, value)
    return ds


def to_bytes(ds: Dataset) -> bytes:
    """A Part 10 file, explicit VR little endian."""
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    target = BytesIO()
    ds.save_as(target, enforce_file_format=True)
    return target.getvalue()


def ct_event(
    style: Style, uid: str, ctdivol: str, dlp: str, tubes: Sequence[str] = ("120",), phantom: str = "body"
) -> Dataset:
    """A spiral with one source container per tube voltage."""
    sources = [
        container(
            dcm("113831", "CT X-Ray Source Parameters"),
            num(dcm("113733", "KVP"), kv, KV),
            num(dcm("113734", "X-Ray Tube Current"), "200", MA),
        )
        for kv in tubes
    ]
    kind = (
        dcm("113691", "IEC Body Dosimetry Phantom")
        if phantom == "body"
        else dcm("113690", "IEC Head Dosimetry Phantom")
    )
    return container(
        dcm("113819", "CT Acquisition"),
        text(dcm("125203", "Acquisition Protocol"), "THORAX"),
        coded(dcm("123014", "Target Region"), style.chest),
        coded(dcm("113820", "CT Acquisition Type"), style.spiral),
        uidref(dcm("113769", "Irradiation Event UID"), uid),
        container(
            dcm("113822", "CT Acquisition Parameters"),
            num(dcm("113824", "Exposure Time"), "4.2", S),
            num(dcm("113825", "Scanning Length"), "310.5", MM),
            num(dcm("113828", "Pitch Factor"), "0.984", ("{ratio}", "UCUM", "ratio")),
            *sources,
        ),
        container(
            dcm("113829", "CT Dose"),
            num(dcm("113830", "Mean CTDIvol"), ctdivol, MGY),
            coded(dcm("113835", "CTDIw Phantom Type"), kind),
            num(dcm("113838", "DLP"), dlp, style.dlp),
        ),
    )


def ct_report(style: Style, events: Sequence[Dataset], total: str, **header: object) -> Dataset:
    return report(
        style,
        dcm("113701", "X-Ray Radiation Dose Report"),
        "10011",
        coded(dcm("121058", "Procedure reported"), ("P5-08000", "SRT", "Computed Tomography X-Ray")),
        container(
            dcm("113811", "CT Accumulated Dose Data"),
            num(dcm("113812", "Total Number of Irradiation Events"), str(len(events)), ("{events}", "UCUM", "events")),
            num(dcm("113813", "CT Dose Length Product Total"), total, style.dlp),
        ),
        *events,
        **header,
    )


def scaled(gy_m2: float, factor: float) -> str:
    return f"{gy_m2 * factor:.8g}"


def x_ray_event(
    style: Style,
    uid: str,
    dap_gym2: float,
    rp_gy: float,
    kind: Triple | None = None,
    plane: str = "113622",
    kvp: str = "81",
) -> Dataset:
    return container(
        dcm("113706", "Irradiation Event X-Ray Data"),
        coded(dcm("113764", "Acquisition Plane"), dcm(plane, "Plane")),
        moment(dcm("111526", "DateTime Started"), "20240310101733.250"),
        coded(dcm("113721", "Irradiation Event Type"), kind or style.fluoroscopy),
        uidref(dcm("113769", "Irradiation Event UID"), uid),
        num(dcm("122130", "Dose Area Product"), scaled(dap_gym2, style.dap_factor), style.dap),
        num(dcm("113738", "Dose (RP)"), scaled(rp_gy, style.rp_factor), style.rp),
        num(dcm("113733", "KVP"), kvp, KV),
        num(dcm("113734", "X-Ray Tube Current"), "12.5", MA),
        num(dcm("113768", "Number of Pulses"), "40", ("1", "UCUM", "no units")),
        num(dcm("113793", "Pulse Width"), "6.5", MS),
    )


def accumulated(style: Style, dap_gym2: float, rp_gy: float, plane: str = "113622", fluoro_s: str = "31") -> Dataset:
    return container(
        dcm("113702", "Accumulated X-Ray Dose Data"),
        coded(dcm("113764", "Acquisition Plane"), dcm(plane, "Plane")),
        num(dcm("113722", "Dose Area Product Total"), scaled(dap_gym2, style.dap_factor), style.dap),
        num(dcm("113725", "Dose (RP) Total"), scaled(rp_gy, style.rp_factor), style.rp),
        num(dcm("113730", "Total Fluoro Time"), fluoro_s, S),
    )


def projection_report(style: Style, *content: Dataset, **header: object) -> Dataset:
    return report(
        style,
        dcm("113701", "X-Ray Radiation Dose Report"),
        "10001",
        coded(dcm("121058", "Procedure reported"), dcm("113704", "Projection X-Ray")),
        *content,
        **header,
    )
