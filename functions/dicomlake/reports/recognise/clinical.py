"""A span of text in, whether it is a clinical term out: eponyms among clinical words, scores, drugs, measures. Called by every layer and after them.

The rule wins only in clinical company: "Mr Baker has a Baker cyst" holds one of each.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from dicomlake.reports.recognise.shapes import Shapes
from dicomlake.reports.recognise.spans import SURE, Label, Span, trimmed
from dicomlake.reports.recognise.stems import stem
from dicomlake.reports.recognise.writing import fold, has_case, plain
from dicomlake.rules.recognition import RecognitionRules

_WORDS_AROUND = 3
_SHORTEST_ID = 4
_PART = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_WORD = re.compile(r"[^\W\d_]+")
# What parts sentences, lines and the cells of a table: a word beyond says nothing of this one.
_PARTED = re.compile(r"[.;:!?\n|\t^]")
_MEASURE = re.compile(r"\d+(?:[.,]\d+)?(?:\s?[x×*-]\s?\d+(?:[.,]\d+)?)*\s?([a-zµ%°]+)")
# A grade behind a surname makes it a score ("Bosniak IIF", "Gleason 3+4").
GRADE = re.compile(r"[ -](?!va(?![^\W_]))(?:[ivx]{1,4}[a-f]?|\d[a-f]?(?:\s?\+\s?\d)?)(?![\w.,/:-]*\d)(?![^\W_])")
TREATED = re.compile(
    r"(?<![^\W_])(?:traitement par|sous traitement par|traite[e]? par|medikation(?: mit)?|therapie mit|dauermedikation|in terapia con|terapia con|"
    r"medicad[oa] com|medicacao|tratamiento con|en tratamiento con|tratamento com|treated with|treatment with|medication|medications)\s?:?\s$"
)

_SHORTEST_COMPOUND, _SHORTEST_STEM = 8, 7
_ENDING = re.compile(r"e[rsmn]?$")
_FUGUE = ("s", "es", "n", "en", "e", "er", "")
# What German surnames end in as compounds do.
_NAMELY = re.compile(
    r"(?:mann|stein|berg|berger|bach|bacher|baum|feld|felder|hofer|maier|meier|meyer|wald|schmidt|ow|ski|thal|haus|hauser)$"
)
_WORDLY = frozenset((Label.NAME, Label.LOCATION, Label.HOSPITAL, Label.OTHER, Label.PROFESSION))
_NO_MEASURE = frozenset((Label.AGE, Label.SEX, Label.DATE, Label.EMAIL, Label.URL))
# The score from which on a model is believed of a word that is an ordinary one: where it stands says that somebody is called so.
TRUSTED = 0.85
_GUESSED = frozenset(("model", "fine", "propagated", "engine"))


class Clinical:
    """The rules, compiled once."""

    def __init__(self, rules: RecognitionRules) -> None:
        self._terms = rules.clinical
        self.shapes = Shapes(rules.shapes)
        self._ordinary = rules.ordinary
        self._plain_words = rules.ordinary | rules.clinical.anatomy
        self._vocabulary = rules.vocabulary
        self._both = rules.both
        self._given = frozenset(fold(word) for word, kinds in rules.lexicon.items() if "given_word" in kinds)
        self._affixes, self._namely = rules.affixes, rules.name_endings
        self._stems, self._parts = rules.stems, rules.german_parts
        self.is_medical = lru_cache(maxsize=20_000)(self._is_medical)
        self.kind = lru_cache(maxsize=20_000)(self._kind)
        self.terms = lru_cache(maxsize=2)(self._terms_in)  # several layers ask of one text
        self._of_text = lru_cache(maxsize=1)(self._found)
        phrases = sorted(rules.clinical.phrases, key=lambda phrase: (-len(phrase), phrase))
        spaced = "|".join(re.escape(phrase).replace(r"\ ", r"[\s-]{1,2}") for phrase in phrases)
        self._phrases = re.compile(rf"(?<![^\W_])(?:{spaced})(?![^\W_])")
        eponyms = sorted(rules.clinical.eponyms, key=lambda name: (-len(name), name))
        either = "|".join(map(re.escape, eponyms))
        self._eponym = re.compile(rf"(?<![^\W_])(?:{either})(?![^\W_])")
        self._morbus = re.compile(
            rf"(?<![^\W_])(?<!dr\. )(?<!herr )(?<!frau )m\. ?(?:{either})(?![^\W_])"
        )  # so only in German

    def is_ordinary(self, folded_word: str) -> bool:
        """Whether a word is one of the language or of the trade."""
        return folded_word in self._ordinary or folded_word in self._terms.never

    def is_word(self, folded_word: str) -> bool:
        """Whether a word stands in the vocabulary of the languages, in which no name does."""
        return folded_word in self._vocabulary or self.is_ordinary(folded_word)

    def _kind(self, folded_word: str, lang: str) -> str:
        """What is known of a word: `eponym`, `both` (a word that is a name too), `word`, `medical` by how it is made, or `strange`."""
        if self.is_eponym(folded_word):
            return "eponym"
        if self.is_both(folded_word):
            return "both"
        if self.is_word(folded_word) or (folded_word.endswith("s") and self.is_word(folded_word[:-1])):
            return "word"
        if self.is_medical(folded_word):
            return "medical"
        return "word" if lang == "de" and self._is_german(folded_word) else "strange"

    def is_known(self, folded_word: str, lang: str) -> bool:
        """Whether a word, or what it is the plural of, is one of the language or of the trade."""
        return self.kind(folded_word, lang) not in ("eponym", "strange")

    def _is_german(self, folded: str) -> bool:
        """Whether a German word is an adjective with an ending, or made of two others of which one is of the trade."""
        bare = _ENDING.sub("", folded)
        if len(bare) >= _SHORTEST_STEM and self.is_word(bare):
            return True
        if len(folded) < _SHORTEST_COMPOUND or _NAMELY.search(folded):
            return False
        for cut in range(4, len(folded) - 3):
            one, two = folded[:cut], folded[cut:]
            if not self._is_member(two):
                continue
            firsts = (one[: cut - len(joint)] for joint in _FUGUE if one.endswith(joint) and cut - len(joint) > 2)
            if any(self._is_member(first) and (self._is_trade(first) or self._is_trade(two)) for first in firsts):
                return True
        return False

    def _is_member(self, folded: str) -> bool:
        return folded in self._parts or self.is_word(folded)

    def _is_trade(self, folded: str) -> bool:
        return folded in self._parts or self.is_medical(folded)

    def _is_of_parts(self, folded: str) -> bool:
        """Whether a German word is made of two or more of the trade, the last one with an ending or without."""
        for cut in range(len(folded) - 3, 2, -1):
            if not any(
                joint == "" or (folded[:cut].endswith(joint) and cut - len(joint) > 2)
                for joint in _FUGUE
                if folded[: cut - len(joint)] in self._parts
            ):
                continue
            rest = folded[cut:]
            if rest in self._parts or _ENDING.sub("", rest) in self._parts or (len(rest) > 4 and self.is_medical(rest)):
                return True
            if len(rest) > _SHORTEST_STEM - 2 and self._is_of_parts(rest):
                return True
        return False

    def is_no_part(self, folded_word: str) -> bool:
        """Whether a word beside a name is none of its parts: a word of the language that nobody is called by."""
        return self.is_word(folded_word) and folded_word not in self._given

    def is_anatomy(self, folded_word: str) -> bool:
        """Whether a word is a part of the body, a substance, a device or a short form."""
        return folded_word in self._terms.anatomy or folded_word in self._terms.never

    def is_never(self, folded_word: str) -> bool:
        """Whether a word is a short form, a drug or a device, and never a person."""
        return folded_word in self._terms.never

    def is_eponym(self, folded_word: str) -> bool:
        """Whether a surname names diseases, signs or measures, and stands for none of them by itself."""
        return folded_word in self._terms.eponyms and folded_word not in self._terms.never

    def is_both(self, folded_word: str) -> bool:
        """Whether a common word is a name too."""
        return folded_word in self._both

    def _is_medical(self, folded_word: str) -> bool:
        """Whether a word is made as the words of medicine are, in German of others, or names a substance or a device."""
        length = len(folded_word)
        if folded_word in self._terms.never or stem(folded_word) in self._stems:
            return True
        if folded_word.endswith(self._namely):
            return False
        if any(length >= affix.length and affix.regex.search(folded_word) for affix in self._affixes):
            return True
        return length >= _SHORTEST_COMPOUND and self._is_of_parts(folded_word)

    def is_substance(self, folded_word: str) -> bool:
        """Whether a word is a drug, or made like one."""
        return folded_word in self._terms.never or (len(folded_word) > 4 and self.is_medical(folded_word))

    def _terms_in(self, folded: str) -> list[tuple[int, int]]:
        """Start and end of the clinical terms that could be taken for names, in folded text, with the word that makes them one."""
        found = [match.span() for match in self._phrases.finditer(folded)]
        for match in self._eponym.finditer(folded):
            start, end = match.span()
            reach = self.reach(folded, start, end)
            if reach is not None and not self.shapes.is_titled(folded, start):
                found.append(reach)
        return found

    def reach(self, folded: str, start: int, end: int) -> tuple[int, int] | None:
        """From the clinical word before to the one after an eponym, behind nothing but links and other eponyms; None without one."""
        before = _PARTED.split(folded[max(0, start - 48) : start])[-1]
        after = _PARTED.split(folded[end : end + 48])[0].split(",")[0]
        head = self._head(list(_WORD.finditer(before))[: -_WORDS_AROUND - 1 : -1])
        tail = self._head(list(_WORD.finditer(after))[:_WORDS_AROUND])
        if tail is None:
            tail = GRADE.match(after)
        if head is None and tail is None:
            return None
        return (start - len(before) + head.start() if head else start), (end + tail.end() if tail else end)

    def _head(self, words: list[re.Match[str]]) -> re.Match[str] | None:
        for word in words:
            if word[0] in self._terms.heads or word[0].removesuffix("s") in self._terms.heads:
                return word
            if len(word[0]) > 1 and word[0] not in self._terms.links and word[0] not in self._terms.eponyms:
                return None
        return None

    def names_a_thing(self, folded: str, span: Span) -> bool:
        """Whether what stands beside a strange word makes it a drug or half of a term."""
        return self._is_beside_a_sure_head(folded, span) or self._is_drug(folded, span)

    def kept(self, text: str, spans: Iterable[Span], lang: str = "") -> Iterator[Span]:
        """The spans without what is a clinical term in them; known values of numbers and dates stand above the rule."""
        folded, terms, company = self._of_text(text, lang)
        for span in spans:
            if span.layer == "known" and span.label is not Label.NAME:
                yield span
            elif span.label in _WORDLY:
                yield from (
                    rest
                    for rest in (
                        _trimmed(text, rest)
                        for rest in self._without(
                            span, company if span.layer in _GUESSED and span.layer != "fine" else terms
                        )
                    )
                    if any(map(str.isalnum, text[rest.start : rest.end])) and not self._is_clinical(text, folded, rest)
                )
            elif not (
                span.layer in _GUESSED
                and (
                    self._is_measure(folded, span)
                    or _is_short_number(folded, span)
                    or (
                        span.label is Label.ID
                        and any(start <= span.start and span.end <= end for start, end in company[len(terms) :])
                    )
                )
            ):
                yield self._without_words(folded, span) if span.label is Label.ID and span.layer in _GUESSED else span

    def _found(self, text: str, lang: str) -> tuple[str, list[tuple[int, int]], list[tuple[int, int]]]:
        """A text folded, its terms, and these with where drugs, doses, scores and ages stand."""
        folded = fold(text)
        terms = self.terms(folded)
        if lang == "de":
            terms = terms + [found.span() for found in self._morbus.finditer(folded)]
        return folded, terms, [*terms, *self.shapes.find(plain(text), folded, self)]

    def _without(self, span: Span, terms: list[tuple[int, int]]) -> list[Span]:
        rests = [span]
        for start, end in terms:
            cut = []
            for rest in rests:
                if end <= rest.start or rest.end <= start:
                    cut.append(rest)
                    continue
                cut += [rest.at(rest.start, start)] if rest.start < start else []
                cut += [rest.at(end, rest.end)] if end < rest.end else []
            rests = cut
        return rests

    def _without_words(self, folded: str, span: Span) -> Span:
        """A number without the ordinary words a model took with it."""
        if span.layer == "fine":
            return span
        words = list(re.finditer(r"\S+", folded[span.start : span.end]))
        while len(words) > 1 and self.is_word(words[-1][0]):
            words.pop()
        while len(words) > 1 and self.is_word(words[0][0]):
            words.pop(0)
        return span.at(span.start + words[0].start(), span.start + words[-1].end()) if words else span

    def _is_clinical(self, text: str, folded: str, span: Span) -> bool:
        shown = folded[span.start : span.end]
        guessed = span.layer in _GUESSED
        if guessed and not any(map(str.isalpha, shown)) and span.label is not Label.LOCATION:
            return True
        told = self._is_told(text, folded, span)
        if not told and (self._is_never(shown, self._terms.never) or self._is_small_talk(text, folded, span)):
            return True
        if not guessed or (span.layer == "fine" and span.label is Label.HOSPITAL):
            return False
        return (
            self._is_measure(folded, span)
            or (not told and not self._is_titled(text, folded, span) and self._is_never(shown, self._plain_words))
            or self._is_beside_a_sure_head(folded, span)
            or self._is_drug(folded, span)
        )

    def _is_told(self, text: str, folded: str, span: Span) -> bool:
        """Whether where a word stands says that somebody is called so, whatever else it means: a title, a sure form, a model without a doubt."""
        shown = text[span.start : span.end]
        if span.label is not Label.NAME or any(map(str.isdigit, shown)):
            return False
        if shown.isupper() or len(shown) < _SHORTEST_ID:
            return False
        if span.layer == "pattern":
            return span.score >= SURE
        if span.layer not in _GUESSED or span.score < TRUSTED:
            return False
        words = _WORD.findall(folded[span.start : span.end])
        return len(words) < 3 and not any(map(self.is_eponym, words))

    def _is_small_talk(self, text: str, folded: str, span: Span) -> bool:
        """Whether a model took nothing but small letters: words of which none is a name, or a lone word of a text that has capitals."""
        if span.layer not in _GUESSED or not text[span.start : span.end].islower():
            return False
        words = _PART.findall(folded[span.start : span.end])
        if all(self.is_word(word) or self.is_medical(word) for word in words):
            return True
        labelled = text[max(0, span.start - 3) : span.start].rstrip().endswith((":", "=", "|", "^", "\t"))
        return len(words) == 1 and not labelled and not self.shapes.is_titled(folded, span.start) and has_case(text)

    def _is_beside_a_sure_head(self, folded: str, span: Span) -> bool:
        """Whether one or two words that no list knows are named by what stands beside them ("Bismuth type IIIa")."""
        shown = [word for word in folded[span.start : span.end].split() if word not in self._terms.links]
        if len(shown) > 2 or self.shapes.is_titled(folded, span.start):
            return False
        own = _WORD.findall(folded[span.start : span.end])
        if len(own) > 1 and (own[-1] in self._terms.sure_after or own[0] in self._terms.sure_before):
            return True
        if len(own) > 1 and all(word in self._terms.eponyms for word in own) and "-" in folded[span.start : span.end]:
            return True
        after = _WORD.match(folded, span.end + 1)
        if after is not None and after[0] in self._terms.sure_after and folded[span.end] in " -":
            return True
        before = _WORD.findall(_PARTED.split(folded[max(0, span.start - 32) : span.start])[-1])
        while before and before[-1] in self._terms.links:
            before.pop()
        return bool(before) and before[-1] in self._terms.sure_before and folded[max(0, span.start - 1)] in " -'"

    def _is_drug(self, folded: str, span: Span) -> bool:
        """Whether one word stands where a drug does ("Traitement par X", "X 75 mg")."""
        if len(folded[span.start : span.end].split()) > 1:
            return False
        return (
            self.shapes.dose.match(folded, span.end) is not None
            or TREATED.search(folded[max(0, span.start - 40) : span.start]) is not None
        )

    def _is_never(self, folded: str, words_that_are_none: frozenset[str]) -> bool:
        """Whether nothing but words of the list stands here, with numbers beside them ("Ultravist 370")."""
        words = [word for word in _PART.findall(folded) if not word.isdigit()]
        return bool(words) and all(word in words_that_are_none or word in self._terms.never for word in words)

    def _is_measure(self, folded: str, span: Span) -> bool:
        if span.label in _NO_MEASURE:
            return False
        found = _MEASURE.match(folded, span.start)
        return found is not None and found[1] in self._terms.units and found.end() >= span.end

    def _is_titled(self, text: str, folded: str, span: Span) -> bool:
        """Whether a title stands before a word with a capital; "MR", "SR" and "MS" alone in capitals are none."""
        start = max(0, span.start - 24)
        before = self.shapes.title.search(folded[start : span.start])
        return before is not None and not text[start:][before.start() : before.end()].strip(" \n.").isupper()


def _trimmed(text: str, span: Span) -> Span:
    return span.at(*trimmed(text, span.start, span.end))


def _is_short_number(folded: str, span: Span) -> bool:
    """Whether a model took up to three digits for an identifier."""
    shown = folded[span.start : span.end]
    return span.label is Label.ID and span.layer != "fine" and shown.isdigit() and len(shown) < _SHORTEST_ID
