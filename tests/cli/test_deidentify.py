"""`dicomlake deidentify` and `explain`, as a clinic runs them: one outcome per file, nothing of a value on the screen."""

import io
import json
import os
import resource
import subprocess
import sys
import zlib
from pathlib import Path

import pydicom
import pytest

from tests.flows.objects import NAME, copy_third, instance, ultrasound

LIMIT = 1 << 30


def run(*arguments: str | Path, state: Path, limited: bool = False) -> "subprocess.CompletedProcess[str]":
    def cap() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))

    return subprocess.run(
        [sys.executable, "-m", "dicomlake", *map(str, arguments)],
        env=os.environ | {"DICOMLAKE_STATE_DIR": str(state)},
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=cap if limited else None,
    )


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "in" / NAME.split("^")[0]
    folder.mkdir(parents=True)
    (folder / "ct.dcm").write_bytes(instance())
    (folder / "copy.dcm").write_bytes(instance())
    (folder / "us.dcm").write_bytes(ultrasound())
    (folder / "notes.txt").write_text("Findings: normal.")
    return tmp_path / "in"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Two slices and a copy: what says nothing of reports or pictures with writing does not load them."""
    folder = tmp_path / "images"
    folder.mkdir()
    for name, number in (("1.dcm", 1), ("2.dcm", 2), ("copy.dcm", 1)):
        (folder / name).write_bytes(instance(number=number))
    return folder


def report(path: Path) -> dict[str, dict[str, object]]:
    return {Path(line["input"]).name: line for line in map(json.loads, path.read_text().splitlines())}


def test_each_file_gets_a_line_and_clean_files_are_mirrored(source: Path, tmp_path: Path) -> None:
    done = run("deidentify", source, tmp_path / "out", "--report", tmp_path / "r.jsonl", "--jobs", "1", state=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = report(tmp_path / "r.jsonl")
    assert {name: (line["outcome"], line["code"]) for name, line in lines.items()} == {
        "ct.dcm": ("released", None),
        "copy.dcm": ("released", None),
        "us.dcm": ("quarantined", "pixel_phi_suspected"),
        "notes.txt": ("released", None),
    }
    assert sorted(lines["ct.dcm"]) == ["code", "detail", "input", "kind", "outcome", "output"]
    clean = pydicom.dcmread(tmp_path / "out" / str(lines["ct.dcm"]["output"]))
    assert clean.PatientID.startswith("P")
    assert NAME.split("^")[0] not in done.stdout + done.stderr
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(written) == 3


def test_uid_layout_names_no_patient_and_settles_copies(source: Path, tmp_path: Path) -> None:
    run("deidentify", source, tmp_path / "out", "--layout", "uid", "--report", tmp_path / "r.jsonl", state=tmp_path)
    lines = report(tmp_path / "r.jsonl")
    assert {lines["ct.dcm"]["outcome"], lines["copy.dcm"]["outcome"]} == {"released", "duplicate"}
    written = [
        path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()
    ]
    assert sorted(Path(name).suffix for name in written) == [".dcm", ".txt"]
    assert len({name.split("/")[1] for name in written}) == 1  # the note lies with the study it was found beside
    assert NAME.split("^")[0] not in "".join(written)


def test_the_same_key_gives_the_same_bytes_whatever_the_number_of_jobs(images: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("correct horse battery staple")
    outputs = []
    for jobs in ("1", "2"):
        run("deidentify", images, tmp_path / jobs, "--layout", "uid", "--key-file", key, "--jobs", jobs, state=tmp_path)
        outputs.append(
            {path.relative_to(tmp_path / jobs): path.read_bytes() for path in (tmp_path / jobs).rglob("*.dcm")}
        )
    assert outputs[0] == outputs[1] != {}


def test_sites_are_never_linked(images: Path, tmp_path: Path) -> None:
    names: dict[str, set[str]] = {}
    for site in ("clinic-a", "clinic-b"):
        run("deidentify", images, tmp_path / site, "--site", site, "--layout", "uid", state=tmp_path)
        paths = [path.relative_to(tmp_path / site) for path in (tmp_path / site).rglob("*.dcm")]
        names[site] = {part for path in paths for part in path.parts}
        assert len(names[site]) == 5, "a patient, a study, a series, two slices"
    assert names["clinic-a"].isdisjoint(names["clinic-b"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["deidentify", "nowhere", "out"], "SRC does not exist"),
        (["deidentify", "in", "in/below"], "must lie apart"),
        (["deidentify", "in", "out", "--profile", "nosuch"], "nosuch"),
        (["deidentify", "in", "out", "--key-file", "short"], "shorter than 16 bytes"),
        (["pseudonym"], "DICOMLAKE_RESEARCH_KEY"),
        (["send", "in"], "make up"),
        (["key", "short"], "never overwritten"),
    ],
)
def test_wrong_use_says_what_to_do_and_never_a_stack_trace(
    arguments: list[str], says: str, source: Path, tmp_path: Path
) -> None:
    (tmp_path / "short").write_text("abc")
    done = subprocess.run(
        [sys.executable, "-m", "dicomlake", *arguments],
        cwd=tmp_path,
        env=os.environ | {"DICOMLAKE_STATE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def bombs() -> dict[str, bytes]:
    """Small files that want a lot: a deflated run of zeros, deep nesting, lengths of terabytes."""
    head = bytes(128) + b"DICM"
    deflated_syntax = b"1.2.840.10008.1.2.1.99"
    meta_element = b"\x02\x00\x10\x00UI" + len(deflated_syntax).to_bytes(2, "little") + deflated_syntax
    meta = b"\x02\x00\x00\x00UL\x04\x00" + len(meta_element).to_bytes(4, "little") + meta_element
    engine = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    zeros = b"".join(engine.compress(bytes(1 << 20)) for _ in range(256)) + engine.flush()
    whole = instance()
    nested = b"".join(
        b"\x40\x00\x75\x02" + b"SQ\x00\x00" + b"\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0" + b"\xff\xff\xff\xff"
        for _ in range(400)
    )
    pixel = whole.rindex(b"\xe0\x7f\x10\x00")
    return {
        "inflates": head + meta + zeros,
        "nests": whole[:pixel] + nested,
        "claims": whole[:pixel] + b"\xe0\x7f\x10\x00OW\x00\x00\xfe\xff\xff\xff" + bytes(64),
        "undefined": whole[:pixel] + b"\xe0\x7f\x10\x00OW\x00\x00\xff\xff\xff\xff" + bytes(64),
    }


def test_bombs_are_refused_within_one_gibibyte_and_half_a_minute(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name, data in bombs().items():
        assert len(data) < 300_000
        (tmp_path / "in" / name).write_bytes(data)
    done = run(
        "deidentify",
        tmp_path / "in",
        tmp_path / "out",
        "--report",
        tmp_path / "r.jsonl",
        "--jobs",
        "1",
        state=tmp_path,
        limited=True,
    )
    assert done.returncode == 0, done.stderr
    lines = report(tmp_path / "r.jsonl")
    assert {line["outcome"] for line in lines.values()} == {"quarantined"}
    assert {line["code"] for line in lines.values()} <= {"resource_limit", "corrupt", "missing_uid"}
    assert lines["inflates"]["code"] == "resource_limit"


def test_explain_names_the_rule_of_every_element_and_no_value(tmp_path: Path) -> None:
    file = tmp_path / "ct.dcm"
    file.write_bytes(instance())
    done = run("explain", file, "--json", state=tmp_path)
    assert done.returncode == 0, done.stderr
    plans = json.loads(done.stdout)
    elements = {plan["element"] for plan in plans}
    assert {
        f"({element.tag.group:04X},{element.tag.element:04X})" for element in pydicom.dcmread(io.BytesIO(instance()))
    } <= elements
    assert all(".yaml:" in plan["rule"] or plan["what happens"].startswith("added") for plan in plans)
    for planted in (NAME, "MRN-QX", "ACCQ", "19610203"):
        assert planted not in done.stdout


def test_a_reader_that_has_seen_enough_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "ct.dcm").write_bytes(instance())
    (tmp_path / "key").write_bytes(b"0123456789abcdef0123456789abcdef")
    ended, writing = os.pipe()
    os.close(ended)  # as `| head` does
    done = subprocess.run(
        [sys.executable, "-m", "dicomlake", "explain", str(tmp_path / "ct.dcm")],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        env=os.environ | {"PYTHONUNBUFFERED": "1", "DICOMLAKE_RESEARCH_KEY": str(tmp_path / "key")},
    )
    os.close(writing)
    assert done.stderr == ""


def test_packaged_files_all_get_an_outcome(tmp_path: Path) -> None:
    """A third of them; the flows send another third through the platform. Each picture is looked at, which takes its time."""
    files = copy_third(tmp_path / "packaged", 0)
    done = run("deidentify", tmp_path / "packaged", tmp_path / "out", "--json", state=tmp_path)
    lines = json.loads(done.stdout)
    assert len(lines) == len(files) > 40
    assert {line["outcome"] for line in lines} <= {"released", "quarantined", "duplicate"}
    assert "internal_error" not in {line["code"] for line in lines}
    for line in lines:
        assert (line["output"] is not None) == (line["outcome"] == "released")


def test_pseudonyms_agree_with_what_was_written(images: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("correct horse battery staple")
    run(
        "deidentify",
        images,
        tmp_path / "out",
        "--site",
        "clinic-a",
        "--key-file",
        key,
        "--layout",
        "uid",
        state=tmp_path,
    )
    written = next((tmp_path / "out").rglob("*.dcm"))
    original = pydicom.dcmread(io.BytesIO(instance()))
    asked = run("pseudonym", "--site", "clinic-a", "--key-file", key, "--patient-id", original.PatientID.lower() + " ",
                "--uid", original.StudyInstanceUID, "--json", state=tmp_path)  # fmt: skip
    told = {row["of"]: row["pseudonym"] for row in json.loads(asked.stdout)}
    assert written.relative_to(tmp_path / "out").parts[:2] == (told["PatientID"], told["UID"])
    shift = int(told["date shift, days"])
    before, after = original.StudyDate, pydicom.dcmread(written).StudyDate
    assert (pydicom.valuerep.DA(after) - pydicom.valuerep.DA(before)).days == shift  # type: ignore[operator]


def test_what_is_held_comes_with_what_to_do_next(images: Path, tmp_path: Path) -> None:
    (images / "cut.dcm").write_bytes((images / "1.dcm").read_bytes()[:900])
    done = run("deidentify", images, tmp_path / "out", state=tmp_path)
    assert done.returncode == 0, done.stderr
    (held,) = [line for line in done.stdout.splitlines() if line.startswith("quarantined")]
    assert held.endswith("export again from the source")
    assert done.stdout.splitlines()[-1].endswith("run again with `--report FILE`.")


def test_what_is_not_read_is_said(images: Path, tmp_path: Path) -> None:
    (images / "link").symlink_to(images / "nowhere")
    done = run("deidentify", images, tmp_path / "out", state=tmp_path)
    assert "1 links or special files were left out" in done.stderr
    (tmp_path / "empty").mkdir()
    done = run("deidentify", tmp_path / "empty", tmp_path / "out2", state=tmp_path)
    assert (done.returncode, done.stderr) == (2, "dicomlake: SRC holds no files (links are not followed)\n")
    (tmp_path / "file").write_text("in the way")
    done = run("deidentify", images, tmp_path / "file", state=tmp_path)
    assert (done.returncode, done.stderr) == (2, "dicomlake: DST is a file; name a folder\n")


def test_a_picture_does_not_pay_for_reports_translation_or_the_lake(tmp_path: Path) -> None:
    (tmp_path / "ct.dcm").write_bytes(instance(StudyDescription="seen by Dr. Okafor"))
    code = "import sys; from dicomlake.cli import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code, "deidentify", tmp_path / "ct.dcm", tmp_path / "out", "--json"],
        env=os.environ | {"DICOMLAKE_STATE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert json.loads(done.stdout)[0]["outcome"] == "released"
    loaded = set(done.stderr.split())
    assert "dicomlake.reports.recognise.recogniser" in loaded  # the text was read
    never = {f"dicomlake.{room}" for room in ("lake", "dose", "reports.clean", "reports.extract", "reports.rebuild")}
    assert not loaded & (never | {"dicomlake.reports.translate", "deep_translator", "presidio_analyzer"})
