"""`text/subject.yaml` in, the labels behind which a report names its own patient out. Called by `pipeline/stated.py`."""

from dataclasses import dataclass
from pathlib import Path

from dicomlake.rules.paths import rules_dir
from dicomlake.rules.reader import RuleFiles

FILE = "text/subject.yaml"


@dataclass(frozen=True, slots=True)
class SubjectLabels:
    """`name` and `id`: labels in small letters without accents."""

    name: tuple[str, ...]
    id: tuple[str, ...]


def load_subject_labels(root: Path | None = None) -> SubjectLabels:
    """Read and check the file. Raises ConfigError, which names file, line and field."""
    fields = RuleFiles(rules_dir(root)).open(FILE).mapping(("name", "id"))
    name, number = (fields[kind].unique(lambda item: item.text()) for kind in ("name", "id"))
    return SubjectLabels(name, number)
