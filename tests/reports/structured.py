"""Structured reports and encapsulated documents made on the spot."""

from typing import Any

from pydicom.dataset import Dataset

from tests.dicom.builders import dataset, encoded
from tests.reports import makers

_PICTURE = (
    "ImageType PixelData Rows Columns BitsAllocated BitsStored HighBit PixelRepresentation SamplesPerPixel PhotometricInterpretation "
    "PixelSpacing SliceThickness KVP"
).split()
TEXT = "Nodule of 12 mm, compared by Dr. Hannelore Weissgerber with the study of 12.03.2021. There is a Baker cyst."


def structured_report(text: str = TEXT, **header: Any) -> bytes:
    """An Enhanced SR with a finding, a length and the name of an observer."""
    made = bare_report(**header)
    length = _item("NUM", ("410668003", "SCT", "Length"))
    measured = Dataset()
    measured.NumericValue = "12.50"
    measured.MeasurementUnitsCodeSequence = [code("mm", "UCUM", "millimeter")]
    length.MeasuredValueSequence = [measured]
    made.ContentSequence = [
        _item("TEXT", ("121071", "DCM", "Finding"), TextValue=text),
        length,
        _item("PNAME", ("121008", "DCM", "Person Observer Name"), PersonName="Weissgerber^Hannelore"),
    ]
    return encoded(made)


def bare_report(**header: Any) -> Dataset:
    """An Enhanced SR without content."""
    made = _without_picture(**header)
    made.SOPClassUID, made.Modality, made.ValueType = "1.2.840.10008.5.1.4.1.1.88.22", "SR", "CONTAINER"
    made.SOPInstanceUID += ".88"
    made.ContinuityOfContent, made.CompletionFlag, made.VerificationFlag = "SEPARATE", "COMPLETE", "UNVERIFIED"
    made.ConceptNameCodeSequence = [code("18748-4", "LN", "Diagnostic imaging report")]
    return made


def encapsulated(document: bytes, sop_class: str = "1.2.840.10008.5.1.4.1.1.104.1", **header: Any) -> bytes:
    """A document in a DICOM object."""
    made = _without_picture(**header)
    made.SOPClassUID, made.Modality, made.BurnedInAnnotation = sop_class, "DOC", "YES"
    made.DocumentTitle = f"Report of {made.PatientName}"
    made.MIMETypeOfEncapsulatedDocument = "application/pdf" if document.startswith(b"%PDF") else "text/XML"
    made.EncapsulatedDocument = document + b"\0" * (len(document) % 2)
    made["EncapsulatedDocument"].VR = "OB"
    made.EncapsulatedDocumentLength = len(document)
    return encoded(made)


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """A code triplet."""
    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator, made.CodeMeaning = value, scheme, meaning
    return made


def _item(value_type: str, name: tuple[str, str, str], **values: Any) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType = "CONTAINS", value_type
    item.ConceptNameCodeSequence = [code(*name)]
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def _without_picture(**header: Any) -> Dataset:
    made = dataset(**{"PatientName": "Okafor Leclerc^Miriam", "PatientID": makers.PATIENT_ID} | header)
    for keyword in _PICTURE:
        del made[keyword]
    return made
