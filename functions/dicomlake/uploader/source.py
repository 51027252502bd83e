"""A folder, zip or file in, a `Listing` out: what goes, under which object names, what does not go and why. Reads no contents yet.

Links are never followed, so nothing outside the folder is sent. Members of a zip are read as streams; their names become object names and never
paths on this machine.
"""

import os
import re
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from dicomlake.batches import relative_path
from dicomlake.errors import ConfigError
from dicomlake.uploader.result import Failure

# Left by macOS, Windows and synchronising tools; they describe the clinic's machine, not a patient.
_SYSTEM_FILES = frozenset(
    {"thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r", "__macosx", "$recycle.bin", "system volume information"}
)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff:\\]")
_MAX_FILES = 5_000_000
# A zip's own words are checked before anything is unpacked: deflate reaches about 1,030 to 1.
_MAX_RATIO = 1100
_MAX_MEMBER_BYTES = 1 << 40


class Unreadable(Exception):
    """A file or zip member cannot be read; the slug says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file to send: its place at home, its path inside the batch, its size in bytes, and a mark that changes when its content may have."""

    where: str = field(repr=False)
    path: str = field(repr=False)
    size: int
    mark: str
    file: Path | None = field(default=None, repr=False)
    member: zipfile.ZipInfo | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Listing:
    """All of a source, in the order of paths. Close it when done (it may hold a zip open)."""

    entries: tuple[Entry, ...]
    skips: tuple[Failure, ...]
    failures: tuple[Failure, ...]
    archive: zipfile.ZipFile | None = None

    @contextmanager
    def open(self, entry: Entry) -> Iterator[BinaryIO]:
        """A stream of the entry's bytes. Raises Unreadable when it cannot be opened or read, or a zip member is damaged."""
        try:
            if entry.file is not None:
                # A link put in the place of a file since it was listed is not followed either.
                descriptor = os.open(
                    entry.file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
                )
                with os.fdopen(descriptor, "rb") as stream:
                    yield stream
            else:
                assert self.archive is not None and entry.member is not None
                with self.archive.open(entry.member) as stream:
                    yield stream  # type: ignore[misc]  # ZipExtFile reads as any binary stream
        except PermissionError:
            raise Unreadable("no_permission") from None
        except FileNotFoundError:
            raise Unreadable("vanished") from None
        except OSError:
            raise Unreadable("unreadable") from None
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, _zlib_error()):
            raise Unreadable("damaged_in_zip") from None

    def close(self) -> None:
        """Let go of the zip."""
        if self.archive is not None:
            self.archive.close()


def listing(source: Path) -> Listing:
    """All of `source`. Raises ConfigError when it is not there or a zip cannot be opened."""
    if source.is_dir():
        return _named(_Found().folder(source, ""))
    if not source.is_file():
        raise ConfigError("there is no such folder, zip or file to send")
    if source.suffix.lower() == ".zip":
        return _zip(source)
    found = _Found()
    found.file(source, source.name, source.stat())
    return _named(found)


class _Found:
    """Collects what a walk meets; `files` still need their object names."""

    def __init__(self) -> None:
        self.files: list[tuple[str, int, str, Path | None, zipfile.ZipInfo | None]] = []
        self.skips: list[Failure] = []
        self.failures: list[Failure] = []

    def folder(self, folder: Path, prefix: str) -> "_Found":
        pending = [(folder, prefix)]
        while pending:
            here, inside = pending.pop()
            try:
                with os.scandir(here) as scan:
                    children = sorted(scan, key=lambda child: child.name)
            except OSError:
                self.failures.append(Failure(inside or ".", "unreadable_folder"))
                continue
            for child in children:
                if self._take(child, inside):
                    pending.append((Path(child.path), f"{inside}{child.name}/"))
        return self

    def _take(self, child: "os.DirEntry[str]", inside: str) -> bool:
        """Note one child; True when it is a folder to walk."""
        where = inside + child.name
        try:
            if child.is_symlink():
                self.skips.append(Failure(where, "link"))
            elif is_left_out(child.name):
                self.skips.append(Failure(where, "hidden_or_system"))
            elif child.is_dir(follow_symlinks=False):
                return True
            elif child.is_file(follow_symlinks=False):
                self.file(Path(child.path), where, child.stat(follow_symlinks=False))
            else:
                self.skips.append(Failure(where, "not_a_file"))
        except OSError:
            self.failures.append(Failure(where, "unreadable"))
        return False

    def file(self, path: Path, where: str, facts: os.stat_result) -> None:
        self.files.append((where, facts.st_size, f"{facts.st_mtime_ns}", path, None))


def is_left_out(name: str) -> bool:
    """Whether a file or folder of this name is hidden or a leftover of an operating system."""
    return name.startswith(".") or name.lower() in _SYSTEM_FILES


def _zip(source: Path) -> Listing:
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        raise ConfigError("the zip cannot be opened: it is damaged or not a zip; send its folder instead") from None
    found = _Found()
    for member in archive.infolist():
        _take_member(found, member)
    return _named(found, archive)


def _take_member(found: _Found, member: zipfile.ZipInfo) -> None:
    where = member.filename
    parts = where.replace("\\", "/").split("/")
    if stat.S_ISLNK(member.external_attr >> 16):
        found.skips.append(Failure(where, "link"))
    elif any(is_left_out(part) for part in parts if part not in ("", ".", "..")):
        if not where.endswith("/"):
            found.skips.append(Failure(where, "hidden_or_system"))
    elif where.endswith("/"):
        pass
    elif member.flag_bits & 1:
        found.failures.append(Failure(where, "encrypted"))
    elif relative_path(_printable(where, keep=":\\")) is None:
        found.failures.append(Failure(where, "unsafe_name"))
    elif member.file_size > _MAX_MEMBER_BYTES or member.file_size > _MAX_RATIO * max(member.compress_size, 1):
        found.failures.append(Failure(where, "unbelievable_size"))
    else:
        found.files.append((where, member.file_size, f"{member.CRC:08x}", None, member))


def _named(found: _Found, archive: zipfile.ZipFile | None = None) -> Listing:
    """Give each file an object name of its own, the same in every run over the same files."""
    if len(found.files) > _MAX_FILES:
        raise ConfigError(f"more than {_MAX_FILES} files in one batch: send them in several")
    entries: list[Entry] = []
    taken: set[str] = set()
    for where, size, mark, file, member in sorted(found.files, key=lambda item: item[0]):
        path = relative_path(_printable(where) if file is not None else _printable(where, keep="\\"))
        if path is None:
            found.failures.append(Failure(where, "name_unusable"))
            continue
        path = _free(path, taken)
        taken.add(path)
        entries.append(Entry(where, path, size, f"{size}-{mark}", file, member))
    return Listing(tuple(entries), tuple(found.skips), tuple(found.failures), archive)


def _printable(name: str, keep: str = "") -> str:
    """`name` without what an object name cannot hold: control characters and undecodable bytes become `_`."""
    return _UNPRINTABLE.sub(lambda match: match[0] if match[0] in keep else "_", name)


def _free(path: str, taken: set[str]) -> str:
    """`path`, or where two names became one, `name~2.dcm`."""
    if path not in taken:
        return path
    folder, slash, name = path.rpartition("/")
    stem, dot, suffix = name.rpartition(".") if "." in name[1:] else (name, "", "")
    count = 2
    while (candidate := f"{folder}{slash}{stem}~{count}{dot}{suffix}") in taken:
        count += 1
    return candidate


def _zlib_error() -> type[Exception]:
    import zlib

    return zlib.error
