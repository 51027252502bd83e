"""Names in every corner of every format: what is released shows none of them by any view, the rest is held with a code, all within limits."""

import time
from pathlib import Path

import pytest

from dicomlake.pipeline import local
from dicomlake.pipeline.local import Layout, Order
from tests.dicom.builders import instance
from tests.reports.hostile import KINDS, NEVER, PEOPLE, Person
from tests.reports.views import seen

# A kind each for the people in turn; `make fuzz` takes every kind of everybody.
FEW = (
    "object_streams.pdf earlier_revision.pdf form.pdf notes.pdf corners.pdf unseen_text.pdf marked_content.pdf scan_with_layer.pdf corners.rtf "
    "corners.docx picture.docx delimiters.hl7 table.csv bundle.json "
    "escapes.hl7 document.hl7 scan.hl7 narrative.xml nested.xml hidden.txt utf16.txt locked.pdf looping_tables.pdf "
    "looping_pages.pdf truncated.rtf entities.docx broken_document.hl7 entities.xml deep.xml"
).split()
MAY_BE_HELD = frozenset({"type3.pdf", "nested.xml", "unseen_text.pdf"})
MOST_SECONDS = 30


def through(folder: Path, person: Person, names: list[str], pdf: str = "rebuilt") -> dict[str, local.Line]:
    """The whole path over files of one study, beside one picture that tells whose they are."""
    (folder / "in").mkdir(parents=True)
    family, given = person.family, person.given
    header = {"PatientName": f"{family}^{given}", "PatientID": person.number, "PatientBirthDate": person.birth.replace("-", ""),
              "AccessionNumber": person.accession, "ReferringPhysicianName": f"{person.physician.split()[-1]}^{person.physician.split()[0]}",
              "InstitutionName": person.hospital, "SpecificCharacterSet": "ISO_IR 192"}  # fmt: skip
    (folder / "in" / "1.dcm").write_bytes(instance(**header))
    for name in names:
        (folder / "in" / name).write_bytes(KINDS[name](person))
    order = Order(
        folder / "in", folder / "out", "clinic-a", "research", b"a key of these tests", Layout.MIRROR, pdf_copy=pdf
    )
    return {line.input: line for line in local.run(order, local.inputs(order), 1)}


def leaks(folder: Path, person: Person) -> list[tuple[str, str, str]]:
    """(file, view, string) of everything planted that the copies show."""
    copies = [path for path in sorted((folder / "out").rglob("*")) if path.is_file() and path.suffix != ".dcm"]
    return [(path.name, *one) for path in copies for one in seen(path.read_bytes(), person.planted)]


def check(folder: Path, person: Person, names: list[str], pdf: str = "rebuilt") -> dict[str, local.Line]:
    began = time.monotonic()
    lines = through(folder, person, names, pdf)
    assert time.monotonic() - began < MOST_SECONDS * len(names)
    assert leaks(folder, person) == []
    for name in names:
        line = lines[name]
        assert line.code != "internal_error", name
        assert (line.outcome == "released") != (line.code is not None and line.outcome == "quarantined"), name
        if name in NEVER:
            assert line.outcome == "quarantined", name
    return lines


def held(lines: dict[str, local.Line], names: list[str]) -> list[str]:
    """What was held though it could have been read."""
    return [name for name in names if name not in NEVER | MAY_BE_HELD and lines[name].outcome != "released"]


def test_no_view_of_what_is_released_shows_a_planted_name(tmp_path: Path) -> None:
    for number, person in enumerate(PEOPLE):
        names = FEW[number :: len(PEOPLE)]
        assert held(check(tmp_path / person.lang, person, names), names) == []


@pytest.mark.whole
@pytest.mark.parametrize("pdf", ["rebuilt", "pictured"])
@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.lang)
def test_every_kind_of_everybody(person: Person, pdf: str, tmp_path: Path) -> None:
    names = [name for name in KINDS if pdf == "rebuilt" or name.endswith(".pdf")]
    lines = check(tmp_path, person, names, pdf)
    assert sum(lines[name].outcome == "released" for name in names if name not in NEVER) > 0.6 * (
        len(names) - len(NEVER)
    )
