"""Writes `docs/sample/`, the second batch of `make demo`: two invented patients, as a clinic would send them.

`python -m tests.sample_batch`. Marisol Vega: a CT slice, its dose report and a Spanish report as PDF. Edwin Ashgrove: an ultrasound cine with
his name burned in, an English report as text and the same as an HL7 message.
"""

import io
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image, ImageDraw, ImageFont
from pydicom.uid import UID, ExplicitVRLittleEndian, RLELossless, generate_uid
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

from tests.dose.builders import SIEMENS, ct_event, ct_report, to_bytes
from tests.flows.objects import instance

OUT = Path(__file__).resolve().parent.parent / "docs" / "sample"
VEGA = {
    "PatientName": "Vega Monteverde^Marisol",
    "PatientID": "HC-4471903",
    "PatientBirthDate": "19680917",
    "PatientSex": "F",
    "AccessionNumber": "RX26-118204",
    "StudyDate": "20260312",
    "StudyTime": "094105",
    "InstitutionName": "Hospital Comarcal de Valdeluz",
    "ReferringPhysicianName": "Iturbe^Leandro",
    "StudyInstanceUID": generate_uid(entropy_srcs=["sample", "vega"]),
}
ASHGROVE = {
    "PatientName": "Ashgrove^Edwin",
    "PatientID": "7730418",
    "PatientBirthDate": "19340105",
    "PatientSex": "M",
    "AccessionNumber": "US26-004417",
    "StudyDate": "20260402",
    "StudyTime": "151230",
    "InstitutionName": "Thornbury General Hospital",
    "ReferringPhysicianName": "Pemberlock^Harriet",
    "StudyInstanceUID": generate_uid(entropy_srcs=["sample", "ashgrove"]),
}
ENGLISH = """THORNBURY GENERAL HOSPITAL - DEPARTMENT OF RADIOLOGY
Patient: Edwin Ashgrove          Hospital number: 7730418
Date of birth: 5 January 1934    Accession: US26-004417
Referred by: Dr Harriet Pemberlock

ULTRASOUND ABDOMEN, 2 April 2026

Clinical information: 92 year old man, right upper quadrant pain. Known Parkinson disease.
Findings: Liver of normal size, 14.2 cm. Gallbladder with a 9 mm stone. No Baker cyst was looked for.
Common bile duct 4 mm. Right kidney 10.8 cm, left kidney 11.1 cm. No free fluid.
Comparison: study of 12/11/2025.
Impression: Cholelithiasis without cholecystitis.

Mr Ashgrove was told of the result. Dictated by Dr H. Pemberlock, tel. 020 7946 0182.
"""
SPANISH = (
    ("TC DE TÓRAX CON CONTRASTE", ""),
    ("Indicación", "Tos persistente. Antecedente de tuberculosis en 1999."),
    ("Hallazgos", "Nódulo sólido de 8 mm en el lóbulo superior derecho, sin cambios respecto al estudio del 14/09/2025. No hay derrame pleural "
     "ni adenopatías mediastínicas. Aorta ascendente de 36 mm. Contraste yodado 90 ml, DLP 412 mGy·cm."),
    ("Conclusión", "Nódulo pulmonar estable. Control en 12 meses. Se informa a la Sra. Vega Monteverde de los resultados."),
)  # fmt: skip


def main() -> None:
    """Write the batch."""
    for folder, files in {
        "vega": {"ct.dcm": _ct(), "dose.dcm": _dose(), "informe.pdf": _pdf()},
        "ashgrove": {"cine.dcm": _cine(), "report.txt": ENGLISH.encode(), "message.hl7": _hl7()},
    }.items():
        (OUT / folder).mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (OUT / folder / name).write_bytes(data)


def _uid(of: str) -> UID:
    return generate_uid(entropy_srcs=["sample", of])


def _ct() -> bytes:
    return instance(**VEGA, SeriesInstanceUID=_uid("vega ct"), SOPInstanceUID=_uid("vega ct 1"),
                    SeriesDescription="TORAX AX 5.0 B31f", BodyPartExamined="CHEST")  # fmt: skip


def _dose() -> bytes:
    events = [
        ct_event(SIEMENS, _uid("event 1"), "8.40", "287.3"),
        ct_event(SIEMENS, _uid("event 2"), "3.65", "124.7", tubes=("100",)),
    ]
    header = {**VEGA, "SeriesInstanceUID": _uid("vega sr"), "SOPInstanceUID": _uid("vega sr 1"), "Modality": "SR"}
    return to_bytes(ct_report(SIEMENS, events, "412.0", **header))


def _pdf() -> bytes:
    out, styles = io.BytesIO(), getSampleStyleSheet()
    head = [
        ["Paciente", "VEGA MONTEVERDE, Marisol", "Nº historia", "HC-4471903"],
        ["Fecha de nacimiento", "17/09/1968", "Nº de acceso", "RX26-118204"],
        ["Solicitado por", "Dr. Leandro Iturbe", "Fecha del estudio", "12/03/2026"],
    ]
    story: list[Flowable] = [
        Paragraph("Hospital Comarcal de Valdeluz - Servicio de Radiodiagnóstico", styles["Heading2"]),
        Table(head, hAlign="LEFT"),
        Spacer(1, 14),
    ]
    for title, text in SPANISH:
        story += [Paragraph(title, styles["Heading3"]), Paragraph(text, styles["BodyText"])]
    story += [Spacer(1, 24), Paragraph("Firmado: Dra. Noelia Barrientos Paz, colegiada 28/45120", styles["BodyText"])]
    SimpleDocTemplate(out, pagesize=A4, title="Informe de Marisol Vega", author="N. Barrientos", invariant=1).build(
        story
    )
    return out.getvalue()


def _cine() -> bytes:
    ds = pydicom.dcmread(io.BytesIO(instance(**ASHGROVE, SeriesInstanceUID=_uid("us"), SOPInstanceUID=_uid("us 1"))))
    for keyword in ("PixelPaddingValue", "SmallestImagePixelValue", "LargestImagePixelValue", "WindowCenter", "WindowWidth", "RescaleSlope",
                    "RescaleIntercept", "PixelSpacing", "KVP", "SliceThickness", "ImageOrientationPatient", "ImagePositionPatient"):  # fmt: skip
        if keyword in ds:
            del ds[keyword]
    frames = np.stack([_frame(number) for number in range(4)])
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.3.1")
    ds.Modality, ds.ImageType = "US", ["ORIGINAL", "PRIMARY", "ABDOMINAL"]
    ds.NumberOfFrames, ds.Rows, ds.Columns = frames.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.SeriesDescription, ds.BodyPartExamined = "LIVER SAG", "ABDOMEN"
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds["PixelData"].VR = "OB"
    ds.PixelData = frames.tobytes()
    ds.compress(RLELossless, generate_instance_uid=False)
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    return out.getvalue()


def _frame(number: int) -> np.ndarray:
    """A sector with smooth echoes that move from frame to frame, and what a scanner writes over it."""
    rows, columns = np.mgrid[0:360, 0:480].astype(float)
    depth, angle = np.hypot(rows - 50, columns - 240), np.arctan2(columns - 240, rows - 50)
    echoes = 70 + 45 * np.sin(depth / 17 + number / 3) * np.cos(7 * angle) + 25 * np.sin(depth / 41)
    picture = np.where((np.abs(angle) < 0.7) & (depth < 285) & (rows > 50), echoes, 0).clip(0, 255).astype(np.uint8)
    shown = Image.fromarray(picture)
    draw, font = ImageDraw.Draw(shown), ImageFont.load_default(15)
    draw.text((12, 8), "ASHGROVE EDWIN  7730418", fill=235, font=font)
    draw.text((300, 8), "02 Apr 2026 15:12:30", fill=235, font=font)
    draw.text((12, 28), "Thornbury General Hospital", fill=235, font=font)
    draw.text((400, 330), "MI 1.1", fill=200, font=font)
    return np.asarray(shown)


def _hl7() -> bytes:
    lines = [
        r"MSH|^~\&|RIS|THORNBURY|PACS|THORNBURY|20260402160500||ORU^R01|MSG0004417|P|2.5|||||||UNICODE UTF-8",
        "PID|1||7730418^^^THORNBURY^MR||Ashgrove^Edwin||19340105|M|||12 Larch Lane^^Thornbury^^BS35 1AB||0117 496 0023",
        "OBR|1||US26-004417|USABD^Ultrasound abdomen|||20260402151230|||||||||1881^Pemberlock^Harriet",
        *(f"OBX|{number}|TX|GDT^Report||{line}||||||F" for number, line in enumerate(ENGLISH.splitlines()[6:11], 1)),
    ]
    return "\r".join(lines).encode() + b"\r"


if __name__ == "__main__":
    main()
