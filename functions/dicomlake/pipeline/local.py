"""The pipeline on local files: a folder in, de-identified files and one report line per input out; no cloud, no emulator.

Called by `dicomlake deidentify`. Judges with the same `assess` as the functions do. What is held is not written anywhere: the
original is still where it was, and the line says why. Where there are reports without a header, all headers and messages are read first, so
that a report is cleaned with what is known of its study, whatever the order of the files.
"""

import csv
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from dicomlake import settings as environment
from dicomlake.batches import is_manifest_name
from dicomlake.dicom.maps import patient_row, uid_map
from dicomlake.errors import Code, ConfigError, PermanentError
from dicomlake.pipeline import mapped
from dicomlake.pipeline.assess import Assessment, Outcome, Tools, assess, identity_of
from dicomlake.pipeline.pictures import Pictures
from dicomlake.pipeline.route import Kind
from dicomlake.pipeline.services import site_tools
from dicomlake.pipeline.surroundings import Surroundings, surroundings
from dicomlake.pixels import PixelWorker
from dicomlake.pseudonyms import Domain, DomainKey
from dicomlake.rules import load_pixel_routes, load_pixel_rules, load_profile, load_site

if TYPE_CHECKING:
    from dicomlake.pipeline.translation import Translation
    from dicomlake.reports.clean import CleanReport


class Layout(StrEnum):
    """How outputs are named: `mirror` keeps the relative path (identified side only), `uid` is made of pseudonyms."""

    MIRROR = "mirror"
    UID = "uid"


@dataclass(frozen=True)
class Order:
    """What to do: folders, whose rules, which key. `secret` is the research key's bytes, `maps` where lists of old and new UIDs and
    patients go, `preview` where pictures before and after go (None: nowhere); `threads` is how many a picture may keep busy.
    """

    source: Path
    destination: Path
    site: str
    profile: str
    secret: bytes
    layout: Layout = Layout.MIRROR
    rules_root: Path | None = None
    max_bytes: int = 64 << 30
    maps: Path | None = None
    preview: Path | None = None
    threads: int = 1
    surroundings: Surroundings = field(default_factory=Surroundings, repr=False)
    taken: frozenset[str] = field(default_factory=frozenset, repr=False)
    unlinked: bool = False
    pdf_copy: str = "rebuilt"
    translate_to: str = ""
    translate_url: str = ""

    @property
    def root(self) -> Path:
        """The folder that relative paths start from."""
        return self.source if self.source.is_dir() else self.source.parent


@dataclass
class Maps:
    """Old and new of what was released: UIDs, and patients as (PatientID, issuer, study without an id, key). Identified side only."""

    uids: dict[str, str] = field(default_factory=dict, repr=False)
    patients: set[tuple[str, str, str, str]] = field(default_factory=set, repr=False)

    def write(self, folder: Path) -> None:
        """`uids.csv` and `patients.csv`, readable by their owner alone."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _csv(folder / "uids.csv", ("old_uid", "new_uid"), sorted(self.uids.items()))
        _csv(
            folder / "patients.csv",
            ("PatientID", "IssuerOfPatientID", "StudyInstanceUID", "patient"),
            sorted(self.patients),
        )


def _csv(path: Path, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline=""
    ) as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


@dataclass(frozen=True)
class Line:
    """One input and what became of it; `output` is relative to the destination."""

    input: str
    outcome: str
    code: str | None
    output: str | None
    kind: str
    detail: str


def inputs(order: Order) -> list[Path]:
    """Every regular file below the source, sorted. Links are not followed. Raises ConfigError when the folders cannot be used."""
    source, destination = order.source.resolve(), order.destination.resolve()
    if not source.exists():
        raise ConfigError("SRC does not exist")
    if destination.exists() and not destination.is_dir():
        raise ConfigError("DST is a file; name a folder")
    if source == destination or destination.is_relative_to(source) or source.is_relative_to(destination):
        raise ConfigError("SRC and DST must lie apart, neither inside the other")
    if order.maps is not None and order.maps.resolve().is_relative_to(destination):
        raise ConfigError("--maps must not lie inside DST: the lists name patients")
    if order.preview is not None and order.preview.resolve().is_relative_to(destination):
        raise ConfigError("--preview must not lie inside DST: the pictures show what was burned in")
    if source.is_file():
        return [order.source]
    files = sorted(path for path in order.source.rglob("*") if path.is_file() and not path.is_symlink())
    if not files:
        raise ConfigError("SRC holds no files (links are not followed)")
    return files


def left_out(order: Order) -> int:
    """How many entries below the source are links or no regular files, which are not read."""
    if order.source.is_file():
        return 0
    return sum(1 for path in order.source.rglob("*") if path.is_symlink() or not (path.is_file() or path.is_dir()))


def run(order: Order, files: list[Path], jobs: int) -> Iterator[Line]:
    """De-identify `files` with `jobs` worker processes; yields a line per file in the order given. Raises ConfigError before any work."""
    tools = make_tools(order)  # A broken rule file or key is said once and now, not once per file.
    order.destination.mkdir(parents=True, exist_ok=True)
    order = replace(order, surroundings=surroundings(order, files, tools, jobs), taken=_taken(order, files))
    seen: set[str] = set()
    maps = Maps()
    with _pool(order, tools, jobs) as pool:
        for path, future in _ahead(pool, files, window=jobs * 8):
            if future.exception() is None:
                maps.uids |= future.result()[2].uids
                maps.patients |= future.result()[2].patients
            line = _line(path.relative_to(order.root), future)
            if order.layout is Layout.UID and line.output is not None:
                if line.output in seen:
                    line = Line(line.input, Outcome.DUPLICATE, Code.DUPLICATE, line.output, line.kind, "")
                seen.add(line.output or "")
            yield line
    if order.maps is not None:
        maps.write(order.maps)


def make_tools(order: Order) -> Tools:
    """Rules and keys of an order."""
    key = DomainKey.from_secret(order.secret, Domain.RESEARCH).site(order.site)
    rules = load_site(order.site, order.rules_root)
    profile = load_profile(order.profile, order.rules_root)
    pixel_rules = load_pixel_rules(order.rules_root)
    look = Pictures(PixelWorker(pixel_rules, order.threads), pixel_rules, order.site, preview=order.preview is not None)
    routes = load_pixel_routes(order.rules_root)
    return site_tools(profile, routes, key, rules, look, order.rules_root, pdf_copy=order.pdf_copy)


# An object judged, the name of its copy, and its lists.
Worked = tuple[Assessment, str | None, Maps]


class _Worker:
    """What a worker process keeps between files: the order and its tools."""

    order: Order
    tools: Tools
    translation: "Translation | None" = None

    @classmethod
    def start(cls, order: Order, tools: Tools | None = None) -> None:
        cls.order = order
        cls.tools = tools or make_tools(order)
        if order.translate_to:
            from dicomlake.pipeline.translation import translation_for

            settings = replace(environment.load(), translate_url=order.translate_url)
            cls.translation = translation_for(settings)


def _pool(order: Order, tools: Tools, jobs: int) -> Executor:
    """A process makes tools of its own: those of a picture hold a child."""
    if jobs == 1:
        return ThreadPoolExecutor(1, initializer=_Worker.start, initargs=(order, tools))
    return ProcessPoolExecutor(jobs, initializer=_Worker.start, initargs=(order,))


def _ahead(pool: Executor, files: list[Path], window: int) -> Iterator[tuple[Path, "Future[Worked]"]]:
    """Futures in order, at most `window` of them ahead of the one yielded."""
    waiting: list[tuple[Path, Future[Worked]]] = []
    for path in files:
        waiting.append((path, pool.submit(_work, path)))
        if len(waiting) > window:
            yield waiting.pop(0)
    yield from waiting


def _work(path: Path) -> Worked:
    order = _Worker.order
    try:
        data = mapped.of_file(path, order.max_bytes)
    except PermanentError as error:
        return Assessment.held(error.code, error.detail), None, Maps()
    relative = path.relative_to(order.root).as_posix()
    if is_manifest_name(relative):  # it has told what it can, and names accession numbers
        return Assessment(Outcome.IGNORED, None, "manifest", Kind.MANIFEST, None), None, Maps()
    around = order.surroundings.around(relative, _Worker.tools, alone=order.unlinked)
    assessment = assess(data, _Worker.tools, around=around)
    if assessment.detail == "waits_for_context":  # nothing more will come here
        return Assessment.held(Code.MISSING_CONTEXT, "study_not_known", assessment.kind), None, Maps()
    if order.preview is not None and assessment.preview is not None:
        shown = path.relative_to(order.root)
        _write(order.preview / shown.with_name(f"{shown.name}.png"), (assessment.preview,))
    if assessment.clean is not None:
        mirrored = order.layout is Layout.MIRROR
        name = path.relative_to(order.root).as_posix() if mirrored else assessment.clean.object_name
        _write(order.destination / name, assessment.clean.chunks())
    elif assessment.report is not None:
        name = _write_report(path, order, assessment.report)
        assessment = _translated(path, order, assessment)
    else:
        return assessment, None, Maps()
    return assessment.summary(), name, _maps(assessment) if order.maps else Maps()


def _write_report(path: Path, order: Order, report: "CleanReport") -> str:
    """Write the files of a report; returns the name of the first."""
    names = []
    for file in report.files:
        name = report.object_name(file)
        if order.layout is Layout.MIRROR:
            name = _mirrored(path.relative_to(order.root).as_posix(), file.ending, order.taken)
        _write(order.destination / name, (file.data,))
        names.append(name)
    return names[0]


def _translated(path: Path, order: Order, assessment: Assessment) -> Assessment:
    """Write the translation beside the report; without an answer of the engine the report stands alone, and the line says so."""
    translation, report = _Worker.translation, assessment.report
    if translation is None or report is None or order.translate_to == report.lang:
        return assessment
    from dicomlake.reports.translate import EngineDown, NoSuchPair

    try:
        _write_report(path, order, translation.of_report(report, order.translate_to))
    except NoSuchPair:
        return replace(assessment, detail="no_engine_for_language")
    except EngineDown:
        return replace(assessment, detail="not_translated")
    return assessment


def _mirrored(name: str, ending: str, taken: frozenset[str]) -> str:
    """The input's own name with the ending of what it has become; never the name of another input."""
    stem, _, suffix = name.rpartition(".")
    if ending == f".{suffix.lower()}":
        return name
    if stem and ending.count(".") == 2 and ending.endswith(f".{suffix.lower()}"):  # a.pdf becomes a.es.pdf
        name, ending = stem, ending
    wanted = name + ending
    return wanted if wanted not in taken else f"{name}.clean{ending}"


def _taken(order: Order, files: list[Path]) -> frozenset[str]:
    return frozenset(path.relative_to(order.root).as_posix() for path in files)


def _maps(assessment: Assessment) -> Maps:
    raw, tools = assessment.raw, _Worker.tools
    if raw is None:
        return Maps()
    return Maps(uid_map(raw, tools.key), {patient_row(raw, tools.key, identity_of(raw, tools.identity))})


def _write(target: Path, parts: "Iterable[bytes | memoryview]") -> None:
    """All or nothing: written beside its place, then moved there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{os.getpid()}.partial")
    with partial.open("wb") as file:
        file.writelines(parts)
    partial.replace(target)


def _line(path: Path, future: "Future[Worked]") -> Line:
    error = future.exception()
    if isinstance(error, OSError):
        return Line(
            path.as_posix(), Outcome.QUARANTINED, Code.INTERNAL_ERROR, None, "other", "file_not_readable_or_writable"
        )
    if error is not None:
        return Line(path.as_posix(), Outcome.QUARANTINED, Code.INTERNAL_ERROR, None, "other", "unexpected_fault")
    assessment, output, _ = future.result()
    return Line(path.as_posix(), assessment.outcome, assessment.code, output, assessment.kind, assessment.detail)
