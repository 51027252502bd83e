"""What the manifests of a batch announce, and whether an object that arrived agrees with it. Called for each object and, later, for each manifest."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from dicomlake.batches.manifest import Manifest
from dicomlake.batches.names import path_key
from dicomlake.errors import Code

Normalise = Callable[[str | None], str | None]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A manifest as it arrived: its path inside the batch and its generation."""

    path: str = field(repr=False)
    generation: int
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class Announced:
    """All manifests of a batch in one: per file what each line says of it, accession numbers in normal form, and per file its accession and study."""

    files: Mapping[str, frozenset[tuple[str | None, int | None]]] = field(repr=False)
    accessions: frozenset[str] = field(repr=False)
    belongs: Mapping[str, frozenset[tuple[str | None, str | None]]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Facts:
    """An object that arrived: its path inside the batch, plain SHA-256 (hex), size in bytes, and accession number if it has one."""

    path: str = field(repr=False)
    sha256: str = field(repr=False)
    size: int
    accession_number: str | None = field(default=None, repr=False)


def current(deliveries: Iterable[Delivery]) -> tuple[Manifest, ...]:
    """The manifests that count: of each path the latest generation, in an order that does not depend on arrival."""
    latest: dict[str, Delivery] = {}
    for delivery in deliveries:
        known = latest.get(delivery.path)
        if known is None or known.generation < delivery.generation:
            latest[delivery.path] = delivery
    return tuple(latest[path].manifest for path in sorted(latest))


def announced(manifests: Iterable[Manifest], normalise: Normalise) -> Announced:
    """Add up the manifests of one batch. `normalise` brings an accession number into the site's normal form (`normal_accession`)."""
    files: dict[str, set[tuple[str | None, int | None]]] = {}
    belongs: dict[str, set[tuple[str | None, str | None]]] = {}
    accessions: set[str] = set()
    for manifest in manifests:
        for row in manifest.rows:
            accession = normalise(row.accession_number)
            if accession is not None:
                accessions.add(accession)
            if row.file is not None:
                files.setdefault(row.file, set()).add((row.sha256, row.size))
                if accession is not None or row.study_instance_uid is not None:
                    belongs.setdefault(row.file, set()).add((accession, row.study_instance_uid))
    frozen_files = {path: frozenset(lines) for path, lines in files.items()}
    return Announced(frozen_files, frozenset(accessions), {path: frozenset(owners) for path, owners in belongs.items()})


def mismatch(said: Announced, facts: Facts, normalise: Normalise) -> Code | None:
    """The code of the first disagreement (hash, size, accession), or None. An object no manifest names is not at odds with any.

    Accession numbers are compared only where the manifests list some and the object has one.
    """
    lines = said.files.get(path_key(facts.path), frozenset())
    hashes = {sha256 for sha256, _ in lines if sha256 is not None}
    if hashes and facts.sha256 not in hashes:
        return Code.HASH_MISMATCH
    sizes = {size for _, size in lines if size is not None}
    if sizes and facts.size not in sizes:
        return Code.SIZE_MISMATCH
    accession = normalise(facts.accession_number)
    if said.accessions and accession is not None and accession not in said.accessions:
        return Code.ACCESSION_MISMATCH
    return None
