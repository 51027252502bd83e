"""Around any engine: placeholders, numbers and eponyms come back whole, terms come from the glossary, and what fails is kept and marked."""

import random
import re
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomlake.reports.translate import Translator
from dicomlake.rules.glossary import load_glossary, plural
from localemu.translate import apertium

GLOSSARY = load_glossary()
EPONYMS = ("baker", "crohn", "hounsfield", "tarlov", "schmorl")
ENGINES = [apertium.translate]
SHARED = Translator(lambda *asked: ENGINES[-1](*asked), GLOSSARY, EPONYMS)  # the glossary is compiled once
installed = pytest.mark.skipif(shutil.which("apertium") is None, reason="apertium is not installed")


def through(text: str, source: str, target: str, engine=apertium.translate) -> str:  # type: ignore[no-untyped-def]
    ENGINES.append(engine)
    return SHARED.translate(text, source, target).text


def shouting(text: str, _source: str, _target: str) -> str:
    """An engine that changes every word and leaves marks alone."""
    return re.sub(r"[^\W\d_]+", lambda word: word[0].upper() + "X", text)


REPORTS = (
    ("en", "Patient: [NAME-34610], seen on 2023-02-06 by Dr. [NAME-00017].\nA 12 mm nodule (SUVmax 3.4), 34 HU; dose 412.5 mGy*cm at 120 kV.", "es"),
    ("es", "Paciente [NAME-34610] de 67 años, acceso [ID-00412]. Quiste de Tarlov de 1,5 x 2,3 cm en S2. FEVI 55 %.", "en"),
    ("en", "Baker cyst and Schmorl nodes at L4-L5, Hounsfield units 12.", "fr"),
    ("es", "Enfermedad de Crohn. Estudio del 03/04/2021 con 80 ml de contraste.", "pt"),
    ("fr", "Épanchement pleural. Nodule de 8 mm, [DATE].", "en"),
)  # fmt: skip


@installed
@pytest.mark.parametrize(("source", "text", "target"), REPORTS)
def test_placeholders_and_numbers_come_back_whole(source: str, text: str, target: str) -> None:
    made = through(text, source, target)
    for form in (r"\[[A-Z]+(?:-\d{5})?\]", r"\d+(?:[.,]\d+)*"):
        assert sorted(re.findall(form, made)) == sorted(re.findall(form, text))
    assert "⟦" not in made and "⟪" not in made
    for name in EPONYMS:
        assert (name in made.lower()) == (name in text.lower())


@installed
@pytest.mark.parametrize(
    ("source", "text", "target", "expected"),
    [
        ("en", "Small left pleural effusion.", "es", "Derrame pleural izquierdo pequeño."),
        ("en", "There is a small Baker cyst in the left knee.", "es", "Se observa un quiste de Baker pequeño en la rodilla izquierda."),
        ("en", "CT CHEST WITH CONTRAST", "es", "TC DE TÓRAX CON CONTRASTE"),
        ("en", "Mild degenerative changes of the lumbar spine.", "es", "Cambios degenerativos leves de la columna lumbar."),
        ("es", "Quiste renal simple izquierdo de 23 mm.", "en", "Left simple renal cyst of 23 mm."),
        ("es", "Se observa adenopatía mediastínica.", "en", "There is mediastinal lymphadenopathy."),
        ("es", "No se aprecia derrame pleural ni neumotórax.", "en", "There is no pleural effusion nor pneumothorax."),
    ],
)  # fmt: skip
def test_terms_come_from_the_glossary_with_their_adjectives(source: str, text: str, target: str, expected: str) -> None:
    assert through(text, source, target) == expected


def test_every_term_of_the_glossary_comes_back_in_the_other_language_whatever_the_engine() -> None:
    for pair in (("en", "es"), ("es", "en")):
        for form, term in GLOSSARY.terms[pair].items():
            assert term.text.lower() in through(f"Xyz {form} abc.", *pair, engine=shouting).lower(), form


@pytest.mark.parametrize(
    "engine",
    [
        lambda text, *_: text.replace("⟦0⟧", ""),
        lambda text, *_: text.replace("⟦0⟧", "⟦0⟧ ⟦0⟧"),
        lambda text, *_: text + " 17",
        lambda text, *_: "",
    ],
)
def test_a_sentence_that_lost_something_stays_in_its_own_language_and_is_marked(engine) -> None:  # type: ignore[no-untyped-def]
    made = Translator(engine, GLOSSARY, EPONYMS).translate("Xyz [NAME-12345] abc.", "en", "es")
    assert made.text == "⟪en⟫ Xyz [NAME-12345] abc."
    assert made.kept == made.sentences == 1


def test_lines_pages_and_cells_stay_where_they_are() -> None:
    text = "One two.\nAorta\t34 mm\fPage two:\n\nEnd"
    made = through(text, "en", "de", engine=lambda text, *_: text)
    assert re.sub(r"[^\n\t\f]", "", made) == re.sub(r"[^\n\t\f]", "", text)


def test_chunks_are_small_enough_for_a_url() -> None:
    asked: list[int] = []

    def engine(text: str, *_: str) -> str:
        asked.append(len(text))
        return text

    through("The patient was seen again. " * 400, "en", "de", engine=engine)
    through("word " * 4000, "en", "de", engine=engine)
    assert max(asked) <= 2000
    assert len(asked) < 40


@pytest.mark.parametrize(
    ("term", "lang", "expected"),
    [("pleural effusion", "en", "pleural effusions"), ("biopsy", "en", "biopsies"), ("metastasis", "en", "metastases"),
     ("bronchiectasis", "en", "bronchiectases"),
     ("nódulo pulmonar", "es", "nódulos pulmonares"), ("quiste de Baker", "es", "quistes de Baker"), ("lesión ósea", "es", "lesiones óseas"),
     ("TC de tórax", "es", "TC de tórax")],
)  # fmt: skip
def test_plurals(term: str, lang: str, expected: str) -> None:
    assert plural(term, lang) == expected


WORDS = st.sampled_from(
    "the patient was seen again with stable lesion left lung no effusion several small cysts Baker cyst BI-RADS 3".split()
)
TOKENS = st.one_of(
    WORDS,
    st.builds("[{}-{:05d}]".format, st.sampled_from(["NAME", "ID", "HOSPITAL"]), st.integers(0, 99_999)),
    st.sampled_from(["[DATE]", "[AGE]", "2023-02-06", "14.03.2021", "L4-L5", "SUVmax 3.4", "120/80 mmHg", "-35 HU", "1:3", "5-10 %"]),
    st.builds("{} {}".format, st.decimals("0.1", 4000, places=1), st.sampled_from(["mm", "cm", "ml", "mGy", "mg/dl", "m/s", "%", "HU"])),
    st.builds("{} x {} x {} mm".format, *[st.integers(1, 90)] * 3),
)  # fmt: skip
SENTENCES = st.lists(
    st.lists(TOKENS, min_size=1, max_size=14).map(lambda words: "The " + " ".join(words) + "."),
    min_size=1,
    max_size=6,
)
WHOLE = re.compile(r"\[[A-Z]+(?:-\d{5})?\]|\d+(?:[.,]\d+)*|(?<=\d )(?:mm|cm|ml|mGy|mg/dl|m/s|%|HU|mmHg)(?![\w/])")


def careless(seed: int):  # type: ignore[no-untyped-def]
    """An engine that loses, doubles, moves and invents marks and numbers now and then."""
    chance = random.Random(seed)

    def engine(text: str, *_: str) -> str:
        parts = re.split(r"(⟦\d+⟧)", text)
        for number, part in enumerate(parts):
            if part.startswith("⟦") and chance.random() < 0.15:
                parts[number] = chance.choice(["", part * 2, f"{part} 7", part.replace("⟦", "[")])
        if chance.random() < 0.2:
            chance.shuffle(parts)
            return " ".join(parts)
        return "".join(parts)

    return engine


@given(sentences=SENTENCES, seed=st.integers(0, 1000))
def test_whatever_an_engine_does_placeholders_numbers_and_units_come_back_whole(
    sentences: list[str], seed: int
) -> None:
    text = " ".join(sentences)
    for source, target in (("en", "es"), ("en", "fr"), ("es", "en")):
        made = through(text, source, target, engine=careless(seed))
        assert sorted(WHOLE.findall(made)) == sorted(WHOLE.findall(text))
        assert "⟦" not in made


@installed
@given(sentences=SENTENCES)
@settings(max_examples=4)
def test_through_apertium_placeholders_numbers_and_units_come_back_whole(sentences: list[str]) -> None:
    text = "\n".join(sentences)
    for target in ("es", "it"):
        assert sorted(WHOLE.findall(through(text, "en", target))) == sorted(WHOLE.findall(text))


@installed
def test_a_word_the_engine_does_not_know_is_marked_and_not_passed_off_as_translated() -> None:
    made = Translator(apertium.translate, GLOSSARY, EPONYMS).translate(
        "There is a zonkular lesion of 5 mm. Normal liver.", "en", "es"
    )
    assert made.text.startswith("Se observa") and "⟪zonkular⟫" in made.text
    assert (made.unknown, made.kept) == (1, 0)
    assert "⟪" not in through("The liver is normal, with #3 and 2*4 and a@b.", "en", "es")


@installed
def test_short_labels_in_capitals_are_no_words() -> None:
    assert "ID 55" in through("ID 55. There is a nodule.", "en", "fr")
    assert through("CT CHEST WITH CONTRAST", "en", "es") == "TC DE TÓRAX CON CONTRASTE"


@pytest.mark.parametrize("said", ["Lesión derecha.", "Lesión.", "No lesión izquierda."])
def test_a_sentence_that_changes_sides_or_denies_what_was_said_is_kept(said: str) -> None:
    made = Translator(lambda *_: said, GLOSSARY, EPONYMS).translate("Xyz left abc.", "en", "es")
    assert made.text == "⟪en⟫ Xyz left abc."


def test_a_pair_that_no_engine_has_is_said_at_once() -> None:
    with pytest.raises(apertium.NotSupported):
        apertium.path("en", "de")
    assert apertium.targets("en") == ["en", "es", "fr", "it", "pt"]
