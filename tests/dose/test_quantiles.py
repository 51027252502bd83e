"""The quantile method against numpy and the standard library; the interval of the median against the binomial itself."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomlake.dose.quantiles import _median_rank, quantile, summarise

VALUES = st.lists(st.floats(0, 1e4, allow_nan=False), min_size=1, max_size=60)


@given(VALUES, st.floats(0, 1))
def test_quantiles_are_those_of_numpy(values: list[float], share: float) -> None:
    assert quantile(sorted(values), share) == pytest.approx(
        float(np.quantile(values, share, method="linear")), abs=1e-9
    )


@given(VALUES.filter(lambda values: len(values) > 1))
def test_quartiles_are_those_of_the_standard_library(values: list[float]) -> None:
    summary = summarise(values)
    assert summary is not None
    assert [summary.q1, summary.median, summary.q3] == pytest.approx(
        statistics.quantiles(values, method="inclusive"), abs=1e-9
    )


def test_a_printed_interval_of_a_median() -> None:
    # Conover, Practical Nonparametric Statistics: for n = 16 the 4th and 13th value hold the median with 97.9 %.
    summary = summarise([float(v) for v in range(1, 17)])
    assert summary is not None and (summary.median_low, summary.median_high) == (4, 13)


@pytest.mark.parametrize("n", [6, 7, 20, 99, 100, 1000, 1001, 1400])
def test_the_interval_holds_the_median_with_95_percent_and_is_the_shortest_that_does(n: int) -> None:
    def held(rank: int) -> float:
        return 1 - 2 * sum(math.comb(n, k) for k in range(rank)) / 2**n

    rank = _median_rank(n)
    assert held(rank) >= 0.95
    assert held(rank + 1) < 0.95 or n > 1000


def test_few_values_have_no_interval_and_none_no_summary() -> None:
    five = summarise([1, 2, 3, 4, 5])
    assert five is not None and five.median_low is None and five.median == 3
    assert summarise([]) is None


def test_whiskers_end_within_one_and_a_half_interquartile_ranges() -> None:
    # Quartiles 3.25 and 7.75, so that the whisker may reach 14.5; 40 lies beyond.
    summary = summarise([1, 2, 3, 4, 5, 6, 7, 8, 9, 40])
    assert summary is not None
    assert (summary.q1, summary.q3, summary.low, summary.high, summary.beyond) == (3.25, 7.75, 1, 9, 1)
