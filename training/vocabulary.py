"""`python training/vocabulary.py`: the words of six languages that are no names, into `deid_rules/text/vocabulary.txt.gz`. Run once, when the lists change.

From the frequency lists of pyspellchecker (MIT; `pip install pyspellchecker==0.9.1`, not needed to run or train), without every name that Faker
or the training lists know. What is left tells the models that a word is one of a language; it never decides by itself.
"""

import gzip
import random
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "functions")]

from people import FAMILY, GIVEN, LOCALES, NICKNAMES  # noqa: E402

from dicomlake.reports.recognise.writing import fold  # noqa: E402

LANGUAGES = ("en", "es", "fr", "de", "it", "pt")
PER_LANGUAGE = 40_000
UNCOUNTED = 50  # what the lists give words of dictionaries that no text was counted for
TARGET = HERE.parent / "deid_rules" / "text" / "vocabulary.txt.gz"


def main() -> None:
    from spellchecker import SpellChecker

    names = known_names()
    words: set[str] = set()
    for lang in LANGUAGES:
        counts = SpellChecker(language=lang).word_frequency.dictionary
        ranked = sorted(
            (word for word in counts if len(word) > 2 and word.isalpha()), key=lambda word: (-counts[word], word)
        )
        chosen = [word for word in ranked if counts[word] > UNCOUNTED][:PER_LANGUAGE]
        if lang == "de":  # few of its words are counted
            chosen += [word for word in ranked if counts[word] <= UNCOUNTED and len(word) <= 10]
        words |= {word for word in map(fold, chosen) if word not in names}
    content = "\n".join(sorted(words)).encode()
    TARGET.write_bytes(gzip.compress(content, 9, mtime=0))
    print(len(words), "words,", TARGET.stat().st_size, "bytes")


def known_names() -> set[str]:
    """Every word of every name Faker has for these languages and their neighbours."""
    from faker import Faker

    chance = random.Random(1)
    texts = [*FAMILY, *GIVEN, *NICKNAMES]
    for locale in LOCALES:
        fake = Faker(locale)
        fake.seed_instance(chance.randrange(1 << 30))
        for _ in range(4000):
            texts += [fake.first_name(), fake.last_name()]
        texts += [fake.city() for _ in range(300)]
    return {word for text in texts for word in re.findall(r"[^\W\d_]{2,}", fold(text))}


if __name__ == "__main__":
    main()
