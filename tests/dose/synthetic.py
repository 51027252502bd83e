"""A hospital that does not exist: thirteen months of dose rows with realistic spread, in the shape of `ops.dose_*` and `ops.acquisitions`.

Used for the sample report and for tests of report and exports. Nothing here is measured on anybody; medians lie near published levels so
that a report has something to say. The same seed gives the same rows.
"""

import datetime
import math
import random
from dataclasses import dataclass, field

Row = dict[str, object]
SITE = "clinic-a"
LAST_MONTH = datetime.date(2026, 10, 1)


@dataclass(frozen=True)
class Machine:
    """A device: what it is, how many studies a month, its software before and after an update in `updated` (months before the last)."""

    key: str
    modality: str
    maker: str
    model: str
    monthly: int
    software: tuple[str, str]
    updated: int | None = None
    factor: float = 1.0
    reports: bool = True


@dataclass(frozen=True)
class Kind:
    """An exam as protocols name it: share of its modality, median doses, target region, phantom."""

    protocol: str
    share: float
    medians: dict[str, float]
    region: tuple[str, str] | None = None
    phantom_cm: int | None = None


MACHINES = (
    Machine("DCT1AAAA", "CT", "SYNTHETIC MEDICAL", "Helix 128", 150, ("VA40", "VB10"), updated=4, factor=1.2),
    Machine("DCT2BBBB", "CT", "EXAMPLE IMAGING", "Spiral 64", 105, ("5.2.1", "5.2.1"), factor=1.0),
    Machine("DCT3CCCC", "CT", "EXAMPLE IMAGING", "Spiral 16", 24, ("3.9", "3.9"), factor=1.15, reports=False),
    Machine("DRF1DDDD", "RF", "SYNTHETIC MEDICAL", "Angio One", 46, ("A1", "A1")),
    Machine("DRF2EEEE", "RF", "MODEL SURGICAL", "C-Arm 9", 30, ("2.0", "2.0")),
    Machine("DDX1FFFF", "DX", "EXAMPLE IMAGING", "Bucky 3", 260, ("R7", "R7")),
    Machine("DMG1GGGG", "MG", "MAMMO SYNTH", "Clear 2D", 70, ("1.8", "1.8")),
    Machine("DNM1HHHH", "NM", "SYNTHETIC MEDICAL", "PET 5", 40, ("N3", "N3")),
)
KINDS = {
    "CT": (
        Kind("Head routine", 0.27, {"dlp": 690, "ctdivol": 41}, ("Head", "69536005"), 16),
        Kind("Chest routine", 0.16, {"dlp": 330, "ctdivol": 9.2}, ("Chest", "51185008"), 32),
        Kind("Chest low dose", 0.08, {"dlp": 62, "ctdivol": 1.7}, ("Chest", "51185008"), 32),
        Kind("Abdomen Pelvis", 0.2, {"dlp": 470, "ctdivol": 8.8}, ("Abdomen and Pelvis", "416949008"), 32),
        Kind("TAP contrast", 0.13, {"dlp": 610, "ctdivol": 8.4}, ("Chest, Abdomen and Pelvis", "416775004"), 32),
        Kind("CTPA", 0.06, {"dlp": 250, "ctdivol": 7.2}, ("Chest", "51185008"), 32),
        Kind("C-Spine", 0.05, {"dlp": 310, "ctdivol": 13}, ("Cervical spine", "122494005"), 32),
        Kind("KUB low dose", 0.05, {"dlp": 215, "ctdivol": 4.6}, ("Abdomen", "818981001"), 32),
        Kind("Service 12", 0.04, {"dlp": 150, "ctdivol": 5}, None, 32),
    ),
    "RF": (
        Kind("Coronary angiography", 0.4, {"dap": 0.0026, "rp": 0.42}),
        Kind("PCI", 0.24, {"dap": 0.0052, "rp": 0.98}),
        Kind("Barium swallow", 0.2, {"dap": 0.0004, "rp": 0.02}),
        Kind("Orthopaedic", 0.16, {"dap": 0.00008, "rp": 0.006}),
    ),
    "DX": (
        Kind("Chest PA", 0.42, {"dap": 0.0000085}),
        Kind("Mobile chest AP", 0.08, {}),
        Kind("Abdomen AP", 0.12, {"dap": 0.00012}),
        Kind("Pelvis AP", 0.16, {"dap": 0.00011}),
        Kind("Hand", 0.22, {"dap": 0.0000022}),
    ),
    "MG": (Kind("Screening 2D", 0.8, {"agd": 1.45}), Kind("Diagnostic 2D", 0.2, {"agd": 1.7})),
    "NM": (Kind("FDG whole body", 1.0, {"activity": 255, "effective": 4.9}),),
}
_SPREAD = {"dlp": 0.36, "ctdivol": 0.28, "dap": 0.65, "rp": 0.65, "agd": 0.25, "activity": 0.12, "effective": 0.12}
_HOURS = [1, 1, 1, 1, 1, 1, 2, 5, 16, 22, 24, 22, 18, 15, 16, 17, 14, 10, 7, 5, 4, 3, 2, 2]


@dataclass
class Hospital:
    """Rows by table, made by `hospital`."""

    tables: dict[str, list[Row]] = field(
        default_factory=lambda: {"ops.dose_studies": [], "ops.dose_events": [], "ops.acquisitions": []}
    )
    number: int = 0


def hospital(seed: int = 6, months: int = 13, scale: float = 1.0) -> dict[str, list[Row]]:
    """Rows by table of `months` months that end with LAST_MONTH; `scale` multiplies the number of studies."""
    made, chance = Hospital(), random.Random(seed)
    for back in range(months - 1, -1, -1):
        years, month = divmod(LAST_MONTH.year * 12 + LAST_MONTH.month - 1 - back, 12)
        for machine in MACHINES:
            # Of earlier months only CT is looked at: the report shows no trend of others.
            if back <= 1 or machine.modality == "CT":
                for _ in range(round(machine.monthly * scale * chance.uniform(0.9, 1.1))):
                    _study(made, chance, machine, datetime.date(years, month + 1, 1), back)
    return made.tables


def _study(made: Hospital, chance: random.Random, machine: Machine, first: datetime.date, back: int) -> None:
    made.number += 1
    number, modality = made.number, machine.modality
    kind = chance.choices(KINDS[modality], [kind.share for kind in KINDS[modality]])[0]
    begun = _moment(chance, first)
    after = machine.updated is not None and back < machine.updated
    factor = 1.0 if machine.updated is not None and after else machine.factor
    age = _age(chance, modality)
    child = 0.35 + 0.65 * min(age, 18) / 18
    size = math.exp(chance.gauss(0, 0.8))
    values = {
        name: median * factor * (child if modality == "CT" else 1) * math.exp(chance.gauss(0, _SPREAD[name]))
        for name, median in kind.medians.items()
    }
    if modality == "RF" and chance.random() < 0.03:
        values = {name: value * 4 for name, value in values.items()}
    study: Row = {
        "row_key": f"RS{number:06}",
        "site": SITE,
        "received_at": f"{begun.isoformat()}Z",
        "generation": number,
        "content_key": f"C{number:06}",
        "patient_key": f"P{1 + chance.randrange(2600):07}XYZ",
        "study_key": f"S{number:07}QRS",
        "instance_key": f"I{number:07}",
        "device_key": machine.key,
        "object_kind": "rrdsr" if modality == "NM" else "rdsr",
        "source_rank": 1,
        "modality": modality,
        "Manufacturer": machine.maker,
        "ManufacturerModelName": machine.model,
        "SoftwareVersions": [machine.software[1 if after else 0]],
        "StudyDate": begun.date().isoformat(),
        "started_local": begun.isoformat(),
        "PatientSex": "F" if modality == "MG" or chance.random() < 0.5 else "M",
        "patient_age_years": None if chance.random() < 0.01 else age,
        "PatientWeight": round(min(140, max(3, (3.5 + 4 * min(age, 18)) * math.exp(0.1 * size - 0.1))), 1),
        "pipeline_version": "1",
        "rules_version": "r1",
        "key_version": "k1",
    }
    if modality == "CT":
        made.tables["ops.acquisitions"].append(_image(study, number))
    if not machine.reports:
        return
    events = _events(chance, kind, values, modality)
    study |= {"n_events": len(events), "n_events_declared": len(events)}
    study |= _totals(modality, events)
    if chance.random() < 0.006:
        study["doubts"] = ["total_dap_Gym2:unit"]
    made.tables["ops.dose_studies"].append(study)
    shared = (
        "site",
        "received_at",
        "generation",
        "content_key",
        "patient_key",
        "study_key",
        "instance_key",
        "device_key",
        "object_kind",
    )
    for place, event in enumerate(events):
        row: Row = {
            name: study[name]
            for name in (
                *shared,
                "source_rank",
                "modality",
                "StudyDate",
                "pipeline_version",
                "rules_version",
                "key_version",
            )
        }
        row |= {
            "row_key": f"RE{number:06}{place:02}",
            "event_key": f"E{number:06}{place:02}",
            "event_key_kind": "uid",
            "event_index": place,
            "started_local": (begun + datetime.timedelta(minutes=place)).isoformat(),
        }
        made.tables["ops.dose_events"].append(row | event)


def _events(chance: random.Random, kind: Kind, values: dict[str, float], modality: str) -> list[Row]:
    common: Row = {"protocol": kind.protocol}
    if kind.region:
        common |= {"target_region": kind.region[0], "target_region_code": kind.region[1]}
    if modality == "CT":
        dlp, ctdivol = values["dlp"], values["ctdivol"]
        both: Row = common | {"phantom_cm": kind.phantom_cm}
        localiser: Row = {
            "localiser": True,
            "acq_type": "Constant Angle Acquisition",
            "ctdivol_mGy": 0.1,
            "kvp": [120.0],
        }
        scan: Row = {
            "localiser": False,
            "acq_type": "Spiral Acquisition",
            "kvp": [chance.choice([100.0, 120.0])],
            "pitch": 0.9,
        }
        scan |= {"scanning_length_mm": round(dlp / ctdivol * 10, 1), "total_collimation_mm": 38.4}
        return [
            both | localiser | {"dlp_mGycm": round(dlp * 0.01, 2)},
            both | scan | {"ctdivol_mGy": round(ctdivol, 2), "dlp_mGycm": round(dlp * 0.99, 2)},
        ]
    if modality == "MG":
        return [
            common
            | {
                "laterality": side,
                "view": view,
                "agd_mGy": round(values["agd"] * math.exp(chance.gauss(0, 0.1)), 2),
                "kvp": [29.0],
            }
            for side in ("Left", "Right")
            for view in ("CC", "MLO")
        ]
    if modality == "NM":
        return [
            common
            | {
                "administered_activity_MBq": round(values["activity"], 1),
                "effective_dose_mSv": round(values["effective"], 2),
                "radiopharmaceutical": "Fluorodeoxyglucose F^18^",
            }
        ]
    event = common | {"dap_Gym2": values.get("dap"), "kvp": [80.0]}
    return [event | {"rp_dose_Gy": values["rp"]}] if "rp" in values else [event]


def _totals(modality: str, events: list[Row]) -> Row:
    def total(name: str) -> float:
        return sum(float(str(event.get(name) or 0)) for event in events)

    if modality == "CT":
        return {"total_dlp_mGycm": round(total("dlp_mGycm"), 2)}
    if modality == "RF":
        return {
            "total_dap_Gym2": total("dap_Gym2"),
            "total_rp_dose_Gy": total("rp_dose_Gy"),
            "total_fluoro_time_s": 240.0,
        }
    return {"total_dap_Gym2": total("dap_Gym2") or None} if modality == "DX" else {}


def _image(study: Row, number: int) -> Row:
    names = (
        "site",
        "received_at",
        "patient_key",
        "study_key",
        "device_key",
        "Manufacturer",
        "ManufacturerModelName",
        "StudyDate",
        "pipeline_version",
        "rules_version",
        "key_version",
    )
    image: Row = {name: study[name] for name in names}
    image |= {
        "row_key": f"RA{number:06}",
        "generation": 1_000_000 + number,
        "content_key": f"CA{number:06}",
        "instance_key": f"IA{number:06}",
        "Modality": "CT",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "acquired_local": study["started_local"],
    }
    return image


def _moment(chance: random.Random, first: datetime.date) -> datetime.datetime:
    while True:
        day = first + datetime.timedelta(days=chance.randrange(28))
        if day.weekday() < 5 or chance.random() < 0.25:
            hour = chance.choices(range(24), _HOURS)[0]
            return datetime.datetime(day.year, day.month, day.day, hour, chance.randrange(60))


def _age(chance: random.Random, modality: str) -> int:
    if modality == "CT" and chance.random() < 0.06:
        return chance.randrange(18)
    low = 40 if modality in ("MG", "RF", "NM") else 18
    return min(90, max(low, round(chance.gauss(62, 16))))
