"""`python training/train.py CORPUS_FOLDER [spanish|general]`: trains both models of `deid_rules/text/`, or one, and writes the hashes to `models.yaml`.

CORPUS_FOLDER holds `meddocan_train.jsonl.gz` and `*_inject_A.jsonl` (README.md beside this file). Two processes, one per model.
"""

import gzip
import hashlib
import json
import random
import sys
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator
from multiprocessing import Process
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "functions")]

from documents import LANGUAGES, Writer  # noqa: E402

from dicomlake.reports.recognise import Label, Recogniser  # noqa: E402
from dicomlake.reports.recognise.features import FeatureMaker  # noqa: E402
from dicomlake.reports.recognise.meddocan import LABELS  # noqa: E402
from dicomlake.reports.recognise.tokens import lines_of  # noqa: E402

Spans = list[tuple[int, int, str]]
Document = tuple[str, Spans]
TARGET = HERE.parent / "deid_rules" / "text"
SEED = 20261124
DOCUMENTS_PER_LANGUAGE, MEDDOCAN_DOCUMENTS, INJECTED_PER_LANGUAGE = 640, 150, 60  # of the general model
SWAPPED = 2  # how often the Spanish model sees each line with other names and places in it
MAX_BYTES = 3 << 20
# What each model is trained with; L-BFGS of CRFsuite.
PARAMETERS = {
    "spanish": {"c1": 0.1, "c2": 0.02, "max_iterations": 60, "feature.minfreq": 3},
    "general": {"c1": 0.75, "c2": 0.02, "max_iterations": 50, "feature.minfreq": 4},
}
TRAINED_FOR = {"spanish": ["es"], "general": list(LANGUAGES)}
# Types of which one value may stand for another.
_SWAPPED_TYPES = frozenset(
    "TERRITORIO HOSPITAL CALLE INSTITUCION NOMBRE_SUJETO_ASISTENCIA NOMBRE_PERSONAL_SANITARIO CENTRO_SALUD PAIS PROFESION "
    "FAMILIARES_SUJETO_ASISTENCIA".split()
)
_TOLD_ONLY = (Label.SEX, Label.RELATIVE, Label.AGE, Label.PROFESSION, Label.OTHER)


def main(corpus: Path, names: Collection[str] = tuple(PARAMETERS)) -> None:
    """Train those named, write files and hashes."""
    started = time.monotonic()
    jobs = [Process(target=train, args=(name, corpus)) for name in names]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
        if job.exitcode:
            sys.exit("training failed")
    entries = {}
    for name in PARAMETERS:
        path = TARGET / f"{name}.crfsuite.gz"
        entries[name] = {
            "file": path.name,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "languages": TRAINED_FOR[name],
        }
    size = sum((TARGET / entry["file"]).stat().st_size for entry in entries.values())
    if size > MAX_BYTES:
        sys.exit(f"the models take {size} bytes, more than {MAX_BYTES}")
    head = "# Trained models: written by training/train.py, described in training/README.md. A file that is not its hash is refused.\n"
    (TARGET / "models.yaml").write_text(head + yaml.safe_dump({"models": entries}, sort_keys=False), encoding="utf-8")
    print(f"{size / 1e6:.2f} MB, {time.monotonic() - started:.0f} s")


def train(name: str, corpus: Path) -> None:
    """One model from its documents."""
    import pycrfsuite

    recogniser = Recogniser.load()
    features = FeatureMaker(recogniser.words)
    trainer = pycrfsuite.Trainer(verbose=False, algorithm="lbfgs")
    trainer.set_params(PARAMETERS[name])
    for text, spans in documents(name, corpus):
        _append(trainer, recogniser, features, text, spans)
    if name == "spanish":
        for text, spans in swapped(list(documents(name, corpus))):
            _append(trainer, recogniser, features, text, spans, only=_SWAPPED_TYPES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        trainer.train(str(path))
        (TARGET / f"{name}.crfsuite.gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))


def _append(trainer, recogniser, features, text: str, spans: Spans, only: frozenset[str] = frozenset()) -> None:
    """A document's lines, of which `only` those with one of some types, if any are given."""
    token_lines = lines_of(text)
    for rows, tags in zip(features.of(token_lines, recogniser.marks(text)), tags_of(token_lines, spans), strict=True):
        if not only or any(tag[2:] in only for tag in tags):
            trainer.append(rows, tags)


def documents(name: str, corpus: Path) -> Iterator[Document]:
    """What a model learns from. The Spanish one keeps the 22 types of MEDDOCAN, the general one has the plain labels."""
    meddocan = list(lines(corpus / "meddocan_train.jsonl.gz"))
    if name == "spanish":
        yield from meddocan
        return
    for text, spans in meddocan[:MEDDOCAN_DOCUMENTS]:
        yield text, plain_spans(text, spans)
    for lang in LANGUAGES:
        yield from list(lines(corpus / f"{lang}_inject_A.jsonl"))[:INJECTED_PER_LANGUAGE]
    writer = Writer(SEED)
    for lang in LANGUAGES:
        for _ in range(DOCUMENTS_PER_LANGUAGE):
            yield writer.document(lang)


def swapped(given: list[Document]) -> Iterator[Document]:
    """The documents with names and places of each other."""
    chance = random.Random(SEED)
    values: dict[str, list[str]] = {}
    for text, spans in given:
        for start, end, kind in spans:
            values.setdefault(kind, []).append(text[start:end])
    values = {kind: sorted(set(texts)) for kind, texts in values.items()}
    for _ in range(SWAPPED):
        for text, spans in given:
            made, places, pos = "", [], 0
            for start, end, kind in sorted(spans):
                made += text[pos:start]
                new = kind in _SWAPPED_TYPES and chance.random() < 0.8
                value = chance.choice(values[kind]) if new else text[start:end]
                places.append((len(made), len(made) + len(value), kind))
                made, pos = made + value, end
            yield made + text[pos:], places


def lines(path: Path) -> Iterator[Document]:
    """Text and spans of each line of a corpus file."""
    opened = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")
    with opened as file:
        for line in file:
            given = json.loads(line)
            yield given["text"], [(start, end, label) for start, end, label in given["spans"]]


def plain_spans(text: str, spans: Spans) -> Spans:
    """MEDDOCAN's types as plain labels; what only tells (ages under 90, sex, relatives) is nothing to the general model."""
    plain = []
    for start, end, fine in spans:
        label = LABELS[fine]
        if label is Label.RELATIVE and text[start].isupper():
            label = Label.NAME
        if label not in _TOLD_ONLY:
            plain.append((start, end, str(label)))
    return plain


def tags_of(token_lines: list[list], spans: Iterable[tuple[int, int, str]]) -> Iterator[list[str]]:
    """B-X, I-X or O for each token of each line."""
    left = sorted(spans)
    for line in token_lines:
        tags = []
        for token in line:
            while left and left[0][1] <= token.start:
                left.pop(0)
            inside = bool(left) and left[0][0] < token.end
            tags.append(f"{'B' if token.start <= left[0][0] else 'I'}-{left[0][2]}" if inside else "O")
        yield tags


if __name__ == "__main__":
    if len(sys.argv) < 2 or not PARAMETERS.keys() >= set(sys.argv[2:]):
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:] or tuple(PARAMETERS))
