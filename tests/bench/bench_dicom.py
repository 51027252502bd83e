"""`make bench`, the dicom room: what becomes of planted identities with each tool, and what it costs, in turn in one run.

1. Scorecard: the same seeded set (tests/dicom/planter.py) through every tool; passed claims by the categories of the MIDI-B challenge.
2. In memory: the header rewrite of a CT and of an SR against a pydicom loop (tests/dicom/reference.py), verification stated beside it.
3. Whole files: copies of a 530 kB CT against gdcmanon (C++) and a plain copy, CPU seconds per file.
4. One file from start to end, and a 2 GB multi-frame object: seconds and peak memory.
"""

import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import pydicom
import pydicom.data
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.dicom.planter import Planted, plant, score  # noqa: E402

PEERS = ROOT / ".venv-bench" / "bin"
PACKAGED = Path(pydicom.data.__file__).parent / "test_files"
SEEDS = range(40_000, 40_100)
COPIES, ROUNDS = 100, 5
DEID = """
import pathlib, sys
from deid.config import DeidRecipe
from deid.dicom import get_files, get_identifiers, replace_identifiers
files = list(get_files(sys.argv[1]))
replace_identifiers(dicom_files=files, deid=DeidRecipe(), ids=get_identifiers(files), save=True, remove_private=True,
                    output_folder=sys.argv[2], overwrite=True)
"""


def main() -> None:
    """Measure and print."""
    pydicom.config.settings.reading_validation_mode = pydicom.config.settings.writing_validation_mode = (
        pydicom.config.IGNORE
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "key").write_text("0123456789abcdef0123456789abcdef")
        scorecards(folder)
        in_memory()
        whole_files(folder)
        large(folder)


def tools(folder: Path, source: Path) -> dict[str, list[str]]:
    """The command of each tool; OUT is where its copies go. gdcmanon needs a certificate to encrypt the originals for."""
    python, peers = sys.executable, str(PEERS / "python")
    certificate = folder / "certificate.pem"
    if not certificate.exists():
        subprocess.run(
            [
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-subj",
                "/CN=bench",
                "-keyout",
                str(folder / "private.pem"),
                "-out",
                str(certificate),
            ],
            check=True,
            capture_output=True,
        )
    return {
        "dicomlake": [python, "-m", "dicomlake", "deidentify", str(source), "OUT", "--key-file", str(folder / "key"), "--jobs", "1"],
        "dicognito 0.19": [peers, "-m", "dicognito", "--quiet", "--seed", "bench", "-o", "OUT", str(source)],
        "dicom-anonymizer 2.1": [str(PEERS / "dicom-anonymizer"), str(source), "OUT"],
        "deid 0.4": [peers, "-P", "-c", DEID, str(source), "OUT"],
        "gdcmanon 3.0": ["gdcmanon", "-e", "-r", "--continue", "-c", str(certificate), "-i", str(source), "-o", "OUT"],
    }  # fmt: skip


def scorecards(folder: Path) -> None:
    """Every tool on the planted set."""
    source = folder / "planted"
    source.mkdir()
    planted = {seed: plant(seed) for seed in SEEDS}
    for seed, one in planted.items():
        (source / f"{seed}.dcm").write_bytes(one.data)
    shares: dict[str, dict[str, float]] = {}
    for name, command in tools(folder, source).items():
        out = folder / "out"
        out.mkdir()
        run = [str(out) if part == "OUT" else part for part in command]
        subprocess.run(run, check=False, capture_output=True, timeout=900)
        shares[name] = _shares(planted, out)
        shutil.rmtree(out)
    rows = list(next(iter(shares.values())))
    print(f"Scorecard: {len(SEEDS)} planted objects\n{'':<20}" + "".join(f"{name:>22}" for name in shares))
    for row in rows:
        print(f"{row:<20}" + "".join(f"{share[row]:>22}" for share in shares.values()))


def _shares(planted: dict[int, Planted], out: Path) -> dict[str, str]:
    copies = {}
    for path in out.rglob("*"):
        if path.is_file():
            number, made = _read(path)
            copies[number] = (path, made)
    passed: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for seed, one in planted.items():
        path, made = copies.get(seed, (None, None))
        good, every, _ = score(one, made, path.read_bytes() if path else b"")
        passed, total = passed + good, total + every
    shown = {category: f"{100 * passed[category] / total[category]:.1f} %" for category in sorted(total)}
    overall = f"{100 * passed.total() / total.total():.2f} %"
    return {"files written": f"{len(copies)} of {len(planted)}", **shown, "all actions": overall}


def _read(path: Path) -> tuple[int, Dataset | None]:
    try:
        made = dcmread(path, force=True)
        return int(made.InstanceNumber), made
    except Exception:  # noqa: BLE001 - a peer's output may be anything
        return -1, None


def in_memory() -> None:
    """CPU milliseconds of the header rewrite, the best of many short runs, each beside pydicom's."""
    from dicomlake.dicom import deidentify, read_raw, verify
    from dicomlake.dicom.deidentify import values_for
    from dicomlake.pseudonyms import Domain, DomainKey
    from dicomlake.rules import load_profile
    from tests.dicom.conftest import identity
    from tests.dicom.reference import Reference, read_original

    profile, key = load_profile("research"), DomainKey.from_secret(b"bench" * 8, Domain.RESEARCH).site("bench")
    print(f"\nIn memory, CPU ms{'elements':>12}{'rewrite':>10}{'verify':>10}{'pydicom loop':>14}")
    for name, data in (("CT_small", (PACKAGED / "CT_small.dcm").read_bytes()), ("dose-like SR", _report())):
        raw = read_raw(data)
        patient = identity(raw)
        clean = deidentify(raw, profile, key, patient)
        made = values_for(raw, profile, key, patient)

        def loop(raw=raw, made=made, clean=clean) -> object:  # type: ignore[no-untyped-def]
            reference = Reference(profile, key, clean.patient_key, made.cleaner)
            return reference.apply(read_original(raw))

        rewrite = _best(lambda data=data, patient=patient: deidentify(read_raw(data), profile, key, patient))  # type: ignore[misc]
        proof = _best(lambda raw=raw, clean=clean: verify(raw, clean, profile), 3)  # type: ignore[misc]
        print(f"{name:<17}{_count(raw.elements):>12}{rewrite:>10.2f}{proof:>10.2f}{_best(loop, 2):>14.2f}")


def _report() -> bytes:
    """A content tree of about a thousand elements."""
    from tests.dicom.builders import encoded, item
    from tests.dicom.planter import plant as planted

    made = dcmread(__import__("io").BytesIO(planted(42_000).data))
    unit = item(CodeValue="mGy", CodingSchemeDesignator="UCUM", CodeMeaning="mGy")
    name = item(CodeValue="113838", CodingSchemeDesignator="DCM", CodeMeaning="DLP")
    made.ContentSequence = [
        item(RelationshipType="CONTAINS", ValueType="NUM", ConceptNameCodeSequence=[name],
             MeasuredValueSequence=[item(NumericValue=f"{n}.5", MeasurementUnitsCodeSequence=[unit])])
        for n in range(86)
    ]  # fmt: skip
    return encoded(made)


def _count(elements: list) -> int:  # type: ignore[type-arg]
    return sum(1 + sum(_count(one[4]) for one in (element[5] or ())) for element in elements)


def _best(run: Callable[[], object], times: int = 10) -> float:
    best = float("inf")
    for _ in range(60):
        started = time.process_time()
        for _ in range(times):
            run()
        best = min(best, (time.process_time() - started) / times)
    return best * 1000


def whole_files(folder: Path) -> None:
    """CPU seconds per file of a 530 kB CT, start of the process taken off by a run on a single file."""
    one, many = folder / "one", folder / "many"
    one.mkdir()
    many.mkdir()
    made = dcmread(PACKAGED / "CT_small.dcm")
    picture = cv2.resize(made.pixel_array, (512, 512), interpolation=cv2.INTER_CUBIC)
    made.Rows = made.Columns = 512
    made.PixelData = picture.tobytes()
    for number in range(COPIES + 1):
        made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        made.save_as((one if number == COPIES else many) / f"{number}.dcm")
    spent: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name in ("plain copy", "dicomlake", "gdcmanon 3.0"):
            costs = [_cpu(folder, name, source) for source in (one, many)]
            spent.setdefault(name, []).append((costs[1] - costs[0]) / (COPIES - 1))
    print(f"\nWhole files of {(many / '0.dcm').stat().st_size // 1000} kB, CPU ms per file, {ROUNDS} rounds in turn")
    for name, costs in spent.items():
        print(f"{name + (', verified' if name == 'dicomlake' else ''):<24}{1000 * statistics.median(costs):>8.2f}")


def _cpu(folder: Path, name: str, source: Path) -> float:
    out = folder / "copy"
    command = ["cp", "-r", str(source), "OUT"] if name == "plain copy" else tools(folder, source)[name]
    if name != "plain copy":
        out.mkdir()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([str(out) if part == "OUT" else part for part in command], check=False, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    shutil.rmtree(out)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def large(folder: Path) -> None:
    """One small file and one of 2 GB, each a process of its own."""
    from tests.dicom.builders import instance

    frames, size = 1024, 2 << 30
    head = instance(
        SOPClassUID="1.2.840.10008.5.1.4.1.1.2.1", Rows=1024, Columns=1024, NumberOfFrames=frames, PixelData=b""
    )
    (folder / "large").mkdir()
    with (folder / "large" / "large.dcm").open("wb") as file:  # sparse
        file.write(head[:-4] + size.to_bytes(4, "little"))
        file.truncate(len(head) + size)
    for name, source in (("one CT", folder / "one"), ("2 GB multi-frame", folder / "large")):
        command = ["/usr/bin/env", sys.executable, "-c", _MEASURE, *tools(folder, source)["dicomlake"][3:]]
        out = folder / "copy"
        done = subprocess.run(
            [str(out) if part == "OUT" else part for part in command], check=False, capture_output=True, text=True
        )
        assert any(out.rglob("*.dcm")), f"{name} was not released"
        print(f"\n{name}: {done.stdout.splitlines()[-1]}", end="")
        shutil.rmtree(out)
    print()


_MEASURE = """
import resource, sys, time
started = time.monotonic()
from dicomlake.cli import main
try:
    main()
finally:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{time.monotonic() - started:.2f} s, peak memory {peak} MiB")
"""


if __name__ == "__main__":
    main()
