"""Burned-in text: items hidden, area blanked, CPU time. Ours (`PixelWorker`, second look included) and presidio-image-redactor on the same files.

`python tests/bench/bench_pixels.py [SCENES [PEER_SCENES [FIRST_SEED]]]`: generated objects (tests/pixels/stored.py); on the first PEER_SCENES the
two programs take turns in blocks of ten. presidio runs with a blank spaCy pipeline, since nothing may be fetched, and with the values of the
header, as its users run it. Then the second generator (harder.py), selective cleaning (overlays.py), and a mixed set of CT, MR and ultrasound
through routing.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pydicom

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from dicomlake.dicom import CleanPixels, read_raw  # noqa: E402
from dicomlake.errors import PermanentError  # noqa: E402
from dicomlake.pixels import PixelWorker, Wish  # noqa: E402
from dicomlake.rules import load_pixel_rules  # noqa: E402
from tests.pixels.harder import KINDS, hard, textless  # noqa: E402
from tests.pixels.objects import BASELINE, Form, picture  # noqa: E402
from tests.pixels.overlays import overlay  # noqa: E402
from tests.pixels.pictures import Item, ground  # noqa: E402
from tests.pixels.stored import stored  # noqa: E402

PEER = ROOT / ".venv-bench" / "bin" / "python"
CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
FIRST_SEED, BLOCK, WITHOUT_TEXT = 40_000, 10, 10
_PEER_SCRIPT = """
import sys, warnings
warnings.simplefilter("ignore")
import pydicom, spacy
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import SpacyNlpEngine
from presidio_image_redactor import DicomImageRedactorEngine, ImageAnalyzerEngine
class Blank(SpacyNlpEngine):
    def __init__(self):
        super().__init__()
        self.nlp = {"en": spacy.blank("en")}
    def load(self):
        pass
engine = DicomImageRedactorEngine(ImageAnalyzerEngine(AnalyzerEngine(nlp_engine=Blank())))
print("ready", flush=True)
for line in sys.stdin:
    source, target = line.strip().split("|")
    try:
        engine.redact(pydicom.dcmread(source), fill="background", use_metadata=True).save_as(target)
        print("done", flush=True)
    except Exception as error:
        print("failed", type(error).__name__, flush=True)
"""


@dataclass
class Score:
    """What one program did with all pictures."""

    items: int = 0
    hidden: int = 0
    technical: int = 0
    technical_kept: int = 0
    outside: list[float] = field(default_factory=list)
    without_text: list[float] = field(default_factory=list)
    cpu_s: float = 0.0
    pictures: int = 0
    failed: int = 0
    missed: list[str] = field(default_factory=list)

    def add(self, mask: np.ndarray, changed: np.ndarray, items: list[Item]) -> None:
        """Count one picture: `mask` is what was painted over, `changed` which pixels are others now."""
        self.pictures += 1
        text = np.zeros(mask.shape, bool)
        for item in items:
            x, y, w, h = item.box
            text[max(0, y - 8) : y + h + 8, max(0, x - 8) : x + w + 8] = True
            if item.identifies:
                self.items += 1
                self.hidden += item.hidden(mask)
                if not item.hidden(mask):
                    self.missed.append(f"{item.text!r} {item.note}")
            else:
                self.technical += 1
                self.technical_kept += not mask[y : y + h, x : x + w].any()
        (self.outside if items else self.without_text).append(float((changed & ~text).mean()))

    def row(self, name: str) -> str:
        """A line of the table."""
        mean = 100 * float(np.mean(self.outside or [0])), 100 * float(np.mean(self.without_text or [0]))
        return (
            f"| {name} | {self.hidden} of {self.items} ({100 * self.hidden / max(1, self.items):.2f} %) | {mean[0]:.3f} % | {mean[1]:.3f} % | "
            f"{self.technical_kept} of {self.technical} | {self.failed} | {self.cpu_s / max(1, self.pictures):.2f} |"
        )


def main() -> None:
    """Measure and print."""
    count, beside, first = (
        int(given) for given in (*sys.argv[1:], *("60", "20", str(FIRST_SEED))[len(sys.argv) - 1 :])
    )
    ours, beside_ours, peer, selective, harder = Score(), Score(), Score(), Score(), Score()
    worker = PixelWorker(load_pixel_rules())
    with tempfile.TemporaryDirectory() as name:
        other = _Peer(Path(name)) if PEER.exists() else None
        for start in range(first, first + count, BLOCK):
            made = [_object(seed) for seed in range(start, min(start + BLOCK, first + count))]
            for data, items in made:
                _ours(worker, Wish(), data, items, ours, *([beside_ours] if start < first + beside else []))
            for data, items in made if other and start < first + beside else ():
                other.run(data, items, peer)
        for seed in range(first, first + count // 4):
            data, items, names = _screen(seed)
            _ours(worker, Wish("selective", names), data, items, selective)
        for seed in range(first, first + count // 2):
            _ours(worker, Wish(), *_hard(seed), harder)
        print(f"{count} pictures, the first {beside} beside the peer, seeds from {first}\n")
        print(
            "| | items hidden | blanked outside text | on pictures without text | technical text left | not done | CPU s each |"
        )
        print("|---|---|---|---|---|---|---|")
        print(ours.row("dicomlake, all"))
        print(harder.row("dicomlake, all, the second generator"))
        print(selective.row("dicomlake, selective, screens of its own"))
        print(peer.row("presidio-image-redactor") if other else "presidio-image-redactor: make .venv-bench/.ready")
        if other:
            print(f"\nCPU against the peer on the same pictures: {beside_ours.cpu_s / peer.cpu_s:.2f}")
            _mixed(worker, other)
    print("\nmissed: " + ("; ".join([*ours.missed, *harder.missed][:40]) or "nothing"))
    if selective.missed:
        print("left by selective: " + "; ".join(selective.missed[:40]))
    worker.close()
    print(f"memory of the largest child: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB")


def _object(seed: int) -> tuple[bytes, list[Item]]:
    return stored(seed, lines=0 if seed % WITHOUT_TEXT == 0 else -1)


def _hard(seed: int) -> tuple[bytes, list[Item]]:
    """One of each kind in turn, of the second generator; every fifth has no text."""
    if seed % 5 == 0:
        return picture([textless(seed)], Form(photometric="RGB")), []
    made = hard(KINDS[seed % len(KINDS)], seed)
    return picture([made.frames[0]], Form(photometric="RGB")), made.items


def _screen(seed: int) -> tuple[bytes, list[Item], tuple[str, ...]]:
    """A screen of technical and identifying lines, and the names its header knows: what selective cleaning is for."""
    made, names = overlay(seed, "kept_back")
    return picture([made.frames[0]], Form(photometric="RGB")), made.items, names


def _frame(data: bytes) -> np.ndarray:
    read = pydicom.dcmread(BytesIO(data))
    return np.asarray(read.pixel_array)


def _cpu(process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> float:
    """Seconds of a process and of those it has waited for."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(value) for value in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def _ours(worker: PixelWorker, wish: Wish, data: bytes, items: list[Item], *scores: Score) -> None:
    raw, before = read_raw(data), _frame(data)
    child = worker._running()
    started = _cpu(child)
    try:
        done = worker.clean(raw, wish)
    except PermanentError:  # held: nothing leaks, nothing is counted as hidden either
        for score in scores:
            score.failed += 1
        return
    used = _cpu(child) - started
    assert done.pixels is not None
    after = before if done.pixels.data is None else _frame(_copy(data, done.pixels))
    boxes = np.zeros(before.shape[:2], bool)
    for left, top, right, bottom in done.pixels.regions:
        boxes[top:bottom, left:right] = True
    jpeg = raw.syntax.uid == BASELINE
    around = cv2.dilate(boxes.astype(np.uint8), np.ones((33, 33), np.uint8)).astype(bool) if jpeg else boxes
    assert np.array_equal(before[~around], after[~around]), "nothing outside the regions has changed"
    changed = _changed(before, after)
    black = after.max(2) <= 2 if after.ndim == 3 else (after == after.min()) | (after == after.max())
    for score in scores:
        score.add(boxes & (changed | black), changed, items)
        score.cpu_s += used


def _changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Rows x columns; JPEG's chroma may shift by a little around blocks that were painted over."""
    apart = np.abs(before.astype(np.int32) - after) > (3 if before.ndim == 3 else 0)
    return apart.any(2) if apart.ndim == 3 else apart


def _copy(data: bytes, clean: CleanPixels) -> bytes:
    copy = pydicom.dcmread(BytesIO(data))
    for keyword, value in clean.attributes.items():
        setattr(copy, keyword, list(value) if isinstance(value, tuple) else value)
    if clean.transfer_syntax is not None:
        copy.file_meta.TransferSyntaxUID = clean.transfer_syntax
    copy["PixelData"]._value = clean.data
    out = BytesIO()
    copy.save_as(out, enforce_file_format=True)
    return out.getvalue()


def _mixed(worker: PixelWorker, other: "_Peer") -> None:
    """A set as a clinic sends it: 24 CT and 24 MR slices as acquired, two ultrasound pictures."""
    rng, made = np.random.default_rng(FIRST_SEED), []
    for index in range(48):
        side = 512 if index % 2 else 256
        slice_ = cv2.GaussianBlur(ground("slice", side, side, rng)[..., 0].astype(np.float32), (0, 0), 0.8)
        kind = {"SOPClassUID": CT, "Modality": "CT"} if index % 2 else {"SOPClassUID": MR, "Modality": "MR"}
        values = np.round(slice_ * 8).astype("<u2")
        made.append(
            picture([values], Form(allocated=16, stored=12), ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], **kind)
        )
    made += [stored(seed)[0] for seed in (FIRST_SEED + 4, FIRST_SEED + 8)]
    child = worker._running()
    started, own, looked = _cpu(child), time.process_time(), 0
    for data in made:
        raw = read_raw(data)
        if raw.first("Modality") == "US" or worker.needs_a_look(raw):
            worker.clean(raw, Wish())
            looked += 1
    ours = _cpu(child) - started + time.process_time() - own
    theirs = Score()
    for data in made:
        other.run(data, [], theirs)
    print(f"mixed CT/MR/US: {len(made)} objects, {looked} looked at: {theirs.cpu_s / ours:.1f} times the peer's rate")


class _Peer:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [PEER, "-c", _PEER_SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout
        if "ready" not in self._out.readline():
            raise SystemExit("the peer does not start")

    def run(self, data: bytes, items: list[Item], score: Score) -> None:
        """One picture."""
        source, target = self._folder / "a.dcm", self._folder / "b.dcm"
        source.write_bytes(data)
        started = _cpu(self._process)
        self._in.write(f"{source}|{target}\n")
        self._in.flush()
        answer = self._out.readline()
        score.cpu_s += _cpu(self._process) - started
        before = _frame(data)
        if "done" not in answer:
            score.failed += 1
            none = np.zeros(before.shape[:2], bool)
            score.add(none, none, items)
            return
        after = np.asarray(pydicom.dcmread(target).pixel_array)
        changed = _changed(before, after if before.shape == after.shape else before)
        score.add(changed, changed, items)


if __name__ == "__main__":
    main()
