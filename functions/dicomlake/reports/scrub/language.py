"""Text in, which of the six languages it is in out. Called by the scrubber.

py3langid, restricted to the languages there are rules for and some neighbours. Another script, or a longer text that a neighbour fits
better, is a doubt: the rules may not see what identifies there.
"""

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LANGUAGES = ("en", "es", "fr", "de", "it", "pt")
_NEIGHBOURS = ("nl", "ro", "pl", "cs", "sv", "da", "fi", "hu", "tr", "hr")
_ENOUGH = 160  # letters from which on a neighbour is believed
_MOST = 6000  # characters looked at
_FAMILIAR = ("LATIN", "GREEK", "MICRO", "FEMININE", "MASCULINE")


def detected(text: str) -> tuple[str, bool]:
    """The language, and whether the text is surely in one of ours. Text without a letter is English and sure."""
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return LANGUAGES[0], True
    ranks = [str(lang) for lang, _ in _identifier().rank(text[:_MOST])]
    ours = next(lang for lang in ranks if lang in LANGUAGES)
    return ours, is_latin(text) and (ranks[0] == ours or len(letters) < _ENOUGH)


def is_latin(text: str) -> bool:
    """Whether nearly all letters are of a script the rules read."""
    foreign = sum(1 for c in text if c.isalpha() and not c.isascii() and not _is_familiar(c))
    return foreign * 50 <= len(text)


def _is_familiar(char: str) -> bool:
    return unicodedata.name(char, "").startswith(_FAMILIAR)


@cache
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages([*LANGUAGES, *_NEIGHBOURS])
    return identifier
