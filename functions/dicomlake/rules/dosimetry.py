"""`dose/size_specific.yaml` and `dose/alerts.yaml` in, curves of size-specific dose and limits of alerts out.

Called by `dose/` and the SQL generator.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from dicomlake.rules.effective import REGIONS
from dicomlake.rules.paths import rules_dir
from dicomlake.rules.reader import Field, RuleFiles

SIZE_SPECIFIC = "dose/size_specific.yaml"
ALERTS = "dose/alerts.yaml"
MODALITIES = ("CT", "DX", "MG", "NM", "PX", "RF")
TOTALS = (
    "total_dlp_mGycm",
    "total_dap_Gym2",
    "total_rp_dose_Gy",
    "total_fluoro_time_s",
    "agd_left_mGy",
    "agd_right_mGy",
)
SEVERITIES = ("note", "look")


@dataclass(frozen=True, slots=True)
class SizeRules:
    """Curves f = a * exp(-b * D) by phantom diameter in cm, the range of D in cm, the regions they serve, and how a patient is outlined."""

    version: str
    label: str
    method_version: str
    curves: Mapping[int, tuple[float, float]]
    diameter_cm: tuple[float, float]
    regions: tuple[str, ...]
    threshold_hu: float
    truncated_share: float


@dataclass(frozen=True, slots=True)
class Alert:
    """Raised once for a study of one of `modalities` whose `quantity` is over `above`; `severity` is note or look."""

    name: str
    quantity: str
    modalities: tuple[str, ...]
    above: float
    severity: str
    reason: str


def load_size_specific(root: Path | None = None) -> SizeRules:
    """Read the curves. Raises ConfigError for anything it does not understand."""
    files = RuleFiles(rules_dir(root))
    fields = files.open(SIZE_SPECIFIC).mapping(
        ["label", "version", "source", "verified", "curves", "diameter_cm", "regions", "outline"]
    )
    fields["source"].text()
    if not fields["verified"].flag():
        fields["verified"].fail("curves that are not verified may not be used")
    outline = fields["outline"].mapping(["threshold_hu", "truncated_share"])
    curves = dict(_curve(entry) for entry in fields["curves"].items(at_least=1))
    low, high = (edge.number(1, 100) for edge in fields["diameter_cm"].items(at_least=2)[:2])
    return SizeRules(
        version=files.version(),
        label=fields["label"].text(),
        method_version=fields["version"].text(),
        curves=MappingProxyType(curves),
        diameter_cm=(low, high),
        regions=fields["regions"].unique(lambda item: item.choice(REGIONS)),
        threshold_hu=outline["threshold_hu"].number(-900, 0),
        truncated_share=outline["truncated_share"].number(0, 1),
    )


def load_alerts(root: Path | None = None) -> tuple[Alert, ...]:
    """Read the alerts. Raises ConfigError for anything it does not understand."""
    files = RuleFiles(rules_dir(root))
    alerts = tuple(_alert(entry) for entry in files.open(ALERTS).mapping(["alerts"])["alerts"].items())
    if len({alert.name for alert in alerts}) != len(alerts):
        files.open(ALERTS).fail("an alert stands twice")
    return alerts


def _curve(entry: Field) -> tuple[int, tuple[float, float]]:
    fields = entry.mapping(["phantom_cm", "a", "b"])
    return fields["phantom_cm"].integer(16, 32), (fields["a"].number(0, 10), fields["b"].number(0, 1))


def _alert(entry: Field) -> Alert:
    fields = entry.mapping(["name", "quantity", "modalities", "above", "severity", "reason"])
    return Alert(
        fields["name"].text(r"[a-z][a-z0-9_]*", "a name of a-z, 0-9 and _"),
        fields["quantity"].choice((*TOTALS, "reference_level", "dose_check")),
        fields["modalities"].unique(lambda item: item.choice(MODALITIES)),
        fields["above"].number(0, 1_000_000),
        fields["severity"].choice(SEVERITIES),
        fields["reason"].text(),
    )
