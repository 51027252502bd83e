"""A sentence in, the same with opaque marks for what the engine must not touch out, and back again afterwards.

Marks like ⟦7⟧ pass through engines unharmed, where [DATE] and [NAME-12345] do not. Behind them go placeholders, dates, numbers with their
units, eponyms, and the terms of the glossary, which come back in the other language.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from dicomlake.rules.glossary import Glossary, Term

_PLACEHOLDER = r"\[[A-Z]{2,16}(?:-\w{1,16})?\]"
_UNITS = (
    "mGy.cm mGy*cm mGy·cm mGycm mGy.cm2 mGy.cm² mGy*cm2 mGy*cm² mGycm2 mGycm² µGy.m2 µGy.m² µGym2 µGym² Gy.cm2 Gy.cm² Gycm2 Gycm² mGy/min "
    "mSv/mGy mm cm m µm um ml mL dl dL l L mg g kg µg mcg mSv µSv mGy µGy cGy Gy kV kVp keV MeV mAs mA HU UH UI IU % °C ° cc cm2 cm3 cm² cm³ mm2 mm3 "
    "mm² mm³ mmHg cmH2O bpm lpm /min /h Hz kHz MHz T ms s h min mmol/l mmol/L µmol/l µmol/L mg/dl mg/dL ng/ml ng/mL g/dl g/dL g/l g/L ml/min mL/min "
    "ml/s mL/s ml/h mg/kg kg/m2 kg/m² mg/ml mg/mL MBq GBq kBq mCi m/s cm/s Bq/ml g/ml g/mL U/l U/L ml/min/1.73m2 mL/min/1.73m²"
).split()
_UNIT = rf"(?:{'|'.join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))})(?![\w])"
_NUMBER = rf"\d+(?:[.,:/x×-]\d+)*(?:\s?(?:x|×)\s?\d+(?:[.,]\d+)?)*(?:\s?{_UNIT})?"
_CODES = (
    r"(?:BI-RADS|LI-RADS|PI-RADS|TI-RADS|Lung-RADS|T1|T2|FLAIR|STIR|DWI|ADC|SUV(?:max)?|L\d(?:-[LS]\d)?|C\d(?:-[CT]\d)?|"
    r"T\d{1,2}(?:-[TL]\d{1,2})?|S\d)(?:\s?\d[A-C]?)?"
)
_BEFORE, _BEHIND = re.compile(r"([^\W\d_]+) $"), re.compile(r" ([^\W\d_]+)")
_MEASURED = re.compile(rf"(?<![\w.,])({_NUMBER}) $")
_ARTICLE = re.compile(r"(?<!\w)(of |)(?:(the)|an?) $", re.I)
MARK = re.compile(r"⟦\s?(\d+)\s?⟧")
_FOREIGN = re.compile("[⟦⟧⟪⟫⁑]")
_LONGEST_ACRONYM = 4
_ACRONYM = re.compile(rf"(?<![\w-])[A-ZÁÉÍÓÚÑÜ]{{2,{_LONGEST_ACRONYM}}}(?![\w-])")
_AROUND = 4


@dataclass
class Shielded:
    """A sentence with marks, and what stands behind each. `must` are the marks that may not be lost."""

    text: str
    behind: list[str] = field(default_factory=list)
    fixed: list[bool] = field(default_factory=list)

    def restored(self, translated: str) -> str | None:
        """The sentence with everything back; None when a mark was lost, doubled or invented."""
        if sorted(int(n) for n in MARK.findall(translated)) != list(range(len(self.behind))):
            return None
        return MARK.sub(lambda found: self.behind[int(found[1])], translated)


class Shield:
    """The glossary of a pair of languages, compiled once."""

    def __init__(self, glossary: Glossary, eponyms: Iterable[str], source: str, target: str) -> None:
        self._source, self._target = source, target
        pair = (source, target)
        self._terms: Mapping[str, Term] = {**glossary.phrases.get(pair, {}), **glossary.terms.get(pair, {})}
        self._adjectives = _adjectives(glossary, source, target)
        names = "|".join(re.escape(name) for name in sorted(eponyms, key=lambda n: (-len(n), n)) if len(name) > 2)
        self._fixed = re.compile(rf"{_PLACEHOLDER}|(?<![\w]){_CODES}(?![\w])|(?<![\w.,]){_NUMBER}")
        self._eponym = re.compile(rf"(?<!\w)(?i:{names})(?:['’]s)?(?!\w)") if names else None
        forms = sorted(self._terms, key=lambda form: (-len(form), form))
        self._term = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, forms))})(?![\w])", re.I) if forms else None

    def applied(self, sentence: str) -> Shielded:
        """The sentence with marks."""
        sentence = _FOREIGN.sub("", sentence)
        shielded = Shielded("")
        pos = 0
        for start, end, new in _apart([*self._found(sentence)]):
            shielded.text += sentence[pos:start] + f"⟦{len(shielded.behind)}⟧"
            shielded.behind.append(new)
            pos = end
        shielded.text += sentence[pos:]
        return shielded

    def _found(self, sentence: str) -> Iterator[tuple[int, int, str]]:
        """Places and what comes back there; where two overlap, the earlier and longer one stands."""
        for found in self._fixed.finditer(sentence):
            yield (*found.span(), found[0])
        if self._term is not None:
            for found in self._term.finditer(sentence):
                yield self._with_adjectives(sentence, found)
                yield (*found.span(), _cased(self._terms[found[0].lower()].text, sentence, *found.span()))
        if not _is_shouted(sentence):
            yield from ((*found.span(), found[0]) for found in _ACRONYM.finditer(sentence))
        if self._eponym is not None:
            for found in self._eponym.finditer(sentence):
                if found[0][:1].isupper():
                    yield (*found.span(), found[0])

    def _with_adjectives(self, sentence: str, found: re.Match[str]) -> tuple[int, int, str]:
        term = self._terms[found[0].lower()]
        start, end = found.span()
        words: list[str] = []
        english = self._source == "en"
        while len(words) < _AROUND and term.gender and self._adjectives:
            near = _BEFORE.search(sentence[:start]) if english else _BEHIND.match(sentence[end:])
            forms = self._adjectives.get(near[1].lower()) if near else None
            if near is None or forms is None:
                break
            words.append(forms[_form(term)] if len(forms) > 1 else forms[0])
            start, end = (start - len(near[0]), end) if english else (start, end + len(near[0]))
        if self._target != "es" or not english:
            text = " ".join([*reversed(words), term.text]) if self._target == "en" else term.text
            return start, end, _cased(text, sentence, start, end)
        text = " ".join([term.text, *words])
        measured = _MEASURED.search(sentence[:start]) if term.gender else None
        if measured:
            start, text = measured.start(), f"{text} de {measured[1]}"
        article = _ARTICLE.search(sentence[:start]) if term.gender else None
        if article:
            start, text = article.start(), f"{_article(article[1].lower(), bool(article[2]), term)} {text}"
        return start, end, _cased(text, sentence, start, end)


def _is_shouted(sentence: str) -> bool:
    """Whether a sentence is a heading in capitals, where a short word is no abbreviation."""
    return any(word.isupper() and len(word) > _LONGEST_ACRONYM for word in re.findall(r"[^\W\d_]+", sentence))


def _form(term: Term) -> int:
    return (term.gender == "f") + 2 * term.plural


def _article(of: str, definite: bool, term: Term) -> str:
    """The Spanish article, with the preposition that goes before it."""
    if not definite:
        return ("un", "una", "unos", "unas")[_form(term)]
    article = ("el", "la", "los", "las")[_form(term)]
    if not of:
        return article
    return "del" if article == "el" else f"de {article}"


def _adjectives(glossary: Glossary, source: str, target: str) -> dict[str, tuple[str, ...]]:
    if (source, target) == ("en", "es"):
        return dict(glossary.adjectives)
    if (source, target) == ("es", "en"):
        return {form: (english,) for english, forms in reversed([*glossary.adjectives.items()]) for form in forms}
    return {}


def _apart(found: list[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    end = 0
    for one in sorted(found, key=lambda place: (place[0], -place[1])):
        if one[0] >= end:
            yield one
            end = one[1]


def _cased(text: str, sentence: str, start: int, end: int) -> str:
    """In capitals where the whole stood in capitals, with a capital where it begins the sentence."""
    as_in = sentence[start:end]
    if as_in.isupper() and len(as_in) > 3:
        return text.upper()
    begins = as_in[:1].isupper() and not any(map(str.isalnum, sentence[:start]))
    return text[:1].upper() + text[1:] if begins else text
