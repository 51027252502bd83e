"""Translation engines are asked as they want to be asked; what is no answer is a failure, and the key stands in no address."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from dicomlake.errors import ConfigError
from dicomlake.pipeline.engines import LiveEngine, engine, google_cloud
from dicomlake.pipeline.translation import Translation, translated_line
from dicomlake.reports.translate import EngineDown, NoSuchPair
from dicomlake.settings import load

ASKED: list[tuple[str, str, dict[str, str]]] = []


class Cloud(BaseHTTPRequestHandler):
    """Answers as Google Cloud Translation v2 does, and once not at all."""

    def do_POST(self) -> None:  # the library's name
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        ASKED.append((self.path, self.headers["X-Goog-Api-Key"], body))
        answer = {"data": {"translations": [{"translatedText": body["q"].replace("lung", "pulmón")}]}}
        if body["q"] == "refused":
            self.send_error(403)
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def cloud() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Cloud)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_google_cloud_is_asked_by_key_for_plain_text(cloud: str) -> None:
    google = LiveEngine("google", google_cloud("a key", cloud))
    assert google("the lung ⟦0⟧", "en", "es") == "the pulmón ⟦0⟧"
    path, key, body = ASKED[-1]
    assert (path, key) == ("/language/translate/v2", "a key")
    assert body == {"q": "the lung ⟦0⟧", "source": "en", "target": "es", "format": "text"}


def test_a_refusal_is_tried_three_times_and_then_said(cloud: str) -> None:
    before = len(ASKED)
    with pytest.raises(EngineDown):
        LiveEngine("google", google_cloud("a key", cloud))("refused", "en", "es")
    assert len(ASKED) == before + 3


@pytest.mark.parametrize("name", ["google", "deepl", "microsoft"])
def test_an_engine_that_needs_a_key_does_not_start_without_one(name: str) -> None:
    settings = load({"DICOMLAKE_TRANSLATE_ENGINE": name})
    with pytest.raises(ConfigError):
        engine(settings)
    assert engine(settings, "a key").name == name


def test_a_pair_that_no_engine_has_is_said_and_stops_nothing_else() -> None:
    def ask(text: str, source: str, target: str) -> str:
        if target == "de":
            raise NoSuchPair
        return text

    translation = Translation(LiveEngine("an engine", ask), None)
    said = translated_line('{"id": 1, "text": "The heart is large.", "lang": "en"}', "de", translation)
    assert said["text"] == "The heart is large." and "en to de (an engine)" in str(said["error"])
    made = translated_line('{"id": 2, "text": "The heart is large.", "lang": "en"}', "fr", translation)
    assert made["engine"] == "an engine" and "error" not in made
