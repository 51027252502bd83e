"""`python training/vocabulary.py CORPUS_FOLDER`: the words of six languages that are no names, into `deid_rules/text/vocabulary.txt.gz`.

Run once, when the lists change. From the frequency lists of pyspellchecker (MIT), the texts of ICD-10-CM (public domain, as simple-icd-10-cm
brings them), the concept names of pydicom (MIT), the clinical texts of the corpus (README.md) outside what identifies, and the glossary. Every
name that Faker or the training lists know is left out, as is every word that a list writes with a capital; the commonest words that are names
too stand there with a "+". Needed for this alone:
`pip install pyspellchecker==0.9.1 simple-icd-10-cm==1.5.0`. What is left tells that a word is one of a language; it never decides by itself.
"""

import gzip
import random
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "functions")]

import yaml  # noqa: E402
from people import FAMILY, GIVEN, LOCALES, NICKNAMES  # noqa: E402

from dicomlake.reports.recognise.stems import stem  # noqa: E402
from dicomlake.reports.recognise.writing import fold  # noqa: E402

LANGUAGES = ("en", "es", "fr", "de", "it", "pt")
PER_LANGUAGE = 40_000
BOTH_PER_LANGUAGE = 2_600
# Of these, what is a given name before it is a word.
GIVEN_FIRST = frozenset(
    "maria marie rosa pierre angelo massimo julio gloria victoria frances leon mark bill grace rose rob bianca linda clara stella amy dick faith "
    "hope joy angel luna alba noe axel jules dante marco luca dario rufus leo hugo klaus horst ernst pilar carmen mercedes dolores".split()
)
UNCOUNTED = 50  # what the lists give words of dictionaries that no text was counted for
TARGET = HERE.parent / "deid_rules" / "text" / "vocabulary.txt.gz"
_WORD = re.compile(r"(?<![^\W_])[^\W\d_]{3,}(?![^\W_])")


def main(corpus: Path) -> None:
    names = known_names()
    words = {word for word in map(fold, general()) if word not in names}
    trade = {word for word in map(fold, clinical(corpus)) if word not in names}
    words |= trade
    named = {stem(name) for name in names}
    stems = {stem(word) for word in trade} - named - {""}
    either = {*map(fold, common()), *map(fold, clinical(corpus))} - eponyms()
    both = {word for word in either if word in names and word not in GIVEN_FIRST and word not in words}
    content = "\n".join(
        [*sorted(words), *(f"+{word}" for word in sorted(both)), *(f"*{one}" for one in sorted(stems))]
    ).encode()
    TARGET.write_bytes(gzip.compress(content, 9, mtime=0))
    print(len(words), "words,", len(stems), "stems,", TARGET.stat().st_size, "bytes")


def general() -> Iterator[str]:
    """The commoner words of each language."""
    from spellchecker import SpellChecker

    for lang in LANGUAGES:
        counts = SpellChecker(language=lang).word_frequency.dictionary
        ranked = sorted(
            (word for word in counts if len(word) > 2 and word.isalpha()), key=lambda word: (-counts[word], word)
        )
        yield from [word for word in ranked if counts[word] > UNCOUNTED][:PER_LANGUAGE]
        if lang == "de":  # few of its words are counted
            yield from (word for word in ranked if counts[word] <= UNCOUNTED and len(word) <= 10)


def common() -> Iterator[str]:
    """The commonest words of each language."""
    from spellchecker import SpellChecker

    for lang in LANGUAGES:
        counts = SpellChecker(language=lang).word_frequency.dictionary
        ranked = sorted((word for word in counts if word.isalpha()), key=lambda word: (-counts[word], word))
        yield from (word for word in ranked[:BOTH_PER_LANGUAGE] if len(word) > 2)


def clinical(corpus: Path) -> Iterator[str]:
    """Words of the trade, as they stand in small letters; those of the project's own lists in any, since German nouns have capitals."""
    from pydicom.sr._concepts_dict import concepts
    from simple_icd_10_cm import get_all_codes, get_description
    from train import lines

    for code in get_all_codes(with_dots=True):
        yield from small(get_description(code))
    for scheme in concepts.values():
        for codes in scheme.values():
            yield from (word for meaning, _ in codes.values() for word in small(meaning))
    for path in (corpus / "meddocan_train.jsonl.gz", *(corpus / f"{lang}_inject_A.jsonl" for lang in LANGUAGES)):
        for text, spans in lines(path):
            yield from small(without(text, spans))
    rules = TARGET.parent / "clinical.yaml"
    yield from small(rules.read_text(encoding="utf-8").split("\neponyms:")[0])
    own = (TARGET.parent / "glossary.yaml").read_text(encoding="utf-8")
    own += (HERE / "words" / "prose.yaml").read_text(encoding="utf-8")
    own += " ".join(yaml.safe_load((TARGET.parent / "lexis.yaml").read_text(encoding="utf-8"))["german_parts"])
    for lang in LANGUAGES:
        own += (HERE / "words" / f"{lang}.yaml").read_text(encoding="utf-8").split("\nwords_as_names:")[0]
    yield from (word for word in _WORD.findall(own) if fold(word) not in eponyms())


@cache
def eponyms() -> frozenset[str]:
    """Surnames that name diseases: what they are is told by their company alone."""
    rules = yaml.safe_load((TARGET.parent / "clinical.yaml").read_text(encoding="utf-8"))
    return frozenset(word for line in rules["eponyms"] for word in line.split())


def small(text: str) -> Iterable[str]:
    """The words without a capital."""
    return (word for word in _WORD.findall(text) if word.islower())


def without(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    """A text with blanks for what identifies."""
    for start, end, _ in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


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
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
