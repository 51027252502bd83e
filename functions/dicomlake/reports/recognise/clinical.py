"""A span of text in, whether it is a clinical term out: eponyms among clinical words, scores, drugs, measures. Called by every layer and after them.

The rule wins only in clinical company: "Mr Baker has a Baker cyst" holds one of each.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from dicomlake.reports.recognise.spans import Label, Span, trimmed
from dicomlake.reports.recognise.writing import fold, has_case, plain
from dicomlake.rules.recognition import RecognitionRules

_WORDS_AROUND = 3
_SHORTEST_ID = 4
_PART = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_WORD = re.compile(r"[^\W\d_]+")
_TITLE_BEFORE = re.compile(
    r"(?:^|[^\w])(?:dr|dra|prof|mr|mrs|ms|miss|sr|sra|don|dona|herr|frau|mme|mlle|dott|sig|signor|signora|doctor|docteur|dottor|d)\.?(?:\s(?:med|ssa)\.)?\s{0,2}$"
)
_MEASURE = re.compile(r"\d+(?:[.,]\d+)?(?:\s?[x×*-]\s?\d+(?:[.,]\d+)?)*\s?([a-zµ%°]+)")
# A grade behind a surname makes it a score ("Bosniak IIF", "Gleason 3+4").
_GRADE = re.compile(r"[ -](?:[ivx]{1,4}[a-f]?|\d[a-f]?(?:\s?\+\s?\d)?)(?![\w.,/:-]*\d)(?![^\W_])")
# A dose behind a word, or a word of treatment before it, makes it a drug.
_DOSE = re.compile(r"\s\d+(?:[.,]\d+)?\s?(?:mg|g|ug|µg|mcg|ml|ui|iu|ie|mbq|mci|mmol)(?![^\W_])")
_TREATED = re.compile(
    r"(?<![^\W_])(?:traitement par|sous traitement par|traite[e]? par|medikation(?: mit)?|therapie mit|dauermedikation|in terapia con|terapia con|"
    r"medicad[oa] com|medicacao|tratamiento con|en tratamiento con|tratamento com|treated with|treatment with|medication|medications)\s?:?\s$"
)

# What is taken is a list from the verb on; behind a verb that may mean something else, one of its items must be known.
_ITEM = r"[^\W\d_][\w-]{2,}(?: [a-z]\d)?(?: \d+(?:[.,]\d+)?(?: ?(?:mg|g|ug|µg|mcg|ml|ui|iu|ie|/d))?)?"
_TAKEN = re.compile(
    r"(?<![^\W_])(?:toma|tomaba|tomando|assume|assumeva|prende|prend|sous|unter|"
    r"einnahme(?: von)?|nimmt|takes|taking|on|given|"
    r"traite[e]? par|traitement(?: habituel)?(?: par)?|"
    r"medicad[oa] com|medicad[oa] con|tratamiento(?: con| habitual)?|tratamento com|"
    r"terapia(?: con)?|therapie(?: mit)?|dauermedikation|medikation(?: mit)?|medications?|"
    rf"medicacao|medicacion|recibe|riceve|recebe|erhalt)\s?:? ({_ITEM}(?:(?:, ?| (?:y|e|et|and|und|con|mit|plus) ){_ITEM}){{0,11}})"
)
# A word with a capital and a small number or Roman one behind it, within running text, is a score ("Deauville 3", "Knosp grade II").
_SCORE = re.compile(
    r"(?<![\w:])(?<!: )(?<!:  )[A-Z][a-z]{2,}(?:[ -](?:(?:y|e|and|und|et) )?[A-Z][a-z]{2,}){0,2}[ -]"
    r"(?:(?:grade|grad|grado|grau|type|typ|tipo|stage|"
    r"stadium|estadio|stade|stadio|class|clase|classe|klasse|score)[ -])?"
    r"(?:[IVX]{1,4}[A-Fa-f]?|[0-6][a-c]?)"
    r"(?![\w/:-]|[.,]\d|\.? ?(?:de )?(?:jan|feb|fev|mar|apr|abr|avr|mai|may|mag|jun|juin|giu|jul|juil|lug|"
    r"aug|ago|aou|sep|set|okt|oct|out|ott|nov|dez|dec|dic|ene|gen)|, ?\d{4,5})",
)

_STREET = re.compile(
    r"(?<![^\W_])(?:calle|c/|avda|avenida|av|plaza|pza|paseo|camino|carretera|ctra|via|viale|corso|piazza|largo|rua|travessa|rue|avenue|boulevard|bd|chemin|impasse|place|"
    r"cours|quai|street|road|lane|drive|way|row|close|court|urb|urbanizacion|edificio|bloque|piso|flat|apt|suite|house|am|an der|zum|zur)(?![^\W_])|"
    r"(?:strasse|straße|str|weg|gasse|platz|allee|ring|damm|ufer)(?![^\W_])"
)
_WORDLY = frozenset((Label.NAME, Label.LOCATION, Label.HOSPITAL, Label.OTHER, Label.PROFESSION))
_NO_MEASURE = frozenset((Label.AGE, Label.SEX, Label.DATE, Label.EMAIL, Label.URL))
_GUESSED = frozenset(("model", "fine", "propagated", "engine", "strange"))


class Clinical:
    """The rules, compiled once."""

    def __init__(self, rules: RecognitionRules) -> None:
        self._terms = rules.clinical
        self._ordinary = rules.ordinary
        self._plain_words = rules.ordinary | rules.clinical.anatomy
        self._vocabulary = rules.vocabulary
        self._both = rules.both
        self._affixes = rules.affixes
        self.is_medical = lru_cache(maxsize=20_000)(self._is_medical)
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

    def is_anatomy(self, folded_word: str) -> bool:
        """Whether a word is a part of the body, a substance, a device or a short form."""
        return folded_word in self._terms.anatomy or folded_word in self._terms.never

    def is_eponym(self, folded_word: str) -> bool:
        """Whether a surname names diseases, signs or measures, and stands for none of them by itself."""
        return folded_word in self._terms.eponyms and folded_word not in self._terms.never

    def is_both(self, folded_word: str) -> bool:
        """Whether a common word is a name too."""
        return folded_word in self._both

    def _is_medical(self, folded_word: str) -> bool:
        """Whether a word is made as the words of medicine are, or names a substance or a device."""
        length = len(folded_word)
        return folded_word in self._terms.never or any(
            length >= affix.length and affix.regex.search(folded_word) for affix in self._affixes
        )

    def terms(self, folded: str) -> list[tuple[int, int]]:
        """Start and end of the clinical terms that could be taken for names, in folded text, with the word that makes them one."""
        found = [match.span() for match in self._phrases.finditer(folded)]
        for match in self._eponym.finditer(folded):
            start, end = match.span()
            reach = self._reach(folded, start, end)
            if reach is not None and not _TITLE_BEFORE.search(folded[max(0, start - 24) : start]):
                found.append(reach)
        return found

    def _reach(self, folded: str, start: int, end: int) -> tuple[int, int] | None:
        """From the clinical word before to the one after an eponym, behind nothing but links and other eponyms; None without one."""
        before = re.split(r"[.;:!?\n]", folded[max(0, start - 48) : start])[-1]
        after = re.split(r"[.;:!?\n,]", folded[end : end + 48])[0]
        head = self._head(list(_WORD.finditer(before))[: -_WORDS_AROUND - 1 : -1])
        tail = self._head(list(_WORD.finditer(after))[:_WORDS_AROUND])
        if tail is None:
            tail = _GRADE.match(after)
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

    def kept(self, text: str, spans: Iterable[Span], lang: str = "") -> Iterator[Span]:
        """The spans without what is a clinical term in them; known values of numbers and dates stand above the rule."""
        folded = fold(text)
        terms = self.terms(folded)
        if lang == "de":
            terms += [found.span() for found in self._morbus.finditer(folded)]
        company = [*self._taken(folded), *self._scores(text, folded)]
        for span in spans:
            if span.layer == "known" and span.label is not Label.NAME:
                yield span
            elif span.label in _WORDLY:
                yield from (
                    rest
                    for rest in (
                        _trimmed(text, rest)
                        for rest in self._without(
                            span, [*terms, *company] if span.layer in _GUESSED and span.layer != "fine" else terms
                        )
                    )
                    if any(map(str.isalnum, text[rest.start : rest.end]))
                    and not (self._is_clinical(folded, rest) or self._is_small_talk(text, folded, rest))
                )
            elif not (
                span.layer in _GUESSED
                and (
                    self._is_measure(folded, span)
                    or _is_short_number(folded, span)
                    or (
                        span.label is Label.ID
                        and any(start <= span.start and span.end <= end for start, end in company)
                    )
                )
            ):
                yield self._without_words(folded, span) if span.label is Label.ID and span.layer in _GUESSED else span

    def _taken(self, folded: str) -> Iterator[tuple[int, int]]:
        """Where lists of drugs stand: behind a verb of taking, one of whose items at least is known."""
        for found in _TAKEN.finditer(folded):
            words = _WORD.findall(found[1])
            if any(word in self._terms.never or (len(word) > 4 and self.is_medical(word)) for word in words):
                yield found.span()

    def _scores(self, text: str, folded: str) -> Iterator[tuple[int, int]]:
        for found in _SCORE.finditer(plain(text)):
            lead = folded[max(0, found.start() - 24) : found.start()]
            if (
                _TITLE_BEFORE.search(lead) is None
                and _STREET.search(lead + folded[found.start() : found.end()]) is None
            ):
                yield found.span()

    def _without(self, span: Span, terms: list[tuple[int, int]]) -> list[Span]:
        rests = [span]
        for start, end in terms:
            cut = []
            for rest in rests:
                if end <= rest.start or rest.end <= start:
                    cut.append(rest)
                    continue
                cut += [replace(rest, end=start)] if rest.start < start else []
                cut += [replace(rest, start=end)] if end < rest.end else []
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
        return replace(span, start=span.start + words[0].start(), end=span.start + words[-1].end()) if words else span

    def _is_clinical(self, folded: str, span: Span) -> bool:
        shown = folded[span.start : span.end]
        if span.layer in _GUESSED and not any(map(str.isalpha, shown)) and span.label is not Label.LOCATION:
            return True
        if self._is_never(shown, self._terms.never):
            return True
        if span.layer not in _GUESSED or (span.layer == "fine" and span.label is Label.HOSPITAL):
            return False
        return (
            self._is_measure(folded, span)
            or self._is_never(shown, self._plain_words)
            or self._is_beside_a_sure_head(folded, span)
            or self._is_drug(folded, span)
        )

    def _is_small_talk(self, text: str, folded: str, span: Span) -> bool:
        """Whether a model took nothing but small letters: words of which none is a name, or a lone word of a text that has capitals."""
        if span.layer not in _GUESSED or not text[span.start : span.end].islower():
            return False
        words = _PART.findall(folded[span.start : span.end])
        if all(self.is_word(word) or self.is_medical(word) for word in words):
            return True
        labelled = text[max(0, span.start - 3) : span.start].rstrip().endswith((":", "=", "|", "^", "\t"))
        return (
            len(words) == 1
            and not labelled
            and _TITLE_BEFORE.search(folded[max(0, span.start - 24) : span.start]) is None
            and has_case(text)
        )

    def _is_beside_a_sure_head(self, folded: str, span: Span) -> bool:
        """Whether one or two words that no list knows are named by what stands beside them ("Bismuth type IIIa")."""
        if len(folded[span.start : span.end].split()) > 2 or _TITLE_BEFORE.search(
            folded[max(0, span.start - 24) : span.start]
        ):
            return False
        own = _WORD.findall(folded[span.start : span.end])
        if len(own) > 1 and (own[-1] in self._terms.sure_after or own[0] in self._terms.sure_before):
            return True
        if len(own) > 1 and all(word in self._terms.eponyms for word in own) and "-" in folded[span.start : span.end]:
            return True
        after = _WORD.match(folded, span.end + 1)
        if after is not None and after[0] in self._terms.sure_after and folded[span.end] in " -":
            return True
        before = [word[0] for word in _WORD.finditer(folded[max(0, span.start - 32) : span.start])]
        while before and before[-1] in self._terms.links:
            before.pop()
        return bool(before) and before[-1] in self._terms.sure_before and folded[max(0, span.start - 1)] in " -'"

    def _is_drug(self, folded: str, span: Span) -> bool:
        """Whether one word stands where a drug does ("Traitement par X", "X 75 mg")."""
        if len(folded[span.start : span.end].split()) > 1:
            return False
        return (
            _DOSE.match(folded, span.end) is not None
            or _TREATED.search(folded[max(0, span.start - 40) : span.start]) is not None
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


def _trimmed(text: str, span: Span) -> Span:
    start, end = trimmed(text, span.start, span.end)
    return replace(span, start=start, end=end)


def _is_short_number(folded: str, span: Span) -> bool:
    """Whether a model took up to three digits for an identifier."""
    shown = folded[span.start : span.end]
    return span.label is Label.ID and span.layer != "fine" and shown.isdigit() and len(shown) < _SHORTEST_ID
