"""A known value in, the ways people and machines write it out, as words or regular expressions over folded text. Called by `known.py`."""

import datetime
import re
from collections.abc import Iterable, Iterator
from itertools import permutations

from dicomlake.reports.recognise.revealed import revealed, with_umlauts
from dicomlake.reports.recognise.writing import fold

_WORD = re.compile(r"[^\W\d_]+(?:['’´`][^\W\d_]+)*")
_DAY = re.compile(r"(\d{4})[-./]?(\d{2})[-./]?(\d{2})")
_DAY_FIRST = re.compile(r"(\d{1,2})[-./ ](\d{1,2})[-./ ](\d{4})")
PARTICLES = frozenset(
    "de del della delle dei degli di da dal dalla do dos das du des d l la las le los lo van von vom zu zum zur der den ter ten te y e i "
    "und bin ibn ben al el abu af av mac mc o san santa st saint".split()
)
TITLES = frozenset(
    "dr dra dott dottssa dottore prof profesor professor med mr mrs ms miss sir mme m mlle monsieur madame herr frau sr sra srta don dona "
    "sig sigra doc md phd jr ii iii iv rn pa np do facr frcr".split()
)
_SHORT = 2
_SHORT_TITLES = (
    r"m\.",
    "mr",
    r"mr\.",
    "mrs",
    r"mrs\.",
    "ms",
    "dr",
    r"dr\.",
    "mme",
    "herr",
    "frau",
    r"sr\.",
    r"sra\.",
    r"sig\.",
)
_SHORTEST_GLUED, _SHORTEST_LOGIN = 6, 5  # letters
_FIRST_WITHOUT_BLANKS = "\u2e80"


def name_words(name: str) -> list[str]:
    """The folded words of a name, without titles; parts joined by an apostrophe also together and apart."""
    words: list[str] = []
    for found in _WORD.findall(fold(name)):
        pieces = re.split(r"['’´`]", found)
        words += [piece for piece in pieces if piece not in TITLES or len(pieces) > 1]
        if len(pieces) > 1:
            words.append("".join(pieces))
    return words


def with_particles(words: list[str]) -> Iterator[list[str]]:
    """Each word of a name with the particles right before it ("de la Fuente", "Degli Esposti")."""
    particles: list[str] = []
    for word in words:
        if word in PARTICLES:
            particles.append(word)
            continue
        if particles:
            yield from ([*particles, form] for form in (word, with_umlauts(word)))
        particles = []


def glued(words: list[str]) -> Iterator[str]:
    """Two words of a name without a blank between ("MullerHans"), and an initial with a surname, as in a login."""
    whole = [word for word in words if len(word) > _SHORT and word not in PARTICLES]
    for one, two in permutations(dict.fromkeys(whole), 2):
        if len(one + two) >= _SHORTEST_GLUED:
            yield one + two
        if len(two) >= _SHORTEST_LOGIN:
            yield one[0] + two


def ideographic(value: str) -> Iterator[str]:
    """The groups of a name in scripts without blanks between words (PS3.5 6.2.1.1), as one word and in parts."""
    for group in re.split(r"[=(（)）]", value):
        parts = [
            revealed(part) for part in re.split(r"[\s^・　,]+", group) if part and part[0] >= _FIRST_WITHOUT_BLANKS
        ]
        if parts:
            yield r"[\s^・　,]{0,2}".join(map(re.escape, parts))
            yield from (re.escape(part) for part in parts if len(part) > 1)


def short_names(value: str) -> Iterator[str]:
    """A name whose parts are too short or too common alone ("Do^An"): both parts side by side, and one behind a title."""
    words = [revealed(word) for word in re.findall(r"[^\W\d_]+", value.split("=")[0])]
    if len(words) == 2 and min(map(len, words)) == _SHORT:
        one, two = map(re.escape, words)
        yield rf"(?<![^\W_])(?:{one}[\s,^]{{1,2}}{two}|{two}[\s,^]{{1,2}}{one})(?![^\W_])"
        titles = "|".join(rf"(?<=\b{title} )" for title in _SHORT_TITLES)
        yield rf"(?:{titles})(?:{one}|{two})(?![^\W_])"


def id_forms(value: str) -> Iterator[str]:
    """An identifier with any separators, without leading zeros, and its long number alone."""
    pieces = re.findall(r"\d+|[^\W\d_]+", revealed(value))
    plain = "".join(pieces)
    if len(plain) < (4 if plain.isdecimal() else 3) or len(set(plain)) < 2 or not any(map(str.isdigit, plain)):
        return
    long = len(plain) >= 6 and len(set(plain)) > 2
    if plain.isdecimal():
        significant = plain.lstrip("0") if len(plain.lstrip("0")) >= 4 else plain
        gap, edge = (r"[\s./-]{0,2}", r"\d") if long else (r"[\s./-]?", r"[^\W_]")
        yield rf"(?<!{edge})(?<!\d[.,])0*" + gap.join(significant) + rf"(?!{edge})(?![.,]\d)"
        return
    gap, among = (r"[\s./_-]{0,2}", plain) if long else (r"[\s./_-]?", pieces)
    yield r"(?<![^\W_])" + gap.join(map(re.escape, among)) + r"(?![^\W_])"
    if long:
        yield re.escape(plain)
    longest = max((piece for piece in pieces if piece.isdecimal()), key=len, default="")
    if len(longest) >= 5:
        yield rf"(?<!\d)(?<!\d[.,]){longest}(?!\d)(?![.,]\d)"


def phone_forms(value: str) -> Iterator[str]:
    """A telephone number by its last seven digits, with any before them; or an e-mail address."""
    number = re.sub(r"\D", "", value)
    if "@" in value:
        yield re.escape(fold(value))
    elif len(number) >= 6:
        tail = r"[\s().\-/]{0,3}".join(number[-7:])
        yield r"(?<![\d.])[+(]?(?:\d[\d() ./-]{0,12}?)?" + tail + r"(?!\d)"


def days_of(text: str) -> Iterator[datetime.date]:
    """The calendar dates a known value can mean."""
    for form, order in ((_DAY, (1, 2, 3)), (_DAY_FIRST, (3, 2, 1)), (_DAY_FIRST, (3, 1, 2))):
        found = form.match(text.strip())
        if found is not None:
            try:
                yield datetime.date(*(int(found[place]) for place in order))
            except ValueError:
                continue


def date_forms(day: datetime.date, months: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Regular expressions over folded text for a date in the notations of people and machines."""
    year, short = str(day.year), f"{day.year % 100:02d}"
    number, in_month = f"0?{day.month}", f"0?{day.day}"
    names = "|".join(sorted({form[day.month - 1] for form in months}, key=lambda name: (-len(name), name)))
    either, sep = rf"(?:{year}|'?{short})", r"\s?[-./\s]\s?"
    yield rf"(?<!\d){year}{sep}{number}{sep}{in_month}(?!\d)"
    yield rf"(?<!\d)(?:{in_month}{sep}{number}|{number}{sep}{in_month}){sep}{either}(?!\d)"
    roman = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")[day.month - 1]
    yield rf"(?<!\d){in_month}[\s./-]{{1,3}}{roman}[\s./-]{{1,3}}{either}(?!\d)"
    yield rf"(?<!\d)(?:{year}{day.month:02d}{day.day:02d}|{day.day:02d}{day.month:02d}{year})(?!\d)"
    link = r"[\s.,/-]{0,3}(?:(?:de|del|of|the)\s)?"
    yield rf"(?<!\d){in_month}(?:st|nd|rd|th|er|o|º|ª|°)?{link}(?:{names})(?![^\W\d_])(?:{link}{either}(?!\d))?"
    yield rf"(?<![^\W\d_])(?:{names})\.?\s?{in_month}(?:st|nd|rd|th)?(?:[\s,.]{{1,3}}{either})?(?!\d)"
