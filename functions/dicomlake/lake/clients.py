"""Settings in, Google's clients out. Called once per process by `pipeline/services.py` and the command line.

Emulators are found by the clients themselves (STORAGE_EMULATOR_HOST, BIGQUERY_EMULATOR_HOST); only the identity differs then.
"""

from typing import TYPE_CHECKING

from dicomlake.settings import Settings

if TYPE_CHECKING:
    from google.api_core.retry import Retry
    from google.cloud import bigquery
    from google.cloud.storage import Client as StorageClient  # type: ignore[import-untyped]  # it has no types

__all__ = ["StorageClient", "bigquery_client", "bigquery_retry", "storage_client", "storage_retry"]

# Within one call: short, since the event itself comes again. A function has 60 s in all.
RETRY_DEADLINE_S = 20.0
TIMEOUT_S = (5.0, 30.0)  # to connect, and between two pieces of an answer
READ_TIMEOUT_S = 30.0  # BigQuery's client takes one number
QUERY_TIMEOUT_S = 120.0


def storage_client(settings: Settings) -> "StorageClient":
    """Cloud Storage in the identified project; without credentials on the emulator."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage import Client

    credentials = AnonymousCredentials() if settings.emulated else None  # type: ignore[no-untyped-call]  # google-auth is untyped
    return Client(project=settings.project_identified, credentials=credentials)


def bigquery_client(settings: Settings, project: str, identity: str = "dicomlake") -> "bigquery.Client":
    """BigQuery with jobs billed to `project`; on the emulator as the user `identity`, so that row policies can be tried out."""
    from google.cloud import bigquery

    if not settings.emulated:
        return bigquery.Client(project=project)
    from google.oauth2.credentials import Credentials

    return bigquery.Client(project=project, credentials=Credentials(token=f"local:{identity}"))  # type: ignore[no-untyped-call]


def storage_retry() -> "Retry":
    """Retries of one storage call; every call of ours is safe to repeat (a precondition, or the same bytes again)."""
    from google.cloud.storage.retry import DEFAULT_RETRY  # type: ignore[import-untyped]

    return _bounded(DEFAULT_RETRY)


def bigquery_retry() -> "Retry":
    """Retries of one BigQuery call."""
    from google.cloud.bigquery.retry import DEFAULT_RETRY

    return _bounded(DEFAULT_RETRY)


def _bounded(retry: "Retry") -> "Retry":
    passing = retry._predicate  # the client's own list of faults that pass by themselves; it has no public name
    return (
        retry.with_predicate(lambda error: passing(error) and not _nobody_listens(error))
        .with_timeout(RETRY_DEADLINE_S)
        .with_delay(initial=0.1, maximum=4.0, multiplier=2.0)
    )


def _nobody_listens(error: BaseException) -> bool:
    """Whether the connection was refused: then there is no such service at this address, and whoever asked should know at once."""
    cause: object = error
    while isinstance(cause, BaseException):
        if isinstance(cause, ConnectionRefusedError):
            return True
        inner = getattr(cause, "reason", None) or next(iter(cause.args), None)
        cause = cause.__cause__ or (inner if isinstance(inner, BaseException) else None)
    return False
