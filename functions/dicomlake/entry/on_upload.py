"""Function `on_upload`: an object was finalized in a landing bucket."""

from dicomlake.entry.boundary import storage_function
from dicomlake.pipeline.ingest import give_up, ingest

on_upload = storage_function("on_upload", ingest, give_up)
