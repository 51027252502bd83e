"""Layout mode: a copy looks like its page, and holds nothing of it but words that were read and may stay."""

import io
from dataclasses import replace

import numpy as np
import pikepdf
import pypdf
import pytest
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

from dicomlake.errors import Code, PermanentError
from dicomlake.reports.clean import Cleaner
from dicomlake.reports.extract import NeedsOcr, Tesseract, document_of
from dicomlake.reports.verify import Needles, prove, saying
from tests.reports import makers
from tests.reports.test_clean import KEY, KNOWN, OWNER, REPLACER, SCRUBBER, stamped

CLEANER = Cleaner(SCRUBBER, KEY.digest8, Tesseract(), pictured=True)


def copy_of(data: bytes) -> bytes:
    return CLEANER.clean(document_of(data, "pdf", Tesseract()), KNOWN, OWNER, REPLACER).files[0].data


def layer(data: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)


def ink(data: bytes, box: tuple[float, float, float, float]) -> int:
    """Dark pixels at 72 dpi in a box (left, top, right, bottom)."""
    left, top, right, bottom = map(int, box)
    return int((np.asarray(makers.picture(data, dpi=72))[top:bottom, left:right] < 128).sum())


@pytest.mark.parametrize("made", [makers.pdf(), makers.scan(makers.pdf()), makers.scan(makers.pdf(), 90), makers.pdf(turned=180)],
                         ids=["text", "scan", "turned scan", "turned text"])  # fmt: skip
def test_a_copy_that_looks_like_its_page_shows_nobody(made: bytes) -> None:
    copy = copy_of(made)
    read = Tesseract().read(makers.picture(copy))
    shown = layer(copy) + " ".join(token.text for token in read.tokens) + copy.decode("latin-1")
    with pikepdf.open(io.BytesIO(copy)) as pdf:
        streams = [o for o in pdf.objects if isinstance(o, pikepdf.Stream) and o.get("/Subtype") != "/Image"]
        shown += "".join(stream.read_bytes().decode("latin-1") for stream in streams)
        kinds = {str(item.get("/Type")) for item in pdf.objects if isinstance(item, pikepdf.Dictionary)}
    assert kinds <= {"/Catalog", "/Pages", "/Page", "/Font", "/FontDescriptor", "/Outlines", "None"}
    assert [text for text in makers.IDENTIFYING if text.lower() in shown.lower()] == []
    words = " ".join(layer(copy).split())
    assert "12 mm nodule in the right upper lobe" in words and "[NAME-" in words and "Study date: 2023-02-06" in words
    assert "12 mm nodule in the right upper lobe" in " ".join(token.text for token in read.tokens)


def test_a_box_lies_where_a_name_was_and_the_words_stay_where_they_were() -> None:
    made = makers.pdf()
    document = document_of(made, "pdf")
    copy = copy_of(made)
    for word in document.words:
        written = document.text[word.start : word.end]
        if written in ("Okafor", "Brandstetter", "MRN-5520917"):
            left, top, right, bottom = map(int, word.box)
            shown = np.asarray(makers.picture(copy, dpi=72))[top + 1 : bottom, left + 1 : right]
            assert (shown < 215).all(), "no paper shows through a box"
        if written in ("nodule", "Impression:", "Baker"):
            assert abs(ink(copy, word.box) - ink(made, word.box)) < 0.35 * ink(made, word.box)


def signed() -> bytes:
    """A page with a signature, a stamp as a picture, a barcode and a rule below the heading."""
    out = io.BytesIO()
    made = canvas.Canvas(out, pagesize=A4, invariant=1)
    for number, line in enumerate(makers.LINES):
        made.drawString(60, 780 - 16 * number, line)
    made.line(60, 684, 535, 684)
    path = made.beginPath()
    path.moveTo(60, 300)
    path.curveTo(90, 360, 110, 240, 150, 310)
    path.curveTo(170, 340, 180, 270, 230, 300)
    made.drawPath(path)
    made.drawImage(ImageReader(io.BytesIO(makers.pasted("DELEGACION NORTE"))), 60, 180, 200, 30)
    for bar in range(40):
        made.rect(300 + 3 * bar, 160, 1 + bar % 2, 90, stroke=0, fill=1)
    made.save()
    return out.getvalue()


def test_what_nobody_read_is_not_carried_and_rules_are() -> None:
    made = signed()
    copy = copy_of(made)
    for name, box in {
        "signature": (55, 500, 240, 590),
        "stamp": (55, 625, 265, 665),
        "barcode": (295, 585, 425, 685),
    }.items():
        assert ink(made, box) > 20 and ink(copy, box) == 0, name
    assert ink(copy, (60, 155, 535, 161)) > 400


def test_what_stands_on_no_page_follows_on_one_of_its_own() -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(makers.pdf())) as pdf:
        form = pikepdf.Dictionary(Fields=pdf.make_indirect(pikepdf.Array([pikepdf.Dictionary(
            T=pikepdf.String("Conclusion"), FT=pikepdf.Name.Tx, V=pikepdf.String("Okafor has a stable haemangioma of 9 mm"))])))  # fmt: skip
        pdf.Root.AcroForm = form
        pdf.save(out)
    copy = copy_of(out.getvalue())
    assert len(pypdf.PdfReader(io.BytesIO(copy)).pages) == 2
    assert "stable haemangioma of 9 mm" in layer(copy) and "Okafor" not in layer(copy)


def test_a_picture_that_says_otherwise_than_its_text_is_held() -> None:
    copy = copy_of(makers.pdf())
    needles = replace(Needles.of(KNOWN, [], SCRUBBER.recogniser), ocr=Tesseract())
    prove(".pdf", copy, replace(needles, said=saying(layer(copy))), "en")
    with pytest.raises(PermanentError) as caught:
        strange = stamped(copy, "Zubrowska Szczepan Wojtkiewicz")
        prove(".pdf", strange, replace(needles, said=saying(layer(copy))), "en")
    assert (caught.value.code, caught.value.detail) == (Code.TEXT_PHI_SUSPECTED, "picture_says_otherwise")


def test_nothing_of_it_is_begun_without_an_engine() -> None:
    blind = Cleaner(SCRUBBER, KEY.digest8, None, pictured=True)
    with pytest.raises(NeedsOcr):
        blind.clean(document_of(makers.pdf(), "pdf"), KNOWN, OWNER, REPLACER)
