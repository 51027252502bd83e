"""The ground floor: errors, settings, logging and events keep to their form whatever comes in."""

import datetime
import json
import logging
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomlake import events, safelog
from dicomlake.errors import Code, ConfigError, PermanentError, TransientError
from dicomlake.events import FINALIZED, MalformedEvent
from dicomlake.settings import load

RESOURCE = {
    "bucket": "demo-landing-a",
    "name": "batch/DOE^JANE.dcm",
    "generation": "1795206400000001",
    "size": "526336",
    "timeCreated": "2026-11-20T20:00:00.123Z",
}
ATTRIBUTES = {"type": FINALIZED, "id": "77", "source": "//storage.googleapis.com/projects/_/buckets/demo-landing-a"}


def test_a_finalized_event_is_read() -> None:
    event = events.parse(ATTRIBUTES, RESOURCE)
    assert (event.bucket, event.name, event.generation, event.size) == (
        "demo-landing-a", "batch/DOE^JANE.dcm", 1795206400000001, 526336)  # fmt: skip
    assert event.created_at == datetime.datetime(2026, 11, 20, 20, 0, 0, 123000, datetime.UTC)


@pytest.mark.parametrize(
    ("attributes", "resource"),
    [
        ({"type": "google.cloud.storage.object.v1.deleted"}, {}),
        ({"source": "//storage.googleapis.com/projects/_/buckets/other"}, {}),
        ({"id": None}, {}),
        ({}, {"bucket": "../x"}),
        ({}, {"bucket": 7}),
        ({}, {"name": ""}),
        ({}, {"name": "x" * 1025}),
        ({}, {"generation": "1e9"}),
        ({}, {"generation": "-1"}),
        ({}, {"generation": str(1 << 63)}),
        ({}, {"generation": "\u0661"}),
        ({}, {"size": None}),
        ({}, {"size": True}),
        ({}, {"timeCreated": "yesterday"}),
        ({}, {"timeCreated": "2026-11-20T20:00:00"}),
    ],
)
def test_a_malformed_event_is_refused_with_a_constant(
    attributes: dict[str, object], resource: dict[str, object]
) -> None:
    with pytest.raises(MalformedEvent) as caught:
        events.parse(ATTRIBUTES | attributes, RESOURCE | resource)
    assert "DOE" not in str(caught.value)


@given(st.dictionaries(st.text(), st.text()), st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_no_event_raises_anything_else(attributes: dict[str, object], data: object) -> None:
    with pytest.raises(MalformedEvent):
        events.parse(attributes, data)


def test_settings_are_read_and_unknown_ones_refused() -> None:
    settings = load({"DICOMLAKE_PREFIX": "demo", "DICOMLAKE_SITES": "b1=a, b2=b", "OTHER": "x"})
    assert dict(settings.sites) == {"b1": "a", "b2": "b"}
    assert settings.landing_bucket("b") == "b2"
    with pytest.raises(ConfigError, match="DICOMLAKE_PREFX"):
        load({"DICOMLAKE_PREFX": "demo"})


@pytest.mark.parametrize(
    "variables",
    [
        {"DICOMLAKE_SITES": "b1"},
        {"DICOMLAKE_SITES": "b1=A site"},
        {"DICOMLAKE_SITES": "b1=a,b1=b"},
        {"DICOMLAKE_SITES": "b1=a,b2=a"},
        {"DICOMLAKE_MAX_BYTES": "1 GB"},
        {"DICOMLAKE_MAX_BYTES": "0"},
        {"DICOMLAKE_PREFIX": "UPPER"},
    ],
)
def test_malformed_settings_name_the_variable(variables: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=next(iter(variables))):
        load(variables)


def test_a_log_line_is_json_with_allowed_fields_only(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="dicomlake"):
        safelog.event("settled", code="not_dicom", bytes=48213, object_key="OABCDEFGH234567ABCDEF")
    line = json.loads(caplog.messages[-1])
    assert line == {
        "severity": "INFO",
        "event": "settled",
        "code": "not_dicom",
        "bytes": 48213,
        "object_key": "OABCDEFGH234567ABCDEF",
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "x"},
        {"code": "DOE^JANE"},
        {"object_key": "batch/DOE^JANE.dcm"},
        {"detail": "Jane Doe"},
        {"bytes": "12"},
        {"where": "/home/doe/x.py:1"},
        {"error_type": "Doe^Jane"},
    ],
)
def test_a_log_field_that_could_carry_a_value_is_refused_without_it(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not allowed") as caught:
        safelog.event("settled", **fields)
    assert "oe" not in str(caught.value).replace("does", "")


def test_where_tells_places_and_no_messages() -> None:
    with pytest.raises(MalformedEvent) as caught:
        events.parse({}, {})
    assert safelog.where(caught.value).startswith("events:")


def test_errors_survive_the_way_back_from_a_worker() -> None:
    error = pickle.loads(pickle.dumps(PermanentError(Code.CORRUPT, "header_truncated")))
    assert (error.code, error.detail) == (Code.CORRUPT, "header_truncated")
    assert pickle.loads(pickle.dumps(TransientError("lake_busy"))).detail == "lake_busy"


def test_an_error_detail_is_a_slug() -> None:
    with pytest.raises(AssertionError):
        PermanentError(Code.CORRUPT, "Doe, Jane")
