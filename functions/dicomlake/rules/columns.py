"""`text/columns.yaml` in, what a label of a column, cell or line says about the value it stands for out. Called by `reports/placed.py`."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dicomlake.rules.paths import rules_dir
from dicomlake.rules.reader import RuleFiles

FILE = "text/columns.yaml"
PATIENTS, CLINICAL, DATES = "patients", "clinical", "dates"
KINDS = (PATIENTS, "ids", "names", "births", DATES, "phones", "emails", "places", "hospitals", "ages", "jobs", CLINICAL)
_PARTS = ("subjects", "numbers", "days", "tables_only")
_LONGEST = 60  # characters
_IN_BRACKETS = re.compile(r"(?<=\w)\s*[(\[][^)\]]*[)\]]")
_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])")


@dataclass(frozen=True)
class Columns:
    """Labels in small letters without accents, and the kind of what stands behind each (one of `KINDS`)."""

    kinds: Mapping[str, str]
    subjects: tuple[str, ...]
    numbers: frozenset[str]
    days: frozenset[str]
    tables_only: frozenset[str]

    def kind_of(self, label: str) -> str | None:
        """The kind of value a label announces; None for a label nobody knows."""
        plain = plain_label(label)
        if not plain:
            return None
        about = self._without_subject(plain)
        if about != plain and about in self.numbers:
            return PATIENTS
        kind = self.kinds.get(plain) or self.kinds.get(about)
        if kind is None and about == "" and plain:
            return "names"  # "patient" alone
        if kind is None and not self.days.isdisjoint(plain.split()):
            return DATES
        return kind

    def is_subject(self, label: str) -> bool:
        """Whether a label is no more than a word for the patient, behind which as often a sentence stands."""
        return self._without_subject(plain_label(label)) == ""

    def kind_in_line(self, label: str) -> str | None:
        """The same for a label before a value on one line, where some labels are more often the beginning of a sentence."""
        return None if plain_label(label) in self.tables_only else self.kind_of(label)

    def _without_subject(self, plain: str) -> str:
        for subject in self.subjects:
            if plain == subject:
                return ""
            if plain.startswith(f"{subject} "):
                return plain[len(subject) + 1 :]
            if plain.endswith(f" {subject}"):
                return plain[: -len(subject) - 1]
        return plain


def plain_label(label: str) -> str:
    """A label in the form of the file: "PatientLast_Name:" is "patient last name". Empty for what is none: too long, or a number."""
    if len(label) > _LONGEST or re.search(r"\d{3}", label):
        return ""
    spaced = _CAMEL.sub(" ", _IN_BRACKETS.sub(" ", label)).casefold()
    letters = (c for c in unicodedata.normalize("NFKD", spaced) if not unicodedata.combining(c))
    words = re.findall(r"[^\W_]+", "".join(letters).replace("ß", "ss"))
    while len(words) > 1 and words[-1].isdecimal():  # "phone 2"
        words.pop()
    return re.sub(r"(?<=[a-z]{3})\d$", "", " ".join(words))


@cache
def load_columns(root: Path | None = None) -> Columns:
    """Read and check the file. Raises ConfigError, which names file, line and field."""
    fields = RuleFiles(rules_dir(root)).open(FILE).mapping((*_PARTS, *KINDS))
    subjects, numbers, days, tables = (fields[part].unique(lambda item: item.text()) for part in _PARTS)
    kinds: dict[str, str] = {}
    for kind in KINDS:
        for label in fields[kind].unique(lambda item: item.text()):
            kinds.setdefault(plain_label(label), kind)
    longest_first = tuple(sorted(subjects, key=lambda one: (-len(one), one)))
    return Columns(kinds, longest_first, frozenset(numbers), frozenset(days), frozenset(tables))
