"""`deid_rules/text/*.yaml` in, what the cleaning of text goes by out. Called by `profiles.py`; read by the cleaner of `dicom/`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from dicomlake.rules.names import NameWords
from dicomlake.rules.reader import Field, RuleFiles

KNOWN, WORDS, PATTERNS, CONCEPTS = "text/known.yaml", "text/words.yaml", "text/patterns.yaml", "text/concepts.yaml"
_KEYWORD = r"[A-Z][A-Za-z0-9]*"
_WORD = r"[a-z]+"
_SCHEME = r"[A-Za-z0-9_.]{1,16}"
_LETTERS = re.compile(r"[A-Za-z]+")
_DIGIT = re.compile(r"\d")
_TOKEN = re.compile(r"\S+")
_PUNCTUATION = re.compile(r"[^a-z0-9'’-]|['’-]$")
_NAME_PART = re.compile(r"[A-Za-z0-9_]+(?:['’-][A-Za-z]+)*\.?")


class Words(StrEnum):
    """How the vocabulary limits what a pattern finds."""

    ANY = ""
    UNTIL_VOCABULARY = "until_vocabulary"
    TITLED = "titled"
    ONE_TELLING = "one_telling"
    UNTECHNICAL = "untechnical"
    UNSAID = "unsaid"
    HOUSE = "house"


class Needs(StrEnum):
    """Without which characters a text is not looked at."""

    NOTHING = ""
    DIGIT = "digit"
    SCRIPT = "script"


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
    sure: bool
    needs: Needs

    @property
    def is_name(self) -> bool:
        """Whether what it finds is a name of somebody or of a house."""
        return bool(self.words)

    def spans(self, text: str, rules: "TextRules") -> Iterator[tuple[int, int]]:
        """Where `text` (without accents) shows something of this form."""
        if (self.needs is Needs.SCRIPT and text.isascii()) or (
            self.needs is Needs.DIGIT and _DIGIT.search(text) is None
        ):
            return
        for found in self.regex.finditer(text):
            start, end = found.span(found.lastindex or 0)
            if self.words in (Words.UNTIL_VOCABULARY, Words.TITLED):
                end = rules.names.end(text, start, end, self.words is Words.TITLED)
                if self.words is Words.UNTIL_VOCABULARY and end > start and rules.names.is_trade(text[start:end]):
                    continue
            elif self.words is Words.ONE_TELLING:
                start = _telling_start(text, start, end, rules)
            elif self.words is Words.HOUSE:
                start, end = _house(text, start, end, rules)
            elif self.words is Words.UNTECHNICAL:
                if rules.names.is_trade(text[start:end]):
                    continue
                start, end = rules.names.begun(text, start, end), rules.names.ended(text, start, end)
            elif self.words is Words.UNSAID:
                start, end = rules.names.unsaid(text, start, end)
            if end > start:
                yield start, end


def _telling_start(text: str, start: int, end: int, rules: "TextRules") -> int:
    """Where a match begins that common words may stand before; `end` where there are no others."""
    words = [word for word in _NAME_PART.finditer(text, start, end) if not word[0].isdecimal()]
    telling = [word for word in words if len(word[0]) > 2 and _tells(word[0], rules)]
    if not telling:
        return end
    return start if text[start].isdecimal() or _tells(words[0][0], rules) else telling[0].start()


def _house(text: str, start: int, end: int, rules: "TextRules") -> tuple[int, int]:
    """Of a match the word that says what house it is, with the words beside it that are none of the examination; nothing where none of them tells."""
    tokens = list(_TOKEN.finditer(text, start, end))
    plain = [_PUNCTUATION.sub("", token[0].lower()) for token in tokens]
    places = [at for at, word in enumerate(plain) if rules.houses & {word, *re.split(r"[-'’]", word)}]
    if not places:
        return rules.names.within(text, start, end)

    def fits(at: int) -> bool:
        if rules.is_phrase(plain[at], text, tokens[at].end()):
            return False
        return plain[at] in rules.houses or plain[at] in rules.particles or not rules.names.is_technical(tokens[at][0])

    first = last = places[-1]
    while first > 0 and fits(first - 1):
        first -= 1
    while last + 1 < len(tokens) and (
        fits(last + 1) or (plain[last] in rules.particles and tokens[last + 1][0].isalpha())
    ):
        last += 1
    parts = (part for word in plain[first : last + 1] for part in re.split(r"[-'’]", word))
    telling = (word for word in parts if len(word) > 2 and word not in rules.houses)
    if all(rules.is_vocabulary(word) or word in rules.particles or not word.isalpha() for word in telling):
        return end, end
    return tokens[first].start(), tokens[last].end()


def _tells(word: str, rules: "TextRules") -> bool:
    return not rules.is_common(word.lower().rstrip(".")) and not any(map(str.isdigit, word))


@dataclass(frozen=True)
class TextRules:
    """All of it. `months` holds, per language and form, twelve names; `untouched` maps keywords to file and line."""

    known: KnownRules
    untouched: Mapping[str, str]
    known_only: frozenset[str]
    typed_codes: frozenset[str]
    proven_only: frozenset[str]
    public_schemes: frozenset[str]
    vocabulary: frozenset[str]
    titles: frozenset[str]
    surnames: frozenset[str]
    houses: frozenset[str]
    particles: frozenset[str]
    phrases: Mapping[str, frozenset[str]]
    months: tuple[tuple[str, ...], ...]
    birth_labels: tuple[str, ...]
    date_cues: tuple[str, ...]
    patterns: tuple[TextPattern, ...]
    concepts: Mapping[tuple[str, str], str]
    names: NameWords
    common: frozenset[str] = field(default=frozenset())

    @cached_property
    def sure(self) -> tuple[TextPattern, ...]:
        """Forms that are nothing else even among versions and models."""
        return tuple(pattern for pattern in self.patterns if pattern.sure)

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
            "typed_codes",
            "proven_only",
            "public_schemes",
            "vocabulary",
            "titles",
            "surnames",
            "houses",
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
    surnames = frozenset(words["surnames"].unique(lambda item: item.text(_WORD, "a word")))
    particles = frozenset(words["particles"].unique(lambda item: item.text(_WORD, "a word")))
    months = tuple(form for entry in words["months"].entries().values() for form in _months(entry))
    named = frozenset(name for form in months for name in form)
    return TextRules(
        known=_known(files.open(KNOWN)),
        untouched=MappingProxyType(
            {item.text(_KEYWORD, "a keyword"): item.source for item in words["untouched"].items()}
        ),
        known_only=frozenset(words["known_only"].unique(_keyword)),
        typed_codes=frozenset(words["typed_codes"].unique(_keyword)),
        proven_only=frozenset(words["proven_only"].unique(_keyword)),
        public_schemes=frozenset(
            words["public_schemes"].unique(lambda item: item.text(_SCHEME, "a scheme's designator"))
        ),
        vocabulary=vocabulary,
        titles=frozenset(words["titles"].unique(lambda item: item.text(_WORD, "a word"))),
        surnames=surnames,
        houses=frozenset(words["houses"].unique(lambda item: item.text(_WORD, "a word"))),
        particles=particles,
        phrases=MappingProxyType(phrases),
        months=months,
        birth_labels=words["birth_labels"].unique(lambda item: item.text()),
        date_cues=words["date_cues"].unique(lambda item: item.text()),
        patterns=_patterns(files.open(PATTERNS)),
        concepts=MappingProxyType(_concepts(files.open(CONCEPTS))),
        names=NameWords(vocabulary, surnames, particles, named, phrases, files.root),
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
    fields = entry.mapping(["name", "pattern", "removes", "leaves"], ["case", "words", "sure", "needs"])
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
        "sure" in fields and fields["sure"].flag(),
        Needs(fields["needs"].choice(list(Needs)[1:])) if "needs" in fields else Needs.NOTHING,
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
