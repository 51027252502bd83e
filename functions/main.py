"""Deploy source: the table of entry points. Each is imported when it is asked for, so that one function never pays for another.

Run by functions-framework (`--source functions/main.py --target on_upload`); the triggers stand in `local.yaml` beside this file.
"""

import importlib
from collections.abc import Callable

ENTRY_POINTS = {
    "on_upload": "dicomlake.entry.on_upload",
    "on_task": "dicomlake.entry.on_task",
    "on_operations_schedule": "dicomlake.entry.on_operations_schedule",
}


def __getattr__(name: str) -> Callable[..., object]:
    """Resolve an entry point by name. Raises AttributeError for a name that is none (the framework then says so)."""
    if name not in ENTRY_POINTS:
        raise AttributeError(name)
    function: Callable[..., object] = getattr(importlib.import_module(ENTRY_POINTS[name]), name)
    return function
