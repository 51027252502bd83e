"""What a report is made of: rows of the views of `physics` for one site and month, as frozen values. No identity, no key but pseudonyms."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from dicomlake.rules.dosimetry import SizeRules
from dicomlake.rules.effective import EffectiveRules
from dicomlake.rules.exams import ReferenceRules


@dataclass(frozen=True, slots=True)
class Study:
    """A row of physics.dose_exams with its effective dose; doses in the units of `QUANTITIES`, None where unknown."""

    study_key: str
    patient_key: str | None
    device_key: str | None
    modality: str
    protocol: str | None
    exam: str | None
    age_group: str | None
    date: datetime.date
    started: datetime.datetime | None
    values: Mapping[str, float]
    effective_mSv: float | None = None  # noqa: N815  # the unit is spelled as the unit is
    effective_method: str | None = None
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Device:
    """A device of the month: studies with exposures by modality and how many of them a dose report tells of; CT studies with images, likewise."""

    key: str
    label: str
    modality: str
    studies: int
    ct_image_studies: int
    ct_with_report: int
    reported: int = 0


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """DLP of the adults of an exam in a month (first day), in mGy.cm."""

    exam: str
    month: datetime.date
    n: int
    q1: float
    median: float
    q3: float


@dataclass(frozen=True, slots=True)
class SoftwareChange:
    """A device's first study with another software version."""

    device_key: str
    software: str
    first_study: datetime.date


@dataclass(frozen=True, slots=True)
class Alert:
    """A row of physics.dose_alerts."""

    study_key: str
    alert: str
    severity: str
    value: float
    above: float


@dataclass(frozen=True, slots=True)
class Cumulative:
    """How many of the month's patients, how many of them over 50 and 100 mSv, and how many with studies that have no estimate."""

    window: str
    patients: int
    over_50: int
    over_100: int
    incomplete: int


@dataclass(frozen=True)
class ReportData:
    """All a report shows. `month` is its first day; `before` the number of studies of the month before, None when nothing came then;
    `others` the months that have studies, asked for only when this one has none.
    """

    site: str
    month: datetime.date
    as_of: datetime.date
    version: str
    reference: ReferenceRules
    effective: EffectiveRules
    size: SizeRules
    studies: tuple[Study, ...] = ()
    before: int | None = None
    others: tuple[datetime.date, ...] = ()
    devices: tuple[Device, ...] = ()
    trend: tuple[TrendPoint, ...] = ()
    changes: tuple[SoftwareChange, ...] = ()
    alerts: tuple[Alert, ...] = ()
    cumulative: tuple[Cumulative, ...] = ()
    rejected: Mapping[str, int] = field(default_factory=dict)
