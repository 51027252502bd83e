"""Eponyms stay among clinical words and go as persons; header texts keep what is no name."""

import pytest

from dicomlake.reports.recognise import KnownValues, Label, Recogniser, Span
from dicomlake.reports.recognise.stems import stem
from dicomlake.reports.recognise.writing import fold

RECOGNISER = Recogniser.load()


def removed(text: str, known: KnownValues | None = None) -> list[str]:
    return [text[span.start : span.end] for span in RECOGNISER.spans(text, known or KnownValues())]


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Mr Baker has a Baker cyst.", ["Baker"]),
        ("Dr. Parkinson reports Parkinson disease.", ["Parkinson"]),
        ("El Dr. Wilson descarta enfermedad de Wilson.", ["Wilson"]),
        ("Herr Crohn hat einen Morbus Crohn.", ["Crohn"]),
        ("M. Paget: maladie de Paget.", ["M. Paget"]),
        ("Known Hodgkin lymphoma, Bosniak IIF cyst, Hill-Sachs lesion", []),
        ("quiste de Baker y fractura de Colles", []),
        ("There is a Klatskin tumor, Bismuth type IIIa.", []),
        ("Given Ultravist 370.", []),
    ],
)
def test_an_eponym_goes_as_a_person_and_stays_as_a_term(text: str, gone: list[str]) -> None:
    assert removed(text) == gone


@pytest.mark.parametrize("between", [" | ", "\t", ". ", "^"])
def test_a_term_says_nothing_of_what_stands_beyond_a_sentence_or_a_cell(between: str) -> None:
    text = f"| Buschke fracture{between}Wagner | 2 |"
    at = text.index("Wagner")
    clinical = RECOGNISER.clinical
    assert clinical.reach(text.lower(), at, at + 6) is None
    assert clinical.reach("fracture Wagner".lower(), 9, 15) == (0, 15)


@pytest.mark.parametrize("known", [KnownValues(), KnownValues(names=("Brown^Long^Mayo", "Parkinson^Stone^May"))])
@pytest.mark.parametrize(
    "text",
    (
        "BROWN FAT|MAYO stand|PARKINSON PROTOCOL|LONG AXIS|AX T1 SE FS POST GD|CT CHEST W CONTRAST 100 ML|STONE PROTOCOL|HFS|FFS|"
        "LEFT LATERAL DECUBITUS|T2 FLAIR TRA|120 KV 250 MAS|SUVmax 5.6|Thorax PA|ABDOMEN^ROUTINE|HEAD^NEURO 3D|5 mm x 3.2 cm|DLP 345,6 mGy*cm|"
        "Omnipaque 350|MPRAGE SAG P2 ISO|BI-RADS 4|Circle of Willis MRA|L4-L5|CTDIvol 12,4 mGy|BIOPSY GUIDED US|CD20 CA125"
    ).split("|"),
)
def test_header_texts_without_a_person_stay(text: str, known: KnownValues) -> None:
    assert list(RECOGNISER.header_spans(text, known)) == []


def test_an_eponym_alone_stays_unless_somebody_is_called_so() -> None:
    assert list(RECOGNISER.header_spans("Parkinson")) == []
    assert list(RECOGNISER.header_spans("Parkinson", KnownValues(names=("Parkinson^May",)))) == [(0, 9)]


@pytest.mark.parametrize(
    "text",
    [
        "Traitement par Zorvadil.",
        "Medikation: Zorvadil",
        "in terapia con Zorvadil",
        "Zorvadil 75 mg daily",
        "Zorvadil 185 MBq",
        "Cobb-Winkel 30",
        "Angle de Cobb",
        "Circulus Willisii",
        "Poligono di Willis",
    ],
)
def test_a_drug_or_an_angle_is_nobody(text: str) -> None:
    word = next(one for one in ("Zorvadil", "Cobb", "Willisii", "Willis") if one in text)
    span = Span(text.index(word), text.index(word) + len(word), Label.NAME, "model")
    assert list(RECOGNISER.clinical.kept(text, [span])) == []
    seen = "seen by Zorvadil"
    assert list(RECOGNISER.clinical.kept(seen, [Span(8, 16, Label.NAME, "model")]))


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("de", "Bekannter M. Crohn, M. Bechterew."),
        ("fr", "Traitement par Kardégic 75 mg et Lasilix."),
        ("de", "Medikation: Marcumar. Cobb-Winkel 23 Grad. Circulus Willisii regelrecht."),
        ("en", "Given Ultravist. DaTscan SPECT and PSMA PET were done on the Biograph."),
        ("it", "Ernie di Schmorl, strie di Kerley, poligono di Willis."),
        ("pt", "Quisto de Baker e cirurgia de Whipple."),
        ("en", "Deauville 3. Scheltens 1. Knosp 1, Spetzler-Martin II. Dorello canal, bony Bankart."),
        ("es", "Toma Eliquis, Adiro 100, Enantyum y Nolotil. Hunt y Hess 2."),
        ("it", "Assume Eliquis, Tachipirina 1000, Cardioaspirin e Eutirox. Tasca di Morison."),
        ("es", "Toma Sintrom y atorvastatina, intervención de Whipple, espondilolistesis."),
    ],
)
def test_drugs_tracers_and_eponyms_of_six_languages_stay(lang: str, text: str) -> None:
    assert RECOGNISER.spans(text, KnownValues(), lang) == []


@pytest.mark.parametrize(
    "text",
    [
        "Quorvistella brzowii in the swab.",
        "Brzowniak negative. Quorvistle absent. Tchouvenko tender.",
        "Quorvistle in situ, tip in the cava.",
        "Quorvistle stent, patent.",
        "Quorvin 20 mg, Brzovan and Tchovir 5 mg.",
        "Allergies: Quorvin, Brzovan.",
        "Current treatment: Quorvin, aspirin",
        "He stopped Quorvin himself.",
        "Quorvin was not tolerated.",
        "Quorvase 46 U/l",
    ],
)
def test_what_has_the_shape_of_a_term_stays(text: str) -> None:
    assert RECOGNISER.spans(text, KnownValues(), "en") == []


def test_a_title_stands_above_the_shape_of_a_term() -> None:
    assert removed("Dr Quorvistle negative. Dr Brzowniak tender.") == ["Quorvistle", "Brzowniak"]


@pytest.mark.parametrize(
    ("lang", "term", "person"),
    [  # the same surname, on no list: only its company tells
        ("en", "No evidence of {} disease.", "Discussed with {} by phone."),
        ("en", "{} grade II on the left.", "Copy to Dr. {}, please."),
        ("es", "Signo de {} negativo.", "Comentado con {} por la tarde."),
        ("fr", "Kyste de {} connu.", "Vu avec {} ce matin."),
        ("de", "Kein {}-Syndrom.", "Befund an {} gefaxt."),
        ("it", "Frattura di {} a destra.", "Ne ho parlato con {} stamattina."),
        ("pt", "Doença de {} em estudo.", "Falei com {} hoje."),
    ],
)
@pytest.mark.parametrize("name", ["Quorvistle", "Brzowniak", "Tchouvenko"])
def test_a_surname_nobody_knows_stays_in_a_term_and_goes_as_a_person(
    lang: str, term: str, person: str, name: str
) -> None:
    assert RECOGNISER.spans(term.format(name), KnownValues(), lang) == []
    text = person.format(name)
    assert name in " ".join(text[span.start : span.end] for span in RECOGNISER.spans(text, KnownValues(), lang))


@pytest.mark.parametrize(
    "words",
    [
        "psoriasis psoriasi psoríase Psoriasis",
        "lithiasis Lithiase litiasi litíase litiasis",
        "haemostasis hemostasia emostasi hémostase hemostase",
        "epigastrium epigastric epigástrico epigastrio Epigastrium",
        "cholestasis Cholestase colestasis colestasi",
        "bronchial bronquial bronchiale brônquios",
    ],
)
def test_a_term_has_one_stem_in_all_spellings(words: str) -> None:
    assert len({stem(fold(word)) for word in words.split()}) == 1


def test_a_short_word_has_no_stem() -> None:
    assert stem("rate") == stem("bein") == ""


@pytest.mark.parametrize(
    "word",
    "Hautturgor Hinterhorn Honigwabenmuster Zwerchfellhochstand Schleimhautschwellung Leberkapselspannung Nervenwurzelreizung "
    "Kniescheibenverrenkung Herzbeutelerguss Fußpilzbefall".split(),
)
def test_a_german_compound_of_parts_of_the_trade_is_known(word: str) -> None:
    assert RECOGNISER.clinical.kind(fold(word), "de") in ("word", "medical")


@pytest.mark.parametrize("name", "Steinhauer Herzberger Rippendahl Lungwitz Quadflieg Zahnwieser".split())
def test_a_german_surname_is_no_compound(name: str) -> None:
    assert RECOGNISER.clinical.kind(fold(name), "de") not in ("word", "medical")


FINDINGS = (
    (
        "en",
        "Diagnoses: Pyelonephritis, Candidiasis, Thrombocytosis, Spondylolysis. Petechiae on the palate. Sulci effaced.",
    ),
    ("es", "Antecedentes: Psoriasis, Tabaquismo, Colelitiasis, Hemorroides. Surcos borrados. Cicatriz limpia."),
    ("fr", "Antécédents : Psoriasis, Asthme, Lithiase rénale, Péricardite. Gencives saines. Plages de nécrose."),
    (
        "de",
        "Diagnosen: Leberkapselspannung, Hodenschwellung, Nierenversagen, Schleimhautblutung. Milzrand glatt. Narbenzug im Unterbauch.",
    ),
    ("it", "Anamnesi: Psoriasi, Asma, Litiasi renale, Pericardite. Gengive sane. Ferita asciutta."),
    ("pt", "Antecedentes: Psoríase, Asma, Litíase renal, Pericardite. Gengivas sãs. Ferida limpa."),
)


def test_findings_in_lists_and_at_the_start_of_sentences_stay() -> None:
    taken = [text[s.start : s.end] for lang, text in FINDINGS for s in RECOGNISER.spans(text, KnownValues(), lang)]
    assert len(taken) <= 2, taken  # of 55 words


@pytest.mark.parametrize(
    ("lang", "text", "name"),
    [
        ("en", "Pyelonephritis, Candidiasis. Quorvistle agrees.", "Quorvistle"),
        ("es", "Psoriasis, Tabaquismo. Brzowniak está de acuerdo.", "Brzowniak"),
        ("fr", "Psoriasis, Asthme. Tchouvenko est d'accord.", "Tchouvenko"),
        ("de", "Hodenschwellung, Nierenversagen. Brzowniak ist einverstanden.", "Brzowniak"),
        ("it", "Psoriasi, Asma. Ornelluzzi è d'accordo.", "Ornelluzzi"),
        ("pt", "Psoríase, Asma. Ngubarane está de acordo.", "Ngubarane"),
    ],
)
def test_a_person_among_findings_goes(lang: str, text: str, name: str) -> None:
    assert name in [text[span.start : span.end] for span in RECOGNISER.spans(text, KnownValues(), lang)]
