"""The error tree and the closed list of reason codes. Everything else imports from here; this imports nothing.

    DicomlakeError
    |-- PermanentError(code, detail)       repeating cannot cure it: quarantine and acknowledge
    |-- TransientError(detail)             raised again: the event comes back
    `-- ConfigError(message)               the platform or a command cannot start: tell who set it up

`detail` is a slug of our own ("header_truncated"), never a value of the input. Raise with `from None` at a border, since a
chained exception prints the text of the one it came from.
"""

import re
from enum import StrEnum

_SLUG = re.compile(r"[a-z][a-z0-9_]{0,47}")


class Code(StrEnum):
    """Why an object has the outcome it has. The user's text and next step of each stand in `deid_rules/codes.yaml`."""

    LEGACY = "legacy"
    DUPLICATE = "duplicate"
    MISSING = "missing"
    NO_MANIFEST = "no_manifest"
    EMPTY = "empty"
    NOT_DICOM = "not_dicom"
    CORRUPT = "corrupt"
    UNSUPPORTED = "unsupported"
    MISSING_UID = "missing_uid"
    INVALID_UID = "invalid_uid"
    CONFLICT = "conflict"
    RESOURCE_LIMIT = "resource_limit"
    UNSAFE_XML = "unsafe_xml"
    UNSAFE_ARCHIVE = "unsafe_archive"
    ENCRYPTED = "encrypted"
    HASH_MISMATCH = "hash_mismatch"
    SIZE_MISMATCH = "size_mismatch"
    ACCESSION_MISMATCH = "accession_mismatch"
    INVALID_MANIFEST = "invalid_manifest"
    POLICY_BLOCKED = "policy_blocked"
    PIXEL_PHI_SUSPECTED = "pixel_phi_suspected"
    TEXT_PHI_SUSPECTED = "text_phi_suspected"
    DEID_FAILED = "deid_failed"
    INTERNAL_ERROR = "internal_error"
    PENDING = "pending"
    MISSING_CONTEXT = "missing_context"
    RETRACTED = "retracted"
    WITHDRAWN = "withdrawn"


class DicomlakeError(Exception):
    """Root of all errors of ours."""


class PermanentError(DicomlakeError):
    """A finding about the input that no repetition can change; the object goes to quarantine under `code`."""

    def __init__(self, code: Code, detail: str = "") -> None:
        assert not detail or _SLUG.fullmatch(detail), "detail is a slug of our own, never a value"
        super().__init__(f"{code}: {detail}" if detail else str(code))
        self.code = code
        self.detail = detail

    def __reduce__(self) -> tuple[type["PermanentError"], tuple[Code, str]]:
        """Survives the way back from a worker process."""
        return (type(self), (self.code, self.detail))


class TransientError(DicomlakeError):
    """A fault of the surroundings; raised to the caller so that the event is delivered again."""

    def __init__(self, detail: str) -> None:
        assert _SLUG.fullmatch(detail), "detail is a slug of our own, never a value"
        super().__init__(detail)
        self.detail = detail


class ConfigError(DicomlakeError):
    """Settings, keys or rule files are unusable. The message is for the operator: it names the setting, file and line."""
