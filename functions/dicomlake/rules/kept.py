"""What rule files come to once read and compiled, kept beside this module as Python keeps bytecode. Called by the loaders of `rules/`.

Reading and compiling the packaged rules takes a second, in every process; reading what was kept takes a twentieth. What is kept stands under a
hash of every rule file, of this package and of the dictionary's file, so that a changed rule is read anew; a folder of rules that a caller
names is never kept. Trusted like the bytecode it lies beside: who can write there can change the code itself.
"""

import hashlib
import importlib.util
import io
import os
import pickle
import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from dicomlake.rules.paths import rules_dir

_T = TypeVar("_T")
_FOLDER = Path(__file__).with_name("__pycache__")
_DAMAGED = (OSError, EOFError, pickle.UnpicklingError, AttributeError, ImportError, LookupError, TypeError, ValueError)


def kept(name: str, root: Path | None, make: Callable[[], _T]) -> _T:
    """`make()`, or what it gave before under this name for the same rule files. What `make` raises is raised and not kept."""
    if rules_dir(root) != rules_dir(None):
        return make()
    place = _FOLDER / f"{name}.{_state()}.rules"
    try:
        found: _T = pickle.loads(place.read_bytes())  # noqa: S301 - trusted like the bytecode beside it
    except _DAMAGED:
        found = make()
        _keep(found, name, place)
    return found


def _keep(made: object, name: str, place: Path) -> None:
    """Write it whole or not at all; where nothing can be written, the next process makes it again."""
    written = io.BytesIO()
    _Pickler(written, pickle.HIGHEST_PROTOCOL).dump(made)
    own = place.with_suffix(f".{os.getpid()}")
    try:
        _FOLDER.mkdir(exist_ok=True)
        own.write_bytes(written.getvalue())
        own.replace(place)
        for old in _FOLDER.glob(f"{name}.*.rules"):
            if old != place:
                old.unlink(missing_ok=True)
    except OSError:
        return


@cache
def _state() -> str:
    """A hash over everything that the kept values follow from."""
    root, whole = rules_dir(None), hashlib.sha256(f"{sys.version} {rules_dir(None)}".encode())
    code = sorted(Path(__file__).parent.glob("*.py"))
    for path in (*sorted(one for one in root.rglob("*") if one.is_file()), *code):
        content = path.read_bytes()
        whole.update(f"\0{path.name}\0{len(content)}\0".encode() + content)
    dictionary = importlib.util.find_spec("pydicom")
    if dictionary is not None and dictionary.origin is not None:
        stated = Path(dictionary.origin).with_name("_dicom_dict.py").stat()
        whole.update(f"{stated.st_size} {stated.st_mtime_ns}".encode())
    return whole.hexdigest()[:24]


class _Pickler(pickle.Pickler):
    """Writes what pickle cannot, or only slowly: frozen mappings, and regular expressions with their compiled code."""

    def reducer_override(self, value: object) -> Any:
        if isinstance(value, MappingProxyType):
            return _frozen, (dict(value),)
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
            return _regex, (value.pattern, value.flags, _code(value.pattern, value.flags))
        return NotImplemented


def _frozen(mapping: dict[Any, Any]) -> "MappingProxyType[Any, Any]":
    return MappingProxyType(mapping)


# The compiled code of a regular expression with all that Python makes one of; None where this Python does not show it.
_Code = tuple[int, list[int], int, dict[str, int], tuple[str | None, ...]] | None


def _code(pattern: str, flags: int) -> _Code:
    try:
        parsed = re._parser.parse(pattern, flags)  # type: ignore[attr-defined]
        state = parsed.state
        names: list[str | None] = [None] * state.groups
        for name, number in state.groupdict.items():
            names[number] = name
        code = list(map(int, re._compiler._code(parsed, flags)))  # type: ignore[attr-defined]
        return flags | state.flags, code, state.groups - 1, state.groupdict, tuple(names)
    except AttributeError:
        return None


def _regex(pattern: str, flags: int, code: _Code) -> "re.Pattern[str]":
    if code is None:
        return re.compile(pattern, flags)
    made: re.Pattern[str] = re._compiler._sre.compile(pattern, *code)  # type: ignore[attr-defined]
    return made
