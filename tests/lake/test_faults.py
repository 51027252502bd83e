"""Whatever a client raises comes out as one of our two kinds, with a slug and nothing of the text."""

import pickle
import traceback
from types import SimpleNamespace

import pytest
import requests
import urllib3.exceptions
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse

from dicomlake.errors import Code, DicomlakeError, PermanentError, TransientError
from dicomlake.lake.faults import AlreadyThere, NoSuchTable, ObjectGone, translated

SECRET = "Planted^Name"


def _raised(service: str, error: Exception) -> DicomlakeError:
    with pytest.raises(DicomlakeError) as caught, translated(service):  # type: ignore[arg-type]
        raise error
    assert SECRET not in "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    return caught.value


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (api.ServiceUnavailable(SECRET), "storage_busy"),
        (api.InternalServerError(SECRET), "storage_busy"),
        (api.TooManyRequests(SECRET), "storage_busy"),
        (api.RetryError(SECRET, None), "storage_retries_exhausted"),
        (requests.ConnectionError(SECRET), "storage_unreachable"),
        (requests.exceptions.ChunkedEncodingError(SECRET), "storage_unreachable"),
        (requests.ReadTimeout(SECRET), "storage_timeout"),
        (ConnectionResetError(SECRET), "storage_unreachable"),
        (TimeoutError(SECRET), "storage_timeout"),
        (urllib3.exceptions.ProtocolError(SECRET), "storage_unreachable"),
        (auth.TransportError(SECRET), "storage_no_credentials"),
        (DataCorruption(None, SECRET), "storage_checksum_differs"),
        (InvalidResponse(SimpleNamespace(status_code=503), SECRET), "storage_busy"),
    ],
)
def test_what_passes_by_itself_is_transient(error: Exception, detail: str) -> None:
    found = _raised("storage", error)
    assert isinstance(found, TransientError) and found.detail == detail


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (api.BadRequest(SECRET), "bigquery_bad_request"),
        (api.Forbidden(SECRET), "bigquery_forbidden"),
        (api.Unauthorized(SECRET), "bigquery_unauthenticated"),
        (api.MethodNotAllowed(SECRET), "bigquery_refused"),
    ],
)
def test_what_no_repetition_cures_is_permanent(error: Exception, detail: str) -> None:
    found = _raised("bigquery", error)
    assert isinstance(found, PermanentError) and found.code is Code.INTERNAL_ERROR and found.detail == detail


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "quotaExceeded", "backendError"])
def test_bigquery_saying_busy_with_403_is_transient(reason: str) -> None:
    assert isinstance(_raised("bigquery", api.Forbidden(SECRET, errors=[{"reason": reason}])), TransientError)


def test_missing_things_and_unmet_preconditions_have_kinds_of_their_own() -> None:
    assert isinstance(_raised("storage", api.NotFound(SECRET)), ObjectGone)
    assert isinstance(_raised("bigquery", api.NotFound(SECRET)), NoSuchTable)
    assert isinstance(_raised("storage", api.PreconditionFailed(SECRET)), AlreadyThere)
    assert isinstance(_raised("storage", InvalidResponse(SimpleNamespace(status_code=412), SECRET)), AlreadyThere)


def test_our_own_errors_pass_through() -> None:
    with pytest.raises(PermanentError) as caught, translated("storage"):
        raise PermanentError(Code.RESOURCE_LIMIT, "object_too_large")
    assert caught.value.detail == "object_too_large"


def test_errors_survive_the_way_back_from_a_worker_process() -> None:
    assert pickle.loads(pickle.dumps(NoSuchTable())).detail == "bigquery_not_found"
    assert isinstance(pickle.loads(pickle.dumps(ObjectGone())), ObjectGone)
