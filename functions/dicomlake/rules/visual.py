"""`ps3_15/visual_features.yaml` in, the judgement whether a picture may show a face out. Called by `profiles.py`; asked by `dicom/`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dicomlake.rules.reader import RuleFiles

VISUAL = "ps3_15/visual_features.yaml"
_KEYWORD = r"[A-Z][A-Za-z0-9]*"
_WORD = re.compile("[a-z]+")


@dataclass(frozen=True)
class VisualFeatures:
    """In which modalities a face can be rebuilt, and the words that tell of a head. `keywords` are the attributes to look at."""

    modalities: frozenset[str]
    body_part: str
    keywords: tuple[str, ...]
    words: frozenset[str]
    phrases: tuple[str, ...]

    def stated(self, modality: str, claim: str, body_part: str, texts: Iterable[str]) -> str:
        """What RecognizableVisualFeatures may say: "YES", "NO" or "" (absent: not known). `claim` is what the sender said; texts are
        folded: small letters, no accents.
        """
        if modality not in self.modalities:
            return claim if claim in ("YES", "NO") else ""
        for text in texts:
            found = _WORD.findall(text)
            if not self.words.isdisjoint(found) or any(phrase in " ".join(found) for phrase in self.phrases):
                return "YES"
        return "YES" if claim == "YES" else "NO" if claim == "NO" and body_part else ""


def load_visual_features(files: RuleFiles) -> VisualFeatures:
    """Read the file. Raises ConfigError."""
    fields = files.open(VISUAL).mapping(["modalities", "body_part", "keywords", "words", "phrases"])
    return VisualFeatures(
        frozenset(fields["modalities"].unique(lambda item: item.text("[A-Z]{2,16}", "a modality"))),
        fields["body_part"].text(_KEYWORD, "a keyword"),
        fields["keywords"].unique(lambda item: item.text(_KEYWORD, "a keyword")),
        frozenset(word for line in fields["words"].items(at_least=1) for word in line.text("[a-z ]+", "words").split()),
        fields["phrases"].unique(lambda item: item.text("[a-z ]+", "words")),
    )
