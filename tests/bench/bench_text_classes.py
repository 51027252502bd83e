"""What of each class of identity is left in short texts full of them, and what of each class of term is taken (`tests/reports/unseen/classes.py`).

`python tests/bench/bench_text_classes.py [--end] [--show CLASS]`: with the halves of the lists kept for the end; `--show` prints
invented texts that fail.
"""

import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "functions")]

from dicomlake.reports.recognise import KnownValues, Label, Span  # noqa: E402
from dicomlake.reports.scrub import Scrubber  # noqa: E402
from tests.reports.unseen.classes import SEVERE, ClassedWriter  # noqa: E402

SEED, ROUNDS = 9021, 3


def main(*, end: bool, show: str) -> None:
    """Print both tables, with nothing known and with a header."""
    scrubber = Scrubber.load()
    for with_header in (False, True):
        planted, left, terms, taken = (Counter[str]() for _ in range(4))
        texts = leaking = severe = characters = covered = 0
        started = time.process_time()
        for one in ClassedWriter(SEED, end=end).texts(ROUNDS):
            known = KnownValues.of(one.known) if with_header else KnownValues()
            spans = [span for span in scrubber.spans(one.text, known, one.lang) if not is_told(one.text, span)]
            gone = {place for span in spans for place in range(span.start, span.end)}
            classes = set()
            for start, stop, kind in one.planted:
                telling = [place for place in range(start, stop) if one.text[place].isalnum()]
                characters, covered = characters + len(telling), covered + sum(place in gone for place in telling)
                planted[kind] += 1
                if any(place not in gone for place in telling):
                    left[kind] += 1
                    classes.add(kind)
                    if show == kind and not with_header:
                        print(f"{one.lang} LEFT  {shown(one.text, gone, start, stop)}")
            for start, stop, kind in one.terms:
                terms[kind] += 1
                if any(place in gone for place in range(start, stop)):
                    taken[kind] += 1
                    if show == kind and not with_header:
                        print(f"{one.lang} TAKEN {shown(one.text, gone, start, stop)}")
            texts, leaking, severe = texts + 1, leaking + bool(classes), severe + bool(classes & SEVERE)
        spent = time.process_time() - started
        print(
            f"{'header known' if with_header else 'nothing known'}: {texts} texts, recall {covered / characters:.4f}, leaking {leaking / texts:.1%}, "
            f"severe {severe / texts:.1%}, terms taken {taken.total() / terms.total():.1%}, {texts / spent:.0f} texts/s"
        )
        print("  left  " + "  ".join(f"{kind} {left[kind]}/{planted[kind]}" for kind in sorted(planted)))
        print("  taken " + "  ".join(f"{kind} {taken[kind]}/{terms[kind]}" for kind in sorted(terms)))


def is_told(text: str, span: Span) -> bool:
    """Whether the replacer leaves a finding standing: a sex, and a relative without a name."""
    return span.label is Label.SEX or (span.label is Label.RELATIVE and text[span.start : span.end].islower())


def shown(text: str, gone: set[int], start: int, stop: int) -> str:
    """The place in its sentence, what is gone as stars."""
    around = range(max(0, start - 40), min(len(text), stop + 30))
    chars = ["*" if place in gone and text[place] != " " else text[place] for place in around]
    chars.insert(stop - around.start, ">>")
    chars.insert(start - around.start, f"<<{text[start:stop]}=")
    return "".join(chars).replace("\n", "/")


if __name__ == "__main__":
    asked = sys.argv[sys.argv.index("--show") + 1] if "--show" in sys.argv else ""
    main(end="--end" in sys.argv, show=asked)
