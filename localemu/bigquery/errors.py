"""The errors of the API: one exception carrying HTTP status, reason and message, and the JSON shapes BigQuery gives them."""

from __future__ import annotations

from typing import Any

_STATUS = {
    "invalid": 400,
    "invalidQuery": 400,
    "required": 400,
    "notImplemented": 501,
    "notFound": 404,
    "duplicate": 409,
    "resourceInUse": 400,
    "conditionNotMet": 412,
    "accessDenied": 403,
    "responseTooLarge": 403,
    "stopped": 400,
    "backendError": 503,
    "internalError": 500,
}


class ApiError(Exception):
    """An error to be told to the client; `reason` is one of BigQuery's own."""

    def __init__(self, reason: str, message: str, location: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.location = location
        self.status = status if status is not None else _STATUS[reason]

    def proto(self) -> dict[str, str]:
        """Give the ErrorProto of jobs and of insertAll."""
        proto = {"reason": self.reason, "message": self.message}
        if self.location:
            proto["location"] = self.location
        return proto

    def body(self) -> dict[str, Any]:
        """Give the body of an HTTP error reply."""
        entry = {"message": self.message, "domain": "global", "reason": self.reason}
        if self.location:
            entry |= {"location": self.location, "locationType": "parameter"}
        return {
            "error": {"code": self.status, "message": self.message, "errors": [entry], "status": _name(self.status)}
        }


def _name(status: int) -> str:
    names = {
        400: "INVALID_ARGUMENT",
        403: "PERMISSION_DENIED",
        404: "NOT_FOUND",
        409: "ALREADY_EXISTS",
        412: "FAILED_PRECONDITION",
    }
    return names.get(status, "UNIMPLEMENTED" if status == 501 else "INTERNAL")


def invalid_query(message: str) -> ApiError:
    """Build the error of a statement that BigQuery would refuse."""
    return ApiError("invalidQuery", message, "query")


def unsupported(construct: str) -> ApiError:
    """Build the error of something BigQuery has and this emulator has not; the construct is named."""
    return ApiError("invalidQuery", f"Not supported by this emulator: {construct}", "query")


def unsupported_field(name: str) -> ApiError:
    """Build the error of a request field that would change the outcome and is not carried out."""
    return ApiError("notImplemented", f"Not supported by this emulator: {name}", name)


def not_found(kind: str, name: str) -> ApiError:
    """Build the error of a missing dataset, table, view or job."""
    return ApiError("notFound", f"Not found: {kind} {name}")


def duplicate(kind: str, name: str) -> ApiError:
    """Build the error of a name already taken."""
    return ApiError("duplicate", f"Already Exists: {kind} {name}")
