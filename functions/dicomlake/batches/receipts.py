"""The receipt file of an object: what became of it, for the site that sent it. Identified side only.

It shows the clear ids beside the operations pseudonyms, so that the site can find its own objects in the views; nothing else does.
Written and read by the pipeline, in the state bucket under `receipts/<site>/<batch>/<object_key>-<generation>.json`.
"""

import json
from dataclasses import asdict, dataclass, field, fields

from dicomlake.batches.names import batch_folder

_FORMAT = "dicomlake-receipt-1"


@dataclass(frozen=True, slots=True)
class Receipt:
    """One generation of one object. What identifies is kept out of `repr`; `None` stands for what the object does not have."""

    site: str
    object_key: str
    generation: int
    received_at: str
    size: int
    kind: str
    status: str | None
    outcome: str
    code: str | None
    operations_outcome: str
    research_outcome: str
    detail: str
    decided_at: str
    batch_label: str
    pipeline_version: str
    rules_version: str
    key_version: str
    content_key: str | None = None
    patient_key: str | None = None
    study_key: str | None = None
    series_key: str | None = None
    instance_key: str | None = None
    accession_key: str | None = None
    batch: str = field(default="", repr=False)
    path: str = field(default="", repr=False)
    bucket: str = field(default="", repr=False)
    sha256: str | None = field(default=None, repr=False)
    patient_id: str | None = field(default=None, repr=False)
    issuer_of_patient_id: str | None = field(default=None, repr=False)
    accession_number: str | None = field(default=None, repr=False)
    study_instance_uid: str | None = field(default=None, repr=False)
    series_instance_uid: str | None = field(default=None, repr=False)
    sop_instance_uid: str | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """Object name in the state bucket."""
        return receipt_name(self.site, self.batch, self.object_key, self.generation)

    def to_json(self) -> bytes:
        """The same receipt gives the same bytes (keys sorted, ASCII)."""
        return json.dumps({"format": _FORMAT, **asdict(self)}, sort_keys=True, indent=1).encode("ascii") + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> "Receipt":
        """Read back what `to_json` wrote, by this version or one with more or fewer optional fields. Raises ValueError (with a constant)."""
        try:
            values = json.loads(data)
        except ValueError:
            raise ValueError("not a receipt: no JSON") from None
        if not isinstance(values, dict) or values.get("format") != _FORMAT:
            raise ValueError("not a receipt: other format")
        try:
            return cls(**{f.name: values[f.name] for f in fields(cls) if f.name in values})
        except TypeError:
            raise ValueError("not a receipt: fields are missing") from None


def receipt_prefix(site: str, batch: str | None = None) -> str:
    """Folder of all receipts of a site, or of one of its batches. Batch names are the clinic's: they become one safe folder name."""
    return f"receipts/{site}/" if batch is None else f"receipts/{site}/{batch_folder(batch)}/"


def receipt_name(site: str, batch: str, object_key: str, generation: int) -> str:
    """Object name of a receipt."""
    return f"{receipt_prefix(site, batch)}{object_key}-{generation}.json"


def receipt_id(name: str) -> str:
    """`<object_key>-<generation>` of a receipt's object name."""
    return name.rpartition("/")[2].removesuffix(".json")
