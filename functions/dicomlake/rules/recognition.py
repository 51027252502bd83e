"""The rule files of `deid_rules/text` that reports go by in, what their recognition needs out. Called by `reports/`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from dicomlake.rules.kept import kept
from dicomlake.rules.names import vocabulary_of
from dicomlake.rules.paths import rules_dir
from dicomlake.rules.reader import Field, RuleFiles
from dicomlake.rules.technique import Technique, read_technique
from dicomlake.rules.text import TextRules, load_text_rules

IDENTIFIERS, CLINICAL = "text/identifiers.yaml", "text/clinical.yaml"
LEXIS, SHAPES = "text/lexis.yaml", "text/shapes.yaml"
STARTS = ("digits", "capital", "label")
_NAME = r"[a-z][a-z0-9_]*"


@dataclass(frozen=True, slots=True)
class IdentifierPattern:
    """A form of text and what it is. `check` names a check digit, `safe` says that it gives way to ordinary words, `starts` where matches begin."""

    name: str
    label: str
    regex: re.Pattern[str]
    check: str
    safe: bool
    sure: bool
    header: bool
    needs: tuple[str, ...]
    starts: str
    removes: tuple[str, ...]
    leaves: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class ClinicalTerms:
    """Words without accents, in small letters: what is no identity, and what makes a surname a term."""

    heads: frozenset[str]
    links: frozenset[str]
    phrases: frozenset[str]
    never: frozenset[str]
    units: frozenset[str]
    eponyms: frozenset[str]
    sure_after: frozenset[str]
    sure_before: frozenset[str]
    anatomy: frozenset[str]


@dataclass(frozen=True, slots=True)
class Affix:
    """What words of a kind begin or end in, and how long a word must be for it."""

    length: int
    regex: re.Pattern[str]


@dataclass(frozen=True)
class RecognitionRules:
    """All of it. `vocabulary`, `both` and `stems` are those of `names.py`, `words` those that header text is cleaned by, whose months hold here."""

    version: str
    patterns: tuple[IdentifierPattern, ...]
    clinical: ClinicalTerms
    words: TextRules
    months: Mapping[str, tuple[tuple[str, ...], ...]]
    ordinary: frozenset[str]
    vocabulary: frozenset[str]
    both: frozenset[str]
    stems: frozenset[str]
    affixes: tuple[Affix, ...]
    name_endings: tuple[str, ...]
    german_parts: frozenset[str]
    lexicon: Mapping[str, tuple[str, ...]]
    shapes: Mapping[str, str]
    date_words: Mapping[str, str]
    technique: Technique


def load_recognition_rules(root: Path | None = None) -> RecognitionRules:
    """Read and check the files below `root` (default: the packaged ones). Raises ConfigError."""
    vocabulary = vocabulary_of(rules_dir(root))
    rules = kept("recognition", root, lambda: _loaded(RuleFiles(rules_dir(root))))
    return replace(rules, vocabulary=vocabulary.words, both=vocabulary.both, stems=vocabulary.stems)


def _loaded(files: RuleFiles) -> RecognitionRules:
    words = load_text_rules(files)
    patterns = _patterns(files.open(IDENTIFIERS))
    clinical, ordinary, lexicon = _clinical(files.open(CLINICAL))
    lexis = files.open(LEXIS).mapping(
        ["endings", "beginnings", "name_endings", "german_parts", "drug_endings", "drugs", "devices", "acronyms"]
    )
    shapes, date_words = _shapes(files.open(SHAPES))
    return RecognitionRules(
        files.version(),
        patterns,
        replace(
            clinical, never=clinical.never.union(*(_words(lexis[kind]) for kind in ("drugs", "devices", "acronyms")))
        ),
        words,
        _months(files),
        ordinary,
        frozenset(),
        frozenset(),
        frozenset(),
        (*_affixes(lexis["endings"], "$"), *_affixes(lexis["drug_endings"], "$"), *_affixes(lexis["beginnings"], "")),
        tuple(item.text() for item in lexis["name_endings"].items(at_least=1)),
        _words(lexis["german_parts"]),
        MappingProxyType(lexicon),
        shapes,
        date_words,
        read_technique(files),
    )


def _shapes(root: Field) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The words of terms and those of dates, each list as one choice of a regular expression."""
    fields = root.mapping(["terms", "dates"])
    terms, dates = (
        MappingProxyType({name: _choice(entry) for name, entry in fields[kind].entries().items()})
        for kind in ("terms", "dates")
    )
    return terms, dates


def _choice(entry: Field) -> str:
    choice = "|".join(word.text() for row in entry.items(at_least=1) for word in row.items(at_least=1))
    try:
        re.compile(choice)
    except re.error:
        entry.fail("is no regular expression")
    return choice


def _affixes(entry: Field, end: str) -> Iterator[Affix]:
    for item in entry.items(at_least=1):
        fields = item.mapping(["length", "of"])
        parts = sorted(
            fields["of"].text(r"[a-z ]+", "words in small letters").split(), key=lambda part: (-len(part), part)
        )
        start = "" if end else "^"
        yield Affix(fields["length"].integer(3, 20), re.compile(f"{start}(?:{'|'.join(parts)}){end}"))


def _patterns(root: Field) -> tuple[IdentifierPattern, ...]:
    fields = root.mapping(["parts", "patterns"])
    parts: dict[str, str] = {}
    for name, entry in fields["parts"].entries().items():
        parts[name] = _filled(entry.text(), parts)
    return tuple(_pattern(entry, parts) for entry in fields["patterns"].items(at_least=1))


def _filled(pattern: str, parts: Mapping[str, str]) -> str:
    for name, part in parts.items():
        pattern = pattern.replace("{" + name + "}", part)
    return pattern


def _pattern(entry: Field, parts: Mapping[str, str]) -> IdentifierPattern:
    fields = entry.mapping(
        ["name", "label", "pattern", "removes", "leaves"],
        ["case", "check", "safe", "sure", "header", "needs", "starts"],
    )
    case = "case" in fields and fields["case"].flag()
    try:
        regex = re.compile(_filled(fields["pattern"].text(), parts), re.NOFLAG if case else re.IGNORECASE)
    except re.error:
        fields["pattern"].fail("is no regular expression")
    return IdentifierPattern(
        fields["name"].text(_NAME, "a name"),
        fields["label"].text(r"[A-Z]+", "a label"),
        regex,
        fields["check"].text(_NAME, "a name") if "check" in fields else "",
        "safe" in fields and fields["safe"].flag(),
        "sure" in fields and fields["sure"].flag(),
        "header" in fields and fields["header"].flag(),
        tuple(item.text(r".*\S.*") for item in fields["needs"].items(at_least=1)) if "needs" in fields else (),
        fields["starts"].choice(STARTS) if "starts" in fields else "",
        tuple(item.text() for item in fields["removes"].items(at_least=1)),
        tuple(item.text() for item in fields["leaves"].items(at_least=1)),
        entry.source,
    )


def _clinical(root: Field) -> tuple[ClinicalTerms, frozenset[str], dict[str, tuple[str, ...]]]:
    fields = root.mapping(
        [
            "heads",
            "links",
            "sure_heads_after",
            "sure_heads_before",
            "anatomy",
            "phrases",
            "never",
            "units",
            "eponyms",
            "ordinary",
            "lexicon",
        ]
    )
    terms = ClinicalTerms(
        heads=_words(fields["heads"]),
        links=frozenset(item.text() for item in fields["links"].items()),
        phrases=frozenset(item.text() for line in fields["phrases"].items() for item in line.items(at_least=1)),
        never=_words(fields["never"]),
        units=frozenset(item.text() for item in fields["units"].items()),
        eponyms=_words(fields["eponyms"]),
        sure_after=frozenset(item.text() for item in fields["sure_heads_after"].items()),
        sure_before=frozenset(item.text() for item in fields["sure_heads_before"].items()),
        anatomy=_words(fields["anatomy"]),
    )
    lexicon: dict[str, tuple[str, ...]] = {}
    for name, entry in fields["lexicon"].entries().items():
        for word in entry.text().split():
            lexicon[word] = (*lexicon.get(word, ()), name)
    return terms, _words(fields["ordinary"]), lexicon


def _words(entry: Field) -> frozenset[str]:
    return frozenset(word for line in entry.items(at_least=1) for word in line.text().split())


def _months(files: RuleFiles) -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """Per language the full and the short names; read again, since the rules of header text do not part languages."""
    entries = files.open("text/words.yaml").entries()["months"].entries()
    return MappingProxyType(
        {
            language: tuple(tuple(entry.entries()[form].text().split()) for form in ("full", "short"))
            for language, entry in entries.items()
        }
    )
