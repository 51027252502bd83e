"""`python training/weigh.py`: fits the weights of the evidence that a word names somebody, and writes `deid_rules/text/weights.yaml`.

After `train.py`, whose models it asks. The invented reports hold sentences the models were not trained with, and have names, drugs and
eponyms of their own. Logistic regression with a penalty on large weights, by Newton's method.
"""

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import yaml

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "functions")]

from documents import LANGUAGES, Writer  # noqa: E402

from dicomlake.reports.recognise import Recogniser  # noqa: E402
from dicomlake.reports.recognise.tokens import lines_of  # noqa: E402
from dicomlake.reports.recognise.weigh import Weigher  # noqa: E402
from dicomlake.rules.models import Weights  # noqa: E402

TARGET = HERE.parent / "deid_rules" / "text" / "weights.yaml"
SEED, PER_LANGUAGE = 77_001, 130
SILENT = 0.03  # the share of reports in which the models say nothing, as in places they have never seen the like of
PENALTY, RAREST = 1.0, 25
# The probability from which on a word is taken, by what is known of it.
LEAST = {"strange": 0.12, "word": 0.12, "both": 0.12, "medical": 0.3, "eponym": 0.3}
HEAD = (
    "# What each piece of evidence (reports/recognise/company.py) adds to the logarithm of the chances that a word names somebody or some place.\n"
    "# From the probability `least` of its kind on it is taken. Written by training/weigh.py.\n"
)
Row = tuple[dict[str, float], bool, str]


def main() -> None:
    """Fit and write."""
    rows = list(evidence(SEED, PER_LANGUAGE))
    counts = Counter(name for row, _, _ in rows for name in row)
    names = sorted(name for name, count in counts.items() if count >= RAREST)
    place = {name: number for number, name in enumerate(names)}
    matrix = np.zeros((len(rows), len(names)))
    for number, (row, _, _) in enumerate(rows):
        for name, strength in row.items():
            if name in place:
                matrix[number, place[name]] += strength
    wanted = np.array([is_name for _, is_name, _ in rows], float)
    weights = fitted(matrix, wanted)
    written = {name: round(float(weight), 3) for name, weight in zip(names, weights, strict=True)}
    TARGET.write_text(HEAD + yaml.safe_dump({"least": LEAST, "weights": written}, sort_keys=True), encoding="utf-8")
    chance = 1 / (1 + np.exp(-(matrix @ weights)))
    print(f"{len(rows)} words, {wanted.mean():.2f} names")
    kinds = np.array([next(kind for kind in LEAST if f"kind {kind}" in row) for row, _, _ in rows])
    for kind in LEAST:
        of = kinds == kind
        for least in (0.05, 0.12, 0.2, 0.25, 0.3, 0.4):
            missed, wrong = (
                1 - (chance >= least)[of & (wanted == 1)].mean(),
                (chance >= least)[of & (wanted == 0)].mean(),
            )
            print(
                f"{kind:8} {least:5.2f} missed {missed:.4f}  taken wrongly {wrong:.4f}{' *' if least == LEAST[kind] else ''}"
            )


def evidence(seed: int, per_language: int) -> "list[Row]":
    """The evidence of each open word of invented reports, whether it names somebody or some place, and the word with its sentence."""
    recogniser = Recogniser.load()
    weigher = Weigher(Weights(LEAST, {}), recogniser.clinical, recogniser.rules.lexicon)
    rows: list[Row] = []
    writer = Writer(seed, apart=True)
    for lang in LANGUAGES:
        for _ in range(per_language):
            text, spans = writer.document(lang)
            rows += words_of(recogniser, weigher, text, spans, lang, silent=writer.chance.random() < SILENT)
    return rows


def words_of(
    recogniser: Recogniser, weigher: Weigher, text: str, spans: list[tuple[int, int, str]], lang: str, *, silent: bool
) -> "list[Row]":
    """The rows of one report."""
    lines, marks = lines_of(text), recogniser.marks(text)
    models = recogniser.readings(lines, marks, lang)
    chances = [[0.0 if silent else one for one in reading.something] for _, reading in models]
    company = weigher.company(text, lang, lines, chances, marks)
    within = {p: label for start, end, label in spans for p in range(start, end)}
    rows = []
    for place, token in enumerate(company.tokens):
        label = within.get(token.start, "")
        if label not in ("", "NAME", "LOCATION", "HOSPITAL") or not weigher.is_open(company, place, models):
            continue
        row: dict[str, float] = {}
        for name, strength in company.evidence(place):
            row[name] = row.get(name, 0.0) + strength
        rows.append(
            (
                row,
                bool(label),
                f"{lang} {text[max(0, token.start - 40) : token.start]}<<{token.text}>>{text[token.end : token.end + 30]}",
            )
        )
    return rows


def fitted(matrix: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Weights of a logistic regression."""
    weights = np.zeros(matrix.shape[1])
    for _ in range(25):
        chance = 1 / (1 + np.exp(-np.clip(matrix @ weights, -30, 30)))
        gradient = matrix.T @ (wanted - chance) - PENALTY * weights
        curve = (matrix.T * (chance * (1 - chance))) @ matrix + PENALTY * np.eye(len(weights))
        step = np.linalg.solve(curve, gradient)
        weights += step
        if np.abs(step).max() < 1e-4:
            break
    return weights


if __name__ == "__main__":
    main()
