"""Clinical terms that no list knows, for training: surnames as names of diseases, signs and scores, drugs and germs with invented names.

They stand in the company such terms keep (`words/terms.yaml`), drawn from the very names that stand for persons elsewhere, so that only the
company tells a term from a person. `part` keeps a share of the sentences apart: what weighs the models' findings (`weigh.py`) is fitted on
sentences they were not trained with. Called by `documents.py`.
"""

import random
import zlib
from pathlib import Path

import yaml
from people import EPONYMS, People

_APART = 5  # one in so many templates is kept apart
# Stems of international nonproprietary names (WHO) and the endings brands have.
_STEMS = (
    "pril sartan statin olol dipin prazol conazol oxacin mycin cillin cyclin parin xaban gatran grel platin mab tinib ciclib gliptin gliflozin "
    "glutid tidin setron triptan zepam pidem dronat fenac profen coxib vir vudin taxel ampanel lukast terol tropium nercept limus stat dopa "
    "barbital caine fibrate glitazon oxetin azepin peridol tadin zosin rubicin trexat bactam cef afil ant"
).split()
_BRAND_ENDINGS = "a o ex ax ix el al in on an yx ra ris tis via zo ma da ta va lia qua tec mil rel fen cor ven dal ban sin tra lix".split()
_HEADS = "b br bl c cl cr d dr f fl fr g gl gr h j k kl l m n p pl pr qu r s st t tr v w x z".split()
_VOWELS, _TAILS = "a e i o u y ae ia io".split(), "b c d f g l m n p r s t v x z mb nd nt rt st xt".split()
_GENUS = "ella ia us um bacter coccus monas myces spora phila nema".split()
_SPECIES = "ensis i ii ii ae ae ica osa um us ans ens is alis oides phila lytica".split()
_GRADES = "I II III IV V 1 2 3 4 5 0 2a 2b IIF Ia IIb B C D".split()
_DOSES = ["5 mg", "20 mg", "75 mg", "100", "2,5 mg", "40 mg/d", "1 g", "500 mg", "10 mg/ml", "80 µg", "1-0-1", "300 mg/8 h", "20mg"]  # fmt: skip


class Clinic:
    """Draws terms. `apart` chooses the sentences kept apart in place of the others."""

    def __init__(self, chance: random.Random, people: People, *, apart: bool = False) -> None:
        terms = yaml.safe_load((Path(__file__).parent / "words" / "terms.yaml").read_text(encoding="utf-8"))
        self._chance, self._people = chance, people
        self._terms = {
            lang: {kind: part(lines, apart=apart) for kind, lines in kinds.items()} for lang, kinds in terms.items()
        }

    def sentence(self, lang: str, name: str = "") -> str:
        """A sentence with such terms; `name` is a surname to be used in it."""
        chance, terms = self._chance, self._terms[lang]
        roll = chance.random()
        if roll < 0.5:
            term = self.term(lang, name)
            return chance.choice(terms["frames"]).replace("{t}", term).replace("{T}", term[:1].upper() + term[1:])
        if roll < 0.68:
            return self._scored(lang, name) + chance.choice([".", "", ","])
        if roll < 0.92:
            text = chance.choice(terms["drugs"])
            capital = chance.random() < 0.75
            while "{d}" in text:
                drug = self.drug()
                text = text.replace("{d}", drug if capital else drug.lower(), 1)
            while "{m}" in text:
                text = text.replace("{m}", chance.choice(_DOSES), 1)
            return text
        behind = chance.choice(["", "", "+", "(+)", "10^5", "spp.", "MIC 0.25", ">100000 UFC"])
        return f"{self._germ()} {behind}.".replace(" .", ".")

    def term(self, lang: str, name: str = "") -> str:
        """A term made of a surname or two and what makes it one."""
        chance, terms = self._chance, self._terms[lang]
        name = name or self.eponym(lang)
        if terms["before"] and (not terms["after"] or chance.random() < 0.3):
            return f"{chance.choice(terms['before'])} {name}"
        head = chance.choice(terms["after"])
        if lang != "en":
            return f"{name}{head}"
        return f"{name}{chance.choice(['', '', '', chr(39) + 's', 's'])} {head}"

    def eponym(self, lang: str) -> str:
        """A surname, sometimes two."""
        chance, people = self._chance, self._people
        roll = chance.random()
        name = chance.choice(EPONYMS) if roll < 0.1 else people.family_name(lang)
        return f"{name}-{people.family_name(lang)}" if roll > 0.85 else name

    def drug(self) -> str:
        """A substance or a brand that nobody sells."""
        chance = self._chance
        name = self._syllable() if chance.random() < 0.6 else self._syllable() + self._syllable()
        if chance.random() < 0.5:
            name += chance.choice(_STEMS) + chance.choice(["", "", "", "e", "o", "a", "um"])
        else:
            name += chance.choice(_BRAND_ENDINGS)
        return name[:14].capitalize()

    def _scored(self, lang: str, name: str) -> str:
        chance = self._chance
        text = chance.choice(self._terms[lang]["scores"])
        while "{e}" in text:
            text = text.replace("{e}", name or self.eponym(lang), 1)
        while "{d}" in text:
            text = text.replace("{d}", self.drug(), 1)
        text = text.replace("{f}", self._people.family_name(lang)).replace("{n}", str(chance.randrange(11)))
        return text.replace("{g}", chance.choice(_GRADES))

    def _germ(self) -> str:
        if self._chance.random() < 0.4:  # many are called after somebody
            genus = self._people.family_name("en").split("-")[0].split(" ")[0].rstrip("aeiou") + self._chance.choice(
                ["ella", "ia", "ia"]
            )
        else:
            genus = (self._syllable() + self._syllable() + self._chance.choice(_GENUS)).capitalize()
        return f"{genus} {self._syllable()}{self._syllable()}{self._chance.choice(_SPECIES)}"

    def _syllable(self) -> str:
        chance = self._chance
        return (
            chance.choice(_HEADS) + chance.choice(_VOWELS) + (chance.choice(_TAILS) if chance.random() < 0.45 else "")
        )


def part(lines: list[str], *, apart: bool) -> list[str]:
    """The share of templates kept apart, or the rest; the same on every run."""
    return [line for line in lines if (zlib.crc32(line.encode()) % _APART == 0) is apart]
