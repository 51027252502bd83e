"""An independent checker of IODs (dciodvfy of Debian's dicom3tools) finds no error in the copy that the original did not have."""

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from dicomlake.dicom import deidentify, read_raw, verify
from dicomlake.errors import PermanentError
from dicomlake.pseudonyms import SiteKey
from dicomlake.rules import load_profile
from tests.dicom.builders import CT, ROOT, dataset, encoded, instance, item
from tests.dicom.conftest import identity, packaged_files

CHECKER = shutil.which("dciodvfy")


def errors(path: Path) -> Counter[str]:
    """The errors of a file; values, which differ, are left out of them."""
    done = subprocess.run([str(CHECKER), str(path)], capture_output=True, check=False, timeout=60)
    lines = (
        re.sub(r"(?<=UID )0\b|[0-9]+(\.[0-9]+)+", "UID", line) for line in done.stderr.decode("latin-1").splitlines()
    )
    return Counter(line for line in lines if line.startswith("Error"))


@pytest.mark.skipif(CHECKER is None, reason="dciodvfy is not installed (apt-get install dicom3tools)")
def test_a_clean_copy_has_no_error_its_original_has_not(key: SiteKey, tmp_path: Path) -> None:
    profiles = [load_profile(name) for name in ("research", "basic", "full_dates")]
    new: Counter[str] = Counter()
    checked = 0
    for path in packaged_files():
        try:
            raw = read_raw(path.read_bytes())
        except PermanentError:
            continue
        if raw.status == "legacy" or raw.syntax.deflated or len(raw.data) > 400_000:
            continue  # the checker cannot read the original
        copy = tmp_path / "copy.dcm"
        try:
            made = [deidentify(raw, profile, key, identity(raw)).to_bytes() for profile in profiles]
        except PermanentError as error:  # held, so there is no copy to hold to anything
            assert (path.name, error.detail) == ("badVR.dcm", "pixel_data_too_long")
            continue
        had = errors(path)
        for data in made:
            copy.write_bytes(data)
            for error in errors(copy) - had:
                new[error] += 1
        checked += 1
    assert checked > 60
    assert not new


# A class, its modality, and what its IOD wants beyond what every image has (PS3.3 Annex A).
CLASSES = {
    "MR": (
        "1.2.840.10008.5.1.4.1.1.4",
        {
            "ScanningSequence": "SE",
            "SequenceVariant": "NONE",
            "ScanOptions": "",
            "EchoTime": "5",
            "EchoTrainLength": "1",
            "MRAcquisitionType": "2D",
        },
    ),
    "PT": (
        "1.2.840.10008.5.1.4.1.1.128",
        {
            "Units": "BQML",
            "CountsSource": "EMISSION",
            "SeriesType": ["STATIC", "IMAGE"],
            "DecayCorrection": "START",
            "CorrectedImage": "DECY",
        },
    ),
    "US": ("1.2.840.10008.5.1.4.1.1.6.1", {}),
    "OT": ("1.2.840.10008.5.1.4.1.1.7", {"ConversionType": "WSD"}),
    "DX": ("1.2.840.10008.5.1.4.1.1.1.1", {"PresentationIntentType": "FOR PRESENTATION"}),
    "XA": ("1.2.840.10008.5.1.4.1.1.12.1", {}),
    "RTIMAGE": ("1.2.840.10008.5.1.4.1.1.481.1", {"RTImageLabel": "of Okonkwo", "RTImagePlane": "NORMAL"}),
    "RTSTRUCT": ("1.2.840.10008.5.1.4.1.1.481.3", {"StructureSetLabel": "of Okonkwo", "PixelData": None}),
    "RTPLAN": (
        "1.2.840.10008.5.1.4.1.1.481.5",
        {"RTPlanLabel": "of Okonkwo", "RTPlanGeometry": "PATIENT", "PixelData": None},
    ),
    "SEG": ("1.2.840.10008.5.1.4.1.1.66.4", {"ContentLabel": "SEG", "ContentCreatorName": "Adeyemi^Folasade"}),
    "SR": (
        "1.2.840.10008.5.1.4.1.1.88.33",
        {"CompletionFlag": "COMPLETE", "VerificationFlag": "VERIFIED", "ValueType": "CONTAINER", "PixelData": None},
    ),
}


def full(modality: str) -> dict[str, Any]:
    """Every attribute of the table that the standard types, with a value that identifies: what may go wrong where one goes or empties."""
    person = item(
        PersonIdentificationCodeSequence=[item(CodeValue="1", CodingSchemeDesignator="99X", CodeMeaning="Adeyemi")],
        InstitutionName="Spital",
    )
    return {
        "Modality": modality,
        "OperatorsName": "Adeyemi^Folasade",
        "PerformingPhysicianName": "Adeyemi^Folasade",
        "InstitutionAddress": "Weg 3",
        "InstitutionalDepartmentName": "Radiologie",
        "PhysiciansOfRecord": "Adeyemi^Folasade",
        "AdmissionID": "A771",
        "IssuerOfPatientID": "RIS",
        "OtherPatientIDs": "88123",
        "PatientAddress": "Weg 4",
        "PatientComments": "of Okonkwo",
        "MedicalAlerts": "Okonkwo",
        "PregnancyStatus": 4,
        "PatientBirthTime": "0815",
        "OtherPatientNames": "Okonkwo^C",
        "ResponsiblePerson": "Okonkwo^B",
        "ResponsibleOrganization": "Spital",
        "InstanceCreationDate": "20210304",
        "InstanceCreationTime": "0815",
        "SeriesTime": "0815",
        "AcquisitionDateTime": "20210304081500",
        "AcquisitionDeviceProcessingDescription": "of Okonkwo",
        "ContrastBolusAgent": "Okonkwo",
        "ProtocolName": "Okonkwo",
        "PatientState": "Okonkwo",
        "DateOfLastCalibration": "20210301",
        "TimeOfLastCalibration": "0815",
        "DetectorID": "D1",
        "PlateID": "P77",
        "CassetteID": "C1",
        "GantryID": "G1",
        "ImageComments": "Okonkwo",
        "FrameComments": "Okonkwo",
        "SeriesDescription": "Okonkwo",
        "DerivationDescription": "Okonkwo",
        "PerformedProcedureStepID": "S1",
        "PerformedProcedureStepDescription": "Okonkwo",
        "PerformedProcedureStepStartDate": "20210304",
        "PerformedProcedureStepStartTime": "0815",
        "RequestedProcedureDescription": "Okonkwo",
        "ReferringPhysicianIdentificationSequence": [person],
        "OperatorIdentificationSequence": [person],
        "ReferencedStudySequence": [item(ReferencedSOPClassUID=CT, ReferencedSOPInstanceUID=f"{ROOT}.7")],
        "ReferencedPerformedProcedureStepSequence": [
            item(ReferencedSOPClassUID=CT, ReferencedSOPInstanceUID=f"{ROOT}.8")
        ],
        "RequestAttributesSequence": [
            item(RequestedProcedureID="R1", ScheduledProcedureStepID="S1", ScheduledProcedureStepDescription="Okonkwo")
        ],
        "InstitutionCodeSequence": [
            item(CodeValue="1", CodingSchemeDesignator="99X", CodeMeaning="Spital Waldkirchen")
        ],
        "ReferencedImageSequence": [item(ReferencedSOPClassUID=CT, ReferencedSOPInstanceUID=f"{ROOT}.9")],
        "UDISequence": [item(UniqueDeviceIdentifier="(01)0088")],
        "ClinicalTrialSponsorName": "Trialco",
        "ClinicalTrialProtocolID": "T1",
        "ClinicalTrialProtocolName": "Trial",
        "ClinicalTrialSiteID": "4",
        "ClinicalTrialSiteName": "Spital",
        "ClinicalTrialSubjectID": "S7",
        "ClinicalTrialCoordinatingCenterName": "Centre",
        "StructureSetDate": "20210304",
        "StructureSetTime": "0815",
        "RTPlanDate": "20210304",
        "RTPlanTime": "0815",
        "ReviewerName": "Adeyemi^Folasade",
        "ReviewDate": "20210304",
        "ReviewTime": "0815",
        "ApprovalStatus": "APPROVED",
    }


@pytest.mark.skipif(CHECKER is None, reason="dciodvfy is not installed (apt-get install dicom3tools)")
@pytest.mark.parametrize("modality", sorted(CLASSES))
def test_an_object_full_of_identities_becomes_no_less_valid(modality: str, key: SiteKey, tmp_path: Path) -> None:
    sop_class, wanted = CLASSES[modality]
    raw = read_raw(instance(**{**full(modality), **wanted}, SOPClassUID=sop_class))
    before, after = tmp_path / "before.dcm", tmp_path / "after.dcm"
    before.write_bytes(raw.data)
    for name in ("research", "basic", "full_dates", "trial_example"):
        profile = load_profile(name)
        clean = deidentify(raw, profile, key, identity(raw))
        verify(raw, clean, profile)
        after.write_bytes(clean.to_bytes())
        assert not errors(after) - errors(before), name


@pytest.mark.skipif(CHECKER is None, reason="dciodvfy is not installed (apt-get install dicom3tools)")
def test_the_checker_sees_what_the_wrong_type_would_do(tmp_path: Path) -> None:
    made = dataset()
    whole, broken = tmp_path / "whole.dcm", tmp_path / "broken.dcm"
    whole.write_bytes(encoded(made))
    made.FrameOfReferenceUID = ""
    del made.StudyID
    broken.write_bytes(encoded(made))
    found = errors(broken) - errors(whole)
    assert any("FrameOfReferenceUID" in line for line in found) and any("StudyID" in line for line in found)
