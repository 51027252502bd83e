"""One arrived object: fetch -> judge -> settle. The flow of `on_upload`; `tasks.py` calls `process` for heavy work and replays.

All judging is done before the first effect; the effects (see `settle.py`) are idempotent and end with the receipt file, so that a
crash anywhere in between costs a repetition and nothing else.
"""

from dataclasses import replace

from dicomlake import safelog
from dicomlake.batches import is_manifest_name
from dicomlake.errors import Code, PermanentError, TransientError
from dicomlake.events import StorageEvent
from dicomlake.lake import quarantine
from dicomlake.lake.objects import ObjectGone
from dicomlake.lake.quarantine import CaseId
from dicomlake.pipeline import context, manifests, mapped, original, receipts, tasks
from dicomlake.pipeline.arrival import Arrival, arrive
from dicomlake.pipeline.assess import LIGHT_MAX_BYTES, Assessment, Judged, Outcome, assess
from dicomlake.pipeline.retract import retract, supersede
from dicomlake.pipeline.route import REPORTS, Kind
from dicomlake.pipeline.services import Services
from dicomlake.pipeline.settle import released_names, settle

_REVIEW = frozenset({Code.PIXEL_PHI_SUSPECTED, Code.TEXT_PHI_SUSPECTED})


def ingest(services: Services, event: StorageEvent) -> None:
    """Flow of `on_upload`. An event that comes again after its receipt was written ends at once."""
    arrival = arrive(services, event)
    if arrival is None:
        safelog.event("foreign_bucket", severity="WARNING", function="on_upload")
    elif receipts.is_settled(services, arrival):
        safelog.event("repeated_event", object_key=arrival.object_key)
    else:
        process(services, arrival, light=True)


def process(services: Services, arrival: Arrival, *, light: bool) -> None:
    """Judge and settle one object; with `light`, heavy work is handed on instead."""
    try:
        if is_manifest_name(arrival.path):
            manifests.accept(services, arrival, light=light)
            if not light:
                context.announced(services, arrival)
        else:
            _process_object(services, arrival, light)
    except ObjectGone:
        _gone(services, arrival)


def _gone(services: Services, arrival: Arrival) -> None:
    """Overwritten or deleted by its owner before it was read: the newer generation has an event of its own."""
    if original.is_there(services, arrival):  # then it is something of ours that is missing
        raise TransientError("storage_object_missing") from None
    safelog.event("object_gone", severity="WARNING", object_key=arrival.object_key)
    if receipts.is_pending(services, arrival):  # it was promised an outcome
        ignored = Assessment(Outcome.IGNORED, None, "object_gone", Kind.OTHER, None)
        settle(services, arrival, Judged(ignored, None))


def _process_object(services: Services, arrival: Arrival, light: bool) -> None:
    known = manifests.of_batch(services, arrival.site, arrival.batch)
    judged = _judge(services, arrival, known, light)
    _replace_earlier(services, arrival, judged, light)
    settle(services, arrival, judged)
    context.remember(services, arrival, judged)
    _have_translated(services, arrival, judged)
    if judged.assessment.outcome is Outcome.RELEASED and not light:  # it may have been held before
        case = CaseId(arrival.site, arrival.object_key, arrival.event.generation)
        quarantine.clear(services.storage, services.settings.quarantine_bucket, case)
    manifests.recheck(services, arrival, judged, known)
    found = judged.assessment
    if found.kind in REPORTS:
        _look_again(services, arrival, known, judged)
    shown = {
        "outcome": str(found.outcome),
        "kind": str(found.kind),
        **({"code": str(found.code)} if found.code else {}),
    }
    safelog.event("settled", object_key=arrival.object_key, bytes=arrival.event.size, **shown)


def _have_translated(services: Services, arrival: Arrival, judged: Judged) -> None:
    """Hand the translation on: it is heavy, and its engine may be away."""
    report, targets = judged.assessment.report, services.settings.translate_to
    if report is not None and any(lang != report.lang for lang in targets):
        tasks.submit(services, arrival, "translate", again=f"turn{judged.turn}")


def rejudged(services: Services, arrival: Arrival) -> Judged | None:
    """The judgement of an object as it would be now, without any effect; None when its owner took it away. Raises TransientError."""
    known = manifests.of_batch(services, arrival.site, arrival.batch)
    try:
        return _judge(services, arrival, known, light=False)
    except ObjectGone:
        _gone(services, arrival)
        return None


def _look_again(services: Services, arrival: Arrival, known: manifests.Known, judged: Judged) -> None:
    """A manifest that came while a report was judged may tell its study. And a judgement that knew more than this one may have ended before:
    then it is made once more, so that what it released, held and told the site is what is there in the end.
    """
    now = manifests.of_batch(services, arrival.site, arrival.batch)
    turn = now.turn + receipts.decisions(services, arrival)
    if now.names != known.names:
        context.again(services, arrival, f"seen{now.turn}")
    elif turn > judged.turn:
        tasks.submit(services, arrival, again=f"overtaken{turn}")


def _replace_earlier(services: Services, arrival: Arrival, judged: Judged, light: bool) -> None:
    """What an earlier judgement has released gives way to this one, before there is a receipt that says so."""
    found = judged.assessment
    if found.outcome is Outcome.PENDING:
        return
    if judged.mismatched and found.code is not None:
        retract(services, arrival, judged.turn, found.code)
    elif not light:
        supersede(services, arrival, judged.turn, released_names(found), found.code)


def give_up(services: Services, event: StorageEvent) -> None:
    """Hold an object that failed in a way nobody foresaw; what an earlier delivery of the event has settled stays as it is."""
    arrival = arrive(services, event)
    if arrival is not None and not receipts.is_settled(services, arrival):
        hold_unexplained(services, arrival)


def hold_unexplained(services: Services, arrival: Arrival) -> None:
    """Quarantine as `internal_error`, unread: whatever reading it does wrong is not done again."""
    held = Assessment.held(Code.INTERNAL_ERROR, "unexpected_fault", status="corrupt")
    try:
        settle(services, arrival, Judged(held, None))
    except ObjectGone:
        _gone(services, arrival)


def _judge(services: Services, arrival: Arrival, known: manifests.Known, light: bool) -> Judged:
    if arrival.event.size > services.settings.max_bytes:
        return Judged(Assessment.held(Code.RESOURCE_LIMIT, "object_too_large"), None)
    if known.gate_closed:
        return _waits("waits_for_manifest")
    if light and arrival.event.size > LIGHT_MAX_BYTES:
        return _waits("handed_on")
    # Counted before anything is looked at: a turn never claims to have known what came while it judged.
    turn = known.turn if light else known.turn + receipts.decisions(services, arrival)
    try:
        data = original.read(services, arrival, first=light)
    except PermanentError as error:
        if error.code is not Code.RESOURCE_LIMIT:
            raise
        return Judged(Assessment.held(error.code, error.detail), None)
    sha256 = mapped.sha256_of(data)
    tools = services.tools(arrival.site)
    around = context.around(services, arrival, known)
    assessment = assess(data, tools, light=light, around=around)
    reviewed = assessment.raw is not None or assessment.kind in REPORTS
    if assessment.code in _REVIEW and reviewed and receipts.is_approved(services, arrival, assessment.code):
        masks = receipts.approved_masks(services, arrival, assessment.code)
        assessment = assess(data, tools, waived=frozenset({assessment.code}), around=replace(around, masks=masks))
    if assessment.detail == "waits_for_context" and _waits_in_vain(services, arrival):
        assessment = replace(assessment, outcome=Outcome.QUARANTINED, code=Code.MISSING_CONTEXT, detail="")
    code = known.mismatch(arrival.path, sha256, len(data), manifests.accession_of(assessment.raw))
    if code is not None:
        assessment = replace(assessment, outcome=Outcome.QUARANTINED, code=code, detail="", clean=None, report=None)
    return Judged(assessment, sha256, mismatched=code is not None, turn=turn)


def _waits_in_vain(services: Services, arrival: Arrival) -> bool:
    """Whether a report has waited too long, or had an outcome by a link that has proven wrong since."""
    return context.is_overdue(services, arrival) or receipts.is_settled(services, arrival)


def _waits(why: str) -> Judged:
    return Judged(Assessment(Outcome.PENDING, Code.PENDING, why, Kind.OTHER, None), None)
