"""A released structured report in, a row of `lake.measurements` for each of its numbers out. Called by `settle.py`.

Rows are read from the clean copy and named after it and the place of the number in it, so that a repetition gives the same rows.
"""

from dicomlake.dicom import CleanInstance
from dicomlake.pipeline.arrival import row_key
from dicomlake.pseudonyms import SiteKey
from dicomlake.reports.measurements import measurements
from dicomlake.rows import ResearchRow

TABLE = "lake.measurements"


def measurement_rows(key: SiteKey, clean: CleanInstance, about: dict[str, object]) -> list[ResearchRow]:
    """`about` are the columns of the object's row in `lake.instances` that tell of the delivery."""
    subject = {
        **about,
        "object": clean.object_name,
        "PatientID": clean.patient_key,
        "StudyInstanceUID": clean.study_uid,
        "SeriesInstanceUID": clean.series_uid,
        "SOPInstanceUID": clean.sop_uid,
    }
    return [
        ResearchRow(
            TABLE, row_key(key, TABLE, about["delivery_key"], clean.object_name, one.item), {**subject, **one.columns()}
        )
        for one in measurements(clean.to_bytes())
    ]
