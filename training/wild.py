"""Layouts that no form has, for training: names among any words, behind any label, in logs, minutes, lists and messages. Called by `documents.py`.

They teach that a strange word with a capital is a name wherever it stands, and that drugs, devices, eponyms among clinical words and Latin terms
are none, so that a model leans on no layout.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from documents import Piece, Story, Writer

_LINKS = {
    "en": "and with for by of to from about told asked thanks".split(),
    "es": "y con para por de a desde sobre avisa a pregunta gracias".split(),
    "fr": "et avec pour par de à depuis selon merci dit demande".split(),
    "de": "und mit für von an bei aus wegen laut danke fragt".split(),
    "it": "e con per da di a secondo dice chiede grazie avvisa".split(),
    "pt": "e com para por de a desde sobre diz pede obrigado".split(),
}
_LATIN = (
    "Arteria carotis interna|Vena cava inferior|Nervus vagus|Musculus psoas major|Ligamentum teres hepatis|Foramen ovale|Ductus choledochus|Circulus Willisii|Ampulla Vateri|"
    "Tuba Eustachii|Sulcus calcarinus|Fissura Sylvii|Cisterna magna|Fossa cranii posterior|Truncus coeliacus|Plexus brachialis|Hallux valgus|Genu varum|Cauda equina|"
    "Situs inversus|Pectus excavatum|Placenta praevia|Staphylococcus aureus|Aspergillus fumigatus|Mycobacterium avium|Candida albicans"
).split("|")
_SCORES = (
    "BI-RADS 3|PI-RADS 4|LI-RADS 5|TI-RADS 2|ASPECTS 8|Fazekas 2|Bosniak IIF|Gleason 3+4|Child-Pugh B|Garden III|Salter-Harris II|Kellgren-Lawrence 2|Fleischner|RECIST 1.1|"
    "NIHSS 6|Agatston 120|Modic 1|Pfirrmann IV|Meyerding I|Graf IIa|Balthazar D|Hinchey II|Stoller 2|Outerbridge III|Genant 1|Hounsfield 40|Cobb 23°|Lauenstein|MELD 12|SUVmax 4.1"
).split("|")


def scattered(writer: Writer, story: Story) -> None:
    """Any words of the language with names, places, numbers and clinical terms among them."""
    chance = writer.chance
    for _ in range(chance.randrange(3, 9)):
        length = chance.randrange(2, 6)
        pieces: list[Piece] = [(_phrase(writer, story.lang).capitalize(), "")]
        for _ in range(length):
            pieces.append((" ", ""))
            pieces += _thing(writer, story)
            pieces.append(
                (chance.choice([" ", " ", " ", ", ", "; ", ": ", " - ", " ("]) + _phrase(writer, story.lang), "")
            )
        story.pieces += [*pieces, (chance.choice([". ", ".\n", "\n", "? ", "; "]), "")]


def any_labels(writer: Writer, story: Story) -> None:
    """Labels nobody has seen, with names or with anything else behind them."""
    chance = writer.chance
    join = chance.choice([": ", ": ", ":", " : ", " .... ", "..........", " = ", "\t", " | ", " - ", ":   "])
    between = chance.choice(["\n", "\n", ". ", " | ", "   ", "; "])
    for _ in range(chance.randrange(4, 10)):
        label = " ".join(writer.word(story.lang) for _ in range(chance.choice([1, 1, 2])))
        label = chance.choice([label.capitalize(), label.capitalize(), label.upper(), label])
        story.pieces.append((label + join, ""))
        if chance.random() < 0.6:
            story.pieces += writer.fill(
                chance.choice(
                    [
                        "{full}",
                        "{last}",
                        "{last}",
                        "{staffname}",
                        "{doc}",
                        "{first}",
                        "{full}, {hosp}",
                        "{city}",
                        "{addr}",
                        "{date}",
                        "{id}",
                        "{last} ({id})",
                    ]
                ),
                story,
            )
        else:
            story.pieces.append(
                (_clinical(writer, story) if chance.random() < 0.6 else _phrase(writer, story.lang), "")
            )
        story.pieces.append((between, ""))
    writer.narrate(story)


def log(writer: Writer, story: Story) -> None:
    """Lines that begin with a time."""
    chance, form = (
        writer.chance,
        writer.chance.choice(["{h:02d}:{m:02d}", "{h:02d}{m:02d}", "{h}.{m:02d} h", "{h:02d}h{m:02d}"]),
    )
    hour = chance.randrange(6, 12)
    for _ in range(chance.randrange(4, 9)):
        hour = min(23, hour + chance.randrange(0, 3))
        story.pieces.append((form.format(h=hour, m=chance.randrange(60)) + chance.choice(["  ", " ", " - ", "\t"]), ""))
        for _ in range(chance.randrange(1, 4)):
            story.pieces += [
                *_thing(writer, story),
                (" " + _phrase(writer, story.lang) + chance.choice([" ", ", ", ". "]), ""),
            ]
        story.pieces.append(("\n", ""))


def message(writer: Writer, story: Story) -> None:
    """HL7 v2, tables and lists as systems write them."""
    chance = writer.chance
    sep, sub = chance.choice([("|", "^"), (";", ","), ("\t", " "), (",", " ")])
    for number in range(chance.randrange(2, 7)):
        cells: list[list[Piece]] = [
            [(chance.choice(["OBX", "PV1", "PID", "ORC", "OBR", "NTE", str(number + 1)]), "")],
            [(str(number + 1), "")],
        ]
        for _ in range(chance.randrange(3, 8)):
            given, family = (story.first, story.last) if chance.random() < 0.5 else chance.choice(story.staff)
            cells.append(
                chance.choice(
                    [
                        [(f"{family}{sub}{given}", "NAME")],
                        [(f"{family}{sub}{given}".upper(), "NAME")],
                        [(family, "NAME")],
                        writer.fill("{id}", story),
                        writer.fill("{date}", story),
                        writer.fill("{hosp}", story),
                        writer.fill("{phone}", story),
                        [(_clinical(writer, story), "")],
                        [(writer.word(story.lang).capitalize(), "")],
                        [("", "")],
                    ]
                )
            )
        for place, cell in enumerate(cells):
            story.pieces += [(sep if place else "", ""), *cell]
        story.pieces.append(("\n", ""))
    writer.narrate(story)


def letterhead(writer: Writer, story: Story) -> None:
    """A hospital, a town, a street, people and numbers, each on a line, in capitals or not, without a word to say what they are."""
    chance = writer.chance
    lines = [
        "{hosp}",
        "{city}",
        "{addr}",
        "{full}",
        "{staffname}",
        "{date}",
        "{id}",
        "{city}, {date}",
        "{doc}",
        "{phone}",
        "{staffname}, {hosp}",
    ]
    capitals = chance.random() < 0.4
    for template in chance.sample(lines, chance.randrange(3, 8)):
        for text, label in writer.fill(template, story):
            story.pieces.append((text.upper() if capitals and len(text.upper()) == len(text) else text, label))
        story.pieces.append((chance.choice(["\n", "\n", "\n\n", "  ", " · "]), ""))
    story.pieces.append((_clinical(writer, story) + "\n", ""))
    writer.narrate(story)


def _thing(writer: Writer, story: Story) -> list[Piece]:
    chance = writer.chance
    roll = chance.random()
    if roll < 0.5:
        return writer.fill(
            chance.choice(
                ["{last}", "{first}", "{full}", "{full}", "{doc}", "{staffname}", "{last}", "{title} {last}"]
            ),
            story,
        )
    if roll < 0.62:
        return writer.fill(chance.choice(["{city}", "{hosp}", "{date}", "{id}", "{phone}", "{addr}"]), story)
    return [(_clinical(writer, story), "")]


def _clinical(writer: Writer, story: Story) -> str:
    chance, lang = writer.chance, story.lang
    if chance.random() < 0.35:
        return writer.prose.item(lang) if chance.random() < 0.6 else writer.prose.sentence(lang).rstrip(".,")
    kind = chance.randrange(6)
    if kind < 4 and chance.random() < 0.5:
        return writer.clinic.sentence(lang).rstrip(".,")
    if kind == 0:
        return chance.choice(writer.drugs).capitalize() + chance.choice(["", " 75 mg", " 5 mg", " 100", " 20 mg/d", ""])
    if kind == 1:
        return chance.choice(_LATIN)
    if kind == 2:
        return chance.choice(_SCORES)
    if kind == 3:
        return chance.choice(writer.devices).capitalize() + chance.choice(
            ["", f" {chance.choice(writer.devices).capitalize()}", " 64"]
        )
    text = "".join(piece for piece, _ in writer.fill("{eponym}", story))
    return text if kind == 4 else text.upper()


def _phrase(writer: Writer, lang: str) -> str:
    chance = writer.chance
    words = [writer.word(lang) for _ in range(chance.randrange(1, 5))]
    if chance.random() < 0.5:
        words.append(chance.choice(_LINKS[lang]))
    if lang == "de":
        words = [word.capitalize() if len(word) > 4 and chance.random() < 0.5 else word for word in words]
    return " ".join(words)


def words_of(templates: list[str]) -> list[str]:
    """The words of sentences without their slots."""
    return sorted(
        {word.lower() for one in templates for word in re.findall(r"[^\W\d_]{3,}", re.sub(r"\{\w+\}", " ", one))}
    )
