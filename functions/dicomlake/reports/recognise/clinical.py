"""A span of text in, whether it is a clinical term out: eponyms among clinical words, scores, drugs, measures. Called by every layer and after them.

The rule wins only in clinical company: "Mr Baker has a Baker cyst" holds one of each.
"""

import re
from collections.abc import Iterable, Iterator

from dicomlake.reports.recognise.spans import Label, Span
from dicomlake.reports.recognise.writing import fold
from dicomlake.rules.recognition import RecognitionRules

_WORDS_AROUND = 3
_WORD = re.compile(r"[^\W\d_]+")
_TITLE_BEFORE = re.compile(
    r"(?:^|[^\w])(?:dr|dra|prof|mr|mrs|ms|miss|sr|sra|don|dona|herr|frau|mme|mlle|dott|sig|signor|signora|doctor|docteur|dottor|d)\.?(?:\s(?:med|ssa)\.)?\s{0,2}$"
)
_MEASURE = re.compile(r"\d+(?:[.,]\d+)?(?:\s?[x×*-]\s?\d+(?:[.,]\d+)?)*\s?([a-zµ%°]+)")


class Clinical:
    """The rules, compiled once."""

    def __init__(self, rules: RecognitionRules) -> None:
        self._terms = rules.clinical
        self._ordinary = rules.ordinary
        phrases = sorted(rules.clinical.phrases, key=lambda phrase: (-len(phrase), phrase))
        spaced = "|".join(re.escape(phrase).replace(r"\ ", r"[\s-]{1,2}") for phrase in phrases)
        self._phrases = re.compile(rf"(?<![^\W_])(?:{spaced})(?![^\W_])")
        eponyms = sorted(rules.clinical.eponyms, key=lambda name: (-len(name), name))
        self._eponym = re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, eponyms))})(?![^\W_])")

    def is_ordinary(self, folded_word: str) -> bool:
        """Whether a word is one of the language or of the trade."""
        return folded_word in self._ordinary or folded_word in self._terms.never

    def is_term(self, text: str, start: int, end: int) -> bool:
        """Whether the span is a clinical term where it stands."""
        return any(s <= start and end <= e for s, e in self.terms(fold(text)))

    def terms(self, folded: str) -> list[tuple[int, int]]:
        """Start and end of the clinical terms that could be taken for names, in folded text."""
        found = [match.span() for match in self._phrases.finditer(folded)]
        for match in self._eponym.finditer(folded):
            if self._among_clinical_words(folded, *match.span()) and not _TITLE_BEFORE.search(
                folded[max(0, match.start() - 24) : match.start()]
            ):
                found.append(match.span())
        return found

    def _among_clinical_words(self, folded: str, start: int, end: int) -> bool:
        before = _WORD.findall(re.split(r"[.;:!?\n]", folded[max(0, start - 48) : start])[-1])
        after = _WORD.findall(re.split(r"[.;:!?\n,]", folded[end : end + 48])[0])
        return self._reaches(reversed(before[-_WORDS_AROUND:])) or self._reaches(after[:_WORDS_AROUND])

    def _reaches(self, words: Iterable[str]) -> bool:
        """Whether a head comes first, behind nothing but links and other eponyms."""
        for word in words:
            if word in self._terms.heads:
                return True
            if word not in self._terms.links and word not in self._terms.eponyms:
                return False
        return False

    def kept(self, text: str, spans: Iterable[Span]) -> Iterator[Span]:
        """The spans that are no clinical term; known values of numbers and dates stand above the rule."""
        folded = fold(text)
        terms = self.terms(folded)
        for span in spans:
            if span.layer == "known" and span.label is not Label.NAME:
                yield span
            elif (
                any(s <= span.start and span.end <= e for s, e in terms)
                or (
                    span.label in (Label.NAME, Label.LOCATION, Label.HOSPITAL)
                    and self._is_never(folded[span.start : span.end])
                )
                or (span.layer in ("model", "fine", "propagated") and self._is_measure(folded, span))
            ):
                continue
            else:
                yield span

    def _is_never(self, folded: str) -> bool:
        words = re.findall(r"[^\W_]+(?:-[^\W_]+)*", folded)
        return bool(words) and all(word in self._terms.never for word in words)

    def _is_measure(self, folded: str, span: Span) -> bool:
        if span.label in (Label.AGE, Label.SEX, Label.DATE, Label.EMAIL, Label.URL):
            return False
        found = _MEASURE.match(folded, span.start)
        return found is not None and found[1] in self._terms.units and found.end() >= span.end
