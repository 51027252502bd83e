"""A report's bytes in, its assessment out: read -> scrub -> rebuild -> verify, with what is known of its study. Called by `assess.py`.

Reports without a header, documents in a DICOM object, and the text of structured reports. Pure, as `assess.py` is.
"""

from dicomlake.dicom import CleanInstance, RawInstance
from dicomlake.pipeline.linking import Link, StudyFacts, facts_of_document, person
from dicomlake.pipeline.report_tools import Asked, ReportTools
from dicomlake.pseudonyms import PatientIdentity, normal_accession
from dicomlake.reports.clean import CleanReport, Owner, in_place, known_of
from dicomlake.reports.document import Document
from dicomlake.reports.extract import NeedsOcr, document_of
from dicomlake.reports.extract.sr import text_of_sr
from dicomlake.reports.recognise import KnownValues


def read(data: bytes, kind: str, tools: ReportTools, *, light: bool) -> Document:
    """The document. Raises PermanentError and, with `light`, NeedsOcr for what has pictures to be read."""
    return document_of(data, kind, None if light else tools.ocr)


def clean_report(document: Document, link: Link | None, tools: ReportTools, asked: Asked) -> CleanReport:
    """The clean report of a document. Without a link it stands for its own unknown patient. Raises PermanentError, NeedsOcr when `light`."""
    if asked.light and tools.pictured and document.source:
        raise NeedsOcr  # to make pictures of pages and to read them again
    link = link or _own_link(document, tools)
    patient = link.patient if link else _unknown(asked)
    patient_key = tools.key.patient(patient)
    owner = Owner(
        patient_key,
        tools.key.uid(link.study_uid) if link and link.study_uid else None,
        tools.key.identifier("accession", link.accession, "A") if link and link.accession else None,
        tools.key.identifier("report", asked.content_key, "T"),
    )
    known = link.known if link else KnownValues()
    return tools.cleaner.clean(document, known, owner, tools.replacer(patient_key), waived=asked.waived)


def speaks_for_itself(document: Document, tools: ReportTools) -> bool:
    """Whether a report names its own patient, as a message or clinical document does."""
    return person(tools.identity, document.subject.patient_id, document.subject.issuer) is not None


def report_of_sr(
    raw: RawInstance, clean: CleanInstance, patient: PatientIdentity, tools: ReportTools, asked: Asked
) -> CleanReport | None:
    """The text of a structured report, shown from its clean copy; None when it has none to show."""
    text = text_of_sr(clean.to_bytes())
    if not any(map(str.isalnum, text)):
        return None
    lang, _ = tools.scrubber.language(text, None)
    return in_place(text, lang, "dicom_sr", owner_of(raw, patient, tools, asked), tools.key.digest8)


def owner_of(raw: RawInstance, patient: PatientIdentity, tools: ReportTools, asked: Asked) -> Owner:
    """Under what the report in a DICOM object is filed."""
    accession = normal_accession(tools.identity, raw.first("AccessionNumber"))
    return Owner(
        tools.key.patient(patient),
        tools.key.uid(raw.study_instance_uid),
        tools.key.identifier("accession", accession, "A") if accession else None,
        tools.key.identifier("report", asked.content_key, "T"),
    )


def facts_of(document: Document, tools: ReportTools, folder: tuple[str, ...]) -> StudyFacts | None:
    """What a message tells of its study to the reports around it."""
    return facts_of_document(document, known_of(document), tools.identity, folder)


def _own_link(document: Document, tools: ReportTools) -> Link | None:
    """What a message says of its own patient and study."""
    facts = facts_of_document(document, KnownValues(), tools.identity, ())
    return Link(facts.study_uid, facts.patient, facts.accession, facts.known) if facts else None


def _unknown(asked: Asked) -> PatientIdentity:
    return PatientIdentity(None, "", f"report {asked.content_key}")
