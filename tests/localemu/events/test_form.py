import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localemu.config import FINALIZED
from localemu.events.cloudevent import Event, header_text
from localemu.events.policy import RetryPolicy


def test_a_subject_is_percent_encoded_as_the_binding_says() -> None:
    assert header_text('objects/a b"%ü\r\n') == "objects/a%20b%22%25%C3%BC%0D%0A"


@given(st.text())
def test_no_object_name_can_break_out_of_its_header(name: str) -> None:
    assert all("!" <= character <= "~" for character in header_text(name))


def test_an_injected_event_can_replace_or_leave_out_headers() -> None:
    event = Event("1", FINALIZED, "b", "n", "t", b"{}", {"CE-ID": None, "ce-source": "elsewhere"})
    headers = event.headers()
    assert "ce-id" not in headers
    assert headers["ce-source"] == "elsewhere"
    assert headers["ce-bucket"] == "b"


@pytest.mark.parametrize(("failures", "seconds"), [(1, 10), (2, 20), (5, 160), (7, 600), (40, 600)])
def test_delays_double_from_ten_seconds_to_ten_minutes(failures: int, seconds: float) -> None:
    delay = RetryPolicy(0.5, random.Random(1)).delay_s(failures)
    assert seconds * 0.45 <= delay <= seconds * 0.55


def test_an_event_is_given_up_after_a_day_or_its_most_attempts() -> None:
    policy = RetryPolicy(0.05)
    assert not policy.given_up(500, 3600, None)
    assert policy.given_up(1, 24 * 3600 * 0.05, None)
    assert policy.given_up(3, 0, 3)
    assert not policy.given_up(2, 0, 3)
