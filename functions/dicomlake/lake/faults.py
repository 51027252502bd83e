"""What a Google client raises in, our own two kinds of error out. Every call of a client stands inside `translated`.

No text of the original is kept or chained: it may quote an object's name, a row or an address.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from dicomlake.errors import Code, DicomlakeError, PermanentError, TransientError

Service = Literal["storage", "bigquery"]
_BUSY_STATUS = frozenset({408, 429, 499})
_STATUS_SLUGS = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    409: "exists",
    412: "changed",
    413: "too_large",
}
# BigQuery says with 403 what others say with 429.
_BUSY_REASONS = frozenset(
    {
        "rateLimitExceeded",
        "quotaExceeded",
        "backendError",
        "internalError",
        "badGateway",
        "tableUnavailable",
        "timeout",
        "stopped",
    }
    | {"jobBackendError", "jobInternalError", "jobRateLimitExceeded"}
)


class ObjectGone(DicomlakeError):
    """The object, or this generation of it, is not there any more: it was deleted or overwritten. Not an error of the input."""

    def __init__(self, message: str = "object_gone") -> None:
        super().__init__(message)


class NoSuchTable(PermanentError):
    """BigQuery knows no such dataset, table or view."""

    def __init__(self) -> None:
        super().__init__(Code.INTERNAL_ERROR, "bigquery_not_found")

    def __reduce__(self) -> tuple[type["NoSuchTable"], tuple[()]]:  # type: ignore[override]  # fewer arguments than its parent
        """Survives the way back from a worker process."""
        return (type(self), ())


class AlreadyThere(DicomlakeError):
    """A precondition was not met: the name is taken, or the object changed in between. Caught inside this room."""

    def __init__(self, message: str = "already_there") -> None:
        super().__init__(message)


@contextmanager
def translated(service: Service) -> Iterator[None]:
    """Run a client's call. Raises ObjectGone (storage, 404), AlreadyThere (412), TransientError (busy, broken, late), PermanentError (other 4xx)."""
    import google.api_core.exceptions as api
    import google.auth.exceptions as auth
    import requests
    import urllib3.exceptions as urllib3
    from google.cloud.storage.exceptions import DataCorruption, InvalidResponse  # type: ignore[import-untyped]

    try:
        yield
    except api.RetryError:
        raise TransientError(f"{service}_retries_exhausted") from None
    except api.GoogleAPICallError as error:
        raise _of_status(service, error.code, is_busy(error)) from None
    except InvalidResponse as error:
        raise _of_status(service, error.response.status_code, busy=False) from None
    except DataCorruption:
        raise TransientError(f"{service}_checksum_differs") from None
    except auth.GoogleAuthError:
        raise TransientError(f"{service}_no_credentials") from None
    except (requests.Timeout, urllib3.TimeoutError, TimeoutError):
        raise TransientError(f"{service}_timeout") from None
    except (requests.RequestException, urllib3.HTTPError, ConnectionError):
        raise TransientError(f"{service}_unreachable") from None


def is_busy(error: object) -> bool:
    """Whether BigQuery gave a reason that passes by itself, whatever the status."""
    details = getattr(error, "errors", None)
    if not isinstance(details, (list, tuple)):
        return False
    return any(isinstance(detail, dict) and detail.get("reason") in _BUSY_REASONS for detail in details)


def _of_status(service: Service, status: int | None, busy: bool) -> DicomlakeError:
    if status == 404:
        return ObjectGone() if service == "storage" else NoSuchTable()
    if status == 412:
        return AlreadyThere()
    if status is None or status >= 500 or status < 400 or status in _BUSY_STATUS or busy:
        return TransientError(f"{service}_busy")
    return PermanentError(Code.INTERNAL_ERROR, f"{service}_{_STATUS_SLUGS.get(status, 'refused')}")
