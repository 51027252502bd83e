"""A manifest in, its rows for `ops.batches` and `ops.manifests` out, under the site's operations pseudonyms. Called by the pipeline."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dicomlake.batches.manifest import Manifest, ManifestRow
from dicomlake.batches.reconcile import Normalise
from dicomlake.pseudonyms import SiteKey
from dicomlake.rows import OperationsRow

BATCHES = "ops.batches"
MANIFESTS = "ops.manifests"


@dataclass(frozen=True, slots=True)
class ManifestSource:
    """Where a manifest came from. `common` are the columns each operations row about an arrived object carries (site, received_at, batch, ...)."""

    bucket: str
    batch: str = field(repr=False)
    path: str = field(repr=False)
    generation: int
    common: Mapping[str, object]


def manifest_rows(
    manifest: Manifest, source: ManifestSource, key: SiteKey, normalise: Normalise
) -> list[OperationsRow]:
    """One row of `ops.batches`, then one of `ops.manifests` per line. `key` is of the operations domain; `normalise` as in `announced`."""
    manifest_key = _object_key(source, source.path, key)
    accessions = {normalise(row.accession_number) for row in manifest.rows} - {None}
    summary = {
        **source.common,
        "manifest_key": manifest_key,
        "lines": len(manifest.rows),
        "accessions": len(accessions),
        "delimiter": manifest.delimiter,
    }
    rows = [OperationsRow(BATCHES, _row_key(key, BATCHES, manifest_key, source.generation), summary)]
    for row in manifest.rows:
        values = {**source.common, "manifest_key": manifest_key, **_line(row, source, key, normalise)}
        rows.append(
            OperationsRow(MANIFESTS, _row_key(key, MANIFESTS, manifest_key, source.generation, row.line), values)
        )
    return rows


def _line(row: ManifestRow, source: ManifestSource, key: SiteKey, normalise: Normalise) -> dict[str, object]:
    accession = normalise(row.accession_number)
    return {
        "line": row.line,
        "accession_key": None if accession is None else key.identifier("accession", accession, "A"),
        "study_key": None if row.study_instance_uid is None else key.uid(row.study_instance_uid),
        "object_key": None if row.file is None else _object_key(source, row.file, key),
        "content_key": None if row.sha256 is None else key.identifier("content", row.sha256, "C"),
        "bytes": row.size,
        "expected_files": row.expected_files,
    }


def _object_key(source: ManifestSource, path: str, key: SiteKey) -> str:
    name = f"{source.batch}/{path}" if source.batch else path
    return key.identifier("object", f"{source.bucket}/{name}", "O")


def _row_key(key: SiteKey, table: str, *parts: object) -> str:
    return key.identifier("row", "\x1f".join((table, *map(str, parts))), "R")
