"""What a single object may ask of the reader. Passed to `read.py` by the pipeline and the command line."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Ceilings beyond which an object is refused as `resource_limit` before memory is spent on it.

    A deflated data set may inflate to `inflated_bytes` at most, and beyond `inflated_floor` bytes only to `inflated_ratio` times what
    was sent: empty masks deflate a thousandfold and are small, bombs deflate a thousandfold and are not.
    """

    inflated_bytes: int = 256 << 20
    inflated_ratio: int = 100
    inflated_floor: int = 32 << 20
    depth: int = 64
    elements: int = 1_000_000


DEFAULT = Limits()
