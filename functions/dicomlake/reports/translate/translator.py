"""Scrubbed text in, its translation out: by sentences, in chunks, each sentence checked. Called by the pipeline; the engine is passed in.

A sentence whose marks or numbers do not come back whole is tried alone, and then kept in its own language and marked as such. A word that the
engine says it does not know is marked in its sentence.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from dicomlake.reports.translate.shield import MARK, Shield, Shielded
from dicomlake.rules.glossary import Glossary

# Text, source and target language in, translated text out. Raises EngineDown when no answer is to be had.
Engine = Callable[[str, str, str], str]
MAX_CHUNK = 1500  # characters: they travel in a URL, where a letter may take six
KEPT, _OPEN = "⟪{}⟫ ", "⟪"
# How an engine tells that it does not know a word: before it.
UNKNOWN = "⁑"
_UNKNOWN = re.compile(rf"{UNKNOWN}([^\W_]+(?:[-'’][^\W_]+)*)")
_LEAST_WORD = 4
_SENTENCE = re.compile(r"(?<=[.!?;])\s+(?=[\[¿¡A-ZÀ-ÞŒ0-9])|(?<=:)\s+")
_PART = re.compile(r"[\n\f\t]+")
_NUMBERS = re.compile(r"\d+(?:[.,]\d+)*")
_TOO_LONG = 700


class EngineDown(Exception):  # says what is, as EOFError's siblings do
    """The engine gave no answer: the translation comes later."""


class NoSuchPair(EngineDown):
    """The engine does not translate between these two languages, now or later."""


@dataclass(frozen=True)
class Translated:
    """The text in the other language; `kept` counts sentences left in their own, which stand behind ⟪their language⟫, `unknown` the words that
    the engine does not know, which stand as they were in ⟪ ⟫.
    """

    text: str
    kept: int
    sentences: int
    unknown: int = 0


class Translator:
    """The glossary and an engine; serves many texts. `eponyms` are never translated."""

    def __init__(self, engine: Engine, glossary: Glossary, eponyms: Iterable[str]) -> None:
        self._engine = engine
        self._glossary = glossary
        self._eponyms = frozenset(eponyms)
        self._shield = lru_cache(maxsize=32)(self._made)
        self._words = lru_cache(maxsize=8)(self._target_words)

    def translate(self, text: str, source: str, target: str) -> Translated:
        """Translate; lines, pages and cells stay. Raises EngineDown."""
        parts = _split(text)
        shield = self._shield(source, target)
        work = {index: shield.applied(part) for index, part in enumerate(parts) if _is_language(part)}
        done = self._translated(list(work.values()), source, target)
        kept = unknown = 0
        for (index, shielded), new in zip(work.items(), done, strict=True):
            checked = self._accepted(parts[index], shielded, new, source, target)
            if checked is None and MARK.sub("", shielded.text).strip(" .,;:"):
                again = self._engine(shielded.text, source, target)
                checked = self._accepted(parts[index], shielded, again, source, target)
            if checked is None:
                kept += 1
                checked = KEPT.format(source) + parts[index]
            unknown += checked.count(_OPEN) if not checked.startswith(KEPT.format(source)) else 0
            parts[index] = checked
        return Translated("".join(parts), kept, len(work), unknown)

    def _accepted(self, old: str, shielded: Shielded, new: str, source: str, target: str) -> str | None:
        """The sentence restored, if nothing that counts was lost, and it tells of the same sides and denies where the other denies. What stands
        behind marks is the glossary's, and not looked at.
        """
        ours, theirs = self._glossary.senses.get(source, {}), self._glossary.senses.get(target, {})
        before, after = MARK.sub(" ", shielded.text), MARK.sub(" ", new)
        if any(_tells(before, ours[name]) != _tells(after, theirs[name]) for name in ours.keys() & theirs.keys()):
            return None
        return _checked(old, shielded, self._told(new, target))

    def _told(self, new: str, target: str) -> str:
        """The sentence with the words that the engine does not know in brackets, ⟪word⟫; without what is a word of the other language anyway."""

        def shown(found: re.Match[str]) -> str:
            word = found[1]
            known = len(word) < _LEAST_WORD or sum(map(str.isupper, word)) > 1 or word.lower() in self._words(target)
            return word if known else f"{_OPEN}{word}⟫"

        return _UNKNOWN.sub(shown, new).replace(UNKNOWN, "")

    def _target_words(self, target: str) -> frozenset[str]:
        """The words of the glossary in a language."""
        tables = (table for (_, to), table in self._glossary.terms.items() if to == target)
        return frozenset(word for table in tables for term in table.values() for word in term.text.lower().split())

    def _made(self, source: str, target: str) -> Shield:
        return Shield(self._glossary, self._eponyms, source, target)

    def _translated(self, sentences: list[Shielded], source: str, target: str) -> list[str]:
        """Sentences through the engine, many at a time where the lines come back as many; those of marks only need none."""
        texts = [sentence.text for sentence in sentences]
        wordless = [not re.search(r"[^\W\d_]", MARK.sub("", text)) for text in texts]
        answers = iter(
            self._lines([text for text, none in zip(texts, wordless, strict=True) if not none], source, target)
        )
        return [text if none else next(answers) for text, none in zip(texts, wordless, strict=True)]

    def _lines(self, lines: list[str], source: str, target: str) -> Iterator[str]:
        for chunk in _chunks(lines):
            # A blank line between them keeps an engine from moving words out of one sentence into the next.
            answer = re.split(r"\n\s*\n", self._engine("\n\n".join(chunk), source, target).strip("\n"))
            if len(answer) == len(chunk):
                yield from answer
            else:
                yield from (self._engine(line, source, target) for line in chunk)


def _tells(sentence: str, words: frozenset[str]) -> bool:
    return not words.isdisjoint(re.findall(r"[^\W\d_]+", sentence.lower()))


def _split(text: str) -> list[str]:
    """Sentences and what stands between them, alternating, so that joining them gives the text."""
    parts: list[str] = []
    pos = 0
    breaks = sorted([*(m.span() for m in _PART.finditer(text)), *(m.span() for m in _SENTENCE.finditer(text))])
    for start, end in breaks:
        if start < pos:
            continue
        parts += [*_pieces(text[pos:start]), text[start:end]]
        pos = end
    return [*parts, *_pieces(text[pos:])]


def _pieces(sentence: str) -> list[str]:
    """An endless sentence in parts, cut at blanks."""
    pieces = []
    while len(sentence) > _TOO_LONG:
        cut = sentence.rfind(" ", 0, _TOO_LONG) + 1 or _TOO_LONG
        pieces.append(sentence[:cut])
        sentence = sentence[cut:]
    return [*pieces, sentence]


def _is_language(part: str) -> bool:
    return re.search(r"[^\W\d_]{2}", part) is not None


def _chunks(lines: list[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    for line in lines:
        if chunk and sum(map(len, chunk)) + len(chunk) + len(line) > MAX_CHUNK:
            yield chunk
            chunk = []
        chunk.append(line)
    if chunk:
        yield chunk


def _checked(source: str, shielded: Shielded, translated: str) -> str | None:
    """The sentence restored, if nothing that counts was lost."""
    new = shielded.restored(translated.strip())
    if new is None or not new.strip() or sorted(_NUMBERS.findall(new)) != sorted(_NUMBERS.findall(source)):
        return None
    lead = source[: len(source) - len(source.lstrip())]
    return lead + _begun(new, source.strip()) + source[len(source.rstrip()) :]


def _begun(new: str, source: str) -> str:
    """With a capital where the source had one."""
    return new[:1].upper() + new[1:] if source[:1].isupper() and new[:1].islower() else new
