"""Invented reports for training, in many layouts and six languages, with the places of what identifies. Called by `train.py`.

A document is a list of pieces (text, label); labels are those of `reports/recognise/spans.py` and "" for what stays. The layouts drop labels,
change orders, cases and separators, so that a model can't lean on any of them.
"""

import datetime
import gzip
import random
import re
from dataclasses import dataclass, field
from pathlib import Path

import crowd
import wild
import yaml
from clinic import Clinic, part
from people import People
from prose import Prose

LANGUAGES = ("en", "es", "fr", "de", "it", "pt")
WORDS = Path(__file__).parent / "words"
Piece = tuple[str, str]
_SLOT = re.compile(r"\{(\w+!?)\}")


@dataclass
class Story:
    """One patient's facts, so that a document repeats itself."""

    lang: str
    first: str
    last: str
    staff: list[tuple[str, str]]
    days: list[datetime.date]
    ids: list[str]
    pieces: list[Piece] = field(default_factory=list)


WILD = (
    wild.scattered,
    wild.scattered,
    wild.scattered,
    wild.any_labels,
    wild.any_labels,
    wild.log,
    wild.message,
    wild.letterhead,
)


class Writer:
    """Writes documents. The same seed gives the same ones; `apart` writes the sentences that the others hold none of."""

    def __init__(self, seed: int, *, apart: bool = False) -> None:
        self.chance = random.Random(seed)
        self.people = People(self.chance)
        self.clinic = Clinic(self.chance, self.people, apart=apart)
        self.prose = Prose(self.chance, apart=apart)
        self.words = {lang: yaml.safe_load((WORDS / f"{lang}.yaml").read_text(encoding="utf-8")) for lang in LANGUAGES}
        crowds = yaml.safe_load((WORDS / "people.yaml").read_text(encoding="utf-8"))
        for lang, words in self.words.items():
            words |= {kind: part(words[kind], apart=apart) for kind in ("phi", "clinical")}
            words["people"] = part(crowds[lang], apart=apart)
        rules = yaml.safe_load((WORDS.parent.parent / "deid_rules/text/words.yaml").read_text(encoding="utf-8"))
        self.months = {lang: [rules["months"][lang][form].split() for form in ("full", "short")] for lang in LANGUAGES}
        clinical = yaml.safe_load((WORDS.parent.parent / "deid_rules/text/clinical.yaml").read_text(encoding="utf-8"))
        self.eponyms = [word.capitalize() for line in clinical["eponyms"] for word in line.split() if len(word) > 3]

        lexis = yaml.safe_load((WORDS.parent.parent / "deid_rules/text/lexis.yaml").read_text(encoding="utf-8"))
        self.drugs = [word for line in lexis["drugs"] for word in line.split()]
        self.devices = [word for line in lexis["devices"] for word in line.split()]
        self._common = {
            lang: wild.words_of([*self.words[lang]["clinical"], *self.words[lang]["phi"]]) for lang in LANGUAGES
        }
        self._rare = self._vocabulary()
        self.people.words = crowd.words_as_names(self._rare, clinical["anatomy"])

    def _vocabulary(self) -> list[str]:
        """Words of all the languages: any of them may stand in a report."""
        content = gzip.decompress((WORDS.parent.parent / "deid_rules/text/vocabulary.txt.gz").read_bytes()).decode(
            "utf-8"
        )
        return self.chance.sample([word for word in content.split("\n") if word.isalpha()], 12_000)

    def word(self, lang: str) -> str:
        """A word that names nobody."""
        return self.chance.choice(self._common[lang] if self.chance.random() < 0.7 else self._rare)

    def document(self, lang: str) -> tuple[str, list[tuple[int, int, str]]]:
        """A text and its spans."""
        story = self._story(lang)
        layout = self.chance.choice(
            [
                self._fields,
                self._fields,
                self._row,
                self._stacked,
                self._bare,
                self._letter,
                self._mail,
                self._tags,
                self._table,
                self._story_only,
                self._scraps,
                self._dense,
                self._dense,
                self._dense,
                *(lambda story, made=made: made(self, story) for made in WILD),
            ]
        )
        layout(story)
        return self._finished(story)

    # ---- facts

    def _story(self, lang: str) -> Story:
        words, people, chance = self.words[lang]["words_as_names"], self.people, self.chance
        staff = [(people.first(lang), people.last(lang, words)) for _ in range(3)]
        days = [datetime.date(1925, 1, 1) + datetime.timedelta(days=chance.randrange(36900)) for _ in range(4)]
        return Story(lang, people.first(lang), people.last(lang, words), staff, days, [self._id() for _ in range(3)])

    def _id(self) -> str:
        chance = self.chance
        digits = "".join(chance.choice("0123456789") for _ in range(chance.choice([4, 5, 6, 7, 8, 8, 9, 10, 11, 12])))
        form = chance.choice(
            [
                "{d}",
                "{d}",
                "{d}",
                "{l}{d}",
                "{l}-{d}",
                "{d}{l}",
                "{y}-{d}",
                "{a}/{b}",
                "{a}-{b}",
                "{a} {b}",
                "{l}{l}{a}.{b}",
                "{l}{l}{l}{d}",
                "{c}.{e}",
                "{c}.{e}",
                "{l}{l}{d}",
            ]
        )
        letters = lambda: chance.choice("ABCDEFGHKLMNPRSTXYZ")
        return re.sub(
            r"\{(\w)\}",
            lambda m: {
                "d": digits,
                "l": letters(),
                "y": str(chance.randrange(1998, 2026)),
                "a": digits[:3],
                "b": digits[3:] or "7",
                "c": digits[:2],
                "e": f"{digits[2:]}0417"[:6],
            }[m[1]],
            form,
        )

    def date(self, day: datetime.date, lang: str) -> str:
        """A date in one of the notations of a language or of machines."""
        full, short = self.months[lang]
        d, m, y, yy = day.day, day.month, day.year, day.year % 100
        sep = self.chance.choice("/.-")
        forms = [
            f"{d:02d}{sep}{m:02d}{sep}{y}",
            f"{d}{sep}{m}{sep}{y}",
            f"{d:02d}{sep}{m:02d}{sep}{yy:02d}",
            f"{y}-{m:02d}-{d:02d}",
            f"{y}{m:02d}{d:02d}",
        ]
        long, cap = full[m - 1], full[m - 1].capitalize()
        if lang == "en":
            forms += [
                f"{m}/{d}/{y}",
                f"{m:02d}/{d:02d}/{y}",
                f"{cap} {d}, {y}",
                f"{d} {cap} {y}",
                f"{d}-{short[m - 1].capitalize()}-{y}",
                f"{d}{_th(d)} {cap} {y}",
                f"{short[m - 1].upper()} {d} {y}",
                f"{cap} {d}",
                f"{m}/{d}/{yy:02d}",
            ]
        elif lang == "de":
            forms += [
                f"{d}. {cap} {y}",
                f"{d:02d}.{m:02d}.{y}",
                f"{d}.{m}.{yy:02d}",
                f"{d}. {cap}",
                f"{d:02d}.{m:02d}.",
            ]
        elif lang == "fr":
            forms += [
                f"{d} {long} {y}",
                f"{d if d > 1 else '1er'} {long} {y}",
                f"{d} {long}",
                f"{d} {long.upper()} {y}",
            ]
        elif lang == "it":
            forms += [f"{d} {long} {y}", f"{d} {long}", f"{d} {short[m - 1]} {y}"]
        else:
            forms += [
                f"{d} de {long} de {y}",
                f"{d} {long} {y}",
                f"{d} de {long} del {y}",
                f"{d} de {long}",
                f"{d}-{short[m - 1]}-{y}",
            ]
        return self.chance.choice(forms)

    def phone(self) -> str:
        """A telephone number of somewhere."""
        chance = self.chance
        form = chance.choice(
            [
                "### ### ###",
                "#########",
                "### ## ## ##",
                "(###) ###-####",
                "###-###-####",
                "0# ## ## ## ##",
                "+34 ### ### ###",
                "+49 ### #######",
                "0### ######",
                "0###/######",
                "+44 20 #### ####",
                "020 #### ####",
                "+1 ### ### ####",
                "0## ### ####",
                "9# ### ## ##",
                "+39 ### #######",
                "21# ### ###",
                "+33 # ## ## ## ##",
                "ext. ####",
                "#### ####",
                "(0###) ####-##",
            ]
        )
        return "".join(chance.choice("123456789") if char == "#" else char for char in form)

    def name(self, first: str, last: str, *, form: str = "") -> str:
        """A name as people, forms and machines write it."""
        chance = self.chance
        initials = "".join(f"{part[0]}." for part in re.split(r"[\s-]", first) if part)
        form = form or chance.choice(
            ["F L"] * 7
            + ["L, F"] * 3
            + ["I L", "F M L", "L F", "L^F", "L^F^M", "L, I", "F I L", "FL", "fl", "L,F", "LU, F", "F LU"]
        )
        middle = chance.choice("ABCDEFGHJKLMPRSTVW")
        return {
            "F L": f"{first} {last}", "L, F": f"{last}, {first}", "I L": f"{initials} {last}", "F M L": f"{first} {middle}. {last}", "L F": f"{last} {first}",
            "L^F": f"{last}^{first}", "L^F^M": f"{last.upper()}^{first.upper()}^{middle}", "L, I": f"{last}, {initials}", "F I L": f"{first} {middle} {last}",
            "FL": f"{first} {last}".upper(), "fl": f"{first} {last}".lower(), "L,F": f"{last.upper()},{first.upper()}", "LU, F": f"{last.upper()}, {first}", "F LU": f"{first} {last.upper()}",
        }[form]  # fmt: skip

    # ---- filling a template

    def fill(self, template: str, story: Story) -> list[Piece]:
        """A template with its slots filled."""
        pieces: list[Piece] = []
        pos = 0
        for slot in _SLOT.finditer(template):
            pieces.append((template[pos : slot.start()], ""))
            pieces += self._slot(slot[1], story)
            pos = slot.end()
        return [*pieces, (template[pos:], "")]

    def _slot(self, slot: str, story: Story) -> list[Piece]:
        chance, people, lang = self.chance, self.people, story.lang
        words = self.words[lang]
        if slot in crowd.SLOTS:
            return crowd.slot(self, slot, story)
        anyone = (people.first(lang), people.last(lang, words["words_as_names"]))
        mine = (story.first, story.last)
        if slot == "full":
            return [(self.name(*(mine if chance.random() < 0.6 else anyone)), "NAME")]
        if slot == "staffname":
            title = chance.choice([*words["titles"], "", ""])
            return [(f"{title} " if title else "", ""), (self.name(*chance.choice(story.staff)), "NAME")]
        if slot == "doc":
            first, last = chance.choice([*story.staff, anyone])
            shown = chance.choice(
                [last, last, last, self.name(first, last, form="F L"), self.name(first, last, form="I L"), last.upper()]
            )
            return [(chance.choice(words["titles"]) + " ", ""), (shown, "NAME")]
        if slot in ("first", "last"):
            place = 0 if slot == "first" else 1
            shown = (mine if chance.random() < 0.6 else anyone)[place]
            return [(shown.upper() if chance.random() < 0.06 else shown, "NAME")]
        if slot in ("title", "title0"):
            return [(chance.choice(words["titles"]), "")]
        if slot == "degree":
            return self.fill(chance.choice(words["degrees"]), story)
        if slot == "date":
            return [(self.date(chance.choice(story.days), lang), "DATE")]
        if slot == "monthyear":
            month = chance.randrange(12)
            year = chance.randrange(1980, 2026)
            return [
                (
                    chance.choice(
                        [
                            f"{self.months[lang][0][month]} {year}",
                            f"{self.months[lang][0][month]} de {year}"
                            if lang in ("es", "pt")
                            else f"{self.months[lang][0][month].capitalize()} {year}",
                            f"{month + 1:02d}/{year}",
                            str(year),
                        ]
                    ),
                    "DATE",
                )
            ]
        if slot == "time":
            return [(f"{chance.randrange(24):02d}:{chance.randrange(60):02d}", "")]
        if slot == "id":
            return [(chance.choice(story.ids), "ID")]
        if slot == "phone":
            return [(self.phone(), "PHONE")]
        if slot == "email":
            return [(self._mailbox(), "EMAIL")]
        if slot == "city":
            return [(people.city(lang), "LOCATION")]
        if slot == "hosp":
            return [(self._flat(chance.choice(words["hosp_forms"]), story), "HOSPITAL")]
        if slot == "addr":
            return [(self._flat(chance.choice(words["addr_forms"]), story), "LOCATION")]
        if slot == "age":
            return [(str(chance.randrange(1, 89)), "")]
        if slot == "age90":
            return [(str(chance.randrange(90, 106)), "AGE")]
        if slot == "rel":
            return [(chance.choice(words["rel"]), "")]
        if slot == "initials":
            return [(chance.choice(["ab", "JK", "mlr", "cs"]), "")]
        if slot == "eponym":
            if chance.random() < 0.5:
                return [(self.clinic.term(lang), "")]
            form = chance.choice(words["eponym_forms"]).replace("{e}", chance.choice(self.eponyms))
            return [(form, "")]
        if slot == "drug":
            drug = chance.choice(self.drugs).capitalize() if chance.random() < 0.5 else self.clinic.drug()
            return [(drug + chance.choice(["", "", " 350", " 75 mg"]), "")]
        if slot == "meas":
            return [
                (
                    chance.choice(
                        [
                            "8 mm",
                            "3.2 x 4.1 cm",
                            "12 cm",
                            "100 ml",
                            "SUVmax 5.6",
                            "1,5 cm",
                            "23 HU",
                            "4 mm",
                            "2.1 x 1.8 x 3.0 cm",
                            "350 mg",
                            "5 mg/kg",
                        ]
                    ),
                    "",
                )
            ]
        raise KeyError(slot)

    def _flat(self, template: str, story: Story) -> str:
        """Addresses and hospitals are one span, whatever stands in them."""
        lang, chance, people = story.lang, self.chance, self.people
        words = self.words[lang]["words_as_names"]
        values = {
            "num": lambda: str(chance.randrange(1, 400)), "small": lambda: str(chance.randrange(1, 9)), "zip5": lambda: f"{chance.randrange(1000, 99999):05d}",
            "zip4": lambda: f"{chance.randrange(1000, 9999)}-{chance.randrange(100, 999)}", "zip": lambda: chance.choice(["SW1A 2AB", "MH 05669", "LS1 4AP", "NY 10027", "M13 9WL"]),
            "first": lambda: people.first(lang), "last": lambda: people.last(lang, words), "city": lambda: people.city(lang), "full": lambda: f"{people.first(lang)} {people.last(lang, words)}",
        }  # fmt: skip
        return _SLOT.sub(lambda slot: values[slot[1]](), template)

    def _mailbox(self) -> str:
        chance, people = self.chance, self.people
        user = (
            re.sub(
                r"[^a-z.]",
                "",
                f"{people.first('en')}{chance.choice(['.', '_', ''])}{people.last('en', ['stone'])}".lower(),
            )
            or "x"
        )
        return f"{user}{chance.choice(['', '', '7', '82'])}@{chance.choice(['example.org', 'mail.example.com', 'clinic-east.example', 'hospital.es', 'spital.de', 'gmail.com', 'chu.fr', 'nhs.net'])}"

    # ---- layouts

    def _header_fields(self, story: Story) -> list[list[Piece]]:
        """Label and value of a handful of fields, in any order."""
        labels, chance = self.words[story.lang]["labels"], self.chance
        makers = {
            "name": lambda: [(self.name(story.first, story.last), "NAME")],
            "dob": lambda: [(self.date(story.days[0], story.lang), "DATE")],
            "id": lambda: [(story.ids[0], "ID")],
            "acc": lambda: [(story.ids[1], "ID")],
            "date": lambda: [(self.date(story.days[1], story.lang), "DATE")],
            "staff": lambda: self.fill(chance.choice(["{staffname}", "{staffname}{degree}", "{doc}"]), story),
            "hosp": lambda: self.fill("{hosp}", story),
            "addr": lambda: self.fill("{addr}", story),
            "phone": lambda: self.fill("{phone}", story),
            "email": lambda: self.fill("{email}", story),
            "kin": lambda: self.fill(chance.choice(["{full}", "{full} ({phone})", "{first}, {phone}"]), story),
        }
        kinds = ["name", *chance.sample(sorted(set(makers) - {"name"}), chance.randrange(2, 8))]
        if chance.random() < 0.3:
            kinds.append("staff")
        if chance.random() < 0.25:
            chance.shuffle(kinds)
        fields = []
        for kind in kinds:
            label = chance.choice(labels[kind])
            if chance.random() < 0.12:
                label = chance.choice([label.upper(), label.lower()])
            fields.append([(label, "label"), *makers[kind]()])
            if chance.random() < 0.3:
                fields.append([(self._neutral(story), "")])
        return fields

    def _neutral(self, story: Story) -> str:
        return self.chance.choice(self.words[story.lang]["neutral_fields"]).replace(
            "{drug}", self.chance.choice(self.drugs).capitalize()
        )

    def _joined(self, story: Story, between: str, after_label: str, keep_labels: bool = True) -> None:
        for number, pieces in enumerate(self._header_fields(story)):
            if number:
                story.pieces.append((between, ""))
            for text, label in pieces:
                if label == "label":
                    story.pieces.append((text + after_label if keep_labels else "", ""))
                else:
                    story.pieces.append((text, label))

    def _fields(self, story: Story) -> None:
        colon = self.chance.choice([": ", ": ", ":", " : ", " - ", ":  ", ":\t", " = ", ". "])
        self._joined(story, self.chance.choice(["\n", "\n", "\n\n", ".\n", "\n   "]), colon)
        self.narrate(story)

    def _row(self, story: Story) -> None:
        self._joined(
            story,
            self.chance.choice([" | ", "  ", "; ", ", ", "   ", " / ", "\t"]),
            self.chance.choice([": ", " ", ":", " - "]),
        )
        self.narrate(story)

    def _stacked(self, story: Story) -> None:
        self._joined(story, "\n", self.chance.choice(["\n", ":\n", ":\n  "]))
        self.narrate(story)

    def _bare(self, story: Story) -> None:
        self._joined(story, self.chance.choice(["\n", "  ", " ", ", ", "\t", " - ", "\n"]), "", keep_labels=False)
        self.narrate(story)

    def _tags(self, story: Story) -> None:
        chance = self.chance
        rows = [("PatientName", self.name(story.first, story.last, form="L^F"), "NAME"), ("PatientID", story.ids[0], "ID"), ("PatientBirthDate", f"{story.days[0]:%Y%m%d}", "DATE"),
                ("AccessionNumber", story.ids[1], "ID"), ("StudyDate", f"{story.days[1]:%Y%m%d}", "DATE"), ("ReferringPhysicianName", self.name(*story.staff[0], form="L^F"), "NAME"),
                ("InstitutionName", self._flat(chance.choice(self.words[story.lang]["hosp_forms"]), story), "HOSPITAL"), ("Modality", "CT", ""), ("StudyDescription", "CHEST^ROUTINE", ""), ("OperatorsName", self.name(*story.staff[1]), "NAME")]  # fmt: skip
        sep = chance.choice([": ", "=", " ", "|", "\t"])
        for name, value, label in chance.sample(rows, chance.randrange(4, len(rows))):
            story.pieces += [(name + sep, ""), (value, label), ("\n", "")]
        self.narrate(story)

    def _table(self, story: Story) -> None:
        chance, labels = self.chance, self.words[story.lang]["labels"]
        sep = chance.choice(["\t", " | ", "   ", ";", ","])
        kinds = chance.sample(["name", "dob", "id", "date", "staff", "hosp", "phone"], chance.randrange(3, 6))
        story.pieces.append((sep.join(chance.choice(labels[kind]) for kind in kinds) + "\n", ""))
        for _ in range(chance.randrange(1, 5)):
            row = self._story(story.lang)
            values = {"name": [(self.name(row.first, row.last), "NAME")], "dob": [(self.date(row.days[0], row.lang), "DATE")], "id": [(row.ids[0], "ID")], "date": [(self.date(row.days[1], row.lang), "DATE")],
                      "staff": [(self.name(*row.staff[0]), "NAME")], "hosp": self.fill("{hosp}", row), "phone": self.fill("{phone}", row)}  # fmt: skip
            for number, kind in enumerate(kinds):
                story.pieces += [(sep if number else "", ""), *values[kind]]
            story.pieces.append(("\n", ""))
        self.narrate(story)

    def _letter(self, story: Story) -> None:
        words, chance = self.words[story.lang], self.chance
        head = [
            "{hosp}",
            "{addr}",
            "{city}, {date}",
            "{date}",
            "{doc}",
            "{staffname}",
            "{phone}",
            "{full}",
            "Tel. {phone} / Fax {phone}",
            "{email}",
        ]
        for template in chance.sample(head, chance.randrange(2, 7)):
            story.pieces += [*self.fill(template, story), ("\n", "")]
        story.pieces.append(("\n", ""))
        if chance.random() < 0.6:
            about = chance.choice(
                [
                    "Re: {full}, {date}",
                    "Re {full} ({date}) {id}",
                    "{full}, * {date}",
                    "{full} - {date} - {id}",
                    "RE: {full} DOB {date}",
                    "Ref: {id}  {full}",
                ]
            )
            story.pieces += [*self.fill(about, story), ("\n\n", "")]
        story.pieces += [*self.fill(chance.choice(words["letters"]), story), ("\n", "")]
        self.narrate(story, signed=False)
        story.pieces += [(f"\n{chance.choice(words['closings'])}{chance.choice([',', '', '.'])}\n", "")]
        self._signature(story)

    def _mail(self, story: Story) -> None:
        chance, words = self.chance, self.words[story.lang]
        for head in chance.sample(
            [
                "From: {staffname} <{email}>",
                "To: {full} <{email}>",
                "To: {staffname}",
                "Cc: {staffname}; {staffname}",
                "Date: {date} {time}",
                "Subject: {full} {date}",
                "Subject: CT {id}",
                "Sent: {date}",
            ],
            4,
        ):
            story.pieces += [*self.fill(head, story), ("\n", "")]
        story.pieces += [("\n", ""), *self.fill(chance.choice(words["letters"]), story), ("\n", "")]
        self.narrate(story, signed=False)
        self._signature(story)

    def _story_only(self, story: Story) -> None:
        self.narrate(story)

    def _scraps(self, story: Story) -> None:
        """Short texts: one or two sentences, as in a header field or a phone note."""
        words, chance = self.words[story.lang], self.chance
        for _ in range(chance.randrange(1, 4)):
            story.pieces += [
                *self.fill(chance.choice(words["phi"] + words["clinical"] + words["people"]), story),
                (chance.choice([" ", "\n", ". ", ""]), ""),
            ]

    def _dense(self, story: Story) -> None:
        """Many findings and few people: half a dozen lines of which one or two identify."""
        words, chance = self.words[story.lang], self.chance
        bullet = chance.choice(["", "", "", "- ", "* ", "• ", "1. "])
        between = chance.choice(["\n", "\n", "\n\n", " "])
        lines = [[(self.prose.sentence(story.lang), "")] for _ in range(chance.randrange(3, 9))]
        for _ in range(chance.randrange(1, 4)):
            lines.append(self.fill(chance.choice(words[chance.choice(["phi", "people"])]), story))
        lines += [[(self.clinic.sentence(story.lang), "")] for _ in range(chance.randrange(0, 3))]
        chance.shuffle(lines)
        for pieces in lines:
            story.pieces += [(bullet if "\n" in between else "", ""), *pieces, (between, "")]
        if chance.random() < 0.4:
            story.pieces.append(("\n", ""))
            self._signature(story)

    def _signature(self, story: Story) -> None:
        lines = [
            "{staffname}",
            "{staffname}{degree}",
            "{doc}",
            "{hosp}",
            "{addr}",
            "{phone}",
            "{email}",
            "{city}, {date}",
            "Tel. {phone}",
            "{date}",
        ]
        for template in ["{staffname}", *self.chance.sample(lines, self.chance.randrange(0, 4))]:
            story.pieces += [*self.fill(template, story), (self.chance.choice(["\n", "\n", " - ", ", "]), "")]

    def narrate(self, story: Story, signed: bool = True) -> None:
        """Sentences that identify and sentences that do not."""
        words, chance = self.words[story.lang], self.chance
        story.pieces.append(("\n", ""))
        among = lambda: words["people" if chance.random() < 0.4 else "phi"]
        sentences = [chance.choice(among()) for _ in range(chance.randrange(2, 9))] + [
            chance.choice(words["clinical"]) for _ in range(chance.randrange(2, 9))
        ]
        filled = [self.fill(sentence, story) for sentence in sentences]
        for _ in range(chance.randrange(1, 7)):  # now and then the patient's own name is that of a disease
            own = story.last if chance.random() < 0.08 and " " not in story.last else ""
            filled.append([(self.clinic.sentence(story.lang, own), "")])
        filled += [[(self.prose.sentence(story.lang), "")] for _ in range(chance.randrange(0, 4))]
        chance.shuffle(filled)
        between = chance.choice([" ", " ", "\n", "\n\n", " "])
        for pieces in filled:
            story.pieces += [*pieces, (between, "")]
        if signed and chance.random() < 0.6:
            story.pieces.append(("\n\n", ""))
            self._signature(story)

    # ---- noise and places

    def _finished(self, story: Story) -> tuple[str, list[tuple[int, int, str]]]:
        roll, chance = self.chance.random(), self.chance
        text, spans = "", []
        for piece, label in story.pieces:
            if roll < 0.06:
                piece = piece.upper() if len(piece.upper()) == len(piece) else piece
            elif roll < 0.17:
                piece = piece.lower() if len(piece.lower()) == len(piece) else piece
            elif label == "NAME" and chance.random() < 0.02:
                piece = piece.replace(" ", "  ")
            if label and piece:
                spans.append((len(text), len(text) + len(piece), label))
            text += piece
        if chance.random() < 0.1:  # lines broken by a printer: a blank becomes a new line, places stay
            width, column, chars = chance.randrange(50, 90), 0, list(text)
            for place, char in enumerate(chars):
                column = 0 if char == "\n" else column + 1
                if char == " " and column > width:
                    chars[place], column = "\n", 0
            text = "".join(chars)
        return text, spans


def _th(day: int) -> str:
    return "th" if 10 < day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
