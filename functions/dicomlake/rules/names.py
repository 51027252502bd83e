"""Where a name in the short text of a header begins is told by what stands before it; where it ends, by this. Called by `text.py`.

A description is no sentence: "ref by Dr. Luigina Tutino BI-RADS 4a" goes on with the examination right behind the name. A name ends before the
first token that names have not: a word of the languages, a token with digits or joined to something that is none, an abbreviation, capitals
behind small letters, a term that an eponym begins, a second comma.
"""

import gzip
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import yaml

from dicomlake.errors import ConfigError
from dicomlake.rules.kept import kept
from dicomlake.rules.technique import technique_of

CLINICAL, VOCABULARY = "text/clinical.yaml", "text/vocabulary.txt.gz"
_LISTS = ("never", "ordinary", "anatomy")
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_TOKEN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|[_/](?=[A-Za-z0-9])|['’-](?=[A-Za-z]))*\.?")
# Beside what a name can stand in one run: a blank or two, a caret, an initial's point; a comma once.
_JOINT = re.compile(r"\s{1,2}|\s?\^\s?|\s?,\s?|")
_ABBREVIATION = re.compile(r"[A-Z]{2,}[a-z]|[a-z]+[A-Z]|[A-Z][a-z]{0,2}[A-Z]{2,}")
_TITLE_BEFORE = re.compile(
    r"(?i)(?<![a-z])(?:dr|dra|prof|professor|doctor|mr|mrs|ms|miss|mme|mlle|sr|sra|srta|herr|frau|pr|don|dona|med)\.?\s{0,2}$"
)
_WORD = re.compile(r"(?<![A-Za-z0-9_])[A-Z][A-Za-z]{3,}(?![A-Za-z0-9_])")
_ROMAN_OR_LETTER = re.compile(r"[\s-]{1,2}(?:[A-Z]|[IVX]{1,4}|\d{1,2}[a-d]?)(?![\w.])")
_WORD_AFTER = re.compile(r"[\s-]{1,2}([A-Za-z]+)")
_DEGREE = re.compile(r",?\s(?:M\.?D|Ph\.?D|D\.O|R\.?N|FRCR|FACR|FRCP|MBBS|Jr|Sr)(?![\w-])\.?")
_ACRONYM = 3
_UNIT = re.compile(r"(?<=\d)\s?[A-Za-z]{1,3}(?![A-Za-z])")
_LONGER = re.compile(r"[^\W\d_]{2}")
_PIECE = re.compile(r"[^\s^]+")
_LETTERS_OF = re.compile(r"[^\W\d_]+")
_PREFIXED = re.compile(r"(?:Mc|Mac|De|Di|Da|La|Le|Van|Von|O|Fitz|St)['’]?[A-Z][a-z]|[A-Z]['’][A-Z]")


@dataclass(frozen=True)
class Lexicon:
    """Words without accents, in small letters: of six languages, ordinary ones beside those, surnames that name diseases, and what stands beside
    those; `technique` are those of the trade.
    """

    vocabulary: frozenset[str] = field(repr=False)
    ordinary: frozenset[str] = field(repr=False)
    eponyms: frozenset[str] = field(repr=False)
    heads: frozenset[str] = field(repr=False)
    technique: frozenset[str] = field(repr=False)

    def __contains__(self, word: str) -> bool:
        """Whether it is a word of the languages or of the trade."""
        return word in self.vocabulary or word in self.ordinary or word in self.technique


class Vocabulary(NamedTuple):
    """Words of the six languages that are no names; common ones that are names too ("+" in the file); stems of clinical words ("*" there)."""

    words: frozenset[str]
    both: frozenset[str]
    stems: frozenset[str]


@lru_cache(maxsize=4)
def vocabulary_of(root: Path) -> Vocabulary:
    """Read on first use. Raises ConfigError."""
    return kept("vocabulary", root, lambda: _read_vocabulary(root))


def _read_vocabulary(root: Path) -> Vocabulary:
    try:
        lines = frozenset(gzip.decompress((root / VOCABULARY).read_bytes()).decode("utf-8").split("\n"))
    except (OSError, EOFError, ValueError):
        raise ConfigError(f"{VOCABULARY}: cannot be read below {root}") from None
    both, stems = (frozenset(line[1:] for line in lines if line[:1] == mark) for mark in "+*")
    return Vocabulary(frozenset(line for line in lines if line[:1] not in "+*"), both, stems)


@lru_cache(maxsize=4)
def lexicon_of(root: Path) -> Lexicon:
    """Read on first use: most objects hold no name but those in their attributes of names. Raises ConfigError."""
    return Lexicon(vocabulary_of(root).words, *kept("lexicon", root, lambda: _read_lists(root)))


def _read_lists(root: Path) -> tuple[frozenset[str], ...]:
    try:
        lists = yaml.load((root / CLINICAL).read_text("utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader
    except (OSError, ValueError, yaml.YAMLError):
        raise ConfigError(f"{CLINICAL}: cannot be read below {root}") from None
    ordinary = frozenset(word for name in _LISTS for word in _words(lists[name]))
    technique = technique_of(root).words.union(_words(lists["never"]), _words(lists["anatomy"]))
    eponyms, heads = (frozenset(_words(lists[name])) for name in ("eponyms", "heads"))
    return ordinary, eponyms, heads, technique


def _words(lines: Iterable[object]) -> Iterable[str]:
    return (word for line in lines for word in str(line).split())


@dataclass(frozen=True)
class NameWords:
    """What of `words.yaml` a name is told by. `vocabulary` ends one wherever it stands, but for `surnames` behind a title or a label."""

    vocabulary: frozenset[str]
    surnames: frozenset[str]
    particles: frozenset[str]
    months: frozenset[str]
    phrases: Mapping[str, frozenset[str]]
    root: Path

    def end(self, text: str, start: int, limit: int, titled: bool) -> int:
        """Where the name that begins at `start` of `text` (without accents) ends, at most the token at `limit`; `start` where it is none."""
        behind_title = _TITLE_BEFORE.search(text, max(0, start - 16), start) is not None
        last, names, commas, previous = start, list[str](), 0, start
        for token in _TOKEN.finditer(text, start):
            joint = text[previous : token.start()]
            if token.start() >= limit or _JOINT.fullmatch(joint) is None:
                break
            commas += "," in joint
            if commas > (0 if behind_title else 1) or ("," in joint and len(names) != 1):
                break
            word = token[0].rstrip(".")
            if word.lower() in self.particles and word[0].islower():
                previous = token.end()
                continue
            if len(word) == 1 and word.isalpha():
                if not self._is_initial(text, token, limit):
                    break
                last = token.end() if names else last
            elif self._is_name(text, token, names, titled):
                names.append(word)
                last = token.start() + len(word)
            else:
                break
            previous = token.end()
        degree = _DEGREE.match(text, last) if last > start else None
        return degree.end() if degree is not None else last

    def within(self, text: str, start: int, end: int) -> tuple[int, int]:
        """A found name or house without the words of the examination it took along at either end; all of it where nothing else is left."""
        tokens = list(_PIECE.finditer(text, start, end))
        while len(tokens) > 1 and self.is_technical(tokens[0][0]):
            tokens.pop(0)
        while len(tokens) > 1 and self.is_technical(tokens[-1][0]):
            tokens.pop()
        return (tokens[0].start(), tokens[-1].end()) if tokens else (start, end)

    def unsaid(self, text: str, start: int, end: int) -> tuple[int, int]:
        """A found name without the words of the languages and of the trade before and behind it; nothing where it is made of those."""
        start, end = self.begun(text, start, end), self._before_term(text, start, end)
        tokens = list(_PIECE.finditer(text, start, end))
        words = (word.lower() for word in _LETTERS_OF.findall(text[start:end]))
        if all(len(word) == 1 or self.is_said(word) or word in self._lexicon.eponyms for word in words):
            return end, end
        while _LONGER.search(tokens[0][0]) and self.is_said(tokens[0][0]):
            tokens.pop(0)
        while _LONGER.search(tokens[-1][0]) and self.is_said(tokens[-1][0]):
            tokens.pop()
        return tokens[0].start(), tokens[-1].end()

    def begun(self, text: str, start: int, end: int) -> int:
        """The start of a found name, behind the words of the examination before it."""
        tokens = list(_PIECE.finditer(text, start, end))
        while (
            len(tokens) > 1
            and _LONGER.search(tokens[0][0])
            and (self.is_trade(tokens[0][0]) or self._is_phrase(text, tokens[0], tokens[0][0].lower()))
        ):
            tokens.pop(0)
        return tokens[0].start() if tokens else start

    def _before_term(self, text: str, start: int, end: int) -> int:
        """Where a found name ends, before a term or a unit that its last words are the beginning of ("Quandel MAYO stand")."""
        last = start
        for token in _TOKEN.finditer(text, start, end):
            word = token[0].rstrip(".")
            unit = _ABBREVIATION.match(word) and not _PREFIXED.match(word)
            shouted = word.isupper() and 1 < len(word) <= _ACRONYM and not text[start:last].isupper()
            if last > start and (
                unit
                or shouted
                or self._is_phrase(text, token, word.lower())
                or self._is_term(text, token, word.lower(), True)
            ):
                return last
            last = token.end()
        return end

    def ended(self, text: str, start: int, end: int) -> int:
        """The end of a found name or address, before the words of the examination behind it."""
        end = self._before_term(text, start, end)
        tokens = list(_PIECE.finditer(text, start, end))
        while len(tokens) > 1 and tokens[-1][0][0].isalpha() and self.is_technical(tokens[-1][0]):
            tokens.pop()
        return tokens[-1].end() if tokens else end

    def is_examination(self, text: str) -> bool:
        """Whether nothing but words of the examination was found, none of which people are called by."""
        return self.is_technical(text) and not self.surnames & {word.lower() for word in _LETTERS_OF.findall(text)}

    def is_said(self, text: str) -> bool:
        """Whether all words of a text but units are of the languages or of the trade, in which no name is."""
        words = [word.lower() for word in _LETTERS_OF.findall(_UNIT.sub(" ", text))]
        return all(len(word) == 1 or word in self.vocabulary or word in self._lexicon for word in words)

    def is_technical(self, token: str) -> bool:
        """Whether a token is of the examination: a word of the trade, or joined to digits or to others."""
        if any(char.isdigit() or char == "_" for char in token):
            return True
        return self.is_trade(token)

    def is_trade(self, text: str) -> bool:
        """Whether all words of a text, whatever numbers stand with them, are of the trade."""
        words = [word.lower() for word in _LETTERS_OF.findall(text)]
        known, technique = self.vocabulary, self._lexicon.technique
        if text.lower() in technique or not words:
            return True
        return all(word in known or word in technique or (len(word) == 1 and len(words) > 1) for word in words) and (
            max(map(len, words)) > 1
        )

    def telling(self, text: str) -> Iterator[str]:
        """The words of a found name, without accents and in small letters, that name nobody but its bearer: no word, no eponym."""
        for found in _WORD.finditer(text):
            plain = found[0].lower()
            known = plain in self.vocabulary or plain in self.months or plain in self.particles
            if not known and plain not in self._lexicon and plain not in self._lexicon.eponyms:
                yield plain

    def _is_initial(self, text: str, token: re.Match[str], limit: int) -> bool:
        """A letter with its point, or one with nothing or another name behind it."""
        if token[0].endswith("."):
            return True
        following = _TOKEN.match(text, token.end() + 1)
        if token.end() >= limit or following is None:
            return True
        plain = following[0].lower()
        return following[0][0].isupper() and not following[0].isupper() and plain not in self.vocabulary

    def _is_name(self, text: str, token: re.Match[str], names: list[str], titled: bool) -> bool:
        word = token[0].rstrip(".")
        plain = word.lower()
        if any(char.isdigit() or char in "_/" for char in word) and not (not names and self._is_signed(word)):
            return False
        if _ABBREVIATION.match(word) and not _PREFIXED.match(word) and not word.isupper():
            return False
        surname = titled and plain in self.surnames
        if plain in self.vocabulary and not surname:
            return False
        if names and (self._is_capitals_behind_small(word, names) or (plain in self._lexicon and not surname)):
            return False
        if plain in self.months and text[token.end() : token.end() + 2].strip().isdigit():
            return False
        return not self._is_phrase(text, token, plain) and not self._is_term(text, token, plain, bool(names))

    def _is_signed(self, word: str) -> bool:
        """ "Robinson/JR": who dictated, and who typed it."""
        return re.fullmatch(r"[A-Z][A-Za-z'’-]{2,30}/[A-Za-z]{1,3}", word) is not None

    def _is_capitals_behind_small(self, word: str, names: list[str]) -> bool:
        if not word.isupper() or all(name.isupper() for name in names):
            return False
        return len(word) <= _ACRONYM or len(names) > 1

    def _is_term(self, text: str, token: re.Match[str], plain: str, inner: bool) -> bool:
        """Whether a token begins a term: "Kerley B", "Swan-Ganz", "L-SPINE", "ASIR-V"."""
        parts = re.split(r"[-'’]", plain)
        if len(parts) > 1 and not _PREFIXED.match(token[0]):
            if self._is_common(parts[0]) or len(parts[-1]) == 1 or all(map(self._is_common, parts)):
                return True
            return inner and all(part in self._lexicon.eponyms for part in parts)
        if plain not in self._lexicon.eponyms or not inner:
            return False
        after = _WORD_AFTER.match(text, token.end())
        return _ROMAN_OR_LETTER.match(text, token.end()) is not None or (
            after is not None and after[1].lower() in self._lexicon.heads
        )

    def _is_common(self, part: str) -> bool:
        if part in self.particles:
            return False
        return len(part) == 1 or part in self.vocabulary or part in self._lexicon

    def _is_phrase(self, text: str, token: re.Match[str], plain: str) -> bool:
        """ "Brown fat": no Mr. Brown."""
        after = _WORD_AFTER.match(text, token.end())
        return after is not None and after[1].lower() in self.phrases.get(plain, ())

    @property
    def _lexicon(self) -> Lexicon:
        return lexicon_of(self.root)
