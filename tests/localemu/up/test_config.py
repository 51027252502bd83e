from pathlib import Path

import pytest

from localemu.config import Config, ConfigError, Function, Page, fill, load_config

FUNCTION = "  - {name: f, source: s.py, signature: cloudevent, bucket: in-*"


def _load(folder: Path, text: str) -> Config:
    (folder / "local.yaml").write_text(text)
    return load_config(folder / "local.yaml")


def test_an_empty_file_is_a_platform_without_functions(tmp_path: Path) -> None:
    assert _load(tmp_path, "") == Config()


def test_every_field_has_its_place(tmp_path: Path) -> None:
    config = _load(
        tmp_path,
        "project: p1\nsecrets: [a]\nbuckets: [b-1]\nsetup: [['{python}', -V]]\nenvironment: {N: 3, T: true, S: '{state}/x'}\nfunctions:\n"
        "  - {name: f, source: s.py, signature: cloudevent, bucket: in-*, prefix: tasks/, workers: 2,"
        " concurrency: 3, timeout_s: 1.5, max_attempts: 4}\n"
        "  - {name: g, target: h, source: s.py, signature: http, every_s: 30, environment: {K: v}}\n"
        "pages: [{title: Held, bucket: held, ending: .json, columns: [code]}]\n",
    )
    assert config.project == "p1"
    assert config.setup == (("{python}", "-V"),)
    assert dict(config.environment) == {"N": "3", "T": "true", "S": "{state}/x"}
    assert config.functions[0] == Function(
        "f",
        "s.py",
        "cloudevent",
        "f",
        2,
        3,
        "in-*",
        "tasks/",
        timeout_s=1.5,
        max_attempts=4,
        environment=config.functions[0].environment,
    )
    assert (config.functions[1].target, config.functions[1].every_s, dict(config.functions[1].environment)) == (
        "h",
        30.0,
        {"K": "v"},
    )
    assert config.pages == (Page("Held", "held", ".json", ("code",)),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("project: p1\nbukets: [b]\n", ":2: bukets: unknown field; known: buckets"),
        (f"functions:\n{FUNCTION}, worker: 2}}\n", ":2: functions[0].worker: unknown field"),
        (f"functions:\n{FUNCTION}, workers: 0}}\n", ":2: functions[0].workers: must be a whole number from 1"),
        (f"functions:\n{FUNCTION}, workers: true}}\n", ":2: functions[0].workers: must be"),
        (f"functions:\n{FUNCTION}, every_s: 3}}\n", "every_s: a function of signature cloudevent has no such field"),
        (f"functions:\n{FUNCTION}}}\n{FUNCTION}}}\n", "two functions are named f"),
        ("functions:\n  - {name: f, signature: http}\n", ":2: functions[0]: needs the field source"),
        ("functions:\n  - {name: f, source: s, signature: cloudevent}\n", "needs the field bucket"),
        ("functions:\n  - {name: f, source: s, signature: grpc}\n", "signature: must be one of cloudevent, http"),
        ("environment:\n  A: '{stat}'\n", ":2: environment.A: unknown placeholder {stat}"),
        ("environment:\n  A: [1]\n", ":2: environment.A: must be a text of one line or a number"),
        ("environment:\n  A-B: 1\n", "is not a name for an environment variable"),
        ("project: a1\nproject: b1\n", ":2: project: the field stands here twice"),
        ("buckets: [UPPER]\n", "buckets[0]: must match"),
        ("pages: [{title: x}]\n", "needs the fields title and bucket"),
        ("setup: [[]]\n", "setup[0]: must be a command"),
        ("setup: run\n", "setup: must be a list"),
        ("- a\n", "the file: must be a mapping of fields"),
        ("a: [\n", "not well-formed YAML"),
    ],
)
def test_an_error_names_file_line_and_field(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, text)
    assert str(caught.value).startswith(str(tmp_path / "local.yaml"))
    assert said in str(caught.value)


def test_an_absent_file_is_told_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--config"):
        load_config(tmp_path / "none.yaml")


def test_filling_leaves_braces_alone_that_are_no_placeholder() -> None:
    assert fill('{"a-b": 1} {state}', {"state": "/s"}) == '{"a-b": 1} /s'
