"""What the emulator answers instead of a result, in the form Cloud Storage's JSON API gives its errors.

Messages are constants of ours: they name a feature, a parameter or a rule, never a value a client sent.
"""

from typing import Any


class ApiError(Exception):
    """An HTTP status with Google's error body. `reason` is the machine-readable word clients look at."""

    def __init__(self, status: int, reason: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason
        self.message = message
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """The JSON body."""
        detail = {"message": self.message, "domain": "global", "reason": self.reason}
        return {"error": {"code": self.status, "message": self.message, "errors": [detail]}}


def invalid(message: str) -> ApiError:
    """400: the request itself is wrong."""
    return ApiError(400, "invalid", message)


def required(message: str) -> ApiError:
    """400: something that has to be given is absent."""
    return ApiError(400, "required", message)


def no_bucket() -> ApiError:
    """404 for a bucket."""
    return ApiError(404, "notFound", "The specified bucket does not exist.")


def no_object() -> ApiError:
    """404 for an object, or for a generation of it that is not the live one."""
    return ApiError(404, "notFound", "No such object.")


def condition_not_met() -> ApiError:
    """412."""
    return ApiError(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.")


def not_modified() -> ApiError:
    """304, which goes out without a body."""
    return ApiError(304, "notModified", "Not modified.")


def unsupported(feature: str) -> ApiError:
    """501: Cloud Storage can do it, this emulator can't do it rightly and so does not do it at all."""
    return ApiError(501, "notImplemented", f"localemu does not emulate {feature}.")
