"""The CT section: exams of adults as box plots against reference levels, their table, and the effective dose by exam."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dicomlake.dose.monthly.blocks import Block, Heading, Paragraph, Table
from dicomlake.dose.monthly.charts import Box, box_plot
from dicomlake.dose.monthly.data import ReportData, Study
from dicomlake.dose.monthly.speech import Speech
from dicomlake.dose.quantiles import Summary, quantile, summarise
from dicomlake.rules.exams import ReferenceLevel

QUANTITIES = ("dlp", "ctdivol")
STATED = "stated by the device"  # as physics.dose_effective says it
_MIN_BOX = 5
_MAX_BOXES = 18


@dataclass(frozen=True, slots=True)
class Comparison:
    """A quantity of an exam's adults, of all (protocol None) or of one protocol: summary, values, level (None: there is none), local level
    and verdict.
    """

    exam: str
    protocol: str | None
    quantity: str
    values: Sequence[float]
    summary: Summary
    level: ReferenceLevel | None
    local: float | None
    verdict: str


def compare(data: ReportData) -> list[Comparison]:
    """Every exam and quantity of the month's adults, the most frequent exam first; below an exam of several protocols each of these.

    A protocol of low dose must not hide a high one: a level is for the exam, and each protocol with enough adults is held to it.
    """
    groups: dict[tuple[str, str | None, str], list[float]] = defaultdict(list)
    for study in data.studies:
        if study.modality == "CT" and study.exam and study.age_group == "adult":
            for quantity in QUANTITIES:
                if quantity in study.values:
                    groups[study.exam, None, quantity].append(study.values[quantity])
                    if study.protocol:
                        groups[study.exam, study.protocol, quantity].append(study.values[quantity])
    protocols = Counter((exam, quantity) for exam, protocol, quantity in groups if protocol)
    levels = {(level.exam, level.quantity): level for level in data.reference.compared}
    made = [
        _compared(data, key, values, levels.get((key[0], key[2])))
        for key, values in groups.items()
        if key[1] is None or (protocols[key[0], key[2]] > 1 and len(values) >= _MIN_BOX)
    ]
    often = {
        (exam, protocol): len(values) for (exam, protocol, quantity), values in groups.items() if quantity == "dlp"
    }

    def place(item: Comparison) -> tuple[object, ...]:
        own = 0 if item.protocol is None else -often.get((item.exam, item.protocol), 0)
        return (
            -often.get((item.exam, None), 0),
            item.exam,
            item.protocol is not None,
            own,
            item.protocol or "",
            QUANTITIES.index(item.quantity),
        )

    return sorted(made, key=place)


def _compared(
    data: ReportData, key: tuple[str, str | None, str], values: list[float], level: ReferenceLevel | None
) -> Comparison:
    summary = summarise(values)
    assert summary is not None, "a group has values"
    enough = len(values) >= data.reference.minimum_patients
    local = quantile(sorted(values), data.reference.local_percentile / 100) if enough else None
    if not enough:
        verdict = "too_few"
    elif level is None:
        verdict = "no_level"
    else:
        verdict = "above" if summary.median > level.value else "below"
    return Comparison(*key, values, summary, level, local, verdict)


def ct_section(data: ReportData, say: Speech, compared: Sequence[Comparison]) -> list[Block]:
    """Box plots and table; in words where there is nothing to show."""
    if not any(study.modality == "CT" for study in data.studies):
        return []
    blocks: list[Block] = [Heading(say("ct"))]
    if not compared:
        return [*blocks, Paragraph(say("ct_none"))]
    blocks.append(Paragraph(say("ct_text", n=data.reference.minimum_patients)))
    level_label = say("level_label", authority=data.reference.authority, year=data.reference.year)
    often = [(item.exam, item.protocol) for item in compared if item.quantity == "dlp" and item.summary.n >= _MIN_BOX][
        :_MAX_BOXES
    ]
    columns = [
        (
            say(quantity),
            [
                _box(data, say, item)
                for item in compared
                if item.quantity == quantity and (item.exam, item.protocol) in often
            ],
        )
        for quantity in QUANTITIES
    ]
    if often:
        blocks.append(box_plot([column for column in columns if column[1]], say.words, level_label))
    blocks.append(_table(data, say, compared))
    return blocks


def _box(data: ReportData, say: Speech, item: Comparison) -> Box:
    beyond = [value for value in item.values if not item.summary.low <= value <= item.summary.high]
    return Box(_name(data, say, item), item.summary, beyond, item.level.value if item.level else None)


def _name(data: ReportData, say: Speech, item: Comparison) -> str:
    """The exam, or a protocol of the exam above it; unseen characters keep equal protocols of two exams apart in a chart."""
    if item.protocol is None:
        return say.exam(data.reference, item.exam)
    order = [exam.name for exam in data.reference.exams].index(item.exam)
    return f"– {item.protocol[:28]}{chr(0x200B) * order}"


def _table(data: ReportData, say: Speech, compared: Sequence[Comparison]) -> Table:
    columns = ("exam", "quantity", "n", "median", "interval", "quartiles", "local_level", "reference_level", "verdict")
    rows = [
        (
            _name(data, say, item).replace(chr(0x200B), ""),
            say(item.quantity),
            str(item.summary.n),
            say.number(item.summary.median),
            say.between(item.summary.median_low, item.summary.median_high),
            say.between(item.summary.q1, item.summary.q3),
            say.number(item.local),
            say.number(item.level.value if item.level else None),
            say(item.verdict),
        )
        for item in compared
    ]
    strong = frozenset(i for i, item in enumerate(compared) if item.verdict == "above")
    widths = (0.2, 0.13, 0.04, 0.085, 0.13, 0.125, 0.08, 0.11, 0.1)
    return Table([say(name) for name in columns], rows, frozenset(range(2, 8)), strong, widths)


def children_section(data: ReportData, say: Speech) -> list[Block]:
    """CT of children by exam and age group; how many studies have no known age."""
    left_out = [study for study in data.studies if study.modality == "CT" and study.age_group != "adult"]
    if not left_out:
        return []
    blocks: list[Block] = [Heading(say("children")), Paragraph(say("children_text", n=len(left_out)))]
    groups: dict[tuple[str, str], list[Study]] = defaultdict(list)
    for study in left_out:
        if study.age_group and study.exam:
            groups[study.exam, study.age_group].append(study)
    rows = []
    for (exam, age), studies in sorted(
        groups.items(), key=lambda item: (item[0][0], int(item[0][1].partition("-")[0]))
    ):
        dlp = summarise(_values(studies, "dlp"))
        ctdivol = summarise(_values(studies, "ctdivol"))
        rows.append(
            (
                say.exam(data.reference, exam),
                age.replace("-", "–"),
                str(len(studies)),
                say.number(dlp.median if dlp else None),
                say.between(dlp.q1, dlp.q3) if dlp and dlp.n >= _MIN_BOX else "–",
                say.number(ctdivol.median if ctdivol else None),
            )
        )
    if rows:
        columns = [
            say("exam"),
            say("age_group"),
            say("n"),
            f"{say('median')} {say('dlp')}",
            say("quartiles"),
            f"{say('median')} {say('ctdivol')}",
        ]
        blocks.append(Table(columns, rows, frozenset(range(2, 6)), widths=(0.3, 0.12, 0.06, 0.2, 0.16, 0.16)))
    return blocks


def effective_section(data: ReportData, say: Speech) -> list[Block]:
    """Effective dose by exam and method, then the sums per patient."""
    groups: dict[tuple[str, str], list[float]] = defaultdict(list)
    for study in data.studies:
        if study.effective_mSv is not None and study.effective_method:
            name = say.exam(data.reference, study.exam) if study.exam else study.protocol or say(study.modality)
            if study.age_group != "adult":
                name += f" ({say('under_18') if study.age_group else say('unknown_age')})"
            groups[name, study.effective_method].append(study.effective_mSv)
    blocks: list[Block] = []
    if groups:
        rows = []
        sizes = Counter({name: 0 for name, _method in groups})
        for (name, _method), values in groups.items():
            sizes[name] += len(values)
        for (name, method), values in sorted(
            groups.items(), key=lambda item: (-sizes[item[0][0]], item[0][0], -len(item[1]))
        ):
            summary = summarise(values)
            assert summary is not None, "a group has values"
            rows.append(
                (
                    name,
                    str(summary.n),
                    say.number(summary.median, 2),
                    f"{say.number(summary.q1, 2)} – {say.number(summary.q3, 2)}" if summary.n >= _MIN_BOX else "–",
                    method.replace(STATED, say("stated")),
                )
            )
        columns = [say("exam"), say("n"), f"{say('median')} (mSv)", f"{say('quartiles')} (mSv)", say("method")]
        table = Table(columns, rows, frozenset((1, 2, 3)), widths=(0.34, 0.08, 0.14, 0.2, 0.24))
        blocks += [Heading(say("effective")), Paragraph(say("effective_text")), table]
    if any(window.patients for window in data.cumulative):
        rows = [
            (say(w.window), str(w.patients), str(w.over_50), str(w.over_100), str(w.incomplete))
            for w in data.cumulative
        ]
        columns = [say("window"), say("patients_n"), say("over_50"), say("over_100"), say("incomplete")]
        blocks += [Heading(say("patients")), Paragraph(say("patients_text"))]
        blocks.append(Table(columns, rows, frozenset(range(1, 5)), widths=(0.22, 0.14, 0.18, 0.18, 0.28)))
    return blocks


def _values(studies: Sequence[Study], quantity: str) -> list[float]:
    return [study.values[quantity] for study in studies if quantity in study.values]


def by_group(studies: Sequence[Study], quantity: str) -> Mapping[str, list[Study]]:
    """Studies that tell `quantity`, by exam and age group or else by protocol."""
    groups: dict[str, list[Study]] = defaultdict(list)
    for study in studies:
        if quantity in study.values:
            group = f"{study.exam}/{study.age_group}" if study.exam else f"{study.modality}:{study.protocol}"
            groups[group].append(study)
    return groups
