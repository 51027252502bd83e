"""A line of JSON with a text in, a line with the scrubbed text out. Called by the `scrub` verb."""

import json
from dataclasses import dataclass, field
from enum import StrEnum

from dicomlake.pseudonyms import IdentityRules, SiteKey, patient_identity
from dicomlake.reports.recognise import KnownValues, Setting, Span
from dicomlake.reports.recognise.meddocan import meddocan_label
from dicomlake.reports.scrub import LANGUAGES, Replacer, Scrubber, load_surrogates

__all__ = ["LANGUAGES", "Labels", "TextLine", "TextScrubber"]


class Labels(StrEnum):
    """The set of labels that spans are told in."""

    PLAIN = "plain"
    MEDDOCAN = "meddocan"


@dataclass(frozen=True)
class TextLine:
    """What a line asks for. `patient` is the id that dates hang on; without one, the text stands for its own unknown patient."""

    id: object
    text: str = field(repr=False)
    lang: str | None
    known: KnownValues = field(repr=False)
    patient: str = field(repr=False)

    @classmethod
    def of(cls, line: str, lang: str | None) -> "TextLine | None":
        """The line read; None when it is no JSON object with a text."""
        try:
            given = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(given, dict) or not isinstance(given.get("text"), str):
            return None
        known = given.get("known")
        values = KnownValues.of(known) if isinstance(known, dict) else KnownValues()
        own = given.get("lang")
        patient = next(
            (str(known[key]) for key in ("PatientID", "patient_id", "mrn") if known.get(key)), ""
        ) if isinstance(known, dict) else ""  # fmt: skip
        return cls(
            given.get("id"),
            given["text"],
            own if isinstance(own, str) and own in LANGUAGES else lang,
            values,
            patient or next(iter(values.ids), ""),
        )


class TextScrubber:
    """The scrubber with the key of a site; built once for many lines."""

    def __init__(
        self, scrubber: Scrubber, key: SiteKey, identity: IdentityRules, shift_days: tuple[int, int], surrogates: bool
    ) -> None:
        self._scrubber = scrubber
        self._key = key
        self._identity = identity
        self._shift_days = shift_days
        self._surrogates = load_surrogates() if surrogates else None

    def scrubbed(self, line: TextLine, setting: str, labels: Labels) -> dict[str, object]:
        """`id`, `text`, `spans`, `lang`, and `doubts` where there are any."""
        person = patient_identity(self._identity, line.patient, None, f"text {line.id}")
        days = self._key.shift_days(self._key.patient(person), *self._shift_days)
        replacer = Replacer(self._key, days, self._scrubber.recogniser.rules, self._surrogates)
        made = self._scrubber.scrub(line.text, replacer, line.known, line.lang, Setting(setting))
        spans = [[span.start, span.end, _label(span, labels)] for span in made.spans]
        answer: dict[str, object] = {"id": line.id, "text": made.text, "spans": spans, "lang": made.lang}
        return answer | ({"doubts": list(made.doubts)} if made.doubts else {})


def _label(span: Span, labels: Labels) -> str:
    return str(span.label) if labels is Labels.PLAIN else meddocan_label(span)
