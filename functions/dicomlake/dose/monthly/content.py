"""The report's story: data in, a document of blocks out, in English or Spanish. Called by `pipeline/dose_report.py`."""

from collections import Counter
from collections.abc import Sequence

from dicomlake.dose.monthly.blocks import Block, Document, Heading, Paragraph, Tiles
from dicomlake.dose.monthly.ct import Comparison, children_section, compare, ct_section, effective_section
from dicomlake.dose.monthly.data import ReportData
from dicomlake.dose.monthly.sections import (
    MAIN,
    look_section,
    methods_section,
    others_section,
    quality_section,
    to_look_at,
    trend_section,
    without_value,
    workload_section,
)
from dicomlake.dose.monthly.speech import Speech


def build(data: ReportData, say: Speech) -> Document:
    """The document of a month. A month without studies has a summary that says so, data quality and methods."""
    compared = compare(data)
    listed = to_look_at(data)
    blocks: list[Block] = _summary(data, say, compared, len(listed))
    if data.studies:
        blocks += ct_section(data, say, compared)
        blocks += children_section(data, say)
        blocks += others_section(data, say)
        blocks += trend_section(data, say)
        blocks += workload_section(data, say)
        blocks += look_section(data, say, listed)
        blocks += effective_section(data, say)
    blocks += quality_section(data, say)
    blocks += methods_section(data, say)
    notes = [
        say("made", as_of=say.date(data.as_of), version=data.version, rules=data.reference.version),
        say("pseudonyms"),
    ]
    subtitle = say("period", month=say.month(data.month), site=data.site)
    return Document(say.lang, say("title"), subtitle, notes, say("page"), tuple(blocks))


def _summary(data: ReportData, say: Speech, compared: Sequence[Comparison], look: int) -> list[Block]:
    over: dict[str, list[str]] = {}
    for item in compared:
        if item.verdict == "above":
            name = say.exam(data.reference, item.exam) + (f": {item.protocol}" if item.protocol else "")
            over.setdefault(name, []).append(say(item.quantity).partition(" (")[0])
    above = [f"{exam} ({', '.join(quantities)})" for exam, quantities in sorted(over.items())]
    imaged = sum(device.ct_image_studies for device in data.devices)
    reported = sum(device.ct_with_report for device in data.devices)
    used = len({study.device_key for study in data.studies if study.device_key})
    tiles = [
        (str(len(data.studies)), say("studies_told"), False),
        (str(used), say("devices"), False),
        (str(len({item.exam for item in compared if item.verdict == "above"})), say("above_level"), bool(above)),
        (str(look), say("to_look_at"), bool(look)),
    ]
    if imaged:
        tiles.append((say.share(reported, imaged), say("with_report"), reported < imaged))
    modalities = Counter(study.modality for study in data.studies)
    parts = [f"{say(name)} {count}" for name, count in modalities.most_common()]
    if not data.studies:
        return [
            Heading(say("summary")),
            *(Paragraph(line) for line in [*_empty(data, say), *_missing(data, say, imaged, reported)]),
        ]
    lines = [say("sum_studies", studies=len(data.studies), devices=used, modalities=say.listed(parts) or "–")]
    lines += _without_value(data, say)
    if data.before:
        lines.append(say("sum_change", before=data.before, change=say.change(len(data.studies), data.before)))
    if modalities["CT"]:
        lines += _levels(data, say, compared, above)
    lines.append(say("sum_look", n=look) if look else say("sum_look_none"))
    lines += _missing(data, say, imaged, reported)
    return [Heading(say("summary")), Tiles(tiles), *(Paragraph(line) for line in lines)]


def _levels(data: ReportData, say: Speech, compared: Sequence[Comparison], above: Sequence[str]) -> list[str]:
    authority = {"authority": data.reference.authority, "year": data.reference.year}
    whole = [item for item in compared if item.protocol is None]
    judged = {item.exam for item in whole if item.verdict in ("above", "below")}
    lines = []
    if above:
        lines.append(say("sum_level_above", names=say.listed(above), **authority))
    elif judged:
        lines.append(say("sum_level_none", compared=len(judged), **authority))
    else:
        lines.append(say("sum_level_impossible", n=data.reference.minimum_patients))
    few = sorted({say.exam(data.reference, item.exam) for item in whole if item.verdict == "too_few"})
    if judged and few:
        lines.append(say("sum_level_few", names=say.listed(few), n=data.reference.minimum_patients))
    return lines


def _empty(data: ReportData, say: Speech) -> list[str]:
    """What a month without studies means, and what to do."""
    lines = [say("sum_empty", month=say.month(data.month))]
    if data.others:
        return [*lines, say("sum_months", names=say.listed([say.month(month) for month in data.others]))]
    return [*lines, say("sum_never")]


def _without_value(data: ReportData, say: Speech) -> list[str]:
    """Studies that tell of exposures, but not of their dose: they are in no figure."""
    parts = [
        f"{say(modality)} {n} ({say(MAIN[modality]).partition(' (')[0]})"
        for modality, n in sorted(without_value(data).items())
    ]
    missing = sum(without_value(data).values())
    return [say("sum_no_value", missing=missing, all=len(data.studies), names=say.listed(parts))] if missing else []


def _missing(data: ReportData, say: Speech, imaged: int, reported: int) -> list[str]:
    if not imaged:
        return []
    if reported == imaged:
        return [say("sum_missing_none", all=imaged)]
    silent = [device.label for device in data.devices if device.ct_image_studies and not device.ct_with_report]
    lines = [say("sum_missing", missing=imaged - reported, all=imaged)]
    return [*lines, say("sum_silent", names=say.listed(sorted(silent)))] if silent else lines
