"""Settings in, a translation engine out: deep-translator's classes, with a time limit and retries around them.

Called by `translation.py` and the verbs.

Only scrubbed text may be given to an engine. A laptop without an endpoint gets one for as long as it is needed.
"""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from dicomlake.errors import ConfigError
from dicomlake.reports.translate import EngineDown, NoSuchPair
from dicomlake.settings import Settings

TIMEOUT_S, _ATTEMPTS, _START_S = 60, 3, 20


@dataclass(frozen=True)
class LiveEngine:
    """An engine and what it calls itself."""

    name: str
    ask: Callable[[str, str, str], str] = field(repr=False)

    def __call__(self, text: str, source: str, target: str) -> str:
        """Translate. Raises EngineDown after three attempts, or when the pair of languages is not to be had."""
        for _ in range(_ATTEMPTS):
            answer = _in_time(lambda: self.ask(text, source, target))
            if answer is not None:
                return answer
        raise EngineDown


def engine(settings: Settings, key: str = "") -> LiveEngine:
    """The engine that the settings name. Raises ConfigError when something is missing."""
    name = settings.translate_engine
    if name == "libretranslate":
        if not settings.translate_url:
            raise ConfigError("DICOMLAKE_TRANSLATE_URL is not set: name a LibreTranslate-compatible endpoint")
        return libretranslate(settings.translate_url, key)
    if not key:
        raise ConfigError(f"DICOMLAKE_TRANSLATE_KEY is not set: {name} needs one")
    by_key = {"deepl": _deepl, "microsoft": _microsoft, "google": google_cloud}
    return LiveEngine(name, by_key[name](key))


def libretranslate(url: str, key: str = "") -> LiveEngine:
    """The engine behind a LibreTranslate-compatible URL."""
    from deep_translator import LibreTranslator

    address = url.rstrip("/") + "/"

    pairs = _pairs(address)

    def ask(text: str, source: str, target: str) -> str:
        if pairs and (source, target) not in pairs:
            raise NoSuchPair
        answer: str = LibreTranslator(
            source=source, target=target, api_key=key or "none", use_free_api=False, custom_url=address
        ).translate(text)
        return answer

    return LiveEngine(_told(address), ask)


def _deepl(key: str) -> Callable[[str, str, str], str]:
    from deep_translator import DeeplTranslator

    free = key.endswith(":fx")
    return lambda text, source, target: str(
        DeeplTranslator(api_key=key, source=source, target=target, use_free_api=free).translate(text)
    )


def _microsoft(key: str) -> Callable[[str, str, str], str]:
    from deep_translator import MicrosoftTranslator

    return lambda text, source, target: str(
        MicrosoftTranslator(api_key=key, source=source, target=target).translate(text)
    )


def google_cloud(key: str, url: str = "https://translation.googleapis.com") -> Callable[[str, str, str], str]:
    """Google Cloud Translation (v2, by API key). deep-translator's class of that name asks a public web page instead, so this is our own."""
    import requests
    from deep_translator.exceptions import ServerException

    def ask(text: str, source: str, target: str) -> str:
        given = {"q": text, "source": source, "target": target, "format": "text"}
        try:
            answer = requests.post(
                f"{url}/language/translate/v2", json=given, headers={"X-Goog-Api-Key": key}, timeout=TIMEOUT_S
            )
            return str(answer.json()["data"]["translations"][0]["translatedText"])
        except (requests.RequestException, ValueError, KeyError, IndexError, TypeError):
            raise ServerException(500) from None

    return ask


def _told(address: str) -> str:
    """What the endpoint says it is, with its version; endpoints that do not say are LibreTranslate."""
    import requests

    try:
        told = requests.get(f"{address}frontend/settings", timeout=10).json()
        name = told.get("engine") if isinstance(told, dict) else None
    except (requests.RequestException, ValueError):
        return "libretranslate"
    return name[:40] if isinstance(name, str) else "libretranslate"


def _pairs(address: str) -> frozenset[tuple[str, str]]:
    """What the endpoint translates between; empty when it does not say."""
    import requests

    try:
        told = requests.get(f"{address}languages", timeout=10).json()
        return frozenset((str(one["code"]), str(target)) for one in told for target in one.get("targets", ()))
    except (requests.RequestException, ValueError, KeyError, TypeError, AttributeError):
        return frozenset()


def _in_time(work: Callable[[], str]) -> str | None:
    """The answer, or None for a failure or a silence; the library has no time limit of its own."""
    from deep_translator import exceptions

    failures = tuple(
        kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, Exception)
    )
    answers: list[str] = []
    refused: list[NoSuchPair] = []

    def run() -> None:
        try:
            answer = work()
        except NoSuchPair as never:
            refused.append(never)
            return
        except failures:
            return
        if isinstance(answer, str):
            answers.append(answer)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(TIMEOUT_S)
    if refused:
        raise NoSuchPair
    return answers[0] if answers else None


@contextmanager
def laptop_endpoint() -> Iterator[str]:
    """The URL of an endpoint of our own on loopback, over Apertium, while the block runs. Raises ConfigError when there is none to be had."""
    command = [sys.executable, "-m", "localemu", "translate"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        timer = threading.Timer(_START_S, process.kill)
        timer.start()
        assert process.stdin is not None and process.stdout is not None, "both were asked for"
        line = process.stdout.readline().strip()
        timer.cancel()
        if not line.startswith("TRANSLATE_URL="):
            raise ConfigError("no translation engine: set DICOMLAKE_TRANSLATE_URL, or install the extra `local`")
        try:
            yield line.partition("=")[2]
        finally:
            process.stdin.close()
            process.wait(timeout=10)
