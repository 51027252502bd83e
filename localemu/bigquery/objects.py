"""What a load job needs of the storage emulator: names below a prefix, and the file that holds an object's contents."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class ObjectSource(Protocol):
    """The reading half of an object store."""

    def open_object(self, bucket: str, name: str) -> Path:
        """Give the path of the object's contents; KeyError or FileNotFoundError when there is none."""

    def list_names(self, bucket: str, prefix: str) -> list[str]:
        """List the object names of a bucket that start with `prefix`."""


class NoObjects:
    """A store without objects, for an emulator that runs alone."""

    def open_object(self, bucket: str, name: str) -> Path:
        """There is never such an object."""
        raise FileNotFoundError

    def list_names(self, bucket: str, prefix: str) -> list[str]:
        """There are never names."""
        return []
