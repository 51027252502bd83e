"""What is known about a study's people in, where a text shows it out. The first and surest layer.

Known values come from the header, the manifest or the order: names, ids, dates, places. They are found in every order, case, accent and
notation. A word that is also an ordinary one counts only with a capital and where it is no part of a fixed expression.
"""

import datetime
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from dicomlake.reports.recognise.notation import (
    PARTICLES,
    date_forms,
    days_of,
    glued,
    id_forms,
    ideographic,
    name_words,
    phone_forms,
    short_names,
    with_particles,
)
from dicomlake.reports.recognise.revealed import Revealed, is_parted, revealed, with_umlauts, writings
from dicomlake.reports.recognise.spans import Label, Span

_WORD = re.compile(r"[^\W\d_]+(?:['’´`][^\W\d_]+)*")
_LETTERS = re.compile(r"[^\W\d_]*")
_RUN = re.compile(r"[^\W_]+")
_KINDS = {
    "institution": "places", "hospital": "places", "place": "places", "location": "places", "address": "places", "city": "places",
    "name": "names", "physician": "names", "person": "names", "birth": "births", "death": "births", "dob": "births",
    "date": "dates", "phone": "phones", "tel": "phones", "fax": "phones", "mail": "phones", "patient": "names", "doctor": "names",
}  # fmt: skip
# A label or title right before a word.
_LABEL_BEFORE = re.compile(r"(?<![^\W\d_])([^\W\d_]{2,})\.?[ \t]{0,3}(?:[:=|][ \t]{0,4}|[ ])$")
_LONG = 7  # letters from which on a word of a name is known in other words and with one letter wrong
_SHORTEST_TOWN = 4
# What a town of two or three letters must stand behind.
_WHERE = (
    "(?:"
    + "|".join(rf"(?<=\b{word} )" for word in "in aus nach bei from to of de a en à em di da per em do".split())
    + r"|(?<=\d{5} )|(?<=\d{4} ))"
)
_SEPARATORS = r"[\s.,^'’´`\-=]{1,3}"


@dataclass(frozen=True)
class KnownValues:
    """What a study is known by. `repr` shows nothing of it.

    `names` as a person writes them or as DICOM does (`A^B`); `ids` any identifier of the patient, the study or a document; `dates` and
    `births` as YYYYMMDD, ISO or day first (births: dates of birth and death, which are never only shifted); `places` institutions,
    departments and lines of addresses; `phones` and `emails`.
    """

    names: tuple[str, ...] = field(default=(), repr=False)
    ids: tuple[str, ...] = field(default=(), repr=False)
    dates: tuple[str, ...] = field(default=(), repr=False)
    births: tuple[str, ...] = field(default=(), repr=False)
    places: tuple[str, ...] = field(default=(), repr=False)
    phones: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, given: Mapping[str, object]) -> "KnownValues":
        """From a free mapping of keys to a text or a list of texts: the key tells the kind, one that tells nothing holds ids."""
        found: dict[str, list[str]] = {}
        for key, value in given.items():
            plain = key.lower()
            kind = "ids" if plain.rstrip("s").endswith("id") else ""
            kind = kind or next((kind for part, kind in _KINDS.items() if part in plain), "ids")
            values = value if isinstance(value, list | tuple) else [value]
            found.setdefault(kind, []).extend(str(one) for one in values if isinstance(one, str | int) and str(one))
        return cls(**{kind: tuple(dict.fromkeys(values)) for kind, values in found.items()})

    def __or__(self, other: "KnownValues") -> "KnownValues":
        """Both together."""
        return KnownValues(
            *(
                tuple(dict.fromkeys((*getattr(self, name), *getattr(other, name))))
                for name in ("names", "ids", "dates", "births", "places", "phones")
            )
        )

    @cached_property
    def birth_days(self) -> frozenset[datetime.date]:
        """The dates of birth and death that can be read."""
        return frozenset(day for text in self.births for day in days_of(text))

    @cached_property
    def stated_days(self) -> frozenset[datetime.date]:
        """All other dates that can be read."""
        return frozenset(day for text in self.dates for day in days_of(text))


NOTHING_KNOWN = KnownValues()


class KnownFinder:
    """Search forms of one set of known values; made once per study."""

    def __init__(
        self,
        known: KnownValues,
        is_ordinary: Callable[[str], bool],
        is_word: Callable[[str], bool],
        months: tuple[tuple[str, ...], ...],
        phrases: Mapping[str, frozenset[str]],
        names_people: Callable[[str], bool] = lambda label: False,
    ) -> None:
        self._phrases = phrases
        self._names_people = names_people
        self._is_ordinary = is_ordinary
        self._is_word = is_word
        names = [name_words(form) for name in known.names for form in sorted(writings(name))]
        self._parts = {form for words in names for word in words for form in (word, with_umlauts(word))}
        self._glued = frozenset(form for words in names for form in glued(words))
        self._names = self._name_form(names)
        self._hidden = self._hidden_form()
        forms = [(Label.ID, form) for value in known.ids for form in id_forms(value)]
        forms += [(Label.NAME, form) for value in known.names for form in (*ideographic(value), *short_names(value))]
        forms += [(Label.PHONE, form) for value in known.phones for form in phone_forms(value)]
        forms += [(Label.HOSPITAL, form) for value in known.places for form in self._place_forms(value)]
        forms += [
            (Label.DATE, form)
            for day in sorted(known.birth_days | known.stated_days)
            for form in date_forms(day, months)
        ]
        self._values = [(label, re.compile(form)) for label, form in forms]

    def find(self, text: str) -> Iterator[Span]:
        """Spans of layer `known`."""
        if not self._values and self._names is None:
            return
        yield from self._find(text, Revealed(text))
        if is_parted(text):
            yield from self._find(text, Revealed(text, joined=True))

    def _find(self, text: str, shown: Revealed) -> Iterator[Span]:
        for label, form in self._values:
            for found in form.finditer(shown.text):
                yield Span(*shown.span(*found.span()), label, "known")
        if self._names is not None:
            as_written = "".join(text[shown.span(n, n + 1)[0]] for n in range(len(shown.text)))
            for found in chain.from_iterable(map(_apart, self._names.finditer(shown.text))):
                if self._is_name(as_written, shown.text, found):
                    yield Span(*shown.span(*found.span()), Label.NAME, "known")
            for found in self._hidden.finditer(shown.text) if self._hidden else ():
                if self._is_glued(as_written, shown.text, found):
                    yield Span(*shown.span(*found.span()), Label.NAME, "known")
            yield from self._nearly(shown)

    def _is_glued(self, text: str, folded: str, found: re.Match[str]) -> bool:
        """Whether a part of a longer word is a name there: no part of a word of the language, nor of what could be one's ending."""
        word = _around(folded, *found.span())
        if any(self._is_word(word[: len(word) - cut]) for cut in range(3)):
            return False
        start = found.start()
        inside = start > 0 and text[start - 1].isalpha() and text[start - 1].isupper() == text[start].isupper()
        return not inside or text[start].isupper() or len(found[0]) > _LONG

    def _nearly(self, shown: Revealed) -> Iterator[Span]:
        """Long words that differ from one of a known name in one letter, as typed and as read from a picture."""
        long = [part for part in self._telling if len(part) >= _LONG]
        for found in _RUN.finditer(shown.text) if long else ():
            if (
                len(found[0]) >= _LONG - 1
                and not self._is_word(found[0])
                and any(_is_near(found[0], one) for one in long)
            ):
                yield Span(*shown.span(*found.span()), Label.NAME, "known")

    @cached_property
    def _telling(self) -> list[str]:
        """The words of names that are nothing else."""
        telling = {one for one in self._parts if len(one) > 3 and one not in PARTICLES and one not in self._phrases}
        return sorted((one for one in telling if not self._is_word(one)), key=lambda one: (-len(one), one))

    def _hidden_form(self) -> re.Pattern[str] | None:
        """Telling words glued to others or to numbers, and with their letters spaced."""
        glued = [re.escape(one) for one in self._telling if len(one) >= _LONG]
        spaced = [r"(?<![^\W_])" + r"[\s.·_-]{1,2}".join(one) + r"(?![^\W_])" for one in self._telling]
        small = sorted(one for one in self._parts if len(one) > 1 and one not in self._telling)
        before = "|".join(r"(?<![^\W_])" + r"[\s.·_-]{1,2}".join(one) for one in small)
        forms = [*glued, *((rf"(?:(?:{before})[\s.]{{1,4}})?(?:{'|'.join(spaced)})",) if before and spaced else spaced)]
        return re.compile("|".join(forms)) if forms else None

    def _is_name(self, text: str, folded: str, found: re.Match[str]) -> bool:
        if not self._glued.isdisjoint(_RUN.findall(found[0])):
            return True
        words = [word if word in self._parts else word[:-1] for word in _RUN.findall(found[0])]
        words = [word for word in words if word in self._parts and word not in PARTICLES]
        following = _RUN.match(folded, found.end() + 1)
        if len(words) == 1 and following is not None and following[0] in self._phrases.get(words[0], ()):
            return False
        telling = [word for word in words if not self._is_ordinary(word)]
        initials = [word for word in _RUN.findall(found[0]) if len(word) == 1]
        if len(set(words)) > 1:
            return bool(telling) or all(text[m.start() + found.start()].isupper() for m in _RUN.finditer(found[0]))
        if not words:
            return False
        if telling:
            return (len(telling[0]) > 3 and telling[0] not in self._phrases) or text[found.start()].isupper()
        # An ordinary word: only written as a name within a sentence, or beside an initial.
        label = _LABEL_BEFORE.search(folded, max(0, found.start() - 32), found.start())
        if label is not None and self._names_people(label[1]) and text[found.start()].isupper():
            return True
        capital = text[found.start()].isupper() and not found[0].isspace()
        starts = re.search(r"(?:^|[.!?:\n])\s*$", text[: found.start()]) is not None
        return capital and (bool(initials) or not starts) and not text[found.start() : found.end()].isupper()

    def _name_form(self, names: list[list[str]]) -> re.Pattern[str] | None:
        parts = {p for p in self._parts if len(p) > 1 and p not in PARTICLES}
        if not parts:
            return None
        initials = "".join(sorted({part[0] for part in self._parts}))
        forms = {rf"{re.escape(part)}{'s?' if len(part) > 3 else ''}" for part in parts}
        forms |= {r"[\s'-]{1,2}".join(map(re.escape, parts)) for words in names for parts in with_particles(words)}
        forms |= set(self._glued)
        one = "(?:" + "|".join(sorted(forms, key=lambda form: (-len(form), form))) + ")"
        part = rf"(?:{one}(?![^\W_])|[{re.escape(initials)}](?=\.|[\s^,]+{one}))"
        particles = "|".join(sorted(PARTICLES, key=len, reverse=True))
        link = rf"{_SEPARATORS}(?:(?:{particles}){_SEPARATORS}){{0,3}}"
        tail = rf"(?:\s[{re.escape(initials)}]\.|\^[{re.escape(initials)}](?![^\W_]))?"
        return re.compile(rf"(?<![^\W_]){part}(?:{link}{part})*{tail}")

    def _place_forms(self, value: str) -> Iterator[str]:
        words = _RUN.findall(revealed(value))
        if len(words) == 1 and 1 < len(words[0]) < _SHORTEST_TOWN and words[0].isalpha():
            yield rf"{_WHERE}{re.escape(words[0])}(?![^\W_])"
        if len("".join(words)) >= 4 and not (len(words) == 1 and self._is_ordinary(words[0])):
            yield r"(?<![^\W_])" + r"[\W_]{1,3}".join(map(re.escape, words)) + r"(?![^\W_])"
        for word in words:
            if len(word) >= 5 and not self._is_ordinary(word) and not word.isdecimal():
                yield rf"(?<![^\W_]){re.escape(word)}(?![^\W_])"


def _apart(found: re.Match[str]) -> Iterator[re.Match[str]]:
    """A finding that is one word several times over as as many, for each is judged by what stands before it; any other as it is."""
    words = _RUN.findall(found[0])
    if len(words) < 2 or len(set(words)) > 1:
        return iter((found,))
    return re.compile(re.escape(words[0])).finditer(found.string, *found.span())


def _around(text: str, start: int, end: int) -> str:
    """The whole word that characters are part of."""
    before, after = _LETTERS.match(text[max(0, start - 40) : start][::-1]), _LETTERS.match(text, end)
    return (before[0][::-1] if before else "") + text[start:end] + (after[0] if after else "")


def _is_near(one: str, other: str) -> bool:
    """Whether two words differ in one letter: put in, left out, or another."""
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    if len(longer) - len(shorter) > 1 or one[0] != other[0] or one == other:
        return False
    same = next((n for n, (a, b) in enumerate(zip(longer, shorter, strict=False)) if a != b), len(shorter))
    rest = longer[same + 1 :]
    return rest == (shorter[same + 1 :] if len(longer) == len(shorter) else shorter[same:])
