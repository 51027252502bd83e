"""`deid_rules/text/glossary.yaml` in, terms by pair of languages out. Called by `reports/translate/`.

Plurals are made here: the English noun at the end of a term, the Spanish words before the first preposition.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dicomlake.rules.paths import rules_dir
from dicomlake.rules.reader import Field, RuleFiles

FILE = "text/glossary.yaml"
LANGUAGES = ("en", "es", "fr", "de", "it", "pt")
_GENDER = re.compile(r"\s*\((m|f)\)$")
_LINKS = {
    "es": frozenset("de del en con a por para sin al y".split()),
    "fr": frozenset("de du des à au en par pour sans avec et sur".split()),
    "it": frozenset("di da del della dei delle dell a ad al in con per senza e".split()),
    "pt": frozenset("de do da dos das em com por para sem a ao e".split()),
}
_INVARIANT = ("s", "ing", "ed", "ic", "al", "ous", "dense", "intense", "ar", "ant", "defined")
_TECHNICAL = 8  # letters
_PAIR = frozenset({("en", "es"), ("es", "en")})


@dataclass(frozen=True, slots=True)
class Term:
    """What a term is in the other language. `gender` is m, f or "" (no noun, or not told); `plural` whether this form is one."""

    text: str
    gender: str = ""
    plural: bool = False


@dataclass(frozen=True)
class Glossary:
    """`terms` and `phrases` by (source, target): form in small letters -> term. `adjectives`: English -> m, f, m plural, f plural.
    `senses`: by language, what a sentence must tell in both languages or in neither (left, right, no) -> the words that tell it.
    """

    terms: Mapping[tuple[str, str], Mapping[str, Term]]
    phrases: Mapping[tuple[str, str], Mapping[str, Term]]
    adjectives: Mapping[str, tuple[str, ...]]
    senses: Mapping[str, Mapping[str, frozenset[str]]]


def load_glossary(root: Path | None = None) -> Glossary:
    """Read and check the file. Raises ConfigError, which names file, line and field."""
    fields = RuleFiles(rules_dir(root)).open(FILE).mapping(("terms", "phrases", "adjectives", "senses"))
    terms: dict[tuple[str, str], dict[str, Term]] = {}
    for item in fields["terms"].items(at_least=1):
        _add_term(item, terms)
    phrases: dict[tuple[str, str], dict[str, Term]] = {("en", "es"): {}, ("es", "en"): {}}
    for item in fields["phrases"].items():
        _add_phrase(item, phrases)
    adjectives = dict(_adjective(item) for item in fields["adjectives"].items())
    _alone(adjectives, terms)
    senses = {
        lang: {name: frozenset(words.text().split()) for name, words in field.entries().items()}
        for lang, field in fields["senses"].entries().items()
    }
    return Glossary(terms, phrases, adjectives, senses)


def _add_term(item: Field, terms: dict[tuple[str, str], dict[str, Term]]) -> None:
    cells = [cell.strip() for cell in item.text().split("|")]
    if not 2 <= len(cells) <= len(LANGUAGES) or not all(cells[:2]):
        item.fail("reads English | Spanish (m) | French | German | Italian | Portuguese")
    forms = {lang: _forms(cell) for lang, cell in zip(LANGUAGES, cells, strict=False) if cell}
    for source, written in forms.items():
        for target, meant in forms.items():
            if source == target:
                continue
            table = terms.setdefault((source, target), {})
            name, gender = meant[0]
            many_already = (source, target) in _PAIR and _is_plural(forms["en"][0][0], forms["es"][0][0])
            for form, own in written:
                table.setdefault(form.lower(), Term(name, gender or own, many_already))
                many = plural(form, source)
                if many != form:
                    table.setdefault(many.lower(), Term(plural(name, target), gender or own, True))


def _alone(adjectives: Mapping[str, tuple[str, ...]], terms: dict[tuple[str, str], dict[str, Term]]) -> None:
    """Adjectives of the trade beside words that the list does not know; short ones are ordinary words with other meanings ("left", "old")."""
    for english, forms in adjectives.items():
        if len(english) >= _TECHNICAL:
            terms["en", "es"].setdefault(english.lower(), Term(forms[0]))
        for form in forms:
            if len(form) >= _TECHNICAL:
                terms["es", "en"].setdefault(form.lower(), Term(english))


def _is_plural(english: str, spanish: str) -> bool:
    """Whether a term stands in the list in its plural."""
    return english.endswith("s") and not english.endswith(("is", "us", "ss")) and spanish.split()[0].endswith("s")


def _forms(cell: str) -> list[tuple[str, str]]:
    made = []
    for part in cell.split(","):
        gender = _GENDER.search(part)
        made.append((_GENDER.sub("", part.strip()).strip(), gender[1] if gender else ""))
    return made


def _add_phrase(item: Field, phrases: dict[tuple[str, str], dict[str, Term]]) -> None:
    text = item.text()
    if "=" in text:
        spanish, _, english = (part.strip() for part in text.partition("="))
        phrases["es", "en"][spanish.lower()] = Term(english)
        return
    english, bar, spanish = (part.strip() for part in text.partition("|"))
    if not bar:
        item.fail("reads English | Spanish, or Spanish = English")
    for form in english.split(","):
        phrases["en", "es"].setdefault(form.strip().lower(), Term(spanish))
    phrases["es", "en"].setdefault(spanish.lower(), Term(english.split(",")[0].strip()))


def _adjective(item: Field) -> tuple[str, tuple[str, ...]]:
    english, _, spanish = (part.strip() for part in item.text().partition("|"))
    forms = tuple(form.strip() for form in spanish.split(","))
    if len(forms) != 4:
        item.fail("reads English | m, f, m plural, f plural")
    return english, forms


def plural(term: str, lang: str) -> str:
    """The plural of a term, the term itself where no rule makes one."""
    if lang == "en":
        return _english(term)
    one = _WORD_PLURALS.get(lang)
    return " ".join(_romance(term.split(), _LINKS[lang], one)) if one else term


def _english(term: str) -> str:
    if len(term) < 4 or (term.endswith(_INVARIANT) and not term.endswith(("is", "us"))):
        return term
    if term.endswith("sis"):
        return term[:-2] + "es"
    if term.endswith("itis"):
        return term
    if term.endswith("us"):
        return term[:-2] + "i" if term.endswith(("bus", "cus")) else term + "es"
    if term.endswith("culum"):
        return term[:-2] + "a"
    if term.endswith("y") and term[-2] not in "aeiou":
        return term[:-1] + "ies"
    return term + ("es" if term.endswith(("ch", "sh", "x", "z")) else "s")


def _romance(words: list[str], links: frozenset[str], one: Callable[[str], str]) -> Iterator[str]:
    """A noun and its adjectives in the plural, up to the first preposition."""
    linked = False
    for word in words:
        linked = linked or word in links or "'" in word
        yield word if linked or word.isupper() or "-" in word else one(word)


def _spanish_word(word: str) -> str:
    if word.endswith(("sis", "itis", "as", "os", "es", "x")):
        return word
    if word.endswith("ón"):
        return word[:-2] + "ones"
    if word.endswith("z"):
        return word[:-1] + "ces"
    return word + ("s" if word[-1] in "aeiouáéíóú" else "es")


def _french_word(word: str) -> str:
    if word.endswith(("s", "x", "z")):
        return word
    if word.endswith("al"):
        return word[:-1] + "ux"
    return word + ("x" if word.endswith(("au", "eu")) else "s")


def _italian_word(word: str) -> str:
    if word.endswith(("oma", "ema", "amma")):
        return word[:-1] + "i"
    for ending, many in (
        ("ico", "ici"),
        ("co", "chi"),
        ("go", "ghi"),
        ("ca", "che"),
        ("ga", "ghe"),
        ("io", "i"),
        ("o", "i"),
        ("a", "e"),
        ("e", "i"),
    ):
        if word.endswith(ending):
            return word[: -len(ending)] + many
    return word


def _portuguese_word(word: str) -> str:
    for ending, many in (
        ("ão", "ões"),
        ("m", "ns"),
        ("al", "ais"),
        ("el", "eis"),
        ("ol", "ois"),
        ("ul", "uis"),
        ("il", "is"),
        ("r", "res"),
        ("z", "zes"),
    ):
        if word.endswith(ending):
            return word[: -len(ending)] + many
    return word + "s" if word[-1] in "aeiouáéíóúâêôã" else word


_WORD_PLURALS = {"es": _spanish_word, "fr": _french_word, "it": _italian_word, "pt": _portuguese_word}
