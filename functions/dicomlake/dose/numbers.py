"""Numbers as dose objects write them in, exact values in the base unit out, or a word that says why not. Called by all readers of this room.

Nothing is guessed: a unit that is not understood, a number that could be read in two ways and a value no device can mean are left out
and said to be (`Doubt`). Where no unit is stated, the one the template fixes counts only if the value is likely in it.
"""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal, DecimalException

from dicomlake.dose.content import Measured
from dicomlake.rules.dose import Quantity

_TWO_WAYS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_WITH_UNIT = re.compile(r"([+-]?[0-9][0-9.,]*(?:[eE][+-]?[0-9]{1,3})?)\s*([^\s0-9.,+-].*)?", re.DOTALL)
_NO_UNIT = frozenset(("", "1", "nounits", "nounit", "unknown", "none", "na", "n/a", "undefined", "unspecified"))
_MAX_LENGTH, _MAX_VALUES = 64, 100_000


class Doubt(Exception):
    """A value that is there and cannot be read for certain. `why` is number, unit, range or conflict."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def decimal(text: str, commas_part: bool = True) -> Decimal | None:
    """The number a text writes, with a point or a comma; None when it is none, or could be two (1.234.567 and 1,234,567 are whole).

    Without `commas_part` (nothing says that this writer parts fractions by commas) 1,234 could be two.
    """
    text = text.strip(" \0\t\r\n")
    if not commas_part and _TWO_WAYS.fullmatch(text):
        return None
    if len(text) > _MAX_LENGTH:
        return None
    if "," in text:
        text = _without_commas(text)
    elif text.count(".") > 1:
        text = text.replace(".", "") if re.fullmatch(r"[+-]?[0-9]{1,3}(?:\.[0-9]{3}){2,}", text) else ""
    if not _PLAIN.fullmatch(text):
        return None
    try:
        value = Decimal(text)
    except DecimalException:
        return None
    return value if abs(value.adjusted()) < 60 else None


def _without_commas(text: str) -> str:
    if "." in text:  # both: the last one parts the fraction, the other groups thousands
        group, point = (",", ".") if text.rfind(".") > text.rfind(",") else (".", ",")
        whole, _, fraction = text.rpartition(point)
        if not re.fullmatch(rf"[+-]?[0-9]{{1,3}}(?:\{group}[0-9]{{3}})+", whole):
            return ""
        return whole.replace(group, "") + "." + fraction
    if text.count(",") > 1:
        return text.replace(",", "") if re.fullmatch(r"[+-]?[0-9]{1,3}(?:,[0-9]{3}){2,}", text) else ""
    return text.replace(",", ".")


def stated_factor(measured: Measured, quantity: Quantity) -> Decimal | None:
    """What the stated unit is worth: by its code, else by its meaning; None when none is stated. Raises Doubt for one not understood."""
    unstated = True
    for unit in (measured.unit, measured.unit_meaning):
        if re.sub(r"[\s{}._-]+", "", unit).casefold() in _NO_UNIT:
            continue
        factor = quantity.factor(unit)
        if factor is not None:
            return factor
        unstated = False
    if not unstated and not quantity.any_unit:
        raise Doubt("unit")
    return None


def reads_two_ways(text: str) -> bool:
    """Whether a number is another one if its comma groups thousands."""
    return _TWO_WAYS.fullmatch(text.strip(" \0")) is not None


def parts_by_comma(text: str) -> bool:
    """Whether a number shows that its writer parts fractions by commas."""
    return "," in text and not reads_two_ways(text) and decimal(text) is not None


def values_of(
    measured: Iterable[Measured], quantity: Quantity, usual: Decimal | None = None, commas_part: bool = True
) -> list[Decimal]:
    """All values in the base unit; `usual` is the factor that the rest of the object states for this quantity. Raises Doubt."""
    found: list[Decimal] = []
    for one in measured:
        for part in one.text.split("\\")[:_MAX_VALUES]:
            if not part.strip():
                continue
            number, stated = _number_and_unit(part, one, commas_part)
            factor = stated_factor(stated, quantity)
            found.append(_checked(number, factor, quantity, usual))
    return found


def _number_and_unit(part: str, one: Measured, commas_part: bool) -> tuple[Decimal, Measured]:
    number = decimal(part, commas_part)
    if number is not None:
        return number, one
    match = _WITH_UNIT.fullmatch(part.strip())  # a number written with its unit, as in a TEXT item
    number = decimal(match[1], commas_part) if match and match[2] and not one.unit else None
    if match is None or number is None:
        raise Doubt("number")
    return number, Measured(match[1], match[2], "")


def _checked(number: Decimal, factor: Decimal | None, quantity: Quantity, usual: Decimal | None) -> Decimal:
    if factor is None and not quantity.any_unit:
        factor = usual or quantity.assumed
        low, high = quantity.likely
        if not low <= number * factor <= high:
            raise Doubt("unit")
    value = number * (Decimal(1) if quantity.any_unit else factor or Decimal(1))
    low, high = quantity.possible
    if not low <= value <= high:
        raise Doubt("range")
    return value


def one_of(values: Sequence[Decimal]) -> Decimal | None:
    """The value that all agree on; None for no values. Raises Doubt where they differ."""
    if not values:
        return None
    if any(value != values[0] for value in values):
        raise Doubt("conflict")
    return values[0]


def mean_of(values: Sequence[Decimal]) -> Decimal | None:
    """The mean over pulses; pulses without voltage or current are none, unless all are."""
    real = [value for value in values if value] or list(values)
    return sum(real, Decimal(0)) / len(real) if real else None
