"""`make bench`: the figures of the README. Whole processes, taken in turn in one run; medians and ratios, CPU and wall seconds.

1. `dicomlake deidentify` (verification included) against a plain copy, dicognito and dicom-anonymizer, on the same files.
2. Objects per second through the whole local platform, from `send` to the last receipt.
"""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pydicom.data
from pydicom.uid import generate_uid

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
PEERS = ROOT / ".venv-bench" / "bin" / "python"
# What a scanner made and shows no strokes like writing: the header alone decides, and a glance at the slice.
PLAIN = ("CT_small.dcm", "rtplan.dcm")
# Slices of 64 x 64, whose every edge is as steep as a letter's: they are looked at in earnest.
SUSPECTS = ("MR_small.dcm", "MR_small_implicit.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm")
COPIES = {PLAIN: 300, SUSPECTS: 10}
ROUNDS = 3
PLATFORM_OBJECTS = 300


@dataclass(frozen=True)
class Run:
    """CPU and wall seconds of one process with its children, and how many files it wrote."""

    cpu_s: float
    wall_s: float
    files: int


def main() -> None:
    """Measure and print."""
    for sources, copies in COPIES.items():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            source = make_files(folder / "in", sources, copies)
            total = sum(1 for _ in source.iterdir())
            size = sum(path.stat().st_size for path in source.iterdir())
            print(
                f"\n{total} files, {size / 1e6:.1f} MB ({', '.join(sources)}), {os.cpu_count()} processors, {ROUNDS} rounds in turn\n"
            )
            report(measure(folder, source), total)
    platform()


def make_files(folder: Path, sources: Sequence[str], copies: int) -> Path:
    """Copies of pydicom's packaged files, each an instance of its own."""
    folder.mkdir()
    packaged = Path(pydicom.data.__file__).parent / "test_files"
    for name in sources:
        dataset = pydicom.dcmread(packaged / name)
        if "ImageType" in dataset:
            dataset.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]  # else held: every file is to be written by all
        for number in range(copies):
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            dataset.save_as(folder / f"{number:03d}-{name}")
    return folder


def commands(folder: Path, source: Path) -> dict[str, list[str]]:
    """What is compared, by name."""
    key = folder / "key"
    key.write_text("0123456789abcdef0123456789abcdef")
    dicomlake = [sys.executable, "-m", "dicomlake", "deidentify", str(source), "OUT", "--key-file", str(key)]
    peers = str(PEERS)
    return {
        "plain copy": ["cp", "-r", str(source), "OUT"],
        "dicomlake, 1 process": [*dicomlake, "--jobs", "1"],
        "dicomlake, all processors": dicomlake,
        "dicognito": [peers, "-m", "dicognito", "--quiet", "--seed", "bench", "-o", "OUT", str(source)],
        "dicom-anonymizer": [str(PEERS.parent / "dicom-anonymizer"), str(source), "OUT"],
    }


def measure(folder: Path, source: Path) -> dict[str, list[Run]]:
    """Each command in turn, ROUNDS times after one warm-up."""
    runs: dict[str, list[Run]] = {}
    for round_number in range(ROUNDS + 1):
        for name, command in commands(folder, source).items():
            out = folder / "out"
            if name != "plain copy":
                out.mkdir()
            run = timed([str(out) if part == "OUT" else part for part in command], out)
            if round_number:
                runs.setdefault(name, []).append(run)
            shutil.rmtree(out)
    return runs


def timed(command: list[str], out: Path) -> Run:
    """Run one command; the operating system's own account of its children."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(cpu, wall, sum(1 for path in out.rglob("*") if path.is_file()))


def report(runs: dict[str, list[Run]], total: int) -> None:
    """Medians, and ratios round by round against dicomlake on one process."""
    base = runs["dicomlake, 1 process"]
    print(f"{'':<28}{'written':>8}{'CPU s':>9}{'wall s':>9}{'files/s':>9}{'CPU / dicomlake':>17}")
    for name, mine in runs.items():
        cpu = statistics.median(run.cpu_s for run in mine)
        wall = statistics.median(run.wall_s for run in mine)
        ratio = statistics.median(run.cpu_s / ours.cpu_s for run, ours in zip(mine, base, strict=True))
        print(f"{name:<28}{mine[-1].files:>8}{cpu:>9.2f}{wall:>9.2f}{total / wall:>9.0f}{ratio:>17.2f}")


def platform() -> None:
    """Objects per second from `send` to the last receipt, on the emulators."""
    from docs.demo import dicomlake, free_port_base, read_environment

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = make_files(folder / "in", PLAIN, PLATFORM_OBJECTS // len(PLAIN))
        total = sum(1 for _ in source.iterdir())
        command = [
            sys.executable,
            "-m",
            "localemu",
            "up",
            "--state",
            str(folder / "state"),
            "--port-base",
            str(free_port_base()),
        ]
        emulators = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            environment = os.environ | read_environment(emulators)
            started = time.monotonic()
            dicomlake(environment, "send", str(source), "--site", "clinic-a", "--json")
            sent = time.monotonic()
            sql = "SELECT COUNT(*) AS n FROM `clinic.receipts` WHERE outcome != 'pending' AND kind != 'manifest'"
            while json.loads(dicomlake(environment, "query", sql, "--json"))[0]["n"] < total:
                time.sleep(0.2)
            wall = time.monotonic() - started
        finally:
            emulators.terminate()
            emulators.wait(timeout=20)
    print(
        f"\nwhole local platform: {total} objects in {wall:.1f} s ({total / wall:.0f} objects/s); sending took {sent - started:.1f} s"
    )


if __name__ == "__main__":
    main()
