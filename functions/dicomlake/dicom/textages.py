"""Folded text in, the ages of 90 years and more that stand in it out. Called by `cleaner.py`; they form one group (HIPAA 164.514(b)(2)(i)(C))."""

import re
from collections.abc import Iterator

GROUP = "90+"
_YEARS = r"0?(9\d|1[0-2]\d)"
_UNIT = (
    r"(?:[\s-]{0,2}(?:years?(?![^\W_])|yrs?(?![^\W_])|y[./]?\s?o(?![^\W_])|jahre?n?(?![^\W_])|jahrig\w{0,2}(?![^\W_])|j\.|anos?(?![^\W_])|ans(?![^\W_])"
    r"|anni(?![^\W_])|jaar(?![^\W_])|jarig\w?(?![^\W_])|[-\s]?annee?s?(?![^\W_])"
    r"|lat(?![^\W_])|let(?![^\W_])|ar gammal|vuotta|eves(?![^\W_])|лет(?![^\W_])|ετων)"
    r"|\s?y(?![^\W_])|[jawm](?=\s?$|[\s,;)/](?!\d))|[- ]j\.)"
)
# "97F", "M/97": a sex beside it.
_SEXED = (
    r"(?<![\w.,/-])(?:0?(9[0-9]|10[0-9])\s?[/-]?\s?[fmw](?![\w.]|\s?=)"
    r"|[fmw][/ -]?0?(9[0-9]|10[0-9])(?![\w.%]|\s?(?:mm|cm|ml|kv|ma|x|hu|%)))"
)
_LABEL = (
    r"(?<![^\W_])(?:aged?|alter|edad|(?:di\s)?anni|eta|idade|leeftijd|aet\.?)\s{0,2}[:=]?\s{0,2}(?:of\s|de\s|von\s)?"
)
_SAID = re.compile(rf"(?<![\w.,/-]){_YEARS}{_UNIT}|{_LABEL}{_YEARS}(?![\w%]|[.,]\d)|{_SEXED}")


def old_ages(folded: str) -> Iterator[tuple[int, int]]:
    """Start and end of the number of each."""
    for found in _SAID.finditer(folded):
        yield found.span(found.lastindex or 0)
