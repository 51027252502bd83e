"""`deid_rules/text/models.yaml` in, the trained models it names out, each proven to be the file it says. Called by `reports/`."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dicomlake.errors import ConfigError
from dicomlake.rules.paths import rules_dir
from dicomlake.rules.reader import RuleFiles

MODELS, WEIGHTS = "text/models.yaml", "text/weights.yaml"

KINDS = ("strange", "word", "both", "medical", "eponym")


@dataclass(frozen=True)
class TrainedModel:
    """A model of python-crfsuite. `languages` are those it was trained for; `content` what the file holds, unpacked; `sha256` is of the file."""

    name: str
    languages: tuple[str, ...]
    sha256: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Weights:
    """What each piece of evidence adds to the logarithm of the chances that a word names somebody. It is taken for a name from `least` on,
    by its kind (`reports/recognise/clinical.py`): of a word of medicine more is asked than of one nobody knows."""

    least: Mapping[str, float]
    of: Mapping[str, float]


def load_weights(root: Path | None = None) -> Weights:
    """The weights of `text/weights.yaml`. Raises ConfigError."""
    fields = RuleFiles(rules_dir(root)).open(WEIGHTS).mapping(["least", "weights"])
    weights = {name: entry.number(-50, 50) for name, entry in fields["weights"].entries().items()}
    least = {kind: entry.number(0, 1) for kind, entry in fields["least"].mapping(KINDS).items()}
    return Weights(least, weights)


def load_models(root: Path | None = None) -> Mapping[str, TrainedModel]:
    """The models by name. Raises ConfigError for one that is missing or is not the file its hash says: no start without a recogniser."""
    folder = rules_dir(root)
    models = {}
    for name, entry in RuleFiles(folder).open(MODELS).mapping(["models"])["models"].entries().items():
        fields = entry.mapping(["file", "sha256", "languages"])
        path = folder / "text" / fields["file"].text(r"[a-z_]+\.crfsuite\.gz", "a file beside this one")
        try:
            content = path.read_bytes()
        except OSError:
            raise ConfigError(f"{fields['file'].source}: file: cannot be read; train it again") from None
        sha256 = fields["sha256"].text(r"[0-9a-f]{64}", "64 hexadecimal digits")
        if hashlib.sha256(content).hexdigest() != sha256:
            fields["sha256"].fail("is not the hash of the file")
        languages = fields["languages"].unique(lambda item: item.text(r"[a-z]{2}", "a language"))
        models[name] = TrainedModel(name, languages, sha256, gzip.decompress(content))
    return models
