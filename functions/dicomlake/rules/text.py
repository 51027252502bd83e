"""`deid_rules/text/*.yaml` in, what the cleaning of text goes by out. Called by `profiles.py`; read by the cleaner of `dicom/`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from dicomlake.rules.reader import Field, RuleFiles

KNOWN, WORDS, PATTERNS, CONCEPTS = "text/known.yaml", "text/words.yaml", "text/patterns.yaml", "text/concepts.yaml"
_KEYWORD = r"[A-Z][A-Za-z0-9]*"
_WORD = r"[a-z]+"
_LETTERS = re.compile(r"[A-Za-z]+")
# CTDIvol, kVp: no name is written like that.
_ABBREVIATION = re.compile(r"[A-Z]{2,}[a-z]|[a-z]+[A-Z]")
_NAME_PART = re.compile(r"[A-Za-z0-9_]+(?:['’-][A-Za-z]+)*\.?")


class Words(StrEnum):
    """How the vocabulary limits what a pattern finds."""

    ANY = ""
    UNTIL_VOCABULARY = "until_vocabulary"
    TITLED = "titled"
    ONE_TELLING = "one_telling"


@dataclass(frozen=True)
class KnownRules:
    """Keywords of the attributes that hold known values, by how their values are looked for."""

    identifiers: frozenset[str]
    short_identifiers: frozenset[str]
    places: frozenset[str]
    phrases: frozenset[str]
    addresses: frozenset[str]
    phones: frozenset[str]
    vital_dates: frozenset[str]
    makers: frozenset[str]
    placeholders: frozenset[str]


@dataclass(frozen=True, slots=True)
class TextPattern:
    """A form of text that identifies. The first group that matched goes, the whole match where it has none."""

    name: str
    regex: re.Pattern[str]
    words: Words
    removes: tuple[str, ...]
    leaves: tuple[str, ...]
    source: str

    def spans(self, text: str, rules: "TextRules") -> Iterator[tuple[int, int]]:
        """Where `text` (without accents) shows something of this form."""
        for found in self.regex.finditer(text):
            start, end = found.span(found.lastindex or 0)
            if self.words in (Words.UNTIL_VOCABULARY, Words.TITLED):
                end = _name_end(text, start, end, rules, self.words is Words.TITLED)
            elif self.words is Words.ONE_TELLING:
                start = _telling_start(text, start, end, rules)
            if end > start:
                yield start, end


def _telling_start(text: str, start: int, end: int, rules: "TextRules") -> int:
    """Where a match begins that common words may stand before; `end` where there are no others."""
    words = [word for word in _NAME_PART.finditer(text, start, end) if not word[0].isdecimal()]
    telling = [word for word in words if len(word[0]) > 2 and not rules.is_common(word[0].lower().rstrip("."))]
    if not telling:
        return end
    return start if text[start].isdecimal() or not rules.is_common(words[0][0].lower()) else telling[0].start()


def _name_end(text: str, start: int, end: int, rules: "TextRules", titled: bool) -> int:
    """Where a name ends that may run on into other words; `start` where it is none."""
    last = start
    for word in _NAME_PART.finditer(text, start, end):
        plain = word[0].lower().rstrip(".")
        common = rules.is_vocabulary(plain) and not (titled and plain in rules.surnames)
        if (
            (common and plain not in rules.particles)
            or _ABBREVIATION.match(word[0])
            or rules.is_phrase(plain, text, word.end())
        ):
            break
        if len(plain) > 1 and plain not in rules.particles:
            last = word.end()
        elif last > start and len(plain) == 1:
            last = word.end()  # an initial behind a name
    return last


@dataclass(frozen=True)
class TextRules:
    """All of it. `months` holds, per language and form, twelve names; `untouched` maps keywords to file and line."""

    known: KnownRules
    untouched: Mapping[str, str]
    known_only: frozenset[str]
    vocabulary: frozenset[str]
    titles: frozenset[str]
    surnames: frozenset[str]
    particles: frozenset[str]
    phrases: Mapping[str, frozenset[str]]
    months: tuple[tuple[str, ...], ...]
    birth_labels: tuple[str, ...]
    date_cues: tuple[str, ...]
    patterns: tuple[TextPattern, ...]
    concepts: Mapping[tuple[str, str], str]
    common: frozenset[str] = field(default=frozenset())

    def is_vocabulary(self, word: str) -> bool:
        """Whether a folded word stands in texts for something that is no name."""
        return word in self.vocabulary

    def is_phrase(self, word: str, text: str, end: int) -> bool:
        """Whether `word`, which ends at `end` of `text`, is no name there but half of a phrase ("Brown fat")."""
        followers = self.phrases.get(word)
        following = _LETTERS.search(text, end) if followers is not None else None
        return followers is not None and following is not None and following[0].lower() in followers

    def is_common(self, word: str) -> bool:
        """Whether a folded word alone says nothing about who somebody is."""
        return word in self.common


def load_text_rules(files: RuleFiles) -> TextRules:
    """Read and check the four files. Raises ConfigError."""
    words = files.open(WORDS).mapping(
        [
            "untouched",
            "known_only",
            "vocabulary",
            "titles",
            "surnames",
            "particles",
            "phrases",
            "months",
            "birth_labels",
            "date_cues",
        ],
    )
    vocabulary = frozenset(word for line in words["vocabulary"].items() for word in line.text().split())
    phrases = {
        head: frozenset(entry.unique(lambda item: item.text(_WORD, "a word")))
        for head, entry in words["phrases"].entries().items()
    }
    return TextRules(
        known=_known(files.open(KNOWN)),
        untouched=MappingProxyType(
            {item.text(_KEYWORD, "a keyword"): item.source for item in words["untouched"].items()}
        ),
        known_only=frozenset(words["known_only"].unique(_keyword)),
        vocabulary=vocabulary,
        titles=frozenset(words["titles"].unique(lambda item: item.text(_WORD, "a word"))),
        surnames=frozenset(words["surnames"].unique(lambda item: item.text(_WORD, "a word"))),
        particles=frozenset(words["particles"].unique(lambda item: item.text(_WORD, "a word"))),
        phrases=MappingProxyType(phrases),
        months=tuple(form for entry in words["months"].entries().values() for form in _months(entry)),
        birth_labels=words["birth_labels"].unique(lambda item: item.text()),
        date_cues=words["date_cues"].unique(lambda item: item.text()),
        patterns=_patterns(files.open(PATTERNS)),
        concepts=MappingProxyType(_concepts(files.open(CONCEPTS))),
        common=vocabulary | frozenset(phrases),
    )


def _keyword(item: Field) -> str:
    return item.text(_KEYWORD, "a keyword")


def _known(root: Field) -> KnownRules:
    names = KnownRules.__dataclass_fields__
    fields = root.mapping(list(names))
    return KnownRules(
        **{name: frozenset(fields[name].unique(_keyword if name != "placeholders" else Field.text)) for name in names}
    )


def _months(entry: Field) -> tuple[tuple[str, ...], tuple[str, ...]]:
    forms = entry.mapping(["full", "short"])
    full, short = (tuple(forms[name].text().split()) for name in ("full", "short"))
    if len(full) != 12 or len(short) != 12:
        entry.fail("needs twelve months in each form")
    return full, short


def _patterns(root: Field) -> tuple[TextPattern, ...]:
    fields = root.mapping(["fragments", "patterns"])
    fragments = {f"{{{name}}}": field.text() for name, field in fields["fragments"].entries().items()}
    return tuple(_pattern(entry, fragments) for entry in fields["patterns"].items())


def _pattern(entry: Field, fragments: Mapping[str, str]) -> TextPattern:
    fields = entry.mapping(["name", "pattern", "removes", "leaves"], ["case", "words"])
    flags = re.NOFLAG if "case" in fields and fields["case"].flag() else re.IGNORECASE
    form = fields["pattern"].text()
    for name, fragment in fragments.items():
        form = form.replace(name, fragment)
    try:
        regex = re.compile(form, flags)
    except re.error:
        fields["pattern"].fail("is no regular expression")
    return TextPattern(
        fields["name"].text(_WORD.replace("a-z", "a-z_"), "a name"),
        regex,
        Words(fields["words"].choice(list(Words)[1:])) if "words" in fields else Words.ANY,
        tuple(item.text() for item in fields["removes"].items(at_least=1)),
        tuple(item.text() for item in fields["leaves"].items(at_least=1)),
        entry.source,
    )


def _concepts(root: Field) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for entry in root.mapping(["concepts"])["concepts"].items(at_least=1):
        fields = entry.mapping(["code", "scheme", "meaning"])
        key = (fields["code"].text(), fields["scheme"].text())
        fields["meaning"].text()
        if key in found:
            entry.fail("stands twice")
        found[key] = entry.source
    return found
