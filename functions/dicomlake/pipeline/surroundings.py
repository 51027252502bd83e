"""A folder of files in, what is known of their studies out: the first of the two passes of `local.py`, made only where reports need it.

What a manifest (`manifest*.csv`) in the folder says of a file counts first.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from dicomlake.batches import Announced, announced, is_manifest_name, parse_manifest, path_key
from dicomlake.dicom import known_identity, read_raw
from dicomlake.errors import PermanentError
from dicomlake.pipeline.assess import Around, Tools, identity_of
from dicomlake.pipeline.linking import Link, Studies, StudyFacts, clues_of, facts_of_document, facts_of_instance
from dicomlake.pipeline.route import REPORTS, Kind, sniff
from dicomlake.pipeline.stated import stated_link
from dicomlake.pseudonyms import normal_accession
from dicomlake.reports.document import Document

_HEAD = 4096
_MAX_MANIFEST, _MAX_HEADER_FILE = 64 << 20, 1 << 30


class Places(Protocol):
    """The part of a local order that is needed here."""

    @property
    def root(self) -> Path:
        """The folder that relative paths start from."""


@dataclass(frozen=True)
class Surroundings:
    """Studies of a folder, and what its manifests say of files."""

    studies: Studies = field(default_factory=Studies, repr=False)
    said: Announced | None = field(default=None, repr=False)

    def around(self, path: str, tools: Tools, *, alone: bool) -> Around:
        """What surrounds the file at a relative path; `alone` lets a report pass that belongs to no study here and does not say whose it is."""

        def link(document: Document) -> Link | None:
            accession, study = belonging(self.said, path)
            folder = tuple(path.split("/")[:-1])
            found = self.studies.link(clues_of(document, tools.identity, folder, accession, study))
            return found or stated_link(document.text, tools.identity)

        return Around(link, alone=alone)


def belonging(said: Announced | None, path: str) -> tuple[str | None, str | None]:
    """Accession number and study that the manifests give a file, where they agree."""
    lines = said.belongs.get(path_key(path), frozenset()) if said else frozenset()
    accessions, studies = {a for a, _ in lines if a}, {s for _, s in lines if s}
    return (accessions.pop() if len(accessions) == 1 else None, studies.pop() if len(studies) == 1 else None)


def surroundings(order: Places, files: list[Path], tools: Tools, jobs: int) -> Surroundings:
    """Read what tells of studies, if any of the files is a report without a header. Files that cannot be read tell nothing."""
    with ThreadPoolExecutor(max(1, jobs)) as pool:
        kinds = dict(zip(files, pool.map(_kind, files), strict=True))
        if not any(kind in REPORTS for path, kind in kinds.items() if not is_manifest_name(path.name)):
            return Surroundings()
        telling = [path for path, kind in kinds.items() if kind is None or kind is Kind.HL7]
        asked = [pool.submit(_facts, order, path, kinds[path], tools) for path in telling]
        # A file that cannot be read at all tells nothing here, and gets its outcome when its turn comes.
        facts = [future.result() for future in asked if future.exception() is None]
        return Surroundings(Studies(one for one in facts if one is not None), _said(order, files, tools))


def _kind(path: Path) -> Kind | None:
    """What a file is by its first bytes; None for what may be a DICOM object."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return Kind.OTHER
    if head[128:132] == b"DICM":
        return None
    kind = sniff(head)
    return None if kind is Kind.OTHER else kind


def _facts(order: Places, path: Path, kind: Kind | None, tools: Tools) -> StudyFacts | None:
    folder = path.relative_to(order.root).parent.parts
    try:
        if path.stat().st_size > _MAX_HEADER_FILE:
            return None
        data = path.read_bytes()
        if kind is Kind.HL7:
            from dicomlake.reports.clean import known_of
            from dicomlake.reports.extract import message_of

            document = message_of(data)
            return facts_of_document(document, known_of(document), tools.identity, folder)
        raw = read_raw(data)
        known = known_identity(raw, tools.profile)
        return facts_of_instance(raw, identity_of(raw, tools.identity), known, tools.identity, folder)
    except (OSError, PermanentError):
        return None


def _said(order: Places, files: list[Path], tools: Tools) -> Announced:
    manifests = []
    for path in files:
        relative = path.relative_to(order.root).as_posix()
        if is_manifest_name(relative) and path.stat().st_size <= _MAX_MANIFEST:
            try:
                manifests.append(parse_manifest(path.read_bytes(), relative))
            except PermanentError:
                continue
    return announced(manifests, lambda text: normal_accession(tools.identity, text))
