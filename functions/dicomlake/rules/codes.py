"""`codes.yaml` in, the user's text of every reason code out. Called by `cli.py`, `pipeline/` and whatever shows a code to a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from dicomlake.errors import Code
from dicomlake.rules.paths import rules_dir
from dicomlake.rules.reader import RuleFiles


@dataclass(frozen=True, slots=True)
class CodeText:
    """What a reason code is (`info`, `hold` or `review`), what it tells the user and what the user can do."""

    kind: str
    user_text: str
    next_step: str


def load_codes(root: Path | None = None) -> Mapping[Code, CodeText]:
    """Every code of `errors.Code` with its text, no more and no fewer. Raises ConfigError otherwise."""
    codes = RuleFiles(rules_dir(root)).open("codes.yaml").mapping(["codes"])["codes"]
    texts = {}
    for name, entry in codes.mapping([code.value for code in Code]).items():
        fields = entry.mapping(["kind", "user_text", "next_step"])
        kind = fields["kind"].choice(("info", "hold", "review"))
        texts[Code(name)] = CodeText(kind, fields["user_text"].text(), fields["next_step"].text())
    return MappingProxyType(texts)
