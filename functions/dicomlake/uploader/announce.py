"""What was acknowledged in, manifests in the bucket and copies at home out. Called by `run.py` when all files are through.

A great batch has its manifest in parts; in the platform all manifests of a batch add up.
"""

import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from dicomlake.batches import ManifestRow, format_manifest, is_manifest_name
from dicomlake.uploader.journal import Acknowledged, Journal
from dicomlake.uploader.transfer import NameTaken

MAX_ROWS = 20_000  # what the platform takes in one go


def announce(journal: Journal, deliver: Callable[[str, bytes], None]) -> tuple[tuple[Path, str], ...]:
    """Write manifests of everything the journal knows: (copy beside the journal, object name) each; none when nothing was acknowledged.

    `deliver(path, data)` puts one into the batch, and raises NameTaken where other bytes have the name.
    """
    rows = _rows(journal.acknowledged)
    paths = (f"manifest-sent{'' if number == 1 else f'-{number}'}.csv" for number in itertools.count(1))
    parts = (rows[start : start + MAX_ROWS] for start in range(0, len(rows), MAX_ROWS))
    return tuple(_announce(journal, format_manifest(part), paths, deliver) for part in parts)


def _announce(
    journal: Journal, data: bytes, paths: Iterator[str], deliver: Callable[[str, bytes], None]
) -> tuple[Path, str]:
    """Under the first name that is free, or that an earlier run gave to the same bytes."""
    while True:
        path = next(paths)
        try:
            deliver(path, data)
        except NameTaken:
            continue
        return _keep(journal.file.parent / path, data), f"{journal.batch}/{path}"


def _rows(acknowledged: Mapping[str, Acknowledged]) -> list[ManifestRow]:
    """Lines in the order of paths, without the manifests themselves.

    Where the clinic sent a list of accession numbers of its own, that list is the agreed one: this manifest adds none to it, since an object
    that is not on the list must stay a finding.
    """
    agreed_elsewhere = any(done.lists_accessions for done in acknowledged.values())
    return [
        ManifestRow(
            number,
            None if agreed_elsewhere else done.accession_number or None,
            done.study_instance_uid or None,
            done.path,
            done.sha256,
            done.size,
        )
        for number, (path, done) in enumerate(sorted(acknowledged.items()), start=2)
        if not is_manifest_name(path)
    ]


def _keep(file: Path, data: bytes) -> Path:
    """Write `file` whole or not at all, readable by its owner alone: it names files and accession numbers."""
    unfinished = file.with_suffix(".part")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(descriptor)
    return unfinished.replace(file)
