"""The figures of scrubbing text: MEDDOCAN's development set, reports in unseen layouts, and Presidio as shipped on the same data.

`python tests/bench/bench_scrub.py [CORPUS_FOLDER]` (default: the folder of shared development data). CPU seconds of this process alone.
"""

import gzip
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "functions")]

from dicomlake.reports.recognise import KnownValues, Setting, Span  # noqa: E402
from dicomlake.reports.recognise.meddocan import meddocan_label  # noqa: E402
from dicomlake.reports.scrub import Scrubber  # noqa: E402
from tests.reports.unseen.writer import LANGUAGES, UnseenWriter  # noqa: E402

CORPUS = ROOT.parent / "shared" / "data" / "reports"
UNSEEN_SEED, UNSEEN_PER_LANGUAGE = 4711, 60
Gold = Iterable[tuple[int, int, str]]


@dataclass
class Score:
    """Counts over documents; `strict` compares places, `typed` places and types."""

    documents: int = 0
    characters: int = 0
    covered: int = 0
    leaking: int = 0
    kept: int = 0
    taken: int = 0
    strict: list[int] = field(default_factory=lambda: [0, 0, 0])
    typed: list[int] = field(default_factory=lambda: [0, 0, 0])
    cpu_s: float = 0.0

    def add(self, text: str, gold: Gold, found: list[tuple[int, int, str]], keep: Iterable[tuple[int, int]]) -> None:
        """One document. White space and signs do not count as characters."""
        gold = list(gold)
        places = {place for start, end, _ in found for place in range(start, end)}
        wanted = [place for start, end, _ in gold for place in range(start, end) if text[place].isalnum()]
        hit = sum(place in places for place in wanted)
        self.documents += 1
        self.characters += len(wanted)
        self.covered += hit
        self.leaking += hit < len(wanted)
        for start, end in keep:
            self.kept += 1
            self.taken += any(place in places for place in range(start, end))
        for counts, one, two in (
            (self.typed, set(gold), set(found)),
            (self.strict, {g[:2] for g in gold}, {f[:2] for f in found}),
        ):
            for place, number in enumerate((len(one & two), len(two - one), len(one - two))):
                counts[place] += number

    @property
    def recall(self) -> float:
        """Of the characters that identify, how many were found."""
        return self.covered / max(1, self.characters)

    def line(self, name: str) -> str:
        """For the table."""
        over = f"{self.taken / self.kept:8.2%}" if self.kept else " " * 8
        return (
            f"{name:<34}{self.documents:>6}{self.recall:>10.4f}{self.leaking / self.documents:>9.1%}{over}"
            f"{_f1(self.strict):>9.4f}{_f1(self.typed):>9.4f}{self.documents / max(self.cpu_s, 1e-9):>9.0f}"
        )


def _f1(counts: list[int]) -> float:
    right, wrong, missed = counts
    return 2 * right / max(1, 2 * right + wrong + missed)


def measured(
    documents: Iterable[tuple[str, Gold, Iterable[tuple[int, int]], str, KnownValues]],
    find: Callable[[str, str, KnownValues], list[tuple[int, int, str]]],
) -> Score:
    """The score of a recogniser over documents (text, spans, spans to keep, language, known values)."""
    score = Score()
    for text, gold, keep, lang, known in documents:
        started = time.process_time()
        found = find(text, lang, known)
        score.cpu_s += time.process_time() - started
        score.add(text, gold, found, keep)
    return score


def meddocan(corpus: Path) -> list[tuple[str, Gold, list[tuple[int, int]], str, KnownValues]]:
    """The development set, on which nothing is trained."""
    with gzip.open(corpus / "meddocan_dev.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [(row["text"], [tuple(span) for span in row["spans"]], [], "es", KnownValues()) for row in rows]


def unseen(lang: str, known: bool) -> list[tuple[str, Gold, tuple[tuple[int, int], ...], str, KnownValues]]:
    """Reports in layouts and with names that no model was trained on."""
    written = UnseenWriter(UNSEEN_SEED).documents(UNSEEN_PER_LANGUAGE)
    return [
        (one.text, one.spans, one.keep, one.lang, KnownValues.of(one.known) if known else KnownValues())
        for one in written
        if lang in ("all", one.lang)
    ]


def main(corpus: Path) -> None:
    """Print the table."""
    recogniser = Scrubber.load()  # what the verb asks

    def ours(
        setting: Setting, label: Callable[[Span], str]
    ) -> Callable[[str, str, KnownValues], list[tuple[int, int, str]]]:
        return lambda text, lang, known: [
            (span.start, span.end, label(span)) for span in recogniser.spans(text, known, lang, setting)
        ]

    plain = ours(Setting.STRICT, lambda span: str(span.label))
    plain("warm up", "es", KnownValues())
    print(f"{'':<34}{'texts':>6}{'char rec.':>10}{'leaking':>9}{'over':>8}{'span F1':>9}{'type F1':>9}{'texts/s':>9}")
    if (corpus / "meddocan_dev.jsonl.gz").is_file():
        print(measured(meddocan(corpus), ours(Setting.RESEARCH, meddocan_label)).line("MEDDOCAN dev, research"))
        print(measured(meddocan(corpus), ours(Setting.STRICT, meddocan_label)).line("MEDDOCAN dev, strict"))
    for known in (True, False):
        for lang in (*LANGUAGES, "all"):
            name = f"unseen {lang}, strict, {'header known' if known else 'nothing known'}"
            print(measured(unseen(lang, known), plain).line(name))
    if "--no-peer" not in sys.argv:
        peer(corpus)


def peer(corpus: Path) -> None:
    """Presidio with the recognisers it comes with, on a blank pipeline since no model may be downloaded."""
    from tests.bench.presidio_peer import PresidioPeer

    presidio = PresidioPeer(LANGUAGES)
    if (corpus / "meddocan_dev.jsonl.gz").is_file():
        print(measured(meddocan(corpus), presidio.find).line("Presidio, MEDDOCAN dev"))
    for lang in (*LANGUAGES, "all"):
        print(measured(unseen(lang, False), presidio.find).line(f"Presidio, unseen {lang}"))


if __name__ == "__main__":
    given = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    main(Path(given[0]) if given else CORPUS)
