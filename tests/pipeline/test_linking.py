"""A report finds its study by what it says, then by where it lies, and never by the order of things."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from dicomlake.pipeline.linking import Clues, Studies, StudyFacts, clues_of
from dicomlake.pseudonyms import IdentityRules, PatientIdentity
from dicomlake.reports.document import Document, Subject
from dicomlake.reports.recognise import KnownValues

RULES = IdentityRules()


def facts(
    study: str | None, patient: str, accession: str | None, folder: str, issuer: str = "", **known: Any
) -> StudyFacts:
    parts = tuple(filter(None, folder.split("/")))
    return StudyFacts(study, PatientIdentity(patient, issuer, ""), accession, parts, KnownValues(**known))


A = facts("1.1", "PA", "ACC100", "a/images", names=("Alpha^Anna",))
A2 = facts("1.2", "PA", "ACC101", "a2/images")
B = facts("2.1", "PB", "ACC200", "b", names=("Beta^Bert",))
MESSAGE = facts(None, "PA", "ACC100", "messages", issuer="HOSP", names=("ALPHA^ANNA^M",))


def linked(
    text: str = "", folder: str = "", of: Sequence[StudyFacts] = (A, A2, B, MESSAGE), **subject: Any
) -> str | None:
    document = Document("text", text, subject=Subject(**subject))
    parts = tuple(filter(None, folder.split("/")))
    found = {
        None if link is None else (link.study_uid or f"patient {link.patient.patient_id}")
        for order in itertools.permutations(of)
        for link in [Studies(order).link(clues_of(document, RULES, parts))]
    }
    assert len(found) == 1, "the order of facts must not matter"
    return found.pop()


@pytest.mark.parametrize(
    ("text", "folder", "expected"),
    [
        ("Accession: ACC200. Findings", "a", "2.1"),
        ("Accession no. ACC 200", "a", "2.1"),
        ("MRN: PB", "", None),  # too short to be an id in a text
        ("nothing", "a/reports", "1.1"),
        ("nothing", "a/reports/deep", "1.1"),
        ("nothing", "b", "2.1"),
        ("nothing", "", None),
        ("nothing", "c", None),
        ("ACC100 compared with ACC101", "", "1.1"),
        ("ACC101 compared with ACC100", "", "1.2"),
        ("ACC100 and ACC200", "", None),
    ],
)
def test_text_counts_before_place(text: str, folder: str, expected: str | None) -> None:
    assert linked(text, folder) == expected


def test_what_a_report_says_of_itself_is_never_overruled_by_its_folder() -> None:
    assert linked(folder="b", accessions=("acc100",)) == "1.1"
    assert linked(folder="b", accessions=("OTHER9",)) is None
    assert linked(folder="b", patient_id="PA") == "patient PA"
    assert linked(folder="b", study_uid="1.2") == "1.2"


def test_a_patient_id_in_the_text_tells_the_patient() -> None:
    other = facts("3.1", "770-12-9", None, "x")
    assert linked("MRN 770-12-9", of=(A, B, other)) == "3.1"


def test_a_header_says_best_who_the_patient_is_and_messages_add_what_they_know() -> None:
    link = Studies([A, MESSAGE]).link(Clues((), accessions=("ACC100",)))
    assert link is not None and link.patient == A.patient
    assert set(link.known.names) == {"Alpha^Anna", "ALPHA^ANNA^M"}


def test_the_only_patient_of_a_folder_is_meant_where_its_studies_are_several() -> None:
    assert linked(of=(A, A2)) == "patient PA"
