"""What a run of `send` did: counts, and a reason for each file that did not go. Built by `run.py`, shown by the command line."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class Failure(NamedTuple):
    """A file that was not sent (`path` as it stands at home) and why, as a slug."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class SendResult:
    """Every file found is in exactly one of `sent`, `present`, `skipped`, `failed`."""

    batch: str
    bucket: str
    sent: int
    present: int
    bytes_sent: int
    skips: tuple[Failure, ...]
    failures: tuple[Failure, ...]
    manifests: tuple[tuple[Path, str], ...]  # the copy at home and the object, each

    @property
    def manifest(self) -> Path | None:
        """The (first) manifest at home; None when no file was acknowledged."""
        return self.manifests[0][0] if self.manifests else None

    @property
    def skipped(self) -> int:
        """Links, hidden files and leftovers of operating systems, which are never sent."""
        return len(self.skips)

    @property
    def failed(self) -> int:
        """Files that should have gone and did not."""
        return len(self.failures)

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "batch": self.batch,
            "bucket": self.bucket,
            "sent": self.sent,
            "present": self.present,
            "skipped": self.skipped,
            "failed": self.failed,
            "bytes_sent": self.bytes_sent,
            "manifests": [{"file": str(file), "object": name} for file, name in self.manifests],
            "skips": [{"path": skip.path, "reason": skip.reason} for skip in self.skips],
            "failures": [{"path": failure.path, "reason": failure.reason} for failure in self.failures],
        }
