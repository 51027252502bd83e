"""A LibreTranslate-compatible endpoint on loopback, over Apertium run as a process: `translate_app()`."""

from localemu.translate.app import translate_app

__all__ = ["translate_app"]
