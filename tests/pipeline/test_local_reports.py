"""Folders with reports on a laptop: two passes, so that each is cleaned with what is known of its study."""

import base64
import json
import re
from pathlib import Path

import pydicom
import pytest

from dicomlake.pipeline import local
from dicomlake.pipeline.local import Layout, Order
from tests.dicom.builders import instance
from tests.reports import makers
from tests.reports.structured import encapsulated, structured_report

HEADER = {"PatientName": "Okafor Leclerc^Miriam", "PatientID": makers.PATIENT_ID, "AccessionNumber": makers.ACCESSION}


def run(
    folder: Path, files: dict[str, bytes], layout: Layout = Layout.MIRROR, unlinked: bool = False, pdf: str = "rebuilt"
) -> dict[str, local.Line]:
    for name, data in files.items():
        (folder / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "in" / name).write_bytes(data)
    order = Order(
        folder / "in",
        folder / "out",
        "clinic-a",
        "research",
        b"a key of these tests",
        layout,
        unlinked=unlinked,
        pdf_copy=pdf,
    )
    return {line.input: line for line in local.run(order, local.inputs(order), 1)}


def text(folder: Path, name: str) -> str:
    return (folder / "out" / name).read_text("utf-8")


def test_a_bare_name_is_known_from_the_images_beside_the_report(tmp_path: Path) -> None:
    bare = b"okafor has a nodule of 12 mm, seen again.\nLeclerc M. was told.\nFindings are stable."
    lines = run(tmp_path, {"case/note.txt": bare, "case/1.dcm": instance(**HEADER)})
    assert (lines["case/note.txt"].outcome, lines["case/note.txt"].detail) == ("released", "")
    clean = text(tmp_path, "case/note.txt").lower()
    assert "okafor" not in clean and "leclerc" not in clean and "12 mm" in clean


def test_reports_and_images_of_a_study_share_patient_study_and_shift(tmp_path: Path) -> None:
    files = {
        "case/1.dcm": instance(StudyDate="20230517", **HEADER),
        "case/note.txt": makers.TEXT.encode(),
        "m": makers.hl7(),
    }
    lines = run(tmp_path, files, Layout.UID)
    folders = {"/".join(str(line.output).split("/")[:2]) for line in lines.values()}
    assert len(folders) == 1
    image = pydicom.dcmread(tmp_path / "out" / str(lines["case/1.dcm"].output))
    day = f"{image.StudyDate[:4]}-{image.StudyDate[4:6]}-{image.StudyDate[6:]}"
    assert f"Study date: {day}" in text(tmp_path, str(lines["case/note.txt"].output))


def test_one_person_has_one_placeholder_through_a_study_whatever_comes_first(tmp_path: Path) -> None:
    """In a report, in the text of a structured report, and in a message; dates in all of them move as the header's do."""
    said = "Seen by Dr. Hannelore Weissgerber on 2023-05-17. Miriam Okafor Leclerc has a nodule of 12 mm."
    pages = makers.pdf([(said, *makers.FINDINGS)])
    files = {
        "b/sr.dcm": structured_report(said, StudyDate="20230517", **HEADER),
        "b/n.txt": said.encode(),
        "b/p.pdf": pages,
    }
    lines = run(tmp_path / "one", files)
    assert {line.outcome for line in lines.values()} == {"released"}
    report = pydicom.dcmread(tmp_path / "one" / "out" / "b" / "sr.dcm")
    texts = [text(tmp_path / "one", "b/n.txt").strip(), text(tmp_path / "one", "b/p.pdf.txt").split("\n")[0]]
    day = f"{report.StudyDate[:4]}-{report.StudyDate[4:6]}-{report.StudyDate[6:]}"
    assert texts == [report.ContentSequence[0].TextValue] * 2
    assert len(set(re.findall(r"\[NAME-\d{5}\]", texts[0]))) == 2 and day in texts[0]
    run(tmp_path / "two", {"b/z.dcm": files["b/sr.dcm"], "b/a.txt": files["b/n.txt"]})
    run(tmp_path / "three", {"b/a.dcm": files["b/sr.dcm"], "b/z.txt": files["b/n.txt"]})
    assert text(tmp_path / "two", "b/a.txt") == text(tmp_path / "three", "b/z.txt")
    assert text(tmp_path / "two", "b/a.txt").strip() == texts[0]


def test_names_keep_their_place_and_never_take_that_of_another_input(tmp_path: Path) -> None:
    files = {
        "r.pdf": makers.pdf(),
        "r.pdf.txt": makers.TEXT.encode(),
        "r.docx": makers.docx(),
        "plain": makers.TEXT.encode(),
    }
    lines = run(tmp_path, files, unlinked=True)
    assert {name: line.output for name, line in lines.items()} == {
        "r.pdf": "r.pdf", "r.pdf.txt": "r.pdf.txt", "r.docx": "r.docx.pdf", "plain": "plain.txt"}  # fmt: skip
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {"r.pdf", "r.pdf.txt", "r.pdf.clean.txt", "r.docx.pdf", "r.docx.txt", "plain.txt"}


def test_a_report_of_no_known_study_is_held_unless_asked_for(tmp_path: Path) -> None:
    bare = "\n".join(makers.FINDINGS)
    files = {"r.txt": bare.encode(), "s.txt": bare.replace("cough", "fever").encode()}
    held = run(tmp_path / "held", files, Layout.UID)
    assert {(line.outcome, line.code) for line in held.values()} == {("quarantined", "missing_context")}
    lines = run(tmp_path / "asked", files, Layout.UID, unlinked=True)
    assert {(line.outcome, line.detail) for line in lines.values()} == {("released", "study_not_known")}
    assert len({str(line.output).split("/")[0] for line in lines.values()}) == 2


def test_a_report_that_states_its_patient_belongs_to_that_patient(tmp_path: Path) -> None:
    """The same id in a picture and in a report that came alone is the same patient, with the same shift of dates."""
    line = run(tmp_path / "alone", {"r.txt": makers.TEXT.encode()}, Layout.UID)["r.txt"]
    assert line.outcome == "released"
    picture = run(tmp_path / "picture", {"1.dcm": instance(PatientID=makers.PATIENT_ID)}, Layout.UID)["1.dcm"]
    assert str(line.output).split("/")[0] == str(picture.output).split("/")[0]
    written = text(tmp_path / "alone", str(line.output))
    assert [value for value in makers.IDENTIFYING if value.lower() in written.lower()] == []


def test_a_manifest_that_contradicts_the_report_is_not_believed(tmp_path: Path) -> None:
    files = {
        "manifest.csv": b"accession_number;file\nACC7002;n.txt\n",
        "n.txt": f"Accession: {makers.ACCESSION}. Okafor: findings normal.".encode(),
        "a/1.dcm": instance(**HEADER),
        "b/1.dcm": instance(patient=2, study=2),
    }
    line = run(tmp_path, files)["n.txt"]
    assert (line.outcome, line.code) == ("quarantined", "accession_mismatch")


def test_text_with_a_stray_nul_or_without_its_mark_is_text(tmp_path: Path) -> None:
    files = {
        "a.txt": makers.TEXT.encode().replace(b"Indication", b"\0Indication"),
        "b.txt": makers.TEXT.encode("utf-16-le"),
    }
    lines = run(tmp_path, files, unlinked=True)
    assert {line.outcome for line in lines.values()} == {"released"}


def test_manifests_tell_the_study_and_are_not_copied(tmp_path: Path) -> None:
    manifest = f"accession_number;file\n{makers.ACCESSION};elsewhere/n.txt\n".encode()
    files = {
        "manifest.csv": manifest,
        "elsewhere/n.txt": b"Okafor: findings normal.",
        "a/1.dcm": instance(**HEADER),
        "b/1.dcm": instance(patient=2),
    }
    lines = run(tmp_path, files)
    assert lines["elsewhere/n.txt"].detail == ""
    assert (lines["manifest.csv"].outcome, lines["manifest.csv"].output) == ("ignored", None)
    assert "okafor" not in text(tmp_path, "elsewhere/n.txt").lower()


def test_structured_reports_keep_numbers_and_codes_and_lose_names(tmp_path: Path) -> None:
    run(tmp_path, {"sr.dcm": structured_report()})
    before, after = (pydicom.dcmread(tmp_path / side / "sr.dcm") for side in ("in", "out"))
    finding, length, _ = after.ContentSequence
    assert "Weissgerber" not in str(after) and "2021" not in finding.TextValue
    assert "Nodule of 12 mm" in finding.TextValue and "Baker cyst" in finding.TextValue
    assert length == before.ContentSequence[1]
    assert after.ConceptNameCodeSequence == before.ConceptNameCodeSequence


@pytest.mark.parametrize(
    ("made", "sop_class"),
    [(makers.pdf(), "1.2.840.10008.5.1.4.1.1.104.1"), (makers.cda(), "1.2.840.10008.5.1.4.1.1.104.2")],
)
def test_documents_in_dicom_objects_are_cleaned_and_put_back(made: bytes, sop_class: str, tmp_path: Path) -> None:
    lines = run(tmp_path, {"d.dcm": encapsulated(made, sop_class)})
    assert lines["d.dcm"].outcome == "released", lines["d.dcm"]
    after = pydicom.dcmread(tmp_path / "out" / "d.dcm")
    document = after.EncapsulatedDocument[: after.EncapsulatedDocumentLength]
    assert len(after.EncapsulatedDocument) - after.EncapsulatedDocumentLength in (0, 1)
    assert "Okafor" not in str(after.get("DocumentTitle", ""))
    assert b"Okafor" not in document
    assert document.startswith((b"%PDF", b"<?xml"))


def test_pdfs_can_be_copied_as_pictures_also_in_dicom_objects(tmp_path: Path) -> None:
    files = {"r.pdf": makers.pdf(), "d.dcm": encapsulated(makers.pdf()), "n.txt": makers.TEXT.encode()}
    lines = run(tmp_path, files, unlinked=True, pdf="pictured")
    assert {line.outcome for line in lines.values()} == {"released"}
    inner = pydicom.dcmread(tmp_path / "out" / "d.dcm").EncapsulatedDocument
    for copy in ((tmp_path / "out" / "r.pdf").read_bytes(), inner):
        assert b"/Image" in copy and b"Okafor" not in copy


@pytest.mark.parametrize(
    "made", [b'{"name": "Okafor"}', b"a,b,c\n1,2,3\n4,5,6\nd,e,f\n", makers.flate_bomb(), b"<html><p>a</p></html>"]
)
def test_what_is_no_report_is_held(made: bytes, tmp_path: Path) -> None:
    lines = run(tmp_path, {"x": made})
    assert (lines["x"].outcome, lines["x"].output) == ("quarantined", None)
    assert lines["x"].code
    assert list((tmp_path / "out").iterdir()) == []
    assert "Okafor" not in json.dumps([line.detail for line in lines.values()])


def test_a_message_that_holds_a_scan_is_read_and_a_fault_of_one_file_is_the_outcome_of_that_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = base64.b64encode(makers.scan(makers.pdf())).decode()
    message = b"\r".join(
        [*makers.hl7().split(b"\r")[:3], f"OBX|1|ED|PDF^R||^application^pdf^Base64^{page}||||||F".encode()]
    )
    lines = run(tmp_path / "scan", {"m.hl7": message, "n.txt": makers.TEXT.encode()})
    assert {line.outcome for line in lines.values()} == {"released"}
    assert "12 mm nodule" in text(tmp_path / "scan", str(lines["m.hl7"].output))

    def broken(data: bytes) -> object:
        raise RuntimeError

    monkeypatch.setattr("dicomlake.reports.extract.message_of", broken)
    lines = run(tmp_path / "fault", {"m.hl7": makers.hl7(), "n.txt": makers.TEXT.encode()})
    assert lines["n.txt"].outcome == "released"
