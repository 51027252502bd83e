"""Numbers in, their quartiles and the interval of their median out. One method everywhere: linear interpolation between order statistics.

That is type 7 of Hyndman and Fan (The American Statistician 1996;50:361-365), the one of BigQuery's PERCENTILE_CONT, so that report and
views agree. Called by `monthly/`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Summary:
    """n values: quartiles, the ends of the whiskers (farthest values within 1.5 interquartile ranges), and how many lie beyond.

    `median_low` and `median_high` enclose the median with at least 95 % confidence (order statistics, exact binomial); None for n under 6.
    """

    n: int
    q1: float
    median: float
    q3: float
    low: float
    high: float
    beyond: int
    median_low: float | None
    median_high: float | None


def quantile(ordered: Sequence[float], share: float) -> float:
    """The quantile of ascending values, at least one, at `share` from 0 to 1."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def summarise(values: Sequence[float]) -> Summary | None:
    """The summary, or None for no values."""
    if not values:
        return None
    ordered = sorted(values)
    q1, median, q3 = (quantile(ordered, share) for share in (0.25, 0.5, 0.75))
    reach = 1.5 * (q3 - q1)
    within = [value for value in ordered if q1 - reach <= value <= q3 + reach]
    rank = _median_rank(len(ordered))
    interval = (ordered[rank - 1], ordered[-rank]) if rank else (None, None)
    return Summary(len(ordered), q1, median, q3, within[0], within[-1], len(ordered) - len(within), *interval)


def _median_rank(n: int) -> int:
    """The greatest r for which the r-th smallest and r-th largest of n values enclose the median with at least 95 %; 0: there is none."""
    if n > 1000:  # the normal approximation is exact to the rank here
        return math.floor((n + 1) / 2 - 1.959964 * math.sqrt(n) / 2)
    tail, rank = 0.0, 0
    while rank < n // 2:
        tail += math.comb(n, rank) / 2**n
        if tail > 0.025:
            break
        rank += 1
    return rank
