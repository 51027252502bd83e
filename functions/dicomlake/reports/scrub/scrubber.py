"""A text and what is known of its study in, the scrubbed text, its spans, language and doubts out. Called by the pipeline and the `scrub` verb."""

from dataclasses import dataclass, field
from pathlib import Path

from dicomlake.reports.placed import Placed, placed
from dicomlake.reports.recognise import NOTHING_KNOWN, KnownValues, Recogniser, Setting, Span
from dicomlake.reports.scrub.language import LANGUAGES, detected, is_latin
from dicomlake.reports.scrub.replace import Replacer, joined
from dicomlake.rules.columns import Columns, load_columns

_WORD_LETTERS = 0.5  # of the visible characters of a text that can be read
_READABLE_FROM = 80  # characters


@dataclass(frozen=True)
class Scrubbed:
    """`text` is clean; `spans` are places in the text as it came, `new` what stands there now. `doubts` are slugs: with any, a reviewer looks
    before it is released.

    `language`: it may be in none of the six. `unreadable`: it looks like no running text (a failed OCR, a wrong encoding).
    """

    text: str = field(repr=False)
    spans: tuple[Span, ...] = field(repr=False)
    lang: str
    doubts: tuple[str, ...] = ()
    new: tuple[str, ...] = field(default=(), repr=False)


class Scrubber:
    """Built once from the rules; serves many texts."""

    def __init__(self, recogniser: Recogniser, columns: Columns | None = None) -> None:
        self.recogniser = recogniser
        self._columns = columns or load_columns()

    @classmethod
    def load(cls, root: Path | None = None, nlp: str = "blank") -> "Scrubber":
        """With the rules below `root` (default: those of the package), behind Presidio; `nlp` may name an installed model. Raises ConfigError."""
        from dicomlake.reports.recognise.presidio import AnalyzedRecogniser

        return cls(AnalyzedRecogniser.load(root, nlp), load_columns(root))

    def scrub(
        self,
        text: str,
        replacer: Replacer,
        known: KnownValues = NOTHING_KNOWN,
        lang: str | None = None,
        setting: Setting = Setting.STRICT,
        whole: bool = False,
    ) -> Scrubbed:
        """The clean text. `lang` is one of `LANGUAGES`, or None to find it; `whole`: the text is a table for programs. Raises nothing for
        any text.
        """
        lang, doubts = self.language(text, lang)
        known |= self.placed(text, whole).known if setting is Setting.STRICT else NOTHING_KNOWN
        spans = self.spans(text, known, lang, setting, whole)
        new = replacer.new_texts(text, spans, known, lang)
        return Scrubbed(joined(text, spans, new), tuple(spans), lang, doubts, tuple(new))

    def spans(
        self,
        text: str,
        known: KnownValues = NOTHING_KNOWN,
        lang: str | None = None,
        setting: Setting = Setting.STRICT,
        whole: bool = False,
    ) -> list[Span]:
        """What identifies, in order of place, no two overlapping."""
        lang = lang or self.language(text, None)[0]
        if setting is not Setting.STRICT:
            return self.recogniser.spans(text, known, lang, setting)
        found = self.placed(text, whole)
        return found.among(text, self.recogniser.spans(text, known | found.known, lang, setting))

    def placed(self, text: str, whole: bool = False) -> Placed:
        """What identifies by its place alone."""
        return placed(text, self._columns, self.recogniser.clinical.is_word, whole=whole)

    def language(self, text: str, lang: str | None) -> tuple[str, tuple[str, ...]]:
        """The language to read a text in, and what speaks against trusting the result."""
        found, sure = (lang, is_latin(text)) if lang in LANGUAGES else detected(text)
        doubts = ([] if sure else ["language"]) + ([] if _is_readable(text) else ["unreadable"])
        return found or LANGUAGES[0], tuple(doubts)


def _is_readable(text: str) -> bool:
    """Whether a longer text consists of words and numbers rather than of signs, replacement characters and single letters."""
    visible = [c for c in text if not c.isspace()]
    if len(visible) < _READABLE_FROM:
        return "\ufffd" not in text
    wrong = sum(1 for c in visible if c == "\ufffd" or not c.isprintable())
    letters = sum(1 for word in text.split() if len(word) > 1 for c in word if c.isalnum())
    return wrong * 200 <= len(visible) and letters >= _WORD_LETTERS * len(visible)
