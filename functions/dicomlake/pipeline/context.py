"""What is known of studies, kept for a short while on the identified side, so that reports without a header are cleaned with it.

Each object that tells of a study leaves its facts in the state bucket; each report leaves a note before it looks for facts. So of a fact and a
report the second sees the first: a new fact sends round the reports it could matter to, and the last word does not depend on the order.
Called by `ingest.py` and `settle.py`. The bucket's own lifecycle rule takes these objects away after their time.
"""

import datetime
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from urllib.parse import quote, unquote

from dicomlake.batches import batch_folder
from dicomlake.dicom import known_identity
from dicomlake.lake import objects
from dicomlake.pipeline import receipts, tasks
from dicomlake.pipeline.arrival import Arrival, arrive
from dicomlake.pipeline.assess import Around, Judged, identity_of
from dicomlake.pipeline.linking import (
    Clues,
    Link,
    Studies,
    StudyFacts,
    clues_of,
    facts_of_instance,
    shared,
)
from dicomlake.pipeline.manifests import Known
from dicomlake.pipeline.services import Services
from dicomlake.pipeline.surroundings import belonging
from dicomlake.pseudonyms import PatientIdentity
from dicomlake.reports.document import Document
from dicomlake.reports.recognise import KnownValues

_JSON = "application/json"
_MAX_COPY_BYTES, _MAX_FACTS_BYTES = 7000, 1 << 20
_MAX_TOKENS, _MAX_WANTED = 400, 16


def around(services: Services, arrival: Arrival, known: Known) -> Around:
    """How a report that has arrived finds its study."""

    def link(document: Document) -> Link | None:
        rules = services.tools(arrival.site).identity
        accession, study = belonging(known.said, arrival.path)
        clues = clues_of(document, rules, _folder(arrival), accession, study)
        _leave_note(services, arrival, {"state": "new"})
        for wanted in _wanted(clues):
            name = f"{_accession_folder(services, arrival.site, wanted, 'wanted')}{arrival.id}.json"
            objects.create(services.storage, services.settings.state_bucket, name, tasks.to_json(arrival), _JSON)
        studies = Studies(_facts_for(services, arrival, clues))
        found = studies.link(clues)
        near = studies.nearest(clues.folder)
        _leave_note(services, arrival, _state(arrival, clues, found, near))
        return found

    return Around(link, folder=_folder(arrival))


def remember(services: Services, arrival: Arrival, judged: Judged) -> None:
    """Keep what an object tells of its study, and send round the reports it could matter to."""
    facts = _facts_of(services, arrival, judged)
    if facts is None:
        return
    body = _to_json(facts)
    digest = hashlib.sha256(body).hexdigest()[:24]
    if services.remembered.get((arrival.site, arrival.batch, digest)):
        return
    bucket, copy = (
        services.settings.state_bucket,
        {"facts": body.decode("ascii")} if len(body) <= _MAX_COPY_BYTES else None,
    )
    name = f"{_facts_folder(arrival)}{digest}.json"
    new = objects.create(services.storage, bucket, name, body, _JSON, copy)
    if facts.accession:
        folder = _accession_folder(services, arrival.site, facts.accession, "accessions")
        new |= objects.create(services.storage, bucket, f"{folder}{digest}.json", body, _JSON, copy)
    if new:
        for report in _concerned(services, arrival, facts):
            again(services, report, digest[:12])
    services.remembered.put((arrival.site, arrival.batch, digest), True, 1)


def again(services: Services, report: Arrival, why: str) -> None:
    """Have a report judged once more. It knows more then than before, and its turn says so."""
    receipts.note_decision(services, report, f"context-{why}")
    tasks.submit(services, report, again=f"context{why}")


def announced(services: Services, arrival: Arrival) -> None:
    """A manifest has come: the reports of its batch are looked at again."""
    for found in objects.listing(services.storage, services.settings.state_bucket, _notes_folder(arrival)):
        report = _noted(services, found.name)
        if report is not None:
            again(services, report, f"manifest{arrival.event.generation}")


def waits(services: Services, arrival: Arrival) -> bool:
    """Whether a report is waiting for its study, and the site's time for that has not passed."""
    if not objects.exists(services.storage, services.settings.state_bucket, _note_name(arrival)):
        return False
    return receipts.is_pending(services, arrival) and not is_overdue(services, arrival)


def is_overdue(services: Services, arrival: Arrival) -> bool:
    """Whether a report has waited longer than its site allows."""
    limit = datetime.timedelta(hours=services.site_rules(arrival.site).context_limit_hours)
    return datetime.datetime.now(datetime.UTC) - arrival.event.created_at > limit


def _facts_of(services: Services, arrival: Arrival, judged: Judged) -> StudyFacts | None:
    found, tools = judged.assessment, services.tools(arrival.site)
    if judged.mismatched:
        return None
    if found.raw is not None:
        known = known_identity(found.raw, tools.profile)
        patient = identity_of(found.raw, tools.identity)
        return facts_of_instance(found.raw, patient, known, tools.identity, _folder(arrival))
    return found.facts


def _facts_for(services: Services, arrival: Arrival, clues: Clues) -> Iterator[StudyFacts]:
    """The facts of the batch, and those of other batches under the accession numbers that the report names."""
    bucket = services.settings.state_bucket
    folders = [_facts_folder(arrival)]
    folders += [_accession_folder(services, arrival.site, wanted, "accessions") for wanted in _wanted(clues)]
    for folder in folders:
        for found in objects.listing(services.storage, bucket, folder):
            copy = found.metadata.get("facts")
            body = copy.encode() if copy else objects.read(services.storage, bucket, found.name, None, _MAX_FACTS_BYTES)
            facts = _from_json(body)
            elsewhere = folder != folders[0]
            yield (
                facts
                if not elsewhere
                else StudyFacts(facts.study_uid, facts.patient, facts.accession, ("",), facts.known)
            )


def _wanted(clues: Clues) -> list[str]:
    likely = [token for token in clues.tokens if sum(map(str.isdigit, token)) > 3]
    return list(dict.fromkeys([*clues.accessions, *likely]))[:_MAX_WANTED]


def _state(arrival: Arrival, clues: Clues, found: Link | None, near: list[StudyFacts]) -> Mapping[str, str]:
    said = [
        text for text in (clues.study_uid, clues.patient_id, *clues.accessions, *clues.tokens[:_MAX_TOKENS]) if text
    ]
    return {
        "state": "linked" if found and not found.by_folder else "open",
        "folder": quote("/".join(clues.folder)),
        "study": _hash(found.study_uid or "") if found else "",
        "patient": _hash(found.patient.patient_id or "") if found else "",
        "depth": str(max((shared(facts.folder, clues.folder) for facts in near), default=0)),
        "crowd": str(len({facts.patient for facts in near})),
        "tokens": " ".join(map(_hash, said)),
    }


def _concerned(services: Services, arrival: Arrival, facts: StudyFacts) -> Iterator[Arrival]:
    bucket = services.settings.state_bucket
    for found in objects.listing(services.storage, bucket, _notes_folder(arrival)):
        if _matters(found.metadata, facts):
            report = _noted(services, found.name)
            if report is not None and report.id != arrival.id:
                yield report
    if facts.accession:
        for name in objects.names(
            services.storage, bucket, _accession_folder(services, arrival.site, facts.accession, "wanted")
        ):
            report = _noted(services, name)
            if report is not None and report.id != arrival.id and report.batch != arrival.batch:
                yield report


def _matters(note: Mapping[str, str], facts: StudyFacts) -> bool:
    """Whether a new fact could change what a report is linked to, or what is known of it."""
    if note.get("state") == "new":
        return True
    names = {_hash(text) for text in (facts.study_uid, facts.accession, facts.patient.patient_id) if text}
    if names & {*note["tokens"].split(), note["study"], note["patient"]}:
        return True
    if note["state"] == "linked":
        return False
    depth = shared(facts.folder, tuple(filter(None, unquote(note["folder"]).split("/"))))
    return depth > int(note["depth"]) or (depth == int(note["depth"]) and int(note["crowd"]) < 2)


def _noted(services: Services, name: str) -> Arrival | None:
    task = tasks.read(services, services.settings.state_bucket, name)
    return arrive(services, task.event) if task else None


def _leave_note(services: Services, arrival: Arrival, state: Mapping[str, str]) -> None:
    bucket = services.settings.state_bucket
    objects.replace(services.storage, bucket, _note_name(arrival), tasks.to_json(arrival), _JSON, state)


def _folder(arrival: Arrival) -> tuple[str, ...]:
    return tuple(arrival.path.split("/")[:-1])


def _facts_folder(arrival: Arrival) -> str:
    return f"context/{arrival.site}/facts/{batch_folder(arrival.batch)}/"


def _notes_folder(arrival: Arrival) -> str:
    return f"context/{arrival.site}/reports/{batch_folder(arrival.batch)}/"


def _note_name(arrival: Arrival) -> str:
    return f"{_notes_folder(arrival)}{arrival.id}.json"


def _accession_folder(services: Services, site: str, accession: str, kind: str) -> str:
    return f"context/{site}/{kind}/{services.operations(site).identifier('accession', accession, 'A')}/"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _to_json(facts: StudyFacts) -> bytes:
    patient = (facts.patient.patient_id, facts.patient.issuer, facts.patient.study_uid)
    known = {kind: sorted(values) for kind, values in asdict(facts.known).items()}
    body = {
        "study_uid": facts.study_uid,
        "patient": patient,
        "accession": facts.accession,
        "folder": facts.folder,
        "known": known,
    }
    return json.dumps(body, sort_keys=True).encode()


def _from_json(body: bytes) -> StudyFacts:
    given = json.loads(body)
    known = KnownValues(**{kind: tuple(values) for kind, values in given["known"].items()})
    folder = tuple(given["folder"])
    return StudyFacts(given["study_uid"], PatientIdentity(*given["patient"]), given["accession"], folder, known)
