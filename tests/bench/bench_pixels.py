"""Burned-in text: items hidden, area blanked, time. Ours (`PixelWorker`, second look included) and presidio-image-redactor on the same files.

`python tests/bench/bench_pixels.py [SCENES]`: generated pictures (tests/pixels/pictures.py), each as a DICOM file; the two programs take turns in
blocks of ten. presidio runs with a blank spaCy pipeline, since nothing may be fetched, and with the values of the header, as its users run it.
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

import numpy as np
import pydicom

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from dicomlake.dicom import read_raw  # noqa: E402
from dicomlake.pixels import PixelWorker, Wish  # noqa: E402
from dicomlake.rules import load_pixel_rules  # noqa: E402
from tests.pixels.objects import Form, picture  # noqa: E402
from tests.pixels.pictures import Item, scene  # noqa: E402

PEER = ROOT / ".venv-bench" / "bin" / "python"
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
    wall_s: float = 0.0
    failed: int = 0

    def add(self, mask: np.ndarray, changed: np.ndarray, items: list[Item]) -> None:
        """Count one picture: `mask` is what was painted over, `changed` which pixels are others now."""
        text = np.zeros(mask.shape, bool)
        for item in items:
            x, y, w, h = item.box
            text[max(0, y - 8) : y + h + 8, max(0, x - 8) : x + w + 8] = True
            if item.identifies:
                self.items += 1
                self.hidden += item.hidden(mask)
            else:
                self.technical += 1
                self.technical_kept += not mask[y : y + h, x : x + w].any()
        share = float((changed & ~text).mean())
        (self.outside if items else self.without_text).append(share)

    def row(self, name: str) -> str:
        """A line of the table."""
        mean = 100 * float(np.mean(self.outside or [0])), 100 * float(np.mean(self.without_text or [0]))
        return (
            f"| {name} | {self.hidden} of {self.items} ({100 * self.hidden / max(1, self.items):.2f} %) | {mean[0]:.3f} % | {mean[1]:.3f} % | "
            f"{self.technical_kept} of {self.technical} | {self.failed} | {self.wall_s:.1f} |"
        )


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    ours, selective, peer = Score(), Score(), Score()
    worker = PixelWorker(load_pixel_rules(), len(os.sched_getaffinity(0)))
    with tempfile.TemporaryDirectory() as name:
        other = _Peer(Path(name)) if PEER.exists() else None
        seeds = list(range(FIRST_SEED, FIRST_SEED + count))
        for start in range(0, count, BLOCK):
            made = [_object(seed) for seed in seeds[start : start + BLOCK]]
            for data, items in made:
                _ours(worker, "all", data, items, ours)
            for data, items in made if other else ():
                assert other is not None
                other.run(data, items, peer)
            for data, items in made[:2]:
                _ours(worker, "selective", data, items, selective)
    print(f"{count} pictures, seeds from {FIRST_SEED}\n")
    print(
        "| | items hidden | blanked outside text | on pictures without text | technical text left | not done | seconds |"
    )
    print("|---|---|---|---|---|---|---|")
    print(ours.row("dicomlake, all"))
    print(selective.row("dicomlake, selective (every fifth picture)"))
    print(peer.row("presidio-image-redactor") if other else "presidio-image-redactor: make .venv-bench/.ready")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    worker.close()
    peak = max(peak, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    print(f"\ntime against the peer: {ours.wall_s / peer.wall_s:.2f}" if peer.wall_s else "")
    print(f"memory of the largest child: {peak / 1024:.0f} MiB")


def _object(seed: int) -> tuple[bytes, list[Item]]:
    made = scene(seed, lines=0 if seed % WITHOUT_TEXT == 0 else -1)
    return picture([made.frames[0]], Form(photometric="RGB")), made.items


def _frame(data: bytes) -> np.ndarray:
    return pydicom.dcmread(BytesIO(data)).pixel_array


def _ours(worker: PixelWorker, decide: str, data: bytes, items: list[Item], score: Score) -> None:
    raw, before = read_raw(data), _frame(data)
    known = tuple(item.text for item in items if item.identifies)
    started = time.perf_counter()
    done = worker.clean(raw, Wish(decide, known if decide == "selective" else ()))
    score.wall_s += time.perf_counter() - started
    assert done.pixels is not None
    after = (
        before
        if done.pixels.data is None
        else np.frombuffer(done.pixels.data, np.uint8)[: before.size].reshape(before.shape)
    )
    boxes = np.zeros(before.shape[:2], bool)
    for left, top, right, bottom in done.pixels.regions:
        boxes[top:bottom, left:right] = True
    assert np.array_equal(before[~boxes], after[~boxes]), "nothing outside the regions has changed"
    score.add(boxes, (before != after).any(2), items)


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
        started = time.perf_counter()
        self._in.write(f"{source}|{target}\n")
        self._in.flush()
        answer = self._out.readline()
        score.wall_s += time.perf_counter() - started
        before = _frame(data)
        if "done" not in answer:
            score.failed += 1
            none = np.zeros(before.shape[:2], bool)
            score.add(none, none, items)
            return
        after = pydicom.dcmread(target).pixel_array
        changed = (before != after).any(2)
        score.add(changed, changed, items)


if __name__ == "__main__":
    main()
