"""What leaves is clean by every view of it: other engines, every stream, the picture of the page."""

import io
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pikepdf
import pypdf
import pytest

from dicomlake.errors import Code, PermanentError
from dicomlake.pseudonyms import Domain, DomainKey
from dicomlake.reports.clean import Cleaner, CleanReport, Owner
from dicomlake.reports.document import Document, PageForm
from dicomlake.reports.extract import NeedsOcr, Tesseract, document_of
from dicomlake.reports.rebuild import pdf_of
from dicomlake.reports.recognise import KnownValues
from dicomlake.reports.scrub import Replacer, Scrubber
from dicomlake.reports.shown import shown
from dicomlake.reports.verify import Needles, prove
from tests.reports import makers

KEY = DomainKey.from_secret(b"a key of these tests alone", Domain.RESEARCH).site("clinic-a")
SCRUBBER = Scrubber.load()
REPLACER = Replacer(KEY, -100, SCRUBBER.recogniser.rules)
KNOWN = KnownValues(
    names=("Okafor Leclerc^Miriam", "Brandstetter^Ulrike"),
    ids=(makers.PATIENT_ID, makers.ACCESSION),
    births=("19610314",),
)
OWNER = Owner("P1", "2.25.1", None, "T1")


def cleaned(data: bytes, kind: str, known: KnownValues = KNOWN) -> CleanReport:
    return Cleaner(SCRUBBER, KEY.digest8).clean(document_of(data, kind, Tesseract()), known, OWNER, REPLACER)


def views(data: bytes, tmp_path: Path) -> str:
    """All that anybody can get out of a PDF."""
    (tmp_path / "copy.pdf").write_bytes(data)
    shown = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages]
    with pikepdf.open(io.BytesIO(data)) as pdf:
        shown += [item.read_bytes().decode("latin-1") for item in pdf.objects if isinstance(item, pikepdf.Stream)]
        shown += [str(value) for item in pdf.objects if isinstance(item, pikepdf.Dictionary) for value in item.values()]
    shown.append(data.decode("latin-1"))
    read = Tesseract().read(makers.picture(data))
    return "\n".join([*shown, " ".join(token.text for token in read.tokens)])


@pytest.mark.parametrize(
    ("made", "kind"),
    [(makers.TEXT.encode(), "text"), (makers.rtf(), "rtf"), (makers.docx(), "office"), (makers.hl7(), "hl7"), (makers.cda(), "xml"),
     (makers.pdf(), "pdf"), (makers.scan(makers.pdf()), "pdf")],
)  # fmt: skip
def test_no_view_of_a_clean_report_shows_anybody(made: bytes, kind: str, tmp_path: Path) -> None:
    report = cleaned(made, kind)
    for file in report.files:
        shown = views(file.data, tmp_path) if file.ending == ".pdf" else file.data.decode()
        assert [text for text in makers.IDENTIFYING if text.lower() in shown.lower()] == []
        assert "12 mm nodule" in shown and "Baker cyst" in shown
    assert report.text.count("nodule") == 2
    assert report.findings or kind == "xml"  # whose narrative names nobody


def test_a_clean_pdf_is_made_of_nothing_but_pages_and_fonts() -> None:
    report = cleaned(makers.pdf(), "pdf")
    with pikepdf.open(io.BytesIO(report.files[0].data)) as pdf:
        assert {str(item.get("/Type")) for item in pdf.objects if isinstance(item, pikepdf.Dictionary)} <= {
            "/Catalog", "/Pages", "/Page", "/Font", "/FontDescriptor", "/Outlines", "None"}  # fmt: skip


def test_the_same_report_gives_the_same_bytes() -> None:
    assert cleaned(makers.pdf(), "pdf").files == cleaned(makers.pdf(), "pdf").files


def test_dates_move_by_the_shift_of_the_patient_and_the_birth_date_goes() -> None:
    text = cleaned(makers.TEXT.encode(), "text").text
    assert "Study date: 2023-02-06" in text
    assert "1961" not in text and "1960" not in text


def test_every_letter_of_the_six_languages_can_be_written_and_read_again(tmp_path: Path) -> None:
    letters = (
        "Die Größe ist über der Norm, schön und männlich. Übelkeit und Ödem. Ärztlich gesehen. El área está más índice después opción niño aún. "
        "¿Qué? ¡Sí! À la façon très être île maïs tôt cœur où sûr. Il più così però. O pulmão tem lições. 12 µm² ≥ 3 °C — “ok” €"
    )
    report = cleaned(makers.docx((letters, "Findings are normal in all of it.")), "office")
    shown = pypdf.PdfReader(io.BytesIO(report.files[0].data)).pages[0].extract_text()
    assert letters in " ".join(shown.split())


def test_a_known_value_in_a_finished_file_is_a_failure() -> None:
    needles = Needles.of(KNOWN, [], SCRUBBER.recogniser)
    for text in (
        "Seen by okafor.",
        "MRN 5520917",
        "ACC 771204",
        "born 14.03.1961",
        "Brandstetter, U.",
        "seenbyBRANDSTETTERtoday",
    ):
        with pytest.raises(PermanentError) as caught:
            prove(".txt", text.encode(), needles, "en")
        assert caught.value.code is Code.DEID_FAILED, text
    prove(".txt", b"There is a Baker cyst of 12 mm.", needles, "en")


def test_letters_written_out_are_the_same_name() -> None:
    needles = Needles.of(KnownValues(names=("Müllerßen^Jörg",)), [], SCRUBBER.recogniser)
    for text in ("Herr Muellerssen", "Herr Mullerssen"):
        with pytest.raises(PermanentError):
            prove(".txt", text.encode(), needles, "de")


def test_what_was_found_once_must_be_gone_everywhere() -> None:
    needles = Needles.of(KnownValues(), [("NAME", "Amara Oyelaran"), ("ID", "QX-99812")], SCRUBBER.recogniser)
    with pytest.raises(PermanentError) as caught:
        prove(".txt", b"Dictated by AMARA OYELARAN", needles, "en")
    assert caught.value.code is Code.TEXT_PHI_SUSPECTED
    prove(".txt", b"Dictated by [NAME-00001]", needles, "en")


def test_a_pdf_with_anything_of_its_own_is_no_copy_of_ours() -> None:
    needles = Needles.of(KnownValues(), [], SCRUBBER.recogniser)
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(cleaned(makers.pdf(), "pdf").files[0].data)) as pdf:
        pdf.attachments["a.txt"] = b"x"
        pdf.save(out)
    with pytest.raises(PermanentError) as caught:
        prove(".pdf", out.getvalue(), needles, "en")
    assert caught.value.detail == "copy_not_ours"


def stamped(data: bytes, text: str) -> bytes:
    """A copy with a picture of a text pasted on its page."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        from PIL import Image

        picture = Image.open(io.BytesIO(makers.pasted(text))).convert("L")
        stream = pdf.make_stream(picture.tobytes())
        stream.Type, stream.Subtype, stream.Width, stream.Height = (
            pikepdf.Name.XObject,
            pikepdf.Name.Image,
            *picture.size,
        )
        stream.ColorSpace, stream.BitsPerComponent = pikepdf.Name.DeviceGray, 8
        page = pdf.pages[0]
        page.contents_add(f"q 310 0 0 45 60 60 cm {page.add_resource(stream, pikepdf.Name.XObject)} Do Q".encode())
        pdf.save(out)
    return out.getvalue()


def test_a_name_that_only_the_picture_of_a_page_shows_is_found() -> None:
    copy = cleaned(makers.pdf(), "pdf").files[0].data
    needles = replace(Needles.of(KNOWN, [], SCRUBBER.recogniser), ocr=Tesseract())
    prove(".pdf", copy, needles, "en")
    with pytest.raises(PermanentError) as caught:
        prove(".pdf", stamped(copy, "seen by Okafor"), needles, "en")
    assert caught.value.code is Code.DEID_FAILED
    with pytest.raises(NeedsOcr):
        prove(".pdf", stamped(copy, "nothing"), replace(needles, ocr=None), "en")


def test_a_page_of_letters_alone_is_proven_without_reading_its_picture() -> None:
    letters = "Größe µ² ≥ 3 °C — “ok” € ÀÉÎÕÜß fi ffl VAVA To. HALLAZGOS:\nA\tB\n1\tx\n" * 40
    pages = list(shown(pdf_of(letters, "de", "a note"), "de", None))
    assert len(pages) > 1 and not any(page.by_ocr for page in pages)
    assert "Größe" in pages[0].text


@pytest.mark.parametrize(
    "read", ["El ldrissi", "EI IDRlSSI", "E1 Idriss1", "El Idrissi, Yasmlna", "Yasmina EI ldrlssi"]
)
def test_letters_that_look_alike_are_the_same_name_when_read_from_a_picture(read: str) -> None:
    known = KnownValues(names=("El Idrissi^Yasmina",), ids=("MRN-55019", "0077-0914"))
    document = Document(
        "pdf", f"Paciente {read}, MRN-55O19 y OO-77-09l4, con nódulo de 12 mm.", (PageForm(595, 842, "ocr"),)
    )
    report = Cleaner(SCRUBBER, KEY.digest8).clean(document, known, OWNER, REPLACER)
    assert not re.search(r"dr.ss|55.19|77|yasm", report.text, re.I)
    assert "nódulo de 12 mm" in report.text
    needles = replace(Needles.of(known, [], SCRUBBER.recogniser), blurred=True)
    with pytest.raises(PermanentError):
        prove(".txt", f"Paciente {read}".encode(), needles, "es")


def test_pages_of_a_foreign_script_are_held_for_a_reviewer() -> None:
    with pytest.raises(PermanentError) as caught:
        cleaned(("Пациент: Иванова Мария. Очаговых изменений не выявлено. " * 5).encode(), "text")
    assert caught.value.code is Code.TEXT_PHI_SUSPECTED


def test_poppler_sees_nothing_either(tmp_path: Path) -> None:
    try:
        subprocess.run(["pdftotext", "-v"], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("pdftotext is not installed")
    (tmp_path / "a.pdf").write_bytes(cleaned(makers.pdf(), "pdf").files[0].data)
    shown = subprocess.run(["pdftotext", str(tmp_path / "a.pdf"), "-"], capture_output=True, check=True).stdout.decode()
    assert [text for text in makers.IDENTIFYING if text.lower() in shown.lower()] == []
