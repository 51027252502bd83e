"""Manifests in, what they announce out; compared with what arrived. Receipt files for the site. Pure: called by the pipeline and the uploader.

A batch is the first folder of an object's name in a landing bucket. It may carry any number of `manifest*.csv`; they add up, and of
several versions of one the latest generation counts, so nothing here depends on the order of arrival.
"""

from dicomlake.batches.manifest import (
    COLUMNS,
    Manifest,
    ManifestError,
    ManifestRow,
    fits_accession,
    fits_uid,
    parse_manifest,
)
from dicomlake.batches.names import batch_folder, batch_label, is_manifest_name, path_key, relative_path
from dicomlake.batches.receipts import Receipt, receipt_id, receipt_name, receipt_prefix
from dicomlake.batches.reconcile import Announced, Delivery, Facts, announced, current, mismatch
from dicomlake.batches.rows import ManifestSource, manifest_rows
from dicomlake.batches.write import format_manifest

__all__ = [
    "COLUMNS",
    "Announced",
    "Delivery",
    "Facts",
    "Manifest",
    "ManifestError",
    "ManifestRow",
    "ManifestSource",
    "Receipt",
    "announced",
    "batch_folder",
    "batch_label",
    "current",
    "fits_accession",
    "fits_uid",
    "format_manifest",
    "is_manifest_name",
    "manifest_rows",
    "mismatch",
    "parse_manifest",
    "path_key",
    "receipt_id",
    "receipt_name",
    "receipt_prefix",
    "relative_path",
]
