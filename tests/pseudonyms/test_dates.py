"""Shifted dates: whole days, intervals kept, nothing malformed passed on."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomlake.pseudonyms import shift_da, shift_dt

DAYS = st.integers(-4000, -1)
DATES = st.dates(min_value=datetime.date(1850, 1, 1), max_value=datetime.date(2149, 12, 31)).filter(
    lambda day: (day.month, day.day) not in ((1, 1), (12, 30), (12, 31))  # where calendars of programs begin
)


def da(date: datetime.date) -> str:
    return date.strftime("%Y%m%d")


def parsed(text: str | None) -> datetime.date:
    assert text is not None
    return datetime.datetime.strptime(text[:8], "%Y%m%d").date()


@given(DATES, DATES, DAYS)
def test_shifted_dates_keep_their_interval(a: datetime.date, b: datetime.date, days: int) -> None:
    assert parsed(shift_da(da(a), days)) - parsed(shift_da(da(b), days)) == a - b


@given(DATES, DAYS)
def test_a_date_moves_by_exactly_the_days_and_never_stays(date: datetime.date, days: int) -> None:
    assert parsed(shift_da(da(date), days)) == date + datetime.timedelta(days=days)
    assert shift_da(da(date), days) != da(date)


@given(
    DATES,
    DAYS,
    st.sampled_from(["", "09", "0930", "093005", "093005.1", "235960.123456"]),
    st.sampled_from(["", "+0100", "-0330", "+1400"]),
)
def test_a_date_time_moves_with_the_date_and_keeps_its_time_and_zone(
    date: datetime.date, days: int, time: str, zone: str
) -> None:
    shifted = shift_dt(da(date) + time + zone, days)
    assert shifted == f"{shift_da(da(date), days)}{time}{zone}"


@pytest.mark.parametrize(
    ("text", "days", "expected"),
    [
        ("20160301", -1, "20160229"),
        ("20150301", -1, "20150228"),
        ("20160229", -366, "20150228"),
        ("19000301", -1, "19000228"),
        ("20000301", -1, "20000229"),
        ("20160101", -1, "20151231"),
        ("18500102", -2, "18491231"),
        ("2016.03.12", -12, "20160229"),
        ("20160312 ", -1, "20160311"),
        ("20160312\0", -1, "20160311"),
    ],
)
def test_dates_move_over_leap_days_and_years(text: str, days: int, expected: str) -> None:
    assert shift_da(text, days) == expected


@pytest.mark.parametrize(
    "text",
    ["", " ", "2016", "201603", "20160230", "20161301", "20160012", "20160100", "00000101", "2016-03-12", "2016.3.12", "2016.0312", "12.03.2016",
     "20160312-20160313", "201603121", "20160312T09", "MÜLLER", "２０１６０３１２", "٢٠١٦٠٣١٢", "20160312\\20160313", "+2016031", "2016031a",
     "20150229"],
)  # fmt: skip
def test_what_is_no_date_gives_nothing(text: str) -> None:
    assert shift_da(text, -30) is None


@pytest.mark.parametrize(
    "text",
    ["", "20160230", "2016031224", "201603120960", "20160312093061", "20160312093005.", "20160312093005.1234567", "201603120930.5",
     "20160312+1500", "20160312+01", "20160312Z", "20160312 09", "2016.03.12", "2016031", "Smith^Anna", "20160312\\20160313", "201613"],
)  # fmt: skip
def test_what_is_no_date_time_gives_nothing(text: str) -> None:
    assert shift_dt(text, -30) is None


@pytest.mark.parametrize(
    ("text", "days"),
    [("00010101", -1), ("00010130", -30), ("99991231", 1), ("20160312", -10_000_000), ("20160312", 10**12)],
)
def test_a_shift_out_of_the_calendar_gives_nothing(text: str, days: int) -> None:
    assert shift_da(text, days) is None
    assert shift_dt(text, days) is None


@pytest.mark.parametrize(
    ("text", "days", "expected"),
    [
        ("2016", -1, "2015"),
        ("201603", -31, "201601"),
        ("2016+0100", -400, "2014+0100"),
        ("201603-0500", -1, "201602-0500"),
    ],
)
def test_a_date_time_without_a_day_keeps_its_precision(text: str, days: int, expected: str) -> None:
    assert shift_dt(text, days) == expected


@given(st.text(max_size=30), DAYS)
def test_no_text_crashes_or_passes_unread(text: str, days: int) -> None:
    for shifted in (shift_da(text, days), shift_dt(text, days)):
        assert shifted is None or (shifted.isascii() and shifted[:4].isdecimal())


@pytest.mark.parametrize(
    "text",
    ["99991231", "9999.12.31", "19000101", "19700101", "18991230", "29991231", "00010101", "17530101", "22000101"],
)
def test_what_stands_for_no_date_is_not_shifted(text: str) -> None:
    """Whoever guesses it would know the shift, and with it every true date of the patient."""
    assert shift_da(text, -400) is None
    compact = text.replace(".", "")
    assert shift_dt(f"{compact}235959.5+0100", -400) is None
    assert shift_dt("9999", -400) is None and shift_dt("190001", -400) is None
