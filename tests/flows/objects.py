"""Objects for the flows, made of pydicom's packaged CT with invented identities."""

import io
import shutil
from functools import cache
from pathlib import Path

import pydicom
import pydicom.data
from pydicom.uid import generate_uid

PACKAGED = Path(pydicom.data.__file__).parent
NAME = "Zzyzxperson^Quillon"  # An invented name that occurs nowhere else.


@cache
def _template() -> bytes:
    return (PACKAGED / "test_files" / "CT_small.dcm").read_bytes()


def instance(patient: int = 1, study: int = 1, number: int = 1, **attributes: object) -> bytes:
    """One CT instance of a patient's study; `attributes` by keyword."""
    dataset = pydicom.dcmread(io.BytesIO(_template()))
    dataset.PatientName = f"{NAME}{patient}"
    dataset.PatientID = f"MRN-QX{patient:06d}"
    dataset.PatientBirthDate = "19610203"
    dataset.AccessionNumber = f"ACCQ{patient:04d}{study:02d}"
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=["study", str(patient), str(study)])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=["series", str(patient), str(study)])
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=["sop", str(patient), str(study), str(number)])
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.InstanceNumber = number
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


def copy_third(folder: Path, number: int, *without: str) -> list[Path]:
    """Every third of pydicom's packaged files, from `number` on, copied into a folder; none that matches a pattern in `without`."""
    folder.mkdir(parents=True)
    files = sorted(path for path in (PACKAGED / "test_files").rglob("*") if path.is_file())
    third = [path for path in files if not any(path.match(one) for one in ("*.py", "*.pyc", *without))][number::3]
    return [Path(shutil.copy(path, folder / f"{index} {path.name}")) for index, path in enumerate(third)]


def ultrasound(number: int = 1) -> bytes:
    """A picture that says it carries burned-in text, where no look finds any: held for a person."""
    return picture(number=number, BurnedInAnnotation="YES")


def picture(number: int = 1, **attributes: object) -> bytes:
    """A picture of a kind that may carry burned-in text."""
    return instance(number=number, SOPClassUID="1.2.840.10008.5.1.4.1.1.6.1", Modality="US", **attributes)


PLANTED = ("Zzyzxperson", "Quillon", "MRN-QX", "ACCQ000", "19610203", "1961-02-03")
