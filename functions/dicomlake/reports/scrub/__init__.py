"""A report's text in, the same text without what identifies out. Called by the report pipeline and by `dicomlake scrub`."""

from dicomlake.reports.scrub.language import LANGUAGES
from dicomlake.reports.scrub.replace import Replacer
from dicomlake.reports.scrub.scrubber import Scrubbed, Scrubber
from dicomlake.rules.surrogates import load_surrogates

__all__ = ["LANGUAGES", "Replacer", "Scrubbed", "Scrubber", "load_surrogates"]
