"""The words of a text and what the models say of each in, the evidence that a word names somebody or something out. Called by `weigh.py`.

All evidence stands here, each piece under a name: what the word looks like, what stands around it, what the text says of it elsewhere.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dicomlake.reports.recognise.clinical import GRADE, TREATED, Clinical
from dicomlake.reports.recognise.notation import PARTICLES, TITLES
from dicomlake.reports.recognise.spans import Label, Span
from dicomlake.reports.recognise.tokens import Token
from dicomlake.reports.recognise.writing import fold, has_case

_ENDS = frozenset(".!?•*")  # what a sentence begins after
_PEOPLE = frozenset(("title", "name_word", "staff_word", "relation_word"))
_LABELS = frozenset(("id_word", "phone_word", "date_word", "age_word", "sex_word"))
_PLACES = frozenset(("address_word", "hospital_word"))
_HYPHENS = frozenset("-–")
_CELL = frozenset("|;\t=,")
_SHORT_WORD = 3
_NEAR = 4  # words on either side
_ITEM = frozenset(",;/")
_AND = frozenset("and y e et und o ou u or oder con with mit".split())
_VALUE = re.compile(
    r"(?: (?:is|was|at|of|de|a|di|von|bei|es|est|era|era de)| ?[:=<>]| [<>]?)? ?[<>]?\d+(?:[.,]\d+)?"
    r"(?: ?(?:[a-zµ]{1,4}/[a-z]{1,3}|%|ng|pg|ml|mg|mm|cm|hu|ui|u|°))(?![^\W_])"
)
# How words of treatment begin, in six languages.
_TREATMENT = re.compile(
    r"(?:allerg|alerg|toler|intoler|vertrag|suspen|sospe|stopp|discontin|abgesetz|pausier|arret|treat|trat|trait|behandel|therap|terap|medik|medic|"
    r"dos[ie]|dosag|tablet|compr|tabl|caps|admin|verabreich|inject|inyect|iniett|injet|injiz|infus|premed|chemo|quimio|chimio|contrast|kontrast|"
    r"prescri|receta|rezept|verordn|umgestell|umstell|switch|remplac|sostitu|substitu|ersetz|reempla|farmac|drug|pharma|respon|anspr|mg|daily|"
    r"taeglich|taglich|einnahm|nimmt|toma|assum|prend|pris|takes|taking|started|began|inici|inizi|debut|begonn|reaction|reacci|reazion|reac|exanth|"
    r"rash|continu|poursui|prosegu|prossegu|manti|mantem|weiter|fortf|sospes|restart|held|beibeh|maint|pausad|efect|effet|effett|wirk|premix|pump|patch|pflaster|parche|cerotto)"
)
_VERDICTS = frozenset(
    "negative positive negativo negativa positivo positiva negatif positif negativ positiv neg pos present absent ausente presente".split()
)
_LATIN = re.compile(r"(?:us|um|is|ae|i|ii|ans|ens|ensis|a|es|on|ides|ax|ix)$")
# Of a logarithm of chances: a model that has never seen a place like this says nothing of it, so that its no counts less than its yes.
_MOST, _LEAST = 7.0, -6.0
# What surnames end in, by the languages that make them so.
_NAMELY = re.compile(
    r"(?:mann|stein|berg|berger|bach|bacher|baum|feld|felder|hofer|maier|meier|meyer|wald|schmidt|ow|ski|ska|thal|haus|hauser|sen|son|sson|"
    r"ez|es|ic|vic|enko|yan|shvili|idis|opoulos|ini|elli|etti|ucci|ini|eau|ault|ard|oux|ington|ham|ford|ton|worth|ley|wicz|dottir|inen|oglu)$"
)
_BEHIND = frozenset("grade grad grado grau type typ tipo stage stadium estadio stade stadio class score".split())


class Company:
    """The evidence of one text. `chances` are the probabilities that a token is something, by model, over all tokens of all lines."""

    def __init__(
        self,
        text: str,
        lang: str,
        lines: Sequence[Sequence[Token]],
        chances: Sequence[Sequence[float]],
        marks: Iterable[Span],
        clinical: Clinical,
        lexicon: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._text, self._folded, self.lang = text, fold(text), lang
        self._clinical, self._lexicon = clinical, lexicon
        self.cased = has_case(text)
        self.tokens = [token for line in lines for token in line]
        self._line = [number for number, line in enumerate(lines) for _ in line]
        self._capitals = [_is_in_capitals(line) for line in lines]
        self._logits = [[_logit(chance) for chance in each] for each in chances]
        self._words = [self._folded[token.start : token.end] for token in self.tokens]
        self._named = {p for span in marks if span.label is Label.NAME for p in range(span.start, span.end)}
        self._where: dict[str, list[int]] = defaultdict(list)
        for place, word in enumerate(self._words):
            if len(word) > 2:
                self._where[word].append(place)
        self._heads: dict[int, bool] = {}

    def kind(self, place: int) -> str:
        """What is known of a word: `word`, `both` (a word and a name), `medical`, `eponym`, or `strange`."""
        return self._clinical.kind(self._words[place], self.lang)

    def is_label(self, place: int) -> bool:
        """Whether a word in capitals says what stands behind it ("MRN", "TEL")."""
        return self.tokens[place].text.isupper() and not _LABELS.isdisjoint(self._lexicon.get(self._words[place], ()))

    def is_short_form(self, place: int) -> bool:
        """Whether a word in capitals is a modality, a score or another short form ("CT", "LAD")."""
        return self.tokens[place].text.isupper() and self._clinical.is_never(self._words[place])

    def is_cell(self, place: int) -> bool:
        """Whether signs that part the cells of a table stand right before or behind a word, as labels and codes stand."""
        token = self.tokens[place]
        before, after = self._text[max(0, token.start - 1) : token.start], self._text[token.end : token.end + 2]
        return before in _CELL or (after[:1] in _CELL and not after.endswith(" "))

    def evidence(self, place: int) -> Iterator[tuple[str, float]]:
        """Names of what speaks for or against, each with its strength."""
        token, word, kind = self.tokens[place], self._words[place], self.kind(place)
        shape = _shape(token.text)
        yield "always", 1.0
        yield f"kind {kind}", 1.0
        yield f"shape {shape}{'' if self.cased else ' uncased'}", 1.0
        best = max(logits[place] for logits in self._logits)
        yield "model", best
        yield f"model {kind}", best
        if len(self._logits) > 1:
            yield "models", min(logits[place] for logits in self._logits)
        if self._capitals[self._line[place]]:
            yield "line in capitals", 1.0
        if self.lang == "de":
            yield f"german {kind}", 1.0
        if self.begins(place):
            yield "begins", 1.0
            yield f"begins {kind}", 1.0
        if _NAMELY.search(word):
            yield "looks like a surname", 1.0
        if len(word) < 5:
            yield f"short {kind}", 1.0
        for name, there in self._around(place, token, word, kind):
            if there:
                yield name, 1.0
                if kind in ("strange", "eponym"):
                    yield f"{name} strange", 1.0
        yield from self._elsewhere(place, word)

    def _around(self, place: int, token: Token, word: str, kind: str) -> Iterator[tuple[str, bool]]:
        folded, start, end = self._folded, token.start, token.end
        before, after = self._at(place, -1), self._at(place, 1)
        before2, after2 = self._at(place, -2), self._at(place, 2)
        yield "head", self._has_head(place)
        yield "dose", self._clinical.shapes.dose.match(folded, end) is not None
        yield "treated", TREATED.search(folded[max(0, start - 40) : start]) is not None
        yield "grade", after in _BEHIND or (GRADE.match(folded, end) is not None and not self._text[end + 1].islower())
        yield "number behind", after.isdigit() and folded[end : end + 1] == " "
        yield "value behind", _VALUE.match(folded, end) is not None
        yield "verdict behind", after in _VERDICTS or folded[end : end + 4].strip() in ("(+)", "(-)", "+", "++")
        yield "binomial", self._is_binomial(place)
        yield "given", "given_word" in self._lexicon.get(word, ())
        yield "sign of trade", after in ("®", "™")
        yield "title", before in TITLES or (before == "." and before2 in TITLES)
        yield (
            "initial",
            (before == "." and len(before2) == 1 and before2.isalpha())
            or (len(before) == 1 and before.isalpha() and before not in PARTICLES),
        )
        yield "initial behind", len(after) == 1 and after.isalpha() and after2 == "."
        yield "degree", any("degree" in self._lexicon.get(one, ()) for one in (after, after2))
        yield "particle", before in PARTICLES
        yield "colon", before in (":", "=", "|", "^", "\t")
        yield "possessive", after in ("'", "’") and after2 == "s"
        yield "hyphen to a word", any(self._clinical.is_known(one, self.lang) for one in self._joined(place))
        yield "hyphen", self._text[start - 1 : start] in _HYPHENS or self._text[end : end + 1] in _HYPHENS
        yield "comma behind", after == ","
        yield "caret", "^" in (before, after)
        near = [self._at(place, step) for step in range(-4, 0)]
        classes = {name for one in near for name in self._lexicon.get(one, ())}
        yield "people before", bool(classes & _PEOPLE)
        yield "places before", bool(classes & _PLACES)
        classes = {name for step in (1, 2, 3) for name in self._lexicon.get(self._at(place, step), ())}
        yield "people behind", bool(classes & _PEOPLE)
        around = [self._at(place, step) for step in range(-_NEAR, _NEAR + 1) if step]
        medical = sum(map(self._clinical.is_medical, around))
        yield f"medical near {min(medical, 3)}", True
        unknown = sum(one.isalpha() and self._clinical.kind(one, self.lang) == "strange" for one in around)
        yield f"strange near {min(unknown, 3)}", True
        yield "trade", kind in ("word", "both") and self._clinical.is_medical(word)
        yield "treatment before", any(_TREATMENT.match(self._at(place, step)) for step in range(-5, 0))
        yield "treatment behind", any(_TREATMENT.match(self._at(place, step)) for step in range(1, 5))
        yield "marked", start in self._named
        yield "beside marked", any(s in self._named for s in (start - 2, end + 1)) and start not in self._named
        for name, step in (("before", -1), ("behind", 1)):
            at = place + step
            if 0 <= at < len(self.tokens) and self._line[at] == self._line[place]:
                other, other_kind = self.tokens[at], self.kind(at)
                gap = abs(other.start - end if step > 0 else start - other.end)
                if other.text[0].isupper() and other.text.isalpha() and gap == 1 and len(other.text) > 1:
                    yield f"capital {other_kind} {name}", True
                yield f"name {name}", gap <= 1 and other.text[0].isupper() and self._logits[-1][at] > 1
        items = [self._item(place, step) for step in (-1, 1)]
        yield "in a list of drugs", "medical" in items
        yield "in a list of names", any(at is not None and self._logits[-1][at] > 1 for at in self._items(place))

    def _is_binomial(self, place: int) -> bool:
        """Whether a Latin word in small letters follows, as in the names of germs."""
        after = place + 1
        if (
            not self._at(place, 1).isalpha()
            or not self.tokens[after].text.islower()
            or len(self._words[after]) < _SHORT_WORD + 2
        ):
            return False
        return _LATIN.search(self._words[after]) is not None and self.kind(after) in ("strange", "medical")

    def _elsewhere(self, place: int, word: str) -> Iterator[tuple[str, float]]:
        others = [at for at in self._where.get(word, ()) if at != place]
        if not others:
            return
        yield "elsewhere", 1.0
        most = max(self._logits[-1][at] for at in others)
        if most > 2:
            yield "elsewhere a name", most / _MOST
        if any(self.tokens[at].start in self._named for at in others):
            yield "elsewhere marked", 1.0
        if any(self._has_head(at) for at in others):
            yield "elsewhere a term", 1.0
        if any(self.tokens[at].text.islower() for at in others):
            yield "elsewhere small", 1.0

    def _has_head(self, place: int) -> bool:
        if place not in self._heads:
            token = self.tokens[place]
            self._heads[place] = self._clinical.reach(self._folded, token.start, token.end) is not None
        return self._heads[place]

    def _at(self, place: int, step: int) -> str:
        at = place + step
        return self._words[at] if 0 <= at < len(self._words) and self._line[at] == self._line[place] else ""

    def _items(self, place: int) -> Iterator[int | None]:
        for step in (-1, 1):
            at = place + 2 * step
            between = self._at(place, step)
            if between in _ITEM or between in _AND:
                yield at if self._at(place, 2 * step).isalpha() else None

    def _item(self, place: int, step: int) -> str:
        between = self._at(place, step)
        if not (between in _ITEM or between in _AND) or not self._at(place, 2 * step).isalpha():
            return ""
        return self.kind(place + 2 * step)

    def _joined(self, place: int) -> Iterator[str]:
        for step in (-1, 1):
            at = place + 2 * step
            if self._at(place, step) in _HYPHENS and len(self._at(place, 2 * step)) > _SHORT_WORD:
                one, two = sorted((self.tokens[place], self.tokens[at]), key=lambda token: token.start)
                if two.start - one.end == 1:
                    yield self._words[at]

    def begins(self, place: int) -> bool:
        """Whether a sentence begins with a word; a point behind an initial or a title ends none."""
        before, before2 = self._at(place, -1), self._at(place, -2)
        if before == "" or before in _ENDS:
            return not (before == "." and (len(before2) == 1 or before2 in TITLES or before2 in PARTICLES))
        return False


def _logit(chance: float) -> float:
    chance = min(max(chance, 1e-4), 1 - 1e-4)
    return max(_LEAST, min(_MOST, math.log(chance / (1 - chance))))


def _shape(text: str) -> str:
    if text.isupper():
        return "XX"
    if text.islower():
        return "xx"
    return "Xx" if text[0].isupper() and text[1:].islower() else "xX"


def _is_in_capitals(line: Sequence[Token]) -> bool:
    words = [token.text for token in line if len(token.text) > 2 and token.text.isalpha()]
    return sum(map(str.isupper, words)) * 3 > 2 * len(words)
