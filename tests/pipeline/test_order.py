"""Objects, copies, manifests that add up and correct each other, repeated events, woken tasks: whatever the order, the lake is the same."""

import datetime
import hashlib
import io
import random
from typing import Any

import pydicom
import pytest
from hypothesis import settings

from dicomlake.pipeline.arrival import arrive
from dicomlake.pipeline.ingest import ingest
from dicomlake.pipeline.sweep import sweep
from dicomlake.pipeline.work import run_task
from tests.flows.objects import instance, ultrasound
from tests.pipeline.conftest import SITE, Platform

_SHOWN = "outcome, code, detail, retracted, conflict, operations_outcome, research_outcome, status, kind"


class Trial:
    """One delivery of the same batches, under names and patients of its own, in an order of its own."""

    def __init__(self, platform: Platform, number: int) -> None:
        self.platform, self.number = platform, number
        self.chance = random.Random(number)
        patient = 1000 + number
        self.contents = {study: instance(patient=patient, study=study) for study in (1, 2, 3)}
        self.contents |= {study: ultrasound_of(patient, study) for study in (5, 6)}
        self.contents[0] = instance(patient=patient, study=1, SliceThickness=9)
        first = f"accession_number\nACCQ{patient}01\nACCQ{patient}02\nACCQ{patient}05\n"
        second = f"accession_number,file,sha256\nACCQ{patient}02,changed,{'0' * 64}\n"
        right = f"accession_number,file,sha256\nACCQ{patient}01,good,{hashlib.sha256(self.contents[1]).hexdigest()}\n"
        self.events = {
            name: platform.put(self.named(name), data)
            for name, data in (
                ("batch/good", self.contents[1]),
                ("batch/copy", self.contents[1]),
                ("batch/changed", self.contents[2]),
                ("batch/stranger", self.contents[3]),
                ("batch/us", self.contents[5]),
                ("batch/us stranger", self.contents[6]),
                ("batch/text", b"Accession: ACCQ%d01\nFindings: a nodule of 12 mm." % patient),
                ("other/conflict", self.contents[0]),
                ("other/stranger", self.contents[3]),
                ("other/changed", self.contents[2]),
                ("batch/manifest-1.csv", first.encode()),
                ("batch/manifest-2.csv", second.encode()),
                ("batch/manifest-3.csv", right.encode()),
            )
        }

    def named(self, name: str) -> str:
        return name.replace("/", f"-{self.number}/", 1)

    def deliver(self) -> None:
        """Each event one to three times, in any order, mixed with the tasks that come of them."""
        waiting = [event for event in self.events.values() for _ in range(self.chance.randint(1, 3))]
        while True:
            waiting += self.platform.task_events()
            if not waiting:
                return
            event = waiting.pop(self.chance.randrange(len(waiting)))
            flow = run_task if event.name.startswith("tasks/") else ingest
            for _ in range(self.chance.choice((1, 1, 2))):
                flow(self.platform.services, event)
            if self.chance.random() < 0.05:
                sweep(self.platform.services, datetime.timedelta(0))

    def lake(self) -> dict[str, Any]:
        """What is to be seen, by the names that do not differ between trials."""
        platform, settings = self.platform, self.platform.services.settings
        names = {event.generation: name for name, event in self.events.items()}
        numbers = ", ".join(map(str, names))
        rows = platform.rows(f"SELECT generation, {_SHOWN} FROM `clinic.receipts` WHERE generation IN ({numbers})")
        key = platform.services.research(SITE)
        studies = {
            key.uid(pydicom.dcmread(io.BytesIO(data)).StudyInstanceUID): study
            for study, data in sorted(self.contents.items())
        }
        arrivals = {name: arrive(platform.services, event) for name, event in self.events.items()}
        held = {arrival.object_key: name for name, arrival in arrivals.items() if arrival is not None}
        instances = platform.rows("SELECT StudyInstanceUID AS study, conflict FROM `research.instances`")
        return {
            "receipts": {names[row.pop("generation")]: row for row in rows},
            "instances": sorted((studies[r["study"]], r["conflict"]) for r in instances if r["study"] in studies),
            "objects": sorted(
                studies[study]
                for name in platform.names(settings.research_bucket)
                if (study := name.split("/")[1]) in studies
            ),
            "held": sorted(
                held[name.split("/")[1]]
                for name in platform.names(settings.quarantine_bucket)
                if name.endswith("/note.json") and name.split("/")[1] in held
            ),
            "unfinished": platform.state("tasks/") + platform.state("pending/"),
        }


def ultrasound_of(patient: int, study: int) -> bytes:
    """A picture that is held for review, of a study of its own."""
    template = pydicom.dcmread(io.BytesIO(ultrasound()))
    return instance(
        patient=patient, study=study, SOPClassUID=template.SOPClassUID, Modality="US", BurnedInAnnotation="YES"
    )


@pytest.mark.timeout(0)
@pytest.mark.slow
def test_any_order_and_any_repetition_leave_the_same_lake(platform: Platform) -> None:
    trials = 100 if settings.get_current_profile_name() == "fuzz" else 5
    expected: dict[str, Any] = {}
    for number in range(trials):
        trial = Trial(platform, number)
        trial.deliver()
        found = trial.lake()
        assert found == (expected or found), f"order {number}"
        expected = found
    assert {name: row["code"] for name, row in expected["receipts"].items()} == {
        "batch/good": "conflict",
        "batch/copy": "duplicate",
        "batch/changed": "hash_mismatch",
        "batch/stranger": "accession_mismatch",
        "batch/us": "pixel_phi_suspected",
        "batch/us stranger": "accession_mismatch",
        "batch/text": None,
        "other/conflict": "conflict",
        "other/stranger": None,
        "other/changed": None,
        "batch/manifest-1.csv": None,
        "batch/manifest-2.csv": None,
        "batch/manifest-3.csv": None,
    }
    assert expected["unfinished"] == []


def test_a_corrected_manifest_gives_back_what_the_wrong_one_took(platform: Platform) -> None:
    """A retraction by a manifest lasts as long as the manifests say so, whether the object came before it or after."""
    before = platform.arrive("wrong/before", instance(patient=2001))
    platform.arrive("wrong/manifest.csv", b"accession_number\nMISTYPED\n")
    platform.work()
    after = platform.arrive("wrong/after", instance(patient=2002))
    platform.work()
    assert {platform.settled(before), platform.settled(after)} == {("quarantined", "accession_mismatch")}
    assert platform.names(platform.services.settings.research_bucket) == []
    platform.arrive("wrong/manifest.csv", b"accession_number\nACCQ200101\nACCQ200201\n")
    platform.work()
    assert {platform.settled(before), platform.settled(after)} == {("released", None)}
    key = platform.services.research(SITE)
    for patient in (2001, 2002):
        study = key.uid(str(pydicom.dcmread(io.BytesIO(instance(patient=patient))).StudyInstanceUID))
        rows = platform.rows(f"SELECT object FROM `research.instances` WHERE StudyInstanceUID = '{study}'")
        assert [row["object"] for row in rows if platform.names("demo-research", row["object"])]
    assert platform.names(platform.services.settings.quarantine_bucket) == []


def test_a_decision_taken_back_and_taken_again_counts(platform: Platform) -> None:
    """Released, held by a later judgement, released once more: the last word counts on both sides."""
    event = platform.arrive("again/a", instance(patient=2003))
    for number, (text, outcome) in enumerate((("OTHER", "quarantined"), ("ACCQ200301", "released")) * 2):
        platform.arrive("again/manifest.csv", f"accession_number\n{text}\n{'X' * (number + 1)}\n".encode())
        platform.work()
        assert platform.settled(event)[0] == outcome
        assert len(platform.names(platform.services.settings.research_bucket)) == (outcome == "released")
