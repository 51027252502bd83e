"""Writes the unseen reports: text, spans of what identifies, spans that must stay, and what a header would have known."""

import datetime
import random
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "es", "fr", "de", "it", "pt")
_PIECE = re.compile(r"\{([a-z0-9.]+)\}|\[\[(.*?)\]\]", re.DOTALL)
_SLOT = re.compile(r"\{([a-z0-9]+)\}")
_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
}
_TITLES = {"en": ["Mrs", "Ms", "Miss"], "es": ["Doña", "La Sra."], "fr": ["Madame", "Mme"], "de": ["Frau", "Fr."], "it": ["La sig.ra", "La signora"], "pt": ["A Sra.", "A D."]}  # fmt: skip
_PHONES = {"en": ["01632 960 774", "(971) 555-0142", "020 7946 0312"], "es": ["948 55 01 42", "+34 655 550 142"], "fr": ["05 53 55 01 42", "+33 6 39 98 01 42"],
           "de": ["07741 / 55 01 42", "+49 171 5550142"], "it": ["075 946 01 42", "+39 347 5550142"], "pt": ["251 555 014", "+351 912 555 014"]}  # fmt: skip


@dataclass(frozen=True)
class Unseen:
    """A document. `known` is what its study's header would say."""

    lang: str
    text: str
    spans: tuple[tuple[int, int, str], ...]
    keep: tuple[tuple[int, int], ...]
    known: dict[str, list[str]]


class UnseenWriter:
    """The same seed writes the same documents."""

    def __init__(self, seed: int, collection: str = "fourth") -> None:
        self._chance = random.Random(seed)
        self._people = yaml.safe_load((FOLDER / collection / "people.yaml").read_text(encoding="utf-8"))
        self._templates = {
            lang: yaml.safe_load((FOLDER / collection / f"{lang}.yaml").read_text(encoding="utf-8"))
            for lang in LANGUAGES
        }

    def documents(self, per_language: int) -> list[Unseen]:
        """All templates of all languages in turn."""
        return [
            self._document(lang, self._templates[lang][n % len(self._templates[lang])])
            for lang in LANGUAGES
            for n in range(per_language)
        ]

    def _document(self, lang: str, template: str) -> Unseen:
        values = self._values(lang)
        text, spans, keep, pos = "", [], [], 0
        for piece in _PIECE.finditer(template):
            text += template[pos : piece.start()]
            if piece[1]:
                value, label = values[piece[1]]
                lead = len(value) - len(value.split("\x00")[-1]) if "\x00" in value else 0
                value = value.replace("\x00", " ")
                spans.append((len(text) + lead, len(text) + len(value), label))
                text += value
            else:
                term = _SLOT.sub(lambda slot: values[slot[1]][0], piece[2])
                keep.append((len(text), len(text) + len(term)))
                text += term
            pos = piece.end()
        known = {"names": [values[f"{who}.rev"][0] for who in ("patient", "one", "two")], "ids": [values["id1"][0], values["id2"][0]], "birth": [values["born"][0]],
                 "dates": [values["examined"][0]], "institution": [values["inst"][0]]}  # fmt: skip
        return Unseen(lang, text + template[pos:], tuple(spans), tuple(keep), known)

    def _values(self, lang: str) -> dict[str, tuple[str, str]]:
        chance, people = self._chance, self._people
        values: dict[str, tuple[str, str]] = {}
        for who in ("patient", "one", "two", "kin"):
            first, last = chance.choice(people["given"]), self._family()
            initials = ".".join(part[0] for part in re.split(r"[ -]", first)) + "."
            forms = {"full": f"{first} {last}", "rev": f"{last}, {first}", "caps": f"{last} {first}".upper(), "low": f"{first} {last}".lower(), "init": f"{initials} {last}", "caret": f"{last}^{first}", "first": first, "last": last}  # fmt: skip
            values |= {f"{who}.{form}": (text, "NAME") for form, text in forms.items()}
        values["patient.title"] = (f"{chance.choice(_TITLES[lang])}\x00{values['patient.last'][0]}", "NAME")
        days = [
            datetime.date(1931, 1, 1) + datetime.timedelta(days=chance.randrange(25000)),
            *(datetime.date(2016, 1, 1) + datetime.timedelta(days=chance.randrange(3500)) for _ in range(2)),
        ]
        values |= {
            slot: (self._date(day, lang), "DATE") for slot, day in zip(("birth", "date1", "date2"), days, strict=True)
        }
        values |= {"born": (f"{days[0]:%Y%m%d}", ""), "examined": (f"{days[1]:%Y%m%d}", "")}
        values |= {"id1": (self._id(), "ID"), "id2": (self._id(), "ID"), "age": (str(chance.randrange(90, 104)), "AGE")}
        values |= {
            "inst": (chance.choice(people["institutes"][lang]), "HOSPITAL"),
            "street": (chance.choice(people["streets"][lang]), "LOCATION"),
            "town": (chance.choice(people["towns"]), "LOCATION"),
        }
        if "rare" in people:  # eponyms and brands that stand in no list, two of each a document
            for slot, kind in (("rare", "rare"), ("drug", "drugs")):
                one, two = chance.sample(people[kind], 2)
                values |= {slot: (one, ""), f"{slot}2": (two, "")}
        user = re.sub(r"[^a-z]", "", values["one.last"][0].lower()) or "x"
        values |= {
            "phone": (chance.choice(_PHONES[lang]), "PHONE"),
            "email": (
                f"{user}{chance.choice(['', '.rad', '_x'])}@{chance.choice(['wexcombe.example', 'klinik-b.example', 'posta.example.it'])}",
                "EMAIL",
            ),
        }
        return values

    def _family(self) -> str:
        roll, chance, people = self._chance.random(), self._chance, self._people
        return chance.choice(
            people["family"] if roll < 0.78 else people["ordinary"] if roll < 0.92 else people["eponym"]
        )

    def _id(self) -> str:
        number = "".join(self._chance.choice("0123456789") for _ in range(9))
        return self._chance.choice(
            [
                number[:7],
                number,
                f"R{number[:6]}",
                f"{number[:2]}-{number[2:7]}",
                f"WX/{number[:5]}",
                f"{number[:3]} {number[3:6]} {number[6:]}",
            ]
        )

    def _date(self, day: datetime.date, lang: str) -> str:
        month = _MONTHS[lang].split()[day.month - 1]
        long = {"en": f"{day.day} {month} {day.year}", "de": f"{day.day}. {month} {day.year}", "es": f"{day.day} de {month} de {day.year}", "pt": f"{day.day} de {month} de {day.year}"}.get(lang, f"{day.day} {month} {day.year}")  # fmt: skip
        return self._chance.choice(
            [long, long, f"{day:%d.%m.%Y}", f"{day:%d/%m/%y}", f"{day:%d-%m-%Y}", f"{day:%Y-%m-%d}"]
        )
