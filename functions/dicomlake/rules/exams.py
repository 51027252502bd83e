"""`dose/reference_levels.yaml` in, exams and diagnostic reference levels out. Called by `dose/reference.py` and the SQL generator.

A line of words becomes pieces of text that Python (`in`) and the views (`LIKE`) look for alike in a `folded` name.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from dicomlake.rules.effective import REGIONS
from dicomlake.rules.paths import rules_dir
from dicomlake.rules.reader import Field, RuleFiles

REFERENCE_LEVELS = "dose/reference_levels.yaml"
UNITS = MappingProxyType({"dlp": "mGy.cm", "ctdivol": "mGy", "ssde": "mGy"})
STATISTICS = ("p75_of_medians", "p75", "median_of_national")
_WORDS = r"\*?[a-z]+\*?(?: \*?[a-z]+\*?)*"


@dataclass(frozen=True, slots=True)
class Exam:
    """An exam: `en` and `es` for people, the `region` for effective dose (None: no estimate), how names and target regions tell it.

    `lines` holds lines of pieces: all pieces of one line must stand in the folded name, and none of `without`.
    """

    name: str
    en: str
    es: str
    region: str | None
    lines: tuple[tuple[str, ...], ...]
    without: tuple[str, ...]
    region_codes: tuple[str, ...]

    def named_by(self, name: str) -> bool:
        """Whether the folded `name` of a protocol speaks of this exam."""
        return not any(piece in name for piece in self.without) and any(
            all(piece in name for piece in line) for line in self.lines
        )


@dataclass(frozen=True, slots=True)
class ReferenceLevel:
    """A published level: `quantity` is dlp, ctdivol or ssde in `unit`; `named` is the exam as the authority calls it."""

    authority: str
    year: int
    exam: str
    named: str
    indication: str
    quantity: str
    value: float
    unit: str
    population: str
    statistic: str
    source: str
    verified: bool


@dataclass(frozen=True)
class ReferenceRules:
    """Exams in the order in which they are tried, levels, and how they are compared; `version` as in Profile."""

    version: str
    authority: str
    year: int
    minimum_patients: int
    local_percentile: int
    exams: tuple[Exam, ...]
    protocols: Mapping[tuple[str, str], str | None]
    levels: tuple[ReferenceLevel, ...]

    @property
    def compared(self) -> tuple[ReferenceLevel, ...]:
        """The levels of the authority to compare with: verified ones for adults only."""
        return tuple(
            level
            for level in self.levels
            if (level.authority, level.year) == (self.authority, self.year)
            and level.verified
            and level.population == "adult"
        )

    def exam_of(self, name: str, region_code: str | None = None) -> Exam | None:
        """The exam that the `name` of a protocol speaks of, else the one of the target region's code, else None."""
        folded_name = folded(name)
        for exam in self.exams:
            if exam.named_by(folded_name):
                return exam
        return next((exam for exam in self.exams if region_code in exam.region_codes), None)


def folded(name: str) -> str:
    """The words of `name`: a to z, in lower case, without accents, each between spaces; ThoraxAbdomen is two words. The views do the same."""
    parted = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    plain = "".join(c for c in unicodedata.normalize("NFD", parted) if not unicodedata.category(c).startswith("M"))
    return f" {re.sub(r'[^a-z]+', ' ', plain.lower())} "


def load_reference(root: Path | None = None) -> ReferenceRules:
    """Read exams and levels. Raises ConfigError for anything it does not understand."""
    files = RuleFiles(rules_dir(root))
    fields = files.open(REFERENCE_LEVELS).mapping(
        ["compare_with", "minimum_patients", "local_percentile", "exams", "protocols", "sources", "levels"]
    )
    exams = tuple(_exam(entry) for entry in fields["exams"].items(at_least=1))
    names = [exam.name for exam in exams]
    if len(set(names)) != len(names):
        fields["exams"].fail("an exam stands twice")
    sources = {name: entry.text() for name, entry in fields["sources"].entries().items()}
    levels = tuple(_level(entry, names, sources) for entry in fields["levels"].items(at_least=1))
    compare = fields["compare_with"].mapping(["authority", "year"])
    rules = ReferenceRules(
        version=files.version(),
        authority=compare["authority"].text(),
        year=compare["year"].integer(1990, 2100),
        minimum_patients=fields["minimum_patients"].integer(1, 1000),
        local_percentile=fields["local_percentile"].integer(50, 99),
        exams=exams,
        protocols=MappingProxyType(dict(_protocol(entry, names) for entry in fields["protocols"].items())),
        levels=levels,
    )
    if not rules.compared:
        fields["compare_with"].fail("names no verified levels for adults")
    return rules


def _exam(entry: Field) -> Exam:
    fields = entry.mapping(["name", "en", "es", "region", "words"], ["without", "regions"])
    region = fields["region"].choice((*REGIONS, "none"))
    return Exam(
        name=fields["name"].text(r"[a-z][a-z_]*", "a name of a-z and _"),
        en=fields["en"].text(),
        es=fields["es"].text(),
        region=None if region == "none" else region,
        lines=tuple(_line(item) for item in fields["words"].items(at_least=1)),
        without=tuple(_line(item)[0] for item in fields["without"].items()) if "without" in fields else (),
        region_codes=tuple(item.text(r"\d+", "a code in quotes") for item in fields["regions"].items())
        if "regions" in fields
        else (),
    )


def _line(item: Field) -> tuple[str, ...]:
    """Words -> pieces of text: neck stands alone, abd* begins a word, *abd* stands anywhere."""
    return tuple(
        ("" if word.startswith("*") else " ") + word.strip("*") + ("" if word.endswith("*") else " ")
        for word in item.text(_WORDS, "words of a-z and *").split()
    )


def _protocol(entry: Field, exams: Sequence[str]) -> tuple[tuple[str, str], str | None]:
    fields = entry.mapping(["site", "protocol", "exam"])
    exam = fields["exam"].choice((*exams, "none"))
    return (fields["site"].text(), fields["protocol"].text()), None if exam == "none" else exam


def _level(entry: Field, exams: Sequence[str], sources: Mapping[str, str]) -> ReferenceLevel:
    fields = entry.mapping(
        [
            "authority",
            "year",
            "exam",
            "named",
            "indication",
            "quantity",
            "value",
            "population",
            "statistic",
            "source",
            "verified",
        ]
    )
    quantity = fields["quantity"].choice(UNITS)
    return ReferenceLevel(
        authority=fields["authority"].text(),
        year=fields["year"].integer(1990, 2100),
        exam=fields["exam"].choice(exams),
        named=fields["named"].text(),
        indication=fields["indication"].text(r"(?:\S(?:.*\S)?)?", "text, in quotes when empty"),
        quantity=quantity,
        value=fields["value"].number(0.1, 100_000),
        unit=UNITS[quantity],
        population=fields["population"].text(),
        statistic=fields["statistic"].choice(STATISTICS),
        source=sources[fields["source"].choice(sources)],
        verified=fields["verified"].flag(),
    )
