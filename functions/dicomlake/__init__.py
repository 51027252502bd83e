"""De-identification and data lake for medical imaging: DICOM, reports, access logs and dose in, clean objects and rows out."""

__version__ = "0.1.0"
