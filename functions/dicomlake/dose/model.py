"""What reading a dose object gives: `Dose`, made of plain fields in the names and units of the lake's columns. Built by the readers of this room.

A field that is absent is unknown; nothing is ever 0 because it was not found.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

Fields = dict[str, object]
LOCALISER = "Constant Angle Acquisition"  # the kind of acquisition of a scout (PS3.16 CID 10013)


class ScreenText(NamedTuple):
    """A line of text read in a picture: its box in pixels, and how sure the reader was (0 to 1)."""

    text: str
    x: int
    y: int
    width: int
    height: int
    confidence: float = 1.0


class ObjectKind(StrEnum):
    """How the values were read."""

    RDSR = "rdsr"
    RRDSR = "rrdsr"
    DOSE_SEQUENCE = "dose_sequence"
    IMAGE = "image"
    ESR_TEXT = "esr_text_dose"
    SCREEN = "dose_screen"
    NOT_DOSE = "not_dose"

    @property
    def rank(self) -> int:
        """Trust in the source: of several sources of one event the lowest counts."""
        return list(ObjectKind).index(self) + 1


@dataclass(slots=True)
class Event:
    """One irradiation event (or administration). `fields` by column name; `region` is scheme and value of the target region; `doubts` name
    fields that were there and could not be read for certain; `assumed` those in a unit that nobody states.
    """

    fields: Fields = field(default_factory=dict)
    region: tuple[str, str] | None = None
    doubts: list[str] = field(default_factory=list)
    assumed: set[str] = field(default_factory=set)

    def doubt(self, name: str, why: str) -> None:
        """Leave a field out and say why."""
        self.fields.pop(name, None)
        word = f"{name}:{why}"
        if word not in self.doubts:
            self.doubts.append(word)


@dataclass(slots=True)
class Dose:
    """A dose object as read: its kind, the study's fields, the events in the order of the object."""

    kind: ObjectKind
    study: Fields = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def doubt(self, name: str, why: str) -> None:
        """Leave a field of the study out and say why."""
        self.study.pop(name, None)
        word = f"{name}:{why}"
        if word not in self.doubts:
            self.doubts.append(word)
