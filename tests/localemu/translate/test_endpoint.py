"""The endpoint answers as LibreTranslate does, over Apertium, and the real client can use it."""

import shutil
from collections.abc import Iterator

import pytest
import requests
from deep_translator import LibreTranslator

from localemu.translate import translate_app
from tests.lake.serving import served

pytestmark = pytest.mark.skipif(shutil.which("apertium") is None, reason="apertium is not installed")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(translate_app()) as address:
        yield address + "/"


def test_the_real_client_translates_and_marks_pass_unharmed(url: str) -> None:
    client = LibreTranslator(source="es", target="en", api_key="none", use_free_api=False, custom_url=url)
    answer = client.translate("El paciente ⟦7⟧ tiene fiebre. ⟦12⟧")
    assert "patient" in answer.lower() and "⟦7⟧" in answer and "⟦12⟧" in answer


def test_arguments_come_in_the_url_a_form_or_json(url: str) -> None:
    asked = {"q": "the house", "source": "en", "target": "es"}
    answers = [
        requests.post(f"{url}translate", params=asked, timeout=30),
        requests.post(f"{url}translate", data=asked, timeout=30),
        requests.post(f"{url}translate", json=asked, timeout=30),
    ]
    assert [answer.json()["translatedText"] for answer in answers] == ["La casa"] * 3 or {
        answer.json()["translatedText"].lower() for answer in answers
    } == {"la casa"}


def test_where_no_pair_is_direct_spanish_lies_between(url: str) -> None:
    answer = requests.post(f"{url}translate", json={"q": "the house", "source": "en", "target": "fr"}, timeout=30)
    assert "maison" in answer.json()["translatedText"].lower()


def test_lines_stay_lines(url: str) -> None:
    asked = {"q": "the house\n\nthe dog\n\nthe cat", "source": "en", "target": "es"}
    assert len(requests.post(f"{url}translate", json=asked, timeout=30).json()["translatedText"].split("\n\n")) == 3


@pytest.mark.parametrize(
    ("asked", "status"),
    [({}, 400), ({"q": "a", "source": "en", "target": "de"}, 400), ({"q": "a" * 30000, "target": "es"}, 400)],
)
def test_what_it_cannot_do_it_says(url: str, asked: dict[str, str], status: int) -> None:
    answer = requests.post(f"{url}translate", json=asked, timeout=30)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])


def test_languages_and_detection(url: str) -> None:
    assert {entry["code"] for entry in requests.get(f"{url}languages", timeout=30).json()} >= {"en", "es"}
    found = requests.post(f"{url}detect", json={"q": "No se observa derrame en la base del pulmón"}, timeout=30).json()
    assert found[0]["language"] == "es"
    assert requests.get(f"{url}frontend/settings", timeout=30).json()["engine"].startswith("apertium")
