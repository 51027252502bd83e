"""Whom a lone report says it is about, by the labels of its own head."""

import pytest

from dicomlake.pipeline.linking import Link
from dicomlake.pipeline.stated import stated_link
from dicomlake.pseudonyms import IdentityRules
from dicomlake.rules.subject import load_subject_labels

RULES = IdentityRules()
HEADS = [
    ("Patient: Ottilie Farnham\nMRN: 44-1902", "Ottilie Farnham", "44-1902"),
    ("Paciente\tFARNHAM BELDA, Otilia\tNº historia\tHC-44190\nTC de tórax", "FARNHAM BELDA, Otilia", "HC-44190"),
    ("Nom, Prénom : FARNHAM Odile      IPP : 8844190\nScanner", "FARNHAM Odile", "8844190"),
    ("Patientin: Farnham, Ottilie (geb. 1.2.1950)\nPatienten-ID: 884419", "Farnham, Ottilie", "884419"),
    ("Paziente: Ottilia Farnham\nID paziente: PZ884419", "Ottilia Farnham", "PZ884419"),
    ("Nome do utente: Otília Farnham\nN.º utente: 884419001", "Otília Farnham", "884419001"),
]
SILENT = [
    "The patient: an elderly lady.\nMRN: 441902",  # in a sentence
    "Patient: Ottilie Farnham\nFindings: normal",  # no id
    "MRN: 441902\nFindings: normal",  # no name
    "Patient: Ottilie Farnham\nMRN: 441902\nMRN: 551902",  # two patients
    "Patient: Ottilie Farnham\nMRN: unknown",
    "Patient tolerated the examination well.\nHospital number of scans: 441902",
]


@pytest.mark.parametrize(("head", "name", "number"), HEADS)
def test_a_report_with_a_labelled_name_and_id_states_its_patient(head: str, name: str, number: str) -> None:
    link = stated_link(head, RULES)
    assert isinstance(link, Link)
    assert (link.known.names, link.known.ids, link.study_uid) == ((name,), (number,), None)
    assert link.patient.patient_id


@pytest.mark.parametrize("head", SILENT)
def test_a_report_without_both_states_nothing(head: str) -> None:
    assert stated_link(head, RULES) is None


def test_every_label_is_in_the_form_it_is_looked_for_in() -> None:
    from dicomlake.pipeline.stated import _plain

    labels = load_subject_labels()
    assert [label for label in (*labels.name, *labels.id) if _plain(label) != label] == []
