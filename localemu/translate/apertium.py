"""Text and two languages in, translated text out: runs Apertium, which stays a process of its own. Where no pair is direct, by way of Spanish."""

import os
import re
import shutil
import subprocess

PIVOT = "es"
# The modes that the Debian packages bring, by language pair.
_MODES = {
    ("en", "es"): "eng-spa", ("es", "en"): "spa-eng", ("es", "pt"): "es-pt", ("pt", "es"): "pt-es",
    ("fr", "es"): "fr-es", ("es", "fr"): "es-fr", ("es", "it"): "spa-ita", ("it", "es"): "ita-spa",
}  # fmt: skip
UNKNOWN = "⁑"
_UNKNOWN = re.compile(r"[#@]*[*⁑][*⁑#@]*(?=\w)")
_UNFORMED = re.compile(r"[#@](?=\w)")  # before a word that is known and could not be put in its form
LANGUAGES = {"en": "English", "es": "Spanish", "fr": "French", "it": "Italian", "pt": "Portuguese"}
# Signs of the text itself, while Apertium has its own meaning of them.
_SIGNS, _STANDING = "*#@", "∗⌗⍟"
_TIMEOUT_S = 60


class NotSupported(Exception):  # says what is
    """No installed pair leads from one language to the other."""


class NotInstalled(Exception):  # says what is
    """The program is not there."""


def path(source: str, target: str) -> list[str]:
    """The modes that lead from `source` to `target`."""
    if source == target and source in LANGUAGES:
        return []
    if (source, target) in _MODES:
        return [_MODES[source, target]]
    if (source, PIVOT) in _MODES and (PIVOT, target) in _MODES:
        return [_MODES[source, PIVOT], _MODES[PIVOT, target]]
    raise NotSupported


def targets(source: str) -> list[str]:
    """The languages that `source` can be translated to."""
    found = []
    for target in LANGUAGES:
        try:
            path(source, target)
        except NotSupported:
            continue
        found.append(target)
    return found


def translate(text: str, source: str, target: str) -> str:
    """Translate; line breaks stay, and a word that is not known stays behind ⁑. Raises NotSupported, NotInstalled, TimeoutError."""
    program = shutil.which("apertium", path=os.defpath)
    if program is None:
        raise NotInstalled
    for mode in path(source, target):
        text = _run(program, mode, text)
    return text


def version() -> str:
    """What the program calls itself."""
    program = shutil.which("apertium", path=os.defpath)
    if program is None:
        return "apertium"
    said = (
        subprocess.run([program, "-V"], capture_output=True, timeout=10, check=False)
        .stdout.decode("utf-8", "replace")
        .split()
    )
    return f"apertium {said[-1]}" if said else "apertium"


def _run(program: str, mode: str, text: str) -> str:
    environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            [program, "-f", "txt", mode],
            input=text.translate(str.maketrans(_SIGNS, _STANDING)).encode(),
            capture_output=True,
            timeout=_TIMEOUT_S,
            env=environment,
            check=True,
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        raise TimeoutError from None
    translated = _UNFORMED.sub("", _UNKNOWN.sub(UNKNOWN, done.stdout.decode("utf-8", "replace")))
    translated = translated.translate(str.maketrans(_STANDING, _SIGNS))
    return translated if text.endswith("\n") else translated.removesuffix("\n")
