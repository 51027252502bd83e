"""The sections beside CT: other modalities, trend, workload, studies to look at, data quality, methods."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

from dicomlake.dose.monthly.blocks import Block, Heading, Paragraph, Table
from dicomlake.dose.monthly.charts import Box, Panel, box_plot, heat_map, trend_chart
from dicomlake.dose.monthly.ct import by_group
from dicomlake.dose.monthly.data import Device, ReportData, Study
from dicomlake.dose.monthly.speech import Speech
from dicomlake.dose.quantiles import Summary, summarise

# Modality -> the quantity that is compared; a value is multiplied by SCALE for display.
MAIN = {"CT": "dlp", "DX": "dap", "RF": "dap", "PX": "dap", "MG": "agd", "NM": "activity"}
SCALE = {"dap": 1e4}  # Gy.m2 -> Gy.cm2
_MIN_BOX = 5
_MAX_BOXES = 10
_MAX_PANELS = 6
_MAX_LOOK = 30
_FAR = 3.0


def others_section(data: ReportData, say: Speech) -> list[Block]:
    """A box plot and a table per modality other than CT."""
    blocks: list[Block] = []
    for modality in ("RF", "DX", "MG", "NM", "PX"):
        quantity = MAIN[modality]
        groups: dict[str, list[float]] = defaultdict(list)
        for study in data.studies:
            if study.modality == modality and quantity in study.values:
                groups[study.protocol or "–"].append(study.values[quantity] * SCALE.get(quantity, 1))
        if not groups:
            continue
        if not blocks:
            blocks += [Heading(say("others")), Paragraph(say("others_text", n=_MIN_BOX))]
        found = {name: summarise(values) for name, values in groups.items()}
        ordered = sorted(((name, s) for name, s in found.items() if s), key=lambda item: (-item[1].n, item[0]))
        boxes = [_box(name, groups[name], summary) for name, summary in ordered if summary.n >= _MIN_BOX][:_MAX_BOXES]
        if boxes:
            blocks.append(box_plot([(f"{_capital(say(modality))}: {say(quantity)}", boxes)], say.words))
        rows = [
            (
                name,
                str(s.n),
                say.number(s.median),
                say.between(s.median_low, s.median_high),
                say.between(s.q1, s.q3),
            )
            for name, s in ordered[:_MAX_BOXES]
        ]
        columns = [
            f"{_capital(say(modality))}: {say('protocol').lower()}",
            say("n"),
            f"{say('median')}: {say(quantity)}",
            say("interval"),
            say("quartiles"),
        ]
        blocks.append(Table(columns, rows, frozenset(range(1, 5)), widths=(0.4, 0.08, 0.22, 0.15, 0.15)))
    return blocks


def trend_section(data: ReportData, say: Speech) -> list[Block]:
    """Monthly medians of the most frequent exams, with software changes marked and listed."""
    months = [_back(data.month.year, data.month.month, back) for back in range(12, -1, -1)]
    points = {(p.exam, p.month.year, p.month.month): p for p in data.trend if p.n >= data.reference.minimum_patients}
    counts = Counter({exam: 0 for exam, _, _ in points})
    for point in points.values():
        counts[point.exam] += point.n
    panels = []
    levels = {level.exam: level.value for level in data.reference.compared if level.quantity == "dlp"}
    scanners = {device.key for device in data.devices if device.modality == "CT"}
    first = data.month.replace(year=months[0][0], month=months[0][1])
    changes = sorted({c.first_study for c in data.changes if c.device_key in scanners and c.first_study >= first})
    for exam, _n in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        told = [points.get((exam, *month)) for month in months]
        if sum(point is not None for point in told) >= 2:
            panels.append(
                Panel(
                    say.exam(data.reference, exam),
                    [data.month.replace(year=year, month=month) for year, month in months],
                    [point.median if point else None for point in told],
                    [(point.q1, point.q3) if point else None for point in told],
                    changes,
                    levels.get(exam),
                )
            )
    blocks: list[Block] = [Heading(say("trend"))]
    if not panels:
        return [*blocks, Paragraph(say("trend_none"))]
    blocks.append(Paragraph(say("trend_text", n=data.reference.minimum_patients)))
    blocks.append(trend_chart(panels[:_MAX_PANELS], say("dlp"), say("months").split()))
    labels = {device.key: device.label for device in data.devices}
    rows = [
        (say.date(c.first_study), labels.get(c.device_key, c.device_key), c.software)
        for c in sorted(data.changes, key=lambda c: (c.first_study, c.device_key))
        if c.first_study >= first
    ]
    if rows:
        blocks.append(Paragraph(say("software_change")))
        blocks.append(Table([say("date"), say("device"), say("software")], rows, widths=(0.16, 0.5, 0.34)))
    return blocks


def workload_section(data: ReportData, say: Speech) -> list[Block]:
    """The heat map of all modalities."""
    counts = [[0] * 24 for _ in range(7)]
    timed = [study.started for study in data.studies if study.started is not None]
    for started in timed:
        counts[started.weekday()][started.hour] += 1
    blocks: list[Block] = [Heading(say("workload"))]
    if not timed:
        return [*blocks, Paragraph(say("workload_none"))]
    blocks.append(Paragraph(say("workload_text", modality=say("all_modalities"))))
    return [*blocks, heat_map(counts, say("weekdays").split(), say("hour"))]


def to_look_at(data: ReportData) -> list[tuple[Study, str, float, float, str]]:
    """Study, why, value, limit and quantity: alerts to look at, then studies far above their group. A study stands once, alerts first."""
    studies = {study.study_key: study for study in data.studies}
    listed: dict[str, tuple[Study, str, float, float, str]] = {}
    order = {"fluoroscopy_2_gy": 0, "dose_check": 1, "twice_reference_level": 2}
    for alert in sorted(data.alerts, key=lambda a: (order.get(a.alert, 3), -a.value / (a.above or 1), a.study_key)):
        if alert.severity == "look" and alert.study_key in studies:
            quantity = {"fluoroscopy_2_gy": "rp"}.get(alert.alert, "times")
            listed.setdefault(
                alert.study_key, (studies[alert.study_key], alert.alert, alert.value, alert.above, quantity)
            )
    far = []
    for modality, quantity in MAIN.items():
        for group in by_group([s for s in data.studies if s.modality == modality], quantity).values():
            summary = summarise([study.values[quantity] for study in group])
            if summary and summary.n >= data.reference.minimum_patients:
                limit = summary.q3 + _FAR * (summary.q3 - summary.q1)
                far += [
                    (s, "outlier", s.values[quantity], limit, quantity) for s in group if s.values[quantity] > limit
                ]
    for item in sorted(far, key=lambda item: (-item[2] / item[3], item[0].study_key)):
        listed.setdefault(item[0].study_key, item)
    return list(listed.values())


def look_section(data: ReportData, say: Speech, listed: Sequence[tuple[Study, str, float, float, str]]) -> list[Block]:
    """The table with a column to write the reason into."""
    blocks: list[Block] = [Heading(say("look"))]
    noted = len(
        {a.study_key for a in data.alerts if a.alert == "reference_level"} - {item[0].study_key for item in listed}
    )
    note = [Paragraph(say("noted", n=noted), small=True)] if noted else []
    if not listed:
        return [*blocks, Paragraph(say("none")), *note]
    labels = {device.key: device.label for device in data.devices}
    keys = {study.study_key for study in data.studies}
    patients = {study.patient_key for study in data.studies if study.patient_key}
    rows = []
    for study, why, value, limit, quantity in listed[:_MAX_LOOK]:
        rows.append(
            (
                say.date(study.date),
                _short(study.patient_key, patients),
                _short(study.study_key, keys),
                labels.get(study.device_key or "", "–"),
                say.exam(data.reference, study.exam) if study.exam else study.protocol or "–",
                say(why) if why in say.words else why,
                _shown(say, value, limit, quantity),
                "",
            )
        )
    columns = [say(n) for n in ("date", "patient", "study", "device", "exam", "why", "value", "reason_field")]
    blocks += [Paragraph(say("look_text"))]
    blocks.append(Table(columns, rows, widths=(0.1, 0.105, 0.105, 0.15, 0.12, 0.13, 0.13, 0.16), tall=True))
    if len(listed) > _MAX_LOOK:
        note.insert(0, Paragraph(say("look_more", n=len(listed) - _MAX_LOOK), small=True))
    return [*blocks, *note]


def without_value(data: ReportData) -> Counter[str]:
    """By modality, studies that lack the quantity by which theirs is judged."""
    return Counter(study.modality for study in data.studies if MAIN.get(study.modality) not in study.values)


def quality_section(data: ReportData, say: Speech) -> list[Block]:
    """What is missing: per device, then per kind of gap."""
    devices = sorted(data.devices, key=lambda d: (d.modality, d.label))
    lacking = Counter(
        (study.device_key or "", study.modality)
        for study in data.studies
        if MAIN.get(study.modality) not in study.values
    )
    rows = [
        (
            device.label,
            device.modality,
            str(device.studies),
            _lacking(say, lacking[device.key, device.modality], device),
            str(device.ct_image_studies) if device.modality == "CT" else "–",
            _reported(say, device),
        )
        for device in devices
    ]
    silent = frozenset(
        i
        for i, device in enumerate(devices)
        if lacking[device.key, device.modality] or device.ct_with_report < device.ct_image_studies
    )
    ct = [study for study in data.studies if study.modality == "CT"]
    checks = (
        ("not_assigned", sum(study.exam is None for study in ct), len(ct)),
        ("no_region", sum(study.effective_mSv is None for study in ct), len(ct)),
        ("no_age", sum(study.age_group is None for study in data.studies), len(data.studies)),
        ("no_time", sum(study.started is None for study in data.studies), len(data.studies)),
        ("doubtful", sum(study.doubtful for study in data.studies), len(data.studies)),
    )
    lines = [(say(name), str(count), say.share(count, whole)) for name, count, whole in checks if whole]
    lines += [(f"{say('rejected')}: {why}", str(count), "") for why, count in sorted(data.rejected.items())]
    blocks: list[Block] = [Heading(say("quality")), Paragraph(say("quality_text"))]
    if rows:
        columns = [say(n) for n in ("device", "modality", "studies", "no_value", "ct_images", "reports")]
        blocks.append(Table(columns, rows, frozenset((2, 3, 4, 5)), silent, (0.32, 0.1, 0.1, 0.2, 0.13, 0.15)))
    if lines:
        blocks.append(
            Table([say("check"), say("count"), say("share")], lines, frozenset((1, 2)), widths=(0.7, 0.15, 0.15))
        )
    return blocks


def _lacking(say: Speech, missing: int, device: Device) -> str:
    """How many studies lack their main quantity, and which that is."""
    if not missing:
        return "0"
    quantity = say(MAIN.get(device.modality, "dap")).partition(" (")[0]
    return f"{missing} ({say.share(missing, device.studies)}): {quantity}"


def _reported(say: Speech, device: Device) -> str:
    """Studies with a dose report, of those with images where images came, else of all."""
    if device.ct_image_studies:
        return f"{device.ct_with_report} ({say.share(device.ct_with_report, device.ct_image_studies)})"
    return f"{device.reported} ({say.share(device.reported, device.studies)})"


def methods_section(data: ReportData, say: Speech) -> list[Block]:
    """How every number was made, with versions and sources."""
    sources = sorted({level.source for level in data.reference.compared})
    minimum = data.reference.minimum_patients
    methods = "; ".join(method.label for method in data.effective.methods.values())
    lines = [
        say("m_sources"),
        say("m_exam"),
        say("m_quantiles"),
        say(
            "m_levels",
            authority=data.reference.authority,
            year=data.reference.year,
            source="; ".join(sources),
            percentile=data.reference.local_percentile,
            n=minimum,
        ),
        say("m_effective", methods=methods, ratio=say.number(data.effective.phantom_ratio, 2)),
        say("m_ssde", label=data.size.label),
        say("m_limits"),
    ]
    return [Heading(say("methods")), *(Paragraph(line, small=True) for line in lines), Paragraph(say("signature"))]


def _box(name: str, values: Sequence[float], summary: Summary) -> Box:
    label = name if len(name) <= 34 else f"{name[:33]}…"
    return Box(label, summary, [value for value in values if not summary.low <= value <= summary.high])


def _shown(say: Speech, value: float, limit: float, quantity: str) -> str:
    units = {"dlp": "mGy·cm", "dap": "Gy·cm²", "rp": "Gy", "agd": "mGy", "activity": "MBq", "times": "×"}
    scale = SCALE.get(quantity, 1)
    return f"{say.number(value * scale)} > {say.number(limit * scale)} {units[quantity]}"


def _short(key: str | None, keys: Collection[str]) -> str:
    """The beginning of a pseudonym that no other of the month has, nine characters at least; the whole one stands in the export."""
    if not key:
        return "–"
    return next((key[:n] for n in range(9, len(key)) if sum(other.startswith(key[:n]) for other in keys) < 2), key)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _back(year: int, month: int, months: int) -> tuple[int, int]:
    """The month so many before."""
    years, place = divmod(year * 12 + month - 1 - months, 12)
    return years, place + 1
