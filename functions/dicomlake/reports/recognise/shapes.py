"""A text in, where terms stand that no list knows but their shape tells: germs, signs in a row, devices in place, drugs in a list, scores, values.

Called by `clinical.py`. What the trained models guess there is none; what is known or proven stands above it. The words are those of
`deid_rules/text/shapes.yaml`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Protocol

_LEAD = 24
_WORD = re.compile(r"[^\W\d_]+")
_ROW = 60  # characters between two signs of one row
# A genus and a species, as the Latin names of germs are written.
_BINOMIAL = re.compile(
    r"(?<![\w.'’-])(?:[A-Z][a-z]{2,}(?:ella|elia|ia|us|um|a|es|is|ix|as|er|bacter|coccus|monas|myces|phila|nema|ax|on|os)|[A-Z]\.)\s([a-z]{5,})(?![\w'’-])"
)
_LATIN = re.compile(r"(?:us|um|is|ans|ens|ica|osa|alis|ni|ri|ti|rum|ata|ina|inus|ea|eus|ei|ax|ns)$")
_SURELY_LATIN = re.compile(r"(?:ii|ae|ensis|icola|formis|oides|phil[au]s?|lytic[au]s?|cens|scens)$")
# A single word with a value and unit of a laboratory behind it.
_UNIT = r"(?:(?:[munpµ]?(?:g|mol|kat)|[mkµ]?U|UI|IU|mEq|cells)/(?:d?l|m[lL]|L|dL|mm3|min|h)|%)(?!\w)"
# A drug, and one with its dose.
_ONE = r"[A-Z][a-z][\w-]{2,}"
_DOSED = r"(?: \d+(?:[.,/]\d+)*(?: ?(?:mg|g|ug|µg|mcg|ml|UI|IU|IE|mmol)(?:/[a-z]+)?| ?(?:1|2|0)?-\d-\d)(?![^\W_]))"
# What is taken is a list from the verb on; behind a verb that may mean something else, one of its items must be known.
_ITEM = r"[^\W\d_][\w-]{2,}(?: [a-z]\d)?(?: \d+(?:[.,]\d+)?(?: ?(?:mg|g|ug|µg|mcg|ml|ui|iu|ie|/d))?)?"


class Known(Protocol):
    """What is asked about words (folded)."""

    def is_word(self, folded_word: str) -> bool:
        """Whether it is one of the languages or of the trade."""
        ...

    def is_eponym(self, folded_word: str) -> bool:
        """Whether it is a surname that names diseases and signs."""
        ...

    def is_substance(self, folded_word: str) -> bool:
        """Whether it is a drug or made like one."""
        ...


class Shapes:
    """The forms, made once from the words of the rules. `title` is one right before a name, `dose` one right behind a drug."""

    def __init__(self, words: Mapping[str, str]) -> None:
        w = words
        both = rf"(?:, ?|; ?| ?\+ ?| ?/ ?|,? (?:{w['and']}) )"
        self.title = re.compile(rf"(?:^|[^\w])(?:{w['titles']})\.?(?:\s(?:med|ssa)\.)?\s{{0,2}}$")
        # A dose behind a word, or a word of treatment before it, makes it a drug.
        self.dose = re.compile(
            rf"\s(?:\d+(?:[.,]\d+)?\s?(?:{w['dose_units']})(?![^\W_])|\d(?:/\d)?-\d(?:/\d)?-\d(?:/\d)?(?:-\d)?(?![\d-]))"
        )
        # An age that is told, not hidden.
        self._age = re.compile(rf"(?<![\w.,/-])[1-8]?\d[ -]?(?:{w['ages']})(?:[ -](?:{w['old']}))?(?![^\W_])")
        self._taken = re.compile(
            rf"(?<![^\W_])(?:{w['taken']})\s?:? ({_ITEM}(?:(?:, ?| (?:y|e|et|and|und|con|mit|plus) ){_ITEM}){{0,11}})"
        )
        # A word with a capital and a small number or Roman one behind it, within running text, is a score ("Deauville 3", "Knosp grade II").
        self._score = re.compile(
            r"(?<![\w:])(?<!: )(?<!:  )[A-Z][a-z]{2,}(?:[ -](?:(?:y|e|and|und|et) )?[A-Z][a-z]{2,}){0,2}[ -]"
            rf"(?:(?:{w['grades']})[ -])?(?:[IVX]{{1,4}}[A-Fa-f]?|[0-6][a-c]?)"
            rf"(?![\w/:-]|[.,]\d|\.? ?(?:de )?(?:{w['months']})|, ?\d{{4,5}})"
        )
        self._street = re.compile(rf"(?<![^\W_])(?:{w['streets']})(?![^\W_])|(?:{w['street_ends']})(?![^\W_])")
        self._told = re.compile(rf"^(?:{w['telling_verdicts']})")
        self._sign = re.compile(
            rf"(?:^|(?<=[.;,:|\n/(]))[ ]?([A-Z][\w'’-]+(?:[ -][A-Z][\w'’-]+)?)"
            rf"(?: (?:{w['sign_words']}|[a-z]+\.)){{0,2}}[ ]?:?[ ]((?:{w['verdicts']}))"
            rf"(?=[ ]?(?:[.;,:|\n)]|$| (?:{w['sign_ends']})(?![^\W_])))",
            re.MULTILINE,
        )
        self._in_place = re.compile(
            rf"(?<![\w.])([A-Z][\w'’-]{{2,}}(?:[ -](?:[A-Z][\w-]+|{w['devices']})){{0,2}})[ ](?:{w['in_place']})"
        )
        self._value = re.compile(
            rf"(?<![\w'’-])[A-Z][\w-]{{1,}}(?:[ ](?:{w['value_links']}))?[ ]?[:=]?[ ]?[<>]?[ ]?\d+(?:[.,]\d+)?[ ]?{_UNIT}"
        )
        # Drugs in a list: what stands between two with doses, or opens a list of them, is one too.
        self._list = re.compile(
            rf"{_ONE}{_DOSED}(?:{both}{_ONE}{_DOSED}?){{1,10}}{both}{_ONE}{_DOSED}|{_ONE}{_DOSED}{both}{_ONE}{_DOSED}"
        )
        self._opened = re.compile(rf"(?:^|(?<=[.:;\n] ))({_ONE}(?:, {_ONE})*){both}{_ONE}{_DOSED}", re.MULTILINE)
        # Behind a label of treatment, and as what is stopped, changed or not tolerated, stands no person.
        self._labelled = re.compile(
            rf"(?<![^\W_])(?:{w['treatments']})[ ]?:[ ]?({_ONE}{_DOSED}?(?:{both}(?:{_ONE}|[a-z]{{4,}}){_DOSED}?){{0,8}})(?![\w-])"
        )
        self._changed = re.compile(
            rf"(?<![^\W_])(?i:{w['changed']})[ ]({_ONE})(?: (?:{w['exchanged']}) ({_ONE}))?(?=[.,;]|$| \d| (?:{w['changed_ends']}))",
            re.MULTILINE,
        )
        self._tolerated = re.compile(rf"(?<![\w'’-])({_ONE})(?: (?:{w['was']}))? (?:{w['badly']}) (?:{w['tolerated']})")

    def is_titled(self, folded: str, start: int) -> bool:
        """Whether a title stands right before a place."""
        return self.title.search(folded[max(0, start - _LEAD) : start]) is not None

    def find(self, text: str, folded: str, known: Known) -> Iterator[tuple[int, int]]:
        """Start and end of the terms in a text, which has no accents, and the same in small letters."""
        for form in (self.dose, self._age):
            yield from (found.span() for found in form.finditer(folded))
        for form in (self._value, self._list, self._in_place):
            for found in form.finditer(text):
                if not self.is_titled(folded, found.start()):
                    yield found.span()
        for form in (self._labelled, self._changed, self._tolerated):
            for found in form.finditer(text):
                yield from (found.span(number) for number in range(1, form.groups + 1) if found[number])
        yield from (
            found.span(1) for found in self._opened.finditer(text) if not self.is_titled(folded, found.start(1))
        )
        for found in self._taken.finditer(folded):
            if any(map(known.is_substance, _WORD.findall(found[1]))):
                yield found.span()
        for found in self._score.finditer(text):
            lead = folded[max(0, found.start() - _LEAD) : found.start()]
            if (
                not self.is_titled(folded, found.start())
                and self._street.search(lead + folded[found.start() : found.end()]) is None
            ):
                yield found.span()
        for found in _BINOMIAL.finditer(text):
            word = found[1]
            sure = _SURELY_LATIN.search(word) is not None
            if sure or (not known.is_word(word) and found[0][1] != "." and _LATIN.search(word)):
                yield found.span()
        yield from self._signs(text, folded, known)

    def _signs(self, text: str, folded: str, known: Known) -> Iterator[tuple[int, int]]:
        """Words with a verdict behind them, several in a row, or one that names signs."""
        found = [one for one in self._sign.finditer(text) if not self.is_titled(folded, one.start(1))]
        for number, one in enumerate(found):
            near = [
                other for other in found[max(0, number - 3) : number + 4] if abs(other.start() - one.start()) < _ROW * 3
            ]
            told = any(self._told.match(other[2]) for other in near)
            eponym = any(known.is_eponym(word) for word in _WORD.findall(folded[one.start(1) : one.end(1)]))
            if told and (len(near) > 1 or (eponym and self._told.match(one[2]))):
                yield one.span(1)
