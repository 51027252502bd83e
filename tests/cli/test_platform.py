"""Verbs of the platform where it is not, or not as it should be: one line that says what to do, at once, and exit code 2."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

NOBODY = "http://127.0.0.1:9"  # the discard port: nothing listens there


def run(*arguments: str, state: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    settings = {
        "DICOMLAKE_PREFIX": "demo",
        "DICOMLAKE_SITES": "demo-landing-clinic-a=clinic-a",
        "DICOMLAKE_STATE_DIR": str(state / "user"),
        "DICOMLAKE_RESEARCH_KEY": str(state / "research.key"),
        "DICOMLAKE_OPERATIONS_KEY": str(state / "operations.key"),
        "STORAGE_EMULATOR_HOST": NOBODY,
        "BIGQUERY_EMULATOR_HOST": NOBODY,
    }
    for name in ("research", "operations"):
        (state / f"{name}.key").write_text(f"{name} key of a test, long enough")
    return subprocess.run(
        [sys.executable, "-m", "dicomlake", *arguments],
        env=os.environ | settings | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("query", "studies_by_modality"),
        ("batches",),
        ("quarantine", "list"),
        ("quarantine", "show", "OABC"),
        ("replay", "--code", "corrupt"),
        ("sql", "apply"),
    ],
)
def test_without_a_platform_a_verb_says_so_within_seconds(arguments: tuple[str, ...], tmp_path: Path) -> None:
    started = time.monotonic()
    done = run(*arguments, state=tmp_path)
    assert time.monotonic() - started < 10
    assert done.returncode == 2
    assert "is the platform running?" in done.stderr
    assert "Traceback" not in done.stderr


def test_sending_without_a_platform_says_so_once_and_not_once_per_file(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    for number in range(3):
        (tmp_path / "out" / f"{number}").write_text("text")
    started = time.monotonic()
    done = run("send", str(tmp_path / "out"), state=tmp_path)
    assert time.monotonic() - started < 20
    assert done.returncode == 2
    assert done.stderr.count("is the platform running?") == 1
    assert "not sent" not in done.stderr


def test_a_folder_that_cannot_be_written_is_a_plain_line(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_text("text")
    (tmp_path / "file").write_text("in the way")
    done = run("send", str(tmp_path / "out"), state=tmp_path, DICOMLAKE_STATE_DIR=str(tmp_path / "file" / "state"))
    assert done.returncode == 2
    assert "cannot be read or written" in done.stderr
    report = str(tmp_path / "nowhere" / "report.jsonl")
    done = run("deidentify", str(tmp_path / "out"), str(tmp_path / "clean"), "--report", report, state=tmp_path)
    assert (done.returncode, done.stderr) == (2, "dicomlake: the folder of the report does not exist\n")
    assert not (tmp_path / "clean").exists()


@pytest.mark.parametrize("arguments", [("--accession", "   "), ("--patient-id", "  "), ("--patient-id", "UNKNOWN")])
def test_what_stands_for_nobody_has_no_pseudonym(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = run("pseudonym", *arguments, state=tmp_path)
    assert done.returncode == 2
    assert "stands for no" in done.stderr


def test_a_file_that_is_no_dicom_object_is_explained_in_words(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"nothing of the kind")
    done = run("explain", str(tmp_path / "a"), state=tmp_path)
    assert done.returncode == 2
    assert "not a DICOM object" in done.stderr
