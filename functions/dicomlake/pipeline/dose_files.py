"""The dose of local files: a file or folder in, one document per DICOM object out. Called by `dicomlake dose`. Identified side."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dicomlake.dicom import RawInstance, parse_raw
from dicomlake.dose import Dose, document, read_dose
from dicomlake.errors import ConfigError, PermanentError
from dicomlake.pipeline import mapped, slices
from dicomlake.pipeline.ocr import screen_reader
from dicomlake.pixels import PixelWorker
from dicomlake.rules import DoseRules
from dicomlake.rules.dosimetry import SizeRules


@dataclass(frozen=True)
class DoseReader:
    """What reading dose takes. Without a `worker` no pixels are read: neither dose screens nor the patient's size in CT slices."""

    rules: DoseRules
    sizes: SizeRules
    worker: PixelWorker | None = None

    def read(self, raw: RawInstance) -> Dose:
        """The dose of an object."""
        dose = read_dose(raw, self.rules, screen_reader(self.worker) if self.worker else None)
        if self.worker is not None:
            slices.measure(self.worker, raw, dose, self.sizes)
        return dose


@dataclass(frozen=True)
class DoseLine:
    """One input: `kind` is how its dose was read, or None with the `code` that says why it could not be; `output` is the file written."""

    input: str
    kind: str | None
    code: str | None
    output: str | None
    events: int


def inputs(source: Path, destination: Path) -> list[Path]:
    """Every regular file below the source, sorted; links are not followed. Raises ConfigError when the folders cannot be used."""
    if not source.exists():
        raise ConfigError("SRC does not exist")
    if source.is_file():
        return [source]
    if destination.resolve().is_relative_to(source.resolve()):
        raise ConfigError("OUT_DIR must not lie inside SRC")
    return sorted(path for path in source.rglob("*") if path.is_file() and not path.is_symlink())


def run(files: list[Path], destination: Path, reader: DoseReader, max_bytes: int) -> Iterator[DoseLine]:
    """Read each file and write `<stem>.json`; a stem that comes again gets a number."""
    destination.mkdir(parents=True, exist_ok=True)
    taken: dict[str, int] = {}
    for path in files:
        try:
            dose = reader.read(parse_raw(mapped.of_file(path, max_bytes)))
        except PermanentError as error:
            yield DoseLine(path.name, None, str(error.code), None, 0)
            continue
        again = taken.get(path.stem, 0)
        taken[path.stem] = again + 1
        name = f"{path.stem}-{again + 1}.json" if again else f"{path.stem}.json"
        text = json.dumps(document(path.name, dose), ensure_ascii=False, indent=1, allow_nan=False)
        (destination / name).write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
        yield DoseLine(path.name, str(dose.kind), None, name, len(dose.events))
