"""Names that clinics give to batches and files, made safe: a path inside the batch, a folder of ours, a label for the operations side."""

import datetime
import hashlib
import re
import unicodedata

from dicomlake.pseudonyms import SiteKey

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")
_MAX_FOLDER = 200
_MAX_PATH_BYTES = 900  # of the 1,024 bytes an object name may have, the batch takes the rest
_OWN_BATCH = re.compile(r"(20[0-9]{6}-[0-9]{6})-[0-9a-f]{4}")
_DRIVE = re.compile(r"[A-Za-z]:")
_MANIFEST = re.compile(r"manifest[^/]*\.csv", re.IGNORECASE)


def is_manifest_name(path: str) -> bool:
    """Whether `path` (inside the batch) is a manifest: `manifest*.csv` in any folder, in any case."""
    return _MANIFEST.fullmatch(path.rpartition("/")[2]) is not None


def relative_path(text: str) -> str | None:
    """A file's path inside its batch with `/` between folders, or None when it would point outside, is absolute or cannot be an object name.

    Letters are composed (NFC, as object names of macOS and Linux would differ) and white space at the ends of each part is dropped.
    """
    slashed = unicodedata.normalize("NFC", text.replace("\\", "/"))
    if (
        slashed.startswith("/")
        or _DRIVE.match(slashed)
        or any(unicodedata.category(c) in ("Cc", "Cs") for c in slashed)
    ):
        return None
    parts = [part for part in map(str.strip, slashed.split("/")) if part not in ("", ".")]
    if not parts or ".." in parts:
        return None
    path = "/".join(parts)
    return path if len(path.encode()) <= _MAX_PATH_BYTES else None


def path_key(path: str) -> str:
    """The form in which a path of an object and a path in a manifest are compared: composed letters, no empty folders."""
    return relative_path(path) or path


def batch_folder(batch: str) -> str:
    """One folder name for a batch whatever its name holds: percent-encoded (RFC 3986), a hash where that grows too long. Different batches differ."""
    encoded = "".join(chr(b) if b in _UNRESERVED else f"%{b:02X}" for b in batch.encode("utf-8", "surrogatepass"))
    if not encoded or len(encoded) > _MAX_FOLDER:
        return "%" + hashlib.sha256(batch.encode("utf-8", "surrogatepass")).hexdigest() + "~"
    return encoded.replace(".", "%2E") if not encoded.strip(".") else encoded


def batch_label(name: str, key: SiteKey) -> str:
    """What the operations side calls a batch: the uploader's own names (YYYYMMDD-HHMMSS-xxxx) in clear, any other keyed, since it may hold a name."""
    own = _OWN_BATCH.fullmatch(name)
    return name if own is not None and _is_time(own[1]) else key.identifier("batch", name, "B")


def _is_time(text: str) -> bool:
    try:
        datetime.datetime.strptime(text, "%Y%m%d-%H%M%S")
    except ValueError:
        return False
    return True
