"""`make demo`: start the platform on this machine, send it a batch of real DICOM, show what came out. Ends by itself.

Two batches, sent as a clinic would send them: every file that comes with pydicom, the odd and broken ones too; and two invented patients
with pictures, reports and a dose report (`docs/sample/`).
"""

import contextlib
import fcntl
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".localemu-demo"
SITE = "clinic-a"
QUESTIONS = (
    "studies_by_modality",
    "series_by_manufacturer",
    "receipts_by_status_and_code",
    "batch_reconciliation",
    "reports_by_kind_and_language",
    "dose_by_study",
)
WAIT_S = 300
ASK_AGAIN_S = 1.5  # each question costs the platform work that the objects need
# Notes about the files, which belong to no study and would wait for one.
NOTES = ("README*", "*.dump", "FileInfo.txt")


def main() -> int:
    """Run the demo; returns the exit code."""
    started = time.monotonic()
    start_over()
    base = free_port_base()
    say("Starting the platform on this machine (emulators of Cloud Storage, BigQuery and the functions) ...")
    emulators = subprocess.Popen(
        [sys.executable, "-m", "localemu", "up", "--state", str(STATE), "--port-base", str(base)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        os.environ.update(read_environment(emulators))
        say(f"  up after {time.monotonic() - started:.1f} s\n")
        return show(started)
    finally:
        emulators.terminate()
        emulators.wait(timeout=20)


def start_over() -> None:
    """The demo begins with an empty state; one that a running platform uses is left alone."""
    lock = STATE / "lock"
    if lock.exists():
        with lock.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise SystemExit(
                    f"a platform is running on {STATE.name}: stop it first, the demo starts over with it"
                ) from None
    shutil.rmtree(STATE, ignore_errors=True)


def show(started: float) -> int:
    """Send the batch, wait for its outcomes, print the answers."""
    folder = collect(STATE / "clinic" / "outbox")
    files = sum(1 for path in folder.rglob("*") if path.is_file())
    say(
        f"Sending {files} files as {SITE} with `dicomlake send` (pydicom's test files, odd and broken ones included) ..."
    )
    sent = send(folder)
    say("Sending two invented patients (docs/sample: a CT slice, its dose report, an ultrasound cine, reports) ...")
    more = send(ROOT / "docs" / "sample")
    say("\nWaiting until every object has an outcome ...")
    arrived = sent["sent"] + more["sent"]
    outcomes = wait(arrived)
    say("")
    accounting(outcomes, arrived)
    for question in QUESTIONS:
        say(f"\n{first_line(question)}    [dicomlake query {question}]")
        say(indent(dicomlake("query", question)))
    one_report()
    where()
    say(f"\nTook {time.monotonic() - started:.0f} s, the platform's start included.")
    settled = sum(row["objects"] for row in outcomes if row["outcome"] != "pending" and row["kind"] != "manifest")
    return 0 if settled == arrived and not sent["failed"] and not more["failed"] else 1


def send(folder: Path) -> dict[str, int]:
    """Send a folder as a batch; says and returns what `send` counted."""
    sent: dict[str, int] = json.loads(dicomlake("send", str(folder), "--site", SITE, "--json"))
    counted = f"{sent['sent']} sent, {sent['skipped']} skipped, {sent['failed']} failed, and a manifest"
    say(f"  batch {sent['batch']}: {counted}")
    return sent


def collect(folder: Path) -> Path:
    """Copy pydicom's packaged files to a folder, as a clinic's outbox."""
    import pydicom.data

    packaged = Path(pydicom.data.__file__).parent
    for part in ("test_files", "charset_files"):
        shutil.copytree(packaged / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "*.py", *NOTES))
    return folder


def wait(expected: int) -> list[dict[str, object]]:
    """Ask the lake until `expected` objects have an outcome; shows how far it is."""
    sql = """
        SELECT kind, outcome, code, COUNT(*) AS objects
        FROM `clinic.receipts` GROUP BY kind, outcome, code ORDER BY outcome, code, kind
    """
    deadline = time.monotonic() + WAIT_S
    while True:
        rows: list[dict[str, object]] = json.loads(dicomlake("query", sql, "--json"))
        done = sum(
            int(str(row["objects"])) for row in rows if row["outcome"] != "pending" and row["kind"] != "manifest"
        )
        manifests = sum(int(str(row["objects"])) for row in rows if row["kind"] == "manifest")
        if sys.stderr.isatty():
            print(f"\r  {done} of {expected}", end="", file=sys.stderr, flush=True)
        if (done >= expected and manifests) or time.monotonic() > deadline:
            return rows
        time.sleep(ASK_AGAIN_S)


def accounting(rows: list[dict[str, object]], sent: int) -> None:
    """received = released + quarantined by code + duplicate."""
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        if row["kind"] != "manifest":
            label = (str(row["outcome"]), str(row["code"] or ""))
            counts[label] = counts.get(label, 0) + int(str(row["objects"]))
    say("What became of them")
    say(f"  {'received':<14}{'':<24}{sum(counts.values()):>5}   of {sent} sent")
    for (outcome, code), objects in sorted(counts.items(), key=lambda item: ("released", "duplicate", "quarantined").index(item[0][0])
                                           if item[0][0] in ("released", "duplicate", "quarantined") else 9):  # fmt: skip
        say(f"  = {outcome:<12}{code:<24}{objects:>5}")


def one_report() -> None:
    """What became of the English report of the sample."""
    sql = "SELECT text FROM `research.reports` WHERE kind = 'text' AND target_language IS NULL ORDER BY LENGTH(text) DESC LIMIT 1"
    rows = json.loads(dicomlake("query", sql, "--json"))
    if rows:
        say("\nThe English report of the sample, as researchers see it (before: docs/sample/ashgrove/report.txt)")
        say(indent(rows[0]["text"].strip()))


def where() -> None:
    """Where to look."""
    listing = json.loads(dicomlake("query", "SELECT MIN(object) AS object FROM `research.instances`", "--json"))
    say(
        "\nWhere to look (`make up STATE=.localemu-demo` starts the platform on this state again; `make demo` starts over)"
    )
    say(f"  de-identified objects   gs://{os.environ['DICOMLAKE_PREFIX']}-research/   e.g. {listing[0]['object']}")
    say("  the lake                datasets lake, research, ops, clinic, physics   `dicomlake query list`")
    say("  held objects            `dicomlake quarantine list`")
    say("  status page             `make up STATE=.localemu-demo` prints its address")
    say(f"  everything on disk      {STATE.relative_to(ROOT)}/")


def dicomlake(*arguments: str) -> str:
    """What a verb prints, run in this process: a start of Python per question would be half of the demo. Ends the demo with its message."""
    from click import ClickException

    from dicomlake.cli import verbs

    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            verbs.main(list(arguments), prog_name="dicomlake", standalone_mode=False)
    except ClickException as error:
        raise SystemExit(f"dicomlake {arguments[0]} failed:\n{error.format_message()}") from None
    return said.getvalue()


def read_environment(emulators: "subprocess.Popen[str]") -> dict[str, str]:
    """The NAME=value lines that `localemu up` prints before it is ready."""
    environment: dict[str, str] = {}
    assert emulators.stdout is not None
    for line in emulators.stdout:
        name, _, value = line.strip().partition("=")
        if name == "LOCALEMU_READY":
            return environment
        environment[name] = value
    raise SystemExit("the platform did not start; what it said stands above")


def free_port_base() -> int:
    """9000 if those ports are free, else the next hundred that is."""
    for base in range(9000, 20000, 100):
        if all(is_free(port) for port in range(base, base + 16)):
            return base
    raise SystemExit("no free ports between 9000 and 20000")


def is_free(port: int) -> bool:
    """Whether nobody listens on this loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def first_line(question: str) -> str:
    """The question a named query answers."""
    return (
        (ROOT / "sql" / "queries" / f"{question}.sql").read_text(encoding="utf-8").splitlines()[0].removeprefix("-- ")
    )


def indent(text: str) -> str:
    """Two spaces before each line."""
    return "\n".join("  " + line for line in text.splitlines())


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
