"""Keeps the child that touches untrusted pixels, and asks it. Called by the pipeline: one `PixelWorker` per process.

Whatever becomes of the child (killed by a limit, by a codec, or silent for too long) is a finding about the object; the next one gets a new
child.
"""

import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from multiprocessing.util import Finalize
from pathlib import Path

import numpy as np

from dicomlake.dicom import CleanPixels, RawInstance
from dicomlake.errors import Code, ConfigError, PermanentError
from dicomlake.pixels import wire
from dicomlake.pixels.frames import Stored, values_of
from dicomlake.pixels.glance import native_needs_a_look
from dicomlake.pixels.picture import Picture, picture_of
from dicomlake.rules.cleaning import Box, PictureLimits, PixelRules, Technical

_MAX_ANSWER = 2 << 30
_START_S = 120.0


@dataclass(frozen=True)
class Wish:
    """What is wanted of one cleaning: `decide` (all, selective), `names` of people and `known` other values that must go, `masks` painted over
    besides, whether a steward has `approved` what a second look finds again and again, and whether a `preview` is wanted.
    """

    decide: str = "all"
    names: tuple[str, ...] = field(default=(), repr=False)
    known: tuple[str, ...] = field(default=(), repr=False)
    masks: tuple[Box, ...] = ()
    approved: bool = False
    preview: bool = False


@dataclass(frozen=True)
class Done:
    """A cleaned picture (None: the object has none) and the PNG before and after, if one was wanted."""

    pixels: CleanPixels | None
    preview: bytes | None = field(default=None, repr=False)


class PixelWorker:
    """The child and its rules. For several threads: they take turns."""

    def __init__(self, rules: PixelRules, threads: int = 1) -> None:
        self._rules = rules
        self._threads = threads
        self._child: subprocess.Popen[bytes] | None = None
        self._end: Callable[[], object] = _nothing
        self._turn = threading.Lock()

    def size(self, raw: RawInstance) -> int:
        """Pixels of all frames by the header, 0 without a picture. Raises PermanentError: corrupt, unsupported, resource_limit."""
        picture = self._picture(raw)
        return picture.rows * picture.columns * picture.frames if picture else 0

    @property
    def limits(self) -> PictureLimits:
        """What an object may ask for."""
        return self._rules.limits

    def needs_a_look(self, raw: RawInstance) -> bool:
        """Whether a picture as acquired shows strokes like writing. Raises PermanentError."""
        picture = self._picture(raw)
        if picture is None:
            return False
        if not picture.encapsulated and picture.allocated > 1:
            return native_needs_a_look(raw, picture)
        return bool(self._ask({"op": "glance"}, raw)[0]["look"])

    def clean(self, raw: RawInstance, wish: Wish) -> Done:
        """The picture without burned-in text. Raises PermanentError: corrupt, unsupported, resource_limit, pixel_phi_suspected, deid_failed."""
        if self._picture(raw) is None:
            return Done(None)
        reply, blobs = self._ask({"op": "clean", **self._wish(wish, raw)}, raw)
        if not reply["picture"]:
            return Done(None)
        preview = blobs.pop() if reply["preview"] else None
        attributes: dict[str, str | int | tuple[str, ...]] = {"BurnedInAnnotation": "NO"}
        for name, value in _mapping(reply["attributes"]).items():
            attributes[name] = (
                tuple(map(str, value)) if isinstance(value, list) else value if isinstance(value, int) else str(value)
            )
        regions: list[Box] = [(int(a), int(b), int(c), int(d)) for a, b, c, d in reply["regions"]]  # type: ignore[attr-defined]  # boxes
        if not reply["changed"]:
            return Done(CleanPixels(None, None, attributes), preview)
        syntax = str(reply["syntax"])
        new = None if syntax == raw.syntax.uid or not raw.syntax.encapsulated else syntax
        return Done(CleanPixels(blobs[0], new, attributes, regions=tuple(regions)), preview)

    def preview(self, raw: RawInstance) -> bytes | None:
        """A PNG of the first frame with what was found framed, None without a picture. Raises PermanentError."""
        reply, blobs = self._ask({"op": "preview", **self._wish(Wish(), raw)}, raw)
        return blobs[0] if reply["preview"] else None

    def words(self, raw: RawInstance, look: int = 0) -> list[tuple[str, Box, float]]:
        """The lines of text in the first frame: text, (left, top, right, bottom) and confidence; `look` as in `read_words`. Raises
        PermanentError.
        """
        reply, _ = self._ask({"op": "words", "look": look}, raw)
        found = []
        for text, (x, y, w, h), confidence in reply["words"]:  # type: ignore[attr-defined]  # a list of lines
            found.append((str(text), (int(x), int(y), int(x + w), int(y + h)), float(confidence)))
        return found

    def values(self, raw: RawInstance, frames: Sequence[int]) -> list[Stored]:
        """Sample values (rows x columns of integers) of some frames, for whoever measures in them. Raises PermanentError."""
        picture = self._picture(raw)
        if picture is None or any(not 0 <= frame < picture.frames for frame in frames):
            return []
        if not picture.encapsulated:
            return values_of(raw, picture, frames)
        reply, blobs = self._ask({"op": "values", "frames": list(frames)}, raw)
        kind, shape = str(reply["kind"]), picture.shape
        return [np.frombuffer(blob, np.dtype(kind)).reshape(shape) for blob in blobs]

    def close(self) -> None:
        """End the child."""
        with self._turn:
            self._drop()

    def _picture(self, raw: RawInstance) -> Picture | None:
        return picture_of(raw, self._rules.limits)

    def _wish(self, wish: Wish, raw: RawInstance) -> dict[str, object]:
        facts = {keyword: raw.values(keyword) for keyword in self._rules.keywords}
        selective = wish.decide == "selective"
        return {
            "look": asdict(self._rules.look),
            "masks": [*wish.masks, *self._rules.boxes(facts)],
            "approved": wish.approved,
            "preview": wish.preview,
            "technical": _listed(self._rules.technical) if selective else None,
            "names": wish.names if selective else (),
            "known": wish.known if selective else (),
        }

    def _ask(self, header: Mapping[str, object], raw: RawInstance) -> tuple[dict[str, object], list[bytes]]:
        limits = self._rules.limits
        request = {**header, "limits": asdict(limits), "threads": self._threads}
        with self._turn:
            child = self._running()
            assert child.stdin is not None and child.stdout is not None, "both are pipes"
            try:
                wire.send(child.stdin.fileno(), request, [raw.data])
                reply, blobs = wire.receive(child.stdout.fileno(), limits.seconds, _MAX_ANSWER)
            except wire.Broken:
                self._drop()
                raise PermanentError(Code.RESOURCE_LIMIT, "picture_reader_stopped") from None
            if reply.get("code") == Code.RESOURCE_LIMIT:
                self._drop()  # what it held of a picture too large is in pieces: the next object gets a child with all its memory
        if "code" in reply:
            raise PermanentError(Code(str(reply["code"])), str(reply["detail"]))
        return reply, blobs

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._child is None or self._child.poll() is not None:
            self._drop()
            self._child = self._started()
        return self._child

    def _started(self) -> "subprocess.Popen[bytes]":
        source = str(Path(__file__).resolve().parents[2])
        scratch = tempfile.TemporaryDirectory(
            prefix="dicomlake-pixels-"
        )  # codecs that only know files leave nothing behind
        # Nothing of this process's surroundings: neither keys nor credentials, nor addresses of services.
        surroundings = {
            "PYTHONPATH": source,
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "OMP_THREAD_LIMIT": "1",
            "MALLOC_MMAP_THRESHOLD_": str(
                32 << 20
            ),  # else each layer's memory is fetched and cleared anew: a quarter of the time
            "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
            "LANG": "C.UTF-8",
            "TMPDIR": scratch.name,
        }
        child = subprocess.Popen(
            [sys.executable, "-m", "dicomlake.pixels.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=surroundings,
            cwd="/",
        )
        # Also run when this process ends, be it one of a pool, which leaves without the usual good-byes.
        self._end = Finalize(self, _ended, (child, scratch), exitpriority=1)
        assert child.stdin is not None and child.stdout is not None, "both are pipes"
        try:
            wire.send(child.stdin.fileno(), {"memory_mib": self._rules.limits.memory_mib})
            wire.receive(child.stdout.fileno(), _START_S, 0)
        except wire.Broken:
            self._drop()
            raise ConfigError("the reader of pictures does not start: is the extra `pixels` installed?") from None
        return child

    def _drop(self) -> None:
        self._child = None
        self._end()
        self._end = _nothing


def _nothing() -> None:
    """There is no child to end."""


def _ended(child: "subprocess.Popen[bytes]", scratch: "tempfile.TemporaryDirectory[str]") -> None:
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()
    scratch.cleanup()


def _listed(technical: Technical) -> dict[str, list[str]]:
    return {"words": sorted(technical.words), "units": sorted(technical.units), "codes": list(technical.codes)}


def _mapping(value: object) -> Mapping[str, object]:
    assert isinstance(value, dict), "the child sends a mapping"
    return value
