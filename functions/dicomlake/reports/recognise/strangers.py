"""The short text of a header in, the words out that are names by what they are not. Called by `recogniser.py`.

A description is made of few words: of the languages, of medicine, of machines and their software. A word that is none of them, and is shaped as
names are, is one. What runs into it (an initial, its other half) goes with it. A misspelt, cut or joined word of the technique is none.
"""

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache

from dicomlake.reports.recognise.clinical import Clinical
from dicomlake.reports.recognise.notation import PARTICLES, TITLES
from dicomlake.reports.recognise.spans import Label, Span
from dicomlake.reports.recognise.writing import fold, plain
from dicomlake.rules.recognition import RecognitionRules

_RUN = re.compile(r"[^\W_]+")
_PART = re.compile(r"(?:[Mm]a?c|Di|De|Le|La|Van|Von|Fitz|O)?[A-Z][a-z]+|[A-Z]+(?![a-z])|[a-z]+")
_HUMPS = re.compile(r"(?:[A-Z][a-z]+){2,4}")
# What may stand between the words of one name.
_JOINT = re.compile(r"\s{1,2}|\s?[,^.]\s?|[_'’`-]")
# The same between a given name and a surname.
_HALVES = re.compile(r"\s|\s?[,^/]\s?|[._]|\s[A-Z]\.?\s|\s(?:de|del|di|da|dos|van|von|al)[\s-]")
# What is called after somebody in English ("artery of Adamkiewicz").
_OF = re.compile(
    r"(?<![a-z])(?:artery|vein|ligament|foramen|canal|duct|sign|triangle|space|pouch|muscle|nerve|node|crypt|line|angle|circle|ampulla|"
    r"sphincter|valve|bundle|islets?|loop|organ|tunnel|fissure|fold|plexus) of (?:the )?$"
)
_LETTERS = re.compile(r"[A-Za-z]+")
_CODE_BEFORE, _CODE_BEHIND = re.compile(r"(?<![\w.,/-])(\d{5})\s$"), re.compile(r",?\s(\d{5})(?![\w.,/-])")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]+")
_VOWEL = re.compile(r"[aeiouy]")
# Beginnings and knots of consonants that words have.
_KNOTS = re.compile(r"sch|tsch|ch|th|ck|sh|ph|tz|cz|sz|rz|ng|st|gh")
_CAPITALS, _SMALL, _TITLE, _GLUED, _CUT, _MISSPELT, _COMPOUND = 5, 5, 4, 6, 5, 6, 7
_HALF = 3
_MOST_CONSONANTS = 4
_LATIN_ENDINGS = ("us", "um", "is", "ae", "al", "ar", "ata", "osis", "itis", "ion", "ie", "e")
_LONG_COMPOUND = 12
_LONG_WORD = 10
_NAMELY = re.compile(
    r"(?:mann|stein|berg|berger|bach|bacher|baum|feld|felder|hofer|maier|meier|meyer|wald|schmidt|thal|haus|hauser|son|sen|ski)$"
)


class Strangers:
    """The rules, compiled once."""

    def __init__(self, rules: RecognitionRules, clinical: Clinical) -> None:
        self._rules = rules
        self._clinical = clinical
        self._technique = rules.technique
        self._vocabulary = (
            rules.words.vocabulary | rules.technique.words | rules.clinical.anatomy | rules.clinical.never
        )
        self._compounds = tuple(rules.technique.compounds)
        self.is_known = lru_cache(maxsize=20_000)(self._is_known)

    def find(self, text: str) -> Iterator[Span]:
        """Spans of layer `strange`, in order of place."""
        shown = plain(text)
        words = list(_RUN.finditer(shown))
        strange = [self._is_strange(shown, word) for word in words]
        for at in range(len(words) - 1):
            if self._are_short(shown, words[at], words[at + 1]):
                strange[at] = strange[at + 1] = True
            for beside in range(at + 1, min(at + 3, len(words))):  # an initial may stand between
                if self._are_halves(shown, words[at], words[beside]):
                    strange[at] = strange[beside] = True
        if not any(strange):
            return
        folded = fold(text)
        terms = self._clinical.terms(folded)
        for place, word in enumerate(words):
            if not strange[place]:
                continue
            span = Span(word.start(), word.end(), Label.NAME, "strange")
            if self._is_term(folded, span, terms):
                strange[place] = False
        for place in range(len(words)):
            if strange[place]:
                first, last = self._reach(shown, words, strange, place)
                start, end = words[first].start(), words[last].end()
                code, after = (
                    _CODE_BEFORE.search(shown, 0, start),
                    _CODE_BEHIND.match(shown, end),
                )  # a town with its postcode
                yield Span(
                    code.start(1) if code is not None else start,
                    after.end(1) if after is not None else end,
                    Label.NAME,
                    "strange",
                    score=0.5,
                )

    def _is_term(self, folded: str, span: Span, terms: list[tuple[int, int]]) -> bool:
        """Whether a word is part of a clinical term; one that people are called by needs more than a number behind it."""
        around = next(((s, e) for s, e in terms if s < span.end and span.start < e), None)
        if around is not None and folded[span.start : span.end] in self._technique.surnames:
            beside = folded[around[0] : span.start] + folded[span.end : around[1]]
            return len(_LETTERS.findall(beside)) > 0 and max(map(len, _LETTERS.findall(beside))) > 2
        return (
            around is not None
            or _OF.search(folded, 0, span.start) is not None
            or self._clinical.names_a_thing(folded, span)
        )

    def _reach(self, text: str, words: list[re.Match[str]], strange: list[bool], place: int) -> tuple[int, int]:
        """From the first to the last word of the name that a strange one stands in."""
        ends = []
        for step in (-1, 1):
            at = place
            while 0 <= at + step < len(words) and self._goes_along(text, words, at, at + step, words[place][0]):
                at += step
            while at != place and not strange[at] and words[at][0].lower() in PARTICLES:
                at -= step
            ends.append(at)
        return ends[0], ends[1]

    def _goes_along(self, text: str, words: list[re.Match[str]], at: int, beside: int, name: str) -> bool:
        """Whether a word belongs to the name of the one beside it: an initial, a particle, an unknown word in the same letters."""
        one, two = sorted((at, beside))
        joint, word = text[words[one].end() : words[two].start()], words[beside][0]
        if _JOINT.fullmatch(joint) is None:
            return False
        if len(word) == 1:
            return word.isupper() and "." in text[words[beside].end() : words[beside].end() + 1] and not name.islower()
        if word.isupper() != name.isupper() and not (word[0].isupper() and not word.isupper()):
            return word.islower() and word in PARTICLES and joint.isspace()
        folded = fold(word)
        if not word.isalpha() or folded in TITLES:
            return False
        if self._clinical.is_both(folded):
            return word[0].isupper() and folded not in self._vocabulary
        return word[0].isupper() and len(word) > 2 and not self.is_known(folded) and not self._is_technical(folded)

    def _is_strange(self, text: str, found: re.Match[str]) -> bool:
        word = found[0]
        if word.isalpha():
            return self._is_name(word, text, found)
        letters = _LETTERS.findall(word)  # "Okafor12", no "efgre3d"
        if (
            len(letters) != 1
            or len(letters[0]) < (_TITLE if letters[0].istitle() and len(word) - len(letters[0]) > 2 else _GLUED)
            or not (word.startswith(letters[0]) or word.endswith(letters[0]))
        ):
            return False
        return not letters[0].islower() and self._is_shaped(letters[0]) and self._is_unknown(letters[0])

    def _is_name(self, word: str, text: str, found: re.Match[str]) -> bool:
        if not word.isascii():
            return False
        if len(word) < _CAPITALS and word[0].isupper() and word.lower() in self._technique.short_names:
            return word.isupper() or word[1:].islower()
        if word.isupper():
            return len(word) >= _CAPITALS and self._is_shaped(word) and self._is_unknown(word)
        if word.islower():
            return len(word) >= _SMALL and self._is_shaped(word) and self._is_unknown(word)
        if word[0].isupper() and word[1:].islower():
            return len(word) >= _TITLE and self._is_unknown(word)
        parts = _PART.findall(word)
        if _HUMPS.fullmatch(word) is None or "".join(parts) != word:
            return False
        return any(len(part) >= _TITLE and self._is_unknown(part) for part in parts)

    def _are_short(self, text: str, one: re.Match[str], two: re.Match[str]) -> bool:
        """Whether two unknown words of four capitals stand together, as codes seldom do ("ZETH NIKA")."""
        return (
            all(
                len(word[0]) == _TITLE
                and word[0].isupper()
                and word[0].isalpha()
                and self._is_shaped(word[0])
                and self._is_unknown(word[0])
                for word in (one, two)
            )
            and _JOINT.fullmatch(text[one.end() : two.start()]) is not None
        )

    def _are_halves(self, text: str, one: re.Match[str], two: re.Match[str]) -> bool:
        """Whether a given name stands beside a word that can be its other half ("Petit, Elise"), whatever else that word says."""
        joint = _HALVES.fullmatch(text, one.end(), two.start())
        given = [word[0] for word in (one, two) if word[0].lower() in self._technique.given_names]
        if joint is None or not given:
            return False
        if joint[0] in "._" and (one[0].islower() or two[0].islower()):
            return one[0].islower() and two[0].islower() and all(map(self._is_half, (one[0], two[0])))
        return all(word[0][0].isupper() and self._is_half(word[0]) for word in (one, two))

    def _is_half(self, word: str) -> bool:
        folded = word.lower()
        if len(word) < _HALF or not word.isalpha() or folded in self._rules.words.vocabulary:
            return False
        if folded in self._technique.surnames or self._clinical.is_both(folded):
            return True
        return folded not in self._vocabulary and not self._clinical.is_medical(folded)

    def _is_shaped(self, word: str) -> bool:
        """Whether somebody could be called so: vowels, and no more consonants in a row than a tongue can do."""
        small = word.lower()
        if _VOWEL.search(small) is None:
            return False
        return all(len(_KNOTS.sub("x", run)) <= _MOST_CONSONANTS for run in _CONSONANTS.findall(small))

    def _is_unknown(self, word: str) -> bool:
        folded = word.lower()
        return not self.is_known(folded) and not self._is_technical(folded)

    def _is_known(self, folded: str) -> bool:
        if folded in self._technique.surnames:
            return False
        clinical = self._clinical
        if (
            folded in self._vocabulary
            or clinical.is_word(folded)
            or clinical.is_both(folded)
            or clinical.is_eponym(folded)
        ):
            return True
        return clinical.is_medical(folded) or (
            folded.endswith("s") and (clinical.is_word(folded[:-1]) or folded[:-1] in self._vocabulary)
        )

    def _is_technical(self, folded: str) -> bool:
        """Whether a word is one of the technique that was cut, misspelt, or joined to another."""
        if folded in self._technique.surnames:
            return False
        if len(folded) >= _LONG_WORD and folded.endswith(self._compounds):
            return True
        if len(folded) >= _MISSPELT and folded.replace("k", "c").replace("z", "c") in self._latin:
            return True  # Kalkaneus, Azetabulum
        if len(folded) >= _CUT and any(word.startswith(folded) for word in self._starting.get(folded[:3], ())):
            return True
        if len(folded) >= _MISSPELT and not self._misspelt.isdisjoint({folded, *_shortened(folded)}):
            return True
        return len(folded) >= _COMPOUND and any(
            self._are_joined(folded[:cut], folded[cut:]) for cut in range(3, len(folded) - 2)
        )

    def _are_joined(self, one: str, two: str) -> bool:
        if len(one) + len(two) >= _LONG_COMPOUND and min(len(one), len(two)) > 3 and not _NAMELY.search(two):
            return all(map(self._clinical.is_word, (one, two)))
        if (len(one) > 3 and one in self._vocabulary) or (len(two) > 3 and two in self._vocabulary):
            return all(
                part in self._vocabulary or (len(part) > 3 and self._clinical.is_word(part)) for part in (one, two)
            )
        return False

    @cached_property
    def _starting(self) -> dict[str, list[str]]:
        by_start: dict[str, list[str]] = {}
        for word in self._vocabulary - self._rules.clinical.never:
            if len(word) > _CUT:
                by_start.setdefault(word[:3], []).append(word)
        return by_start

    @cached_property
    def _latin(self) -> frozenset[str]:
        """Words of medicine in their Latin spelling, which German writes with k and z."""
        return frozenset(word for word in self._vocabulary if len(word) > _MISSPELT and word.endswith(_LATIN_ENDINGS))

    @cached_property
    def _misspelt(self) -> frozenset[str]:
        long = [word for word in self._vocabulary if len(word) > _MISSPELT]
        return frozenset(long).union(*(_shortened(word) for word in long))


def _shortened(word: str) -> set[str]:
    """The word without one of its letters."""
    return {word[:at] + word[at + 1 :] for at in range(len(word))}
