"""How verbs speak: tables or JSON on standard output, progress and errors on standard error."""

import datetime
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dicomlake import safelog
from dicomlake.errors import Code, ConfigError, DicomlakeError, PermanentError, TransientError
from dicomlake.rules import load_codes

if TYPE_CHECKING:
    from tqdm import tqdm

Verb = TypeVar("Verb", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")

_REFUSALS = {
    "storage_bucket_missing": "it has no such bucket; check DICOMLAKE_PREFIX and DICOMLAKE_SITES",
    "storage_forbidden": "this account may not do that; ask for the role",
    "bigquery_forbidden": "this account may not do that; ask for the role",
    "bigquery_not_found": "a table is missing; `dicomlake sql apply` makes it",
}
_NOT_RUNNING = "is the platform running? `make up` starts it; then set the variables it prints"


def plain_errors(verb: Verb) -> Verb:
    """Turn our errors into one line that says what to do, and exit code 2. Nothing else is caught."""

    @wraps(verb)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return verb(*args, **kwargs)
        except ConfigError as error:
            fail(str(error))
        except TransientError as error:
            advice = _NOT_RUNNING if error.detail.endswith("_unreachable") else "try again"
            fail(f"the platform did not answer ({error.detail}); {advice}")
        except PermanentError as error:
            fail(_refusal(error))
        except DicomlakeError as error:  # a question or a case that is refused, in words
            fail(str(error))
        except BrokenPipeError:  # `| head` has seen enough: click ends quietly
            raise
        except OSError as error:
            fail(f"a file or folder on this machine cannot be read or written: {error.strerror or 'unknown fault'}")

    return wrapped  # type: ignore[return-value]  # same signature as `verb`


def _refusal(error: PermanentError) -> str:
    if error.code is Code.INTERNAL_ERROR:
        return f"the platform refuses ({error.detail}): {_REFUSALS.get(error.detail, 'report this line')}"
    told = load_codes()[error.code]
    return f"{error.code}: {told.user_text}. {told.next_step[:1].upper()}{told.next_step[1:]}"


def fail(message: str) -> None:
    """Say `message` and leave with exit code 2."""
    click.echo(f"dicomlake: {message}", err=True)
    sys.exit(2)


def no_stack_trace(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    """For `sys.excepthook`: an unexpected fault is one line with the place in our code, never the text of the exception."""
    click.echo(
        f"dicomlake: unexpected fault {kind.__name__} at {safelog.where(error)}; please report this line", err=True
    )


def emit_json(value: object) -> None:
    """Print `value` as JSON."""
    click.echo(json.dumps(value, default=_jsonable, ensure_ascii=False, indent=2))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their headings, numbers to the right."""
    cells = [[_cell(value) for value in row] for row in rows]
    if not cells:
        click.echo("(no rows)")
        return
    widths = [max(len(column), *(len(row[i]) for row in cells)) for i, column in enumerate(columns)]
    numeric = [all(row[i] == "" or _is_number(row[i]) for row in cells) for i in range(len(columns))]

    def line(row: Sequence[str]) -> str:
        parts = (cell.rjust(w) if n else cell.ljust(w) for cell, w, n in zip(row, widths, numeric, strict=True))
        return "  ".join(parts).rstrip()

    click.echo(line(list(columns)))
    click.echo("  ".join("-" * width for width in widths))
    for row in cells:
        click.echo(line(row))


def show(columns: Sequence[str], rows: Sequence[Sequence[object]], as_json: bool) -> None:
    """Print rows as a table or as a list of JSON objects."""
    if as_json:
        emit_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        table(columns, rows)


def progress(total: int, unit: str, description: str) -> "tqdm[Any] | Unseen":
    """A progress bar on standard error where that is a terminal; elsewhere one that shows nothing and costs no import."""
    if not sys.stderr.isatty():
        return Unseen(total)
    from tqdm import tqdm

    return tqdm(total=total, unit=unit, desc=description, file=sys.stderr, dynamic_ncols=True)


class Unseen:
    """What stands for a progress bar where nobody looks."""

    def __init__(self, total: float) -> None:
        self.total: float | None = total
        self.n: float = 0
        self.unit_scale: bool | float = False

    def __enter__(self) -> "Unseen":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def update(self, n: float = 1) -> None:
        """Count on."""
        self.n += n

    def set_postfix_str(self, s: str = "", refresh: bool = True) -> None:
        """Nothing is shown."""


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    text = json.dumps(value, default=_jsonable) if isinstance(value, (list, dict)) else str(value)
    return "".join(character if character.isprintable() else "?" for character in text)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).replace("-", "", 1).replace("e", "", 1).replace("+", "", 1).isdigit()


def _jsonable(value: object) -> object:
    if isinstance(value, (datetime.date, datetime.datetime, datetime.time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
