"""The slots of `words/people.yaml`, and the words that stand for names there. Called by `documents.py`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from documents import Piece, Story, Writer

SLOTS = frozenset(("first!", "last!", "city!", "First", "Last", "i", "six", "part", "month", "plate", "w"))
_PARTS = {
    "en": "early|late|mid|since|by|end of|beginning of|around|until",
    "es": "a principios de|a mediados de|a finales de|desde|en|hasta|hacia|a comienzos de",
    "fr": "début|fin|mi-|courant|depuis|en|vers|jusqu'en|mi",
    "de": "Anfang|Mitte|Ende|seit|im|bis|gegen|ab",
    "it": "inizio|metà|fine|da|a inizio|a fine|verso|entro|a",
    "pt": "no início de|em meados de|no fim de|em fins de|desde|em|até|por volta de",
}
_PLATES = (
    "@@## @@@|@@@ ####|#### @@@|@@-###-@@|@@ ### @@|@@###@@|@-@@ ####|@@@-@ ###|##-@@-##|@@-##-@@|@@@#@##|@@@-####|### @@@|@##@@|@ #### @@|@@@ ###"
).split("|")
_SHORTEST, _LONGEST = 3, 11


def words_as_names(words: list[str], anatomy: list[str]) -> list[str]:
    """Words that may stand for a name; parts of the body count for more than others, for nobody expects them."""
    body = [word for line in anatomy for word in line.split() if _SHORTEST <= len(word) <= _LONGEST]
    return [*(word for word in words if _SHORTEST <= len(word) <= _LONGEST), *body * (len(words) // (6 * len(body)))]


def slot(writer: Writer, slot: str, story: Story) -> list[Piece]:
    """What stands in a slot of these sentences."""
    chance, lang = writer.chance, story.lang
    plain = slot.lower().rstrip("!")
    if plain in ("first", "last", "city"):
        pieces = writer.fill(f"{{{plain}}}", story)
        return [(_cased(text, capitals=slot[0].isupper()), label) for text, label in pieces]
    if slot == "i":
        return [(f"{chance.choice('ABCDEFGHJKLMNPRST')}.", "NAME")]
    if slot == "six":
        day = chance.choice(story.days)
        return [(day.strftime(chance.choice(["%d%m%y", "%d%m%y", "%Y%m%d", "%d%m%Y", "%y%m%d"])), "DATE")]
    if slot == "part":
        return [(chance.choice(_PARTS[lang].split("|")), "")]
    if slot == "month":
        full, short = writer.months[lang]
        at, year = chance.randrange(12), chance.randrange(1995, 2026)
        name = full[at].capitalize() if lang in ("en", "de") else full[at]
        of = " de " if lang in ("es", "pt") else " "
        return [
            (
                chance.choice(
                    [
                        name,
                        name,
                        f"{name}{of}{year}",
                        f"{short[at].capitalize()} '{year % 100:02d}",
                        f"{short[at]}/{year % 100:02d}",
                    ]
                ),
                "DATE",
            )
        ]
    if slot == "plate":
        letters = lambda found: chance.choice("0123456789" if found[0] == "#" else "ABCDEFGHJKLMNPRSTVWXYZ")
        return [(re.sub("[#@]", letters, chance.choice(_PLATES)), "ID")]
    word = writer.word(lang)
    return [(word.capitalize(), "")]


def _cased(text: str, *, capitals: bool) -> str:
    changed = text.upper() if capitals else text.lower()
    return changed if len(changed) == len(text) else text
