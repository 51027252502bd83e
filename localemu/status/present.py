"""How values look on the status page: bytes, times, durations, links. Jinja escapes what these return."""

import datetime
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

_UNITS = ("B", "kB", "MB", "GB", "TB")


def size(count: object) -> str:
    """Bytes in decimal units."""
    number = float(str(count or 0))
    for unit in _UNITS:
        if number < 1000 or unit == _UNITS[-1]:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return ""


def count(number: object) -> str:
    """A whole number with thousands apart."""
    return f"{int(str(number)):,}".replace(",", "\u202f")


def clock(seconds: float | None) -> str:
    """Local time of day of a moment of today, with the date when it is another day."""
    if seconds is None:
        return ""
    moment = datetime.datetime.fromtimestamp(seconds).astimezone()
    today = datetime.datetime.now().astimezone().date()
    return moment.strftime("%H:%M:%S" if moment.date() == today else "%Y-%m-%d %H:%M:%S")


def rfc_clock(text: str) -> str:
    """The same for a time as text (RFC 3339); what is none is shown as it is."""
    try:
        return clock(datetime.datetime.fromisoformat(text).timestamp())
    except ValueError:
        return text


def duration(milliseconds: float | None) -> str:
    """Milliseconds, or seconds where that reads better."""
    if milliseconds is None:
        return ""
    return f"{milliseconds:.0f} ms" if milliseconds < 10_000 else f"{milliseconds / 1000:.1f} s"


def short_type(kind: str) -> str:
    """`finalized` of google.cloud.storage.object.v1.finalized."""
    return kind.removeprefix("google.cloud.storage.object.v1.")


def linker(query: Mapping[str, str]) -> Callable[..., str]:
    """A function that makes a link to a section with the page's present query and changes to it (None drops a field)."""

    def link(section: str, **changes: object) -> str:
        fields = {**query, **changes}
        kept = urlencode(
            {name: str(value) for name, value in fields.items() if value not in (None, "")}, errors="surrogatepass"
        )
        return f"/?{kept}#{section}"

    return link


FILTERS: Mapping[str, Callable[..., str]] = {
    "size": size,
    "count": count,
    "clock": clock,
    "rfc_clock": rfc_clock,
    "duration": duration,
    "short_type": short_type,
    "query": lambda fields: urlencode(fields, errors="surrogatepass"),
}
