"""Scrubbed text in, the same in another language out, by an engine passed in; see `translator.py`. No network here."""

from dicomlake.reports.translate.translator import Engine, EngineDown, NoSuchPair, Translated, Translator

__all__ = ["Engine", "EngineDown", "NoSuchPair", "Translated", "Translator"]
