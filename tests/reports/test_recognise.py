"""All layers together, with the trained models: one table of texts, and what must be refused."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pycrfsuite
import pytest

from dicomlake.errors import ConfigError
from dicomlake.reports.recognise import KnownValues, Label, Recogniser, Setting, Span
from dicomlake.reports.recognise.crf import CrfModel
from dicomlake.reports.recognise.features import FeatureMaker
from dicomlake.reports.recognise.presidio import AnalyzedRecogniser
from dicomlake.reports.recognise.reach import reached
from dicomlake.reports.recognise.scoring import Scorer
from dicomlake.reports.recognise.spans import united, widened
from dicomlake.reports.recognise.tokens import lines_of
from dicomlake.rules.models import load_models
from dicomlake.rules.paths import rules_dir
from tests.reports.unseen.writer import LANGUAGES, UnseenWriter

RECOGNISER = AnalyzedRecogniser.load()


def places(spans: list[Span]) -> set[int]:
    return {place for span in spans for place in range(span.start, span.end)}


def removed(text: str, lang: str, known: KnownValues | None = None) -> list[str]:
    spans = RECOGNISER.spans(text, known or KnownValues(), lang)
    return [text[span.start : span.end] for span in spans if span.label not in (Label.SEX, Label.RELATIVE)]


@pytest.mark.parametrize(
    ("lang", "text", "gone"),
    [
        ("en", "Seen with her daughter Thorunn Wolstenholme on 3 May 2019.", {"Thorunn Wolstenholme", "3 May 2019"}),
        ("en", "Comparison: CT from Wexcombe General Hospital, MRN 0042137.", {"Wexcombe General Hospital", "0042137"}),
        ("es", "Paciente remitido por el Dr. Iturralde el 3 de mayo de 2019.", {"Iturralde", "3 de mayo de 2019"}),
        ("fr", "Patiente adressée par le Dr Castelnuovo le 3 mai 2019.", {"Castelnuovo", "3 mai 2019"}),
        ("de", "Überweisung durch Frau Dr. Rautenberg am 3. Mai 2019.", {"Rautenberg", "3. Mai 2019"}),
        ("it", "Paziente inviato dal Dott. Pappalardo il 3 maggio 2019.", {"Pappalardo", "3 maggio 2019"}),
        ("pt", "Utente enviado pelo Dr. Urrutia a 3 de maio de 2019.", {"Urrutia", "3 de maio de 2019"}),
        ("en", "The lungs are clear. Known Hodgkin lymphoma. Foley catheter in place.", set()),
        ("de", "Leber und Milz normal groß. Morbus Crohn. Kein Hinweis auf Baker-Zyste.", set()),
        ("fr", "Foie de taille normale. Kyste de Baker. Maladie de Crohn.", set()),
    ],
)
def test_who_is_meant_goes_and_what_is_meant_stays(lang: str, text: str, gone: set[str]) -> None:
    assert set(removed(text, lang)) == gone


@pytest.mark.parametrize(
    ("text", "name", "whole"),
    [
        ("seen by Quillfeather O. today", "Quillfeather", "Quillfeather O."),
        ("an Erdmute von und zu Wolkenfels", "Wolkenfels", "Erdmute von und zu Wolkenfels"),
        ("an Z. de Wolkenfels heute", "Wolkenfels", "Z. de Wolkenfels"),
        ("paciente De la Huertana hoy", "Huertana", "De la Huertana"),
        ("visto da Ornella ZAPPAROLI oggi", "Ornella", "Ornella ZAPPAROLI"),
        ("signed Achterberg Radiology", "Achterberg", "Achterberg"),
        ("signed Achterberg. None", "Achterberg", "Achterberg"),
        ("Achterberg Hodgkin lymphoma", "Achterberg", "Achterberg"),
    ],
)
def test_what_stands_beside_a_name_and_is_no_word_belongs_to_it(text: str, name: str, whole: str) -> None:
    start = text.index(name)
    span = reached(text, Span(start, start + len(name), Label.NAME, "model"), RECOGNISER.is_term)
    assert text[span.start : span.end] == whole


@pytest.mark.parametrize(
    ("text", "half", "whole"),
    [
        ("Name: Achter-\nberg, Ida", "Achter", "Achter-\nberg"),
        ("Name: ACHTER-\n  BERG", "BERG", "ACHTER-\n  BERG"),
        ("Achterberg -\nnormal", "Achterberg", "Achterberg"),
    ],
)
def test_a_name_that_a_line_parts_goes_whole(text: str, half: str, whole: str) -> None:
    start = text.index(half)
    span = widened(text, Span(start, start + len(half), Label.NAME, "model"))
    assert text[span.start : span.end] == whole


def test_who_is_named_once_is_found_again_in_the_text() -> None:
    text = "Dr. Wolstenholme reviewed this.\nNo effusion.\nWOLSTENHOLME agrees."
    assert removed(text, "en") == ["Wolstenholme", "WOLSTENHOLME"]


@pytest.mark.parametrize("setting", Setting)
def test_presidio_changes_nothing_our_layers_find(setting: Setting) -> None:
    plain = Recogniser.load()
    for one in UnseenWriter(3).documents(2):
        known = KnownValues.of(one.known)
        mine, shared = (each.found(one.text, known, one.lang, setting) for each in (plain, RECOGNISER))
        assert set(mine) <= set(shared), "the engine lets nothing fall that shares its place with another"
        mine, shared = (each.spans(one.text, known, one.lang, setting) for each in (plain, RECOGNISER))
        assert places(mine) <= places(shared)


def test_presidio_adds_numbers_its_own_recognisers_prove() -> None:
    assert "44051401359" in removed("PESEL 44051401359 given", "en")


@pytest.mark.parametrize("known", [True, False])
def test_most_of_what_identifies_is_found_in_layouts_nobody_trained_on(known: bool) -> None:
    missed = total = 0
    for one in UnseenWriter(11, "first").documents(6) + UnseenWriter(11, "second").documents(7):
        spans = RECOGNISER.spans(one.text, KnownValues.of(one.known) if known else KnownValues(), one.lang)
        places = {place for span in spans for place in range(span.start, span.end)}
        wanted = [place for start, end, _ in one.spans for place in range(start, end) if one.text[place].isalnum()]
        missed += sum(place not in places for place in wanted)
        total += len(wanted)
    assert missed / total < (0.03 if known else 0.08)


def test_every_language_has_its_unseen_reports() -> None:
    assert {one.lang for one in UnseenWriter(1).documents(1)} == set(LANGUAGES)


def test_a_model_that_is_not_its_hash_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "deid_rules"
    shutil.copytree(rules_dir(None), folder)
    assert load_models(tmp_path)["general"].languages == LANGUAGES
    path = folder / "text" / "general.crfsuite.gz"
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ConfigError, match="hash"):
        load_models(tmp_path)
    path.unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        load_models(tmp_path)


def test_the_models_are_small() -> None:
    files = [*(rules_dir(None) / "text").glob("*.crfsuite.gz"), rules_dir(None) / "text" / "weights.yaml"]
    assert sum(path.stat().st_size for path in files) <= 3_000_000
    assert sum(len(model.content) for model in load_models().values()) <= 3 << 20  # unpacked


@pytest.mark.parametrize("name", ["spacy:xx_not_there", "transformers:x", "spacy:", "anything"])
def test_a_language_model_that_is_not_there_stops_the_start(name: str) -> None:
    with pytest.raises(ConfigError, match="not installed"):
        AnalyzedRecogniser.load(nlp=name)


def test_a_picture_does_not_pay_for_presidio() -> None:
    code = "import sys, dicomlake.pipeline.assess, dicomlake.pipeline.headers as h; from dicomlake.dicom import KnownIdentity; "
    code += "h.HeaderRecogniser(None)('seen by Dr. Okafor', KnownIdentity()); "
    code += "import json; print(json.dumps([m for m in ('presidio_analyzer', 'spacy', 'pycrfsuite', 'py3langid') if m in sys.modules]))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == []


def test_findings_of_one_label_that_meet_are_one_and_others_share_no_character() -> None:
    text = "J. Smith London"
    spans = [
        Span(3, 8, Label.NAME, "known"),
        Span(0, 8, Label.NAME, "pattern"),
        Span(3, 15, Label.LOCATION, "model"),
    ]
    assert [(s.start, s.end, s.label) for s in united(text, spans)] == [(0, 8, Label.NAME), (9, 15, Label.LOCATION)]


def test_research_takes_no_more_than_strict() -> None:
    for one in UnseenWriter(5).documents(1):
        strict = {p for s in RECOGNISER.spans(one.text, lang=one.lang) for p in range(s.start, s.end)}
        research = RECOGNISER.spans(one.text, lang=one.lang, setting=Setting.RESEARCH)
        taken = {p for s in research for p in range(s.start, s.end) if one.text[p].isalnum()}
        assert taken <= strict  # a blank or hyphen between two findings of strict may be within one of research


@pytest.mark.parametrize(
    ("lang", "text", "gone"),
    [
        ("en", "The plan was changed after Quorvistle rang the ward.", "Quorvistle"),
        ("es", "Se acuerda con Z. Brzowniak por la tarde.", "Brzowniak"),
        ("fr", "Les images ont été vues avec Tchouvenko hier.", "Tchouvenko"),
        ("it", "Ne ho parlato con Ornelluzzi stamattina.", "Ornelluzzi"),
        ("pt", "Ficou combinado com Ngubarane para amanhã.", "Ngubarane"),
        ("en", "this is doctor elwood brzowniak dictating on quorvistle the liver is normal", "quorvistle"),
    ],
)
def test_a_strange_word_where_a_name_can_stand_goes(lang: str, text: str, gone: str) -> None:
    assert gone in " ".join(removed(text, lang))


def test_the_models_are_read_as_the_library_that_trained_them_reads_them() -> None:
    recogniser = Recogniser.load()
    maker = FeatureMaker(recogniser.words)
    contents = [load_models()[name].content for name in ("spanish", "general")]  # a tagger reads them where they are
    models = [CrfModel(content, "model", lambda kind: Label.OTHER) for content in contents]
    taggers = [pycrfsuite.Tagger() for _ in contents]
    for tagger, content in zip(taggers, contents, strict=True):
        tagger.open_inmemory(content)
    scorer = Scorer(maker, models)
    for one in UnseenWriter(7, "first").documents(4):
        lines, marks = lines_of(one.text), recogniser.marks(one.text)
        rows = maker.of(lines, marks)
        for model, tagger, scores in zip(models, taggers, scorer.scores(lines, marks), strict=True):
            wanted = [tag != "O" for line in rows for tag in tagger.tag(line)]
            reading = model.read(lines, scores)
            spans = list(model.spans(lines, reading.best, reading.something))
            places = {place for span in spans for place in range(span.start, span.end)}
            assert [token.start in places for line in lines for token in line] == wanted


def test_an_e_mail_address_that_holds_a_name_is_one_finding() -> None:
    text = "Write to edwin.ashgrove@clinic.example, please."
    known = KnownValues(names=("Ashgrove^Edwin",))
    for setting in Setting:
        assert [text[s.start : s.end] for s in RECOGNISER.spans(text, known, "en", setting)] == [
            "edwin.ashgrove@clinic.example"
        ]
