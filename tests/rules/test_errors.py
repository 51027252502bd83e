"""Every fault of a rule file names file, line and field."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicomlake.errors import ConfigError
from dicomlake.rules import data_dir, load_codes, load_pixel_routes, load_profile, load_safe_private, load_site

from .conftest import Edit

TABLE = "ps3_15/table_e1_1.yaml"
BEYOND = "ps3_15/beyond.yaml"
OPTIONS = "ps3_15/options.yaml"
RESOLUTION = "ps3_15/resolution.yaml"
DUMMIES = "ps3_15/dummies.yaml"
RESEARCH = "profiles/research.yaml"
DEFAULT = "sites/default.yaml"
EXAMPLE = "sites/example.yaml"
SAFE = "ps3_15/safe_private.yaml"
ROUTE = "pixels/route.yaml"
CODES = "codes.yaml"

MODIFIED = "  - Retain Longitudinal Temporal Information Modified Dates Option\n"
DUMMY_UID = "dummy_uid: U\n"

# file, what is replaced, by what, the field the error names, words of its message
BROKEN = [
    (TABLE, "edition: 2024e", "edition: 1993", "edition", "must be an edition"),
    (TABLE, "edition: 2024e\n", "", "edition", "is missing"),
    (TABLE, "basic: X/D,", "basic: K,", "basic", "must be one of"),
    (TABLE, "FullDates: K", "FullDates: Q", "FullDates", "must be one of C, K"),
    (TABLE, "FullDates: K", "FulDates: K", "FulDates", "unknown field"),
    (TABLE, "vr: DA", "vr: XX", "vr", "must be one of"),
    (TABLE, 'tag: "(0008,0012)"', 'tag: "(8,12)"', "tag", "must be a tag"),
    (TABLE, 'tag: "(0008,0012)"', 'tag: "(0008,0013)"', "rows", "stands twice"),
    (TABLE, "keyword: InstanceCreationDate", "keyword: InstanceCreationTime", "rows", "stands twice"),
    (TABLE, "keyword: InstanceCreationDate", "keyword: instance date", "keyword", "must be a keyword"),
    (TABLE, ", composite: false", ", composite: maybe", "composite", "must be true or false"),
    (TABLE, ", composite: false", ", basic: X", "basic", "stands twice"),
    (TABLE, "rows:", "rows: [", "", "is not valid YAML"),
    (BEYOND, ', reason: "names who issued an identifier"', "", "reason", "is missing"),
    (BEYOND, 'tag: "(0008,0051)"', 'tag: "(0008,0050)"', "rows", "stands twice, here or in the table"),
    (BEYOND, 'value: "00040000"', 'value: "00040001"', "value", "bits outside the mask"),
    (BEYOND, 'mask: "ffff0000"', 'mask: "ffff"', "mask", "eight hexadecimal digits"),
    (OPTIONS, 'code: "113100"', 'code: "999"', "code", "CID 7050"),
    (OPTIONS, "carried_out: true", "carried_out: 1", "carried_out", "true or false"),
    (OPTIONS, "clean_by_vr: {DA: M", "clean_by_vr: {QQ: M", "QQ", "is not a VR"),
    (OPTIONS, "clean_by_vr: {DA: M", "clean_by_vr: {DA: X", "DA", "must be one of"),
    (OPTIONS, "column: CleanDescriptors", "column: CleanGraphics", "column", "stands twice"),
    (RESOLUTION, "X/Z: Z", "X/Z: D", "X/Z", "must be one of X, Z"),
    (RESOLUTION, "  X/Z: Z\n", "", "X/Z", "is missing"),
    (RESOLUTION, DUMMY_UID, "dummy_uid: K\n", "dummy_uid", "must be one of"),
    (RESOLUTION, "  - PatientBirthTime\n", "  - PatientBirthDate\n", "never_kept", "stands twice"),
    (RESOLUTION, "    action: U", "    action: K", "action", "must be one of"),
    (DUMMIES, "  AE: REMOVED\n", "", "AE", "is missing"),
    (DUMMIES, "{AT: 4", "{AT: four", "AT", "must be a whole number"),
    (DUMMIES, "{AT: 4", "{AT: 400", "AT", "from 2 to 16"),
    (DUMMIES, "vr: SQ, item: *code}\n  - {tag", "vr: SQ}\n  - {tag", "item", "a sequence needs an item"),
    (DUMMIES, '{tag: "(0008,0080)", vr: LO}', '{tag: "(0008,0080)", vr: LO, item: []}', "item", "only a sequence"),
    (DUMMIES, '{tag: "(0034,0002)", vr: OB}', '{tag: "(0034,0002)", vr: OB, value: x}', "value", "only a text VR"),
    (DUMMIES, '{tag: "(0034,0002)", vr: OB}', '{tag: "(0034,0009)", vr: OB}', "item", "in order of tag"),
    (DUMMIES, "keyword: GraphicAnnotationSequence", "keyword: 7", "keyword", "must be a keyword"),
    (RESEARCH, "name: research", "name: other", "name", "must be the name of the file"),
    (RESEARCH, "options:\n", "options: all\nx:\n", "x", "unknown field"),
    (RESEARCH, "Modified Dates Option", "Moved Dates Option", "options", "must be one of"),
    (RESEARCH, MODIFIED, MODIFIED + MODIFIED, "options", "stands twice"),
    (RESEARCH, MODIFIED, MODIFIED + MODIFIED.replace("Modified", "Full"), "options", "exclude each other"),
    (
        RESEARCH,
        MODIFIED,
        MODIFIED + "  - Clean Recognizable Visual Features Option\n",
        "options",
        "is not carried out yet",
    ),
    (OPTIONS, "stated: when_done", "stated: sometimes", "stated", "must be one of"),
    (RESEARCH, MODIFIED, "  - Retain UIDs Option\n", "shift_days", "has no meaning"),
    (RESEARCH, "shift_days: {shortest: 30, longest: 1825}\n", "", "options", "needs shift_days"),
    (RESEARCH, "shortest: 30", "shortest: 0", "shortest", "from 1 to"),
    (RESEARCH, "shortest: 30", "shortest: 030.5", "shortest", "a whole number"),
    (RESEARCH, "longest: 1825", "longest: 31", "longest", "at least 30 days more"),
    (RESEARCH, "  PN: Z\n", "", "PN", "is missing"),
    (RESEARCH, "  PN: Z\n", "  PN: K\n", "PN", "must be one of"),
    (RESEARCH, "  UN: X", "  UN: K", "UN", "must be one of"),
    (RESEARCH, "  LO: C\n", "  LO: M\n", "LO", "must be one of"),
    (RESEARCH, "  LO: C\n", "  LO: C\n  LP: K\n", "LP", "unknown field"),
    (RESEARCH, "  LO: C\n", "  LO: C\n  LO: X\n", "LO", "stands twice"),
    (RESEARCH, "unknown: X", "unknown: K", "unknown", "must be one of"),
    (RESEARCH, "with: patient_key", "with: magic", "with", "must be one of"),
    (RESEARCH, "with: patient_key", "with: patient_key, value: A", "replace", "needs either with or value"),
    (RESEARCH, "keyword: PatientName", "keyword: PatientID", "replace", "stands twice"),
    (RESEARCH, "keyword: PatientName", "keyword: NoSuchKeyword", "keyword", "not a keyword of the DICOM dictionary"),
    (RESEARCH, "keyword: PatientName", "keyword: AccessionNumber", "keyword", "too short for a pseudonym"),
    (RESEARCH, "keyword: PatientName", "keyword: StudyInstanceUID", "keyword", "is a UID"),
    (RESEARCH, "keyword: PatientName", "keyword: StudyDate", "keyword", "only text can be replaced"),
    (RESEARCH, ", reason: the studies of a patient stay together", "", "reason", "is missing"),
    (DEFAULT, "gate: none", "gate: open", "gate", "must be one of manifest, none"),
    (DEFAULT, 'timezone: ""', "timezone: Mars/Olympus", "timezone", "time zone of the IANA"),
    (DEFAULT, 'timezone: ""', "timezone: ../../etc/passwd", "timezone", "time zone of the IANA"),
    (DEFAULT, "issuer_aliases: {}", "issuer_aliases: [A]", "issuer_aliases", "must be a mapping"),
    (DEFAULT, "accession_prefixes: []", "accession_prefixes: A", "accession_prefixes", "must be a list"),
    (DEFAULT, "accession_prefixes: []", "accession_prefixes: [A, A]", "accession_prefixes", "stands twice"),
    (DEFAULT, "strip_leading_zeros: false", "strip_leading_zeros: 0", "strip_leading_zeros", "true or false"),
    (DEFAULT, 'default_issuer: ""', "default_issuer: 12", "default_issuer", "must be text"),
    (DEFAULT, "context_limit_hours: 72", "context_limit_hours: -1", "context_limit_hours", "a whole number"),
    (DEFAULT, "gate: none", "gate: none\ncolour: red", "colour", "unknown field"),
    (
        EXAMPLE,
        "keep:\n  - {keyword: TreatmentMachineName",
        "keep:\n  - {keyword: PatientName",
        "keyword",
        "direct identifier",
    ),
    (
        EXAMPLE,
        "keep:\n  - {keyword: TreatmentMachineName",
        "keep:\n  - {keyword: PatientBirthDate",
        "keyword",
        "direct identifier",
    ),
    (EXAMPLE, "keep:\n  - {keyword: TreatmentMachineName", "keep:\n  - {keyword: StudyDate", "keyword", "is a date"),
    (
        EXAMPLE,
        "keep:\n  - {keyword: TreatmentMachineName",
        "keep:\n  - {keyword: ContentSequence",
        "keyword",
        "is a sequence",
    ),
    (EXAMPLE, "value: TRIAL SITE 4", "value: 'A\\B'", "value", "without a backslash"),
    (EXAMPLE, "value: TRIAL SITE 4", "value: " + "A" * 65, "value", "longer than 64"),
    (EXAMPLE, "value: TRIAL SITE 4", "value: Zürich", "value", "printable ASCII"),
    (SAFE, 'group: "00e1"', 'group: "00e2"', "group", "an odd group"),
    (SAFE, 'element: "21"', "element: 21", "element", "two small hexadecimal digits"),
    (SAFE, 'element: "50"', 'element: "26"', "rows", "stands twice"),
    (SAFE, "vr: DS", "vr: D", "vr", "must be one of"),
    (ROUTE, "route: acquired, modalities: [PT]", "route: acquired", "classes", "modalities belong to"),
    (ROUTE, "route: acquired, modalities: [PT]", "route: clean, modalities: [PT]", "route", "must be one of"),
    (ROUTE, "route: acquired, modalities: [PT]", "route: acquired, modalities: []", "modalities", "at least 1"),
    (ROUTE, "1.2.840.10008.5.1.4.1.1.128.1", "1.2.840.10008.5.1.4.1.1.128", "classes", "UID stands twice"),
    (ROUTE, "kind: dicom_image", "kind: image", "kind", "must be one of"),
    (ROUTE, "starts_with: [ORIGINAL, PRIMARY]", "starts_with: [original]", "starts_with", "capital letters"),
    (ROUTE, "starts_with: [ORIGINAL, PRIMARY]", "starts_with: []", "starts_with", "at least 1"),
    (ROUTE, 'absent_or: ["NO"]', "absent_or: [NO]", "absent_or", "capital letters"),
    (ROUTE, 'absent_or: ["NO"], ', "", "acquired", "needs exactly one"),
    (CODES, "  legacy:\n", "  older:\n", "older", "unknown field"),
    (CODES, "kind: info", "kind: note", "kind", "must be one of"),
    (CODES, "    kind: info\n", "", "kind", "is missing"),
]


def loader_of(name: str, root: Path) -> Callable[[], object]:
    if name.startswith("sites/"):
        return lambda: load_site(Path(name).stem if name == EXAMPLE else "clinic-a", root)
    if name == SAFE:
        return lambda: load_safe_private(root)
    if name == ROUTE:
        return lambda: load_pixel_routes(root)
    if name == CODES:
        return lambda: load_codes(root)
    return lambda: load_profile("research", root)


def line_of(text: str, old: str) -> int:
    return text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize(
    ("name", "old", "new", "field", "problem"), BROKEN, ids=lambda part: str(part)[:28].replace("\n", " ")
)
def test_a_fault_names_file_line_and_field(
    name: str, old: str, new: str, field: str, problem: str, copied: Path, edit: Edit
) -> None:
    before = (copied / name).read_text(encoding="utf-8")
    edit(name, old, new)
    with pytest.raises(ConfigError) as caught:
        loader_of(name, copied)()
    where, _, message = str(caught.value).partition(": ")
    file, _, line = where.partition(":")
    assert file == name
    assert message.startswith(f"{field}: " if field else "") and problem in message
    close_to = line_of(before, old)
    if problem not in ("is missing", "needs shift_days", "has no meaning") and field:
        assert close_to <= int(line) <= close_to + new.count("\n") + 1
    assert int(line) >= 1
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


@pytest.mark.parametrize("name", sorted({row[0] for row in BROKEN}))
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"# a remark only\n", "is empty"),
        (b"[]", "must be a mapping"),
        (b"a: b: c", "is not valid YAML"),
        (b"a: 1\n---\nb: 2\n", "is not valid YAML"),
        (b"? [a]\n: b\n", "a key that is not a word"),
        (b"name: \xff\xfe", "is not UTF-8 text"),
        (b"text", "must be a mapping"),
    ],
)
def test_a_file_of_another_form_is_refused(name: str, content: bytes, problem: str, copied: Path) -> None:
    (copied / name).write_bytes(content)
    with pytest.raises(ConfigError, match=problem) as caught:
        loader_of(name, copied)()
    assert str(caught.value).startswith(name)


@pytest.mark.parametrize("name", [TABLE, CODES, ROUTE, SAFE, RESEARCH, DEFAULT])
def test_a_file_that_is_gone_is_refused_by_name(name: str, copied: Path) -> None:
    (copied / name).unlink()
    with pytest.raises(ConfigError, match=f"^{name}: cannot be read"):
        loader_of(name, copied)()


def test_a_huge_file_is_refused_before_it_is_read(copied: Path) -> None:
    (copied / CODES).write_bytes(b"#" * (5 << 20))
    with pytest.raises(ConfigError, match="larger than"):
        load_codes(copied)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_cut_or_slip_in_a_file_is_loaded_or_refused_in_words(copied: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([RESEARCH, DEFAULT, EXAMPLE, CODES, OPTIONS, RESOLUTION, DUMMIES]))
    whole = (data_dir() / "deid_rules" / name).read_bytes()
    start = data.draw(st.integers(0, len(whole)))
    length = data.draw(st.integers(0, 40))
    text = (
        whole[:start]
        + data.draw(st.sampled_from([b"", b"\n", b" ", b": ", b"[", b"&a *a", b"'", b"\0", b"K"]))
        + whole[start + length :]
    )
    (copied / name).write_bytes(text)
    try:
        loader_of(name, copied)()
    except ConfigError as error:
        assert ".yaml" in str(error)
    finally:
        (copied / name).write_bytes(whole)
