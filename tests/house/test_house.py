"""The house keeps its own rules: documentation and code say the same, and broad or leaking constructs stay where they are allowed."""

import ast
import json
import re
from dataclasses import fields
from pathlib import Path

import click
import pydicom.data
import pytest
import yaml
from click.testing import CliRunner

from dicomlake.cli import verbs
from dicomlake.errors import Code
from dicomlake.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ROOT / "functions" / "dicomlake"
SOURCES = sorted([*PRODUCT.rglob("*.py"), *(ROOT / "localemu").rglob("*.py"), ROOT / "functions" / "main.py"])


def test_every_entry_point_has_a_trigger_and_every_trigger_an_entry_point() -> None:
    table = ast.literal_eval(re.search(r"ENTRY_POINTS = (\{.*?\})", (ROOT / "functions/main.py").read_text(), re.S)[1])  # type: ignore[index]
    local = yaml.safe_load((ROOT / "functions/local.yaml").read_text())
    assert set(table) == {function["name"] for function in local["functions"]}
    for name, module in table.items():
        assert (ROOT / "functions" / (module.replace(".", "/") + ".py")).is_file(), name


def test_the_flows_run_what_the_laptop_runs() -> None:
    laptop = yaml.safe_load((ROOT / "functions/local.yaml").read_text())
    flows = yaml.safe_load((ROOT / "tests/flows/local.yaml").read_text())
    for config in (laptop, flows):
        config.pop("buckets")
        config["environment"].pop("DICOMLAKE_SITES")
    assert laptop == flows


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs/settings.md").read_text()
    documented = set(re.findall(r"^\| `(DICOMLAKE_[A-Z_]+)`", text, re.M))
    assert documented == {f"{PREFIX}{field.name.upper()}" for field in fields(Settings) if field.name != "emulated"}


def test_every_code_is_documented() -> None:
    documented = set(re.findall(r"^\| `([a-z_]+)` \|", (ROOT / "docs/outcomes.md").read_text(), re.M))
    assert documented == {str(code) for code in Code}


def test_every_verb_is_in_the_readme_and_explains_itself() -> None:
    readme = (ROOT / "README.md").read_text()
    group = click.Context(verbs)
    for name in verbs.list_commands(group):
        command = verbs.get_command(group, name)
        assert command is not None and command.name == name
        assert f"`dicomlake {name}" in readme, name
        assert command.get_short_help_str(), name
        for child_name, child in getattr(command, "commands", {}).items():
            assert child.get_short_help_str(), f"{name} {child_name}"


def test_the_readme_shows_what_explain_says(tmp_path: Path) -> None:
    packaged = Path(pydicom.data.__file__).parent / "test_files" / "CT_small.dcm"
    (tmp_path / "key").write_text("correct horse battery staple")
    asked = CliRunner().invoke(verbs, ["explain", str(packaged), "--key-file", str(tmp_path / "key")])
    said = {tuple(line.split()) for line in asked.output.splitlines()}
    shown = (ROOT / "README.md").read_text().partition("$ dicomlake explain CT_small.dcm\n")[2].partition("```")[0]
    assert len(shown.splitlines()) > 5
    assert [line for line in shown.splitlines() if tuple(line.split()) not in said] == []


def test_every_option_has_help() -> None:
    def options(command: click.Command) -> list[click.Option]:
        own = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
        return own + [option for child in getattr(command, "commands", {}).values() for option in options(child)]

    assert [option.name for option in options(verbs) if not option.help and option.name != "help"] == []


def test_only_the_boundary_catches_everything() -> None:
    broad = {
        path.relative_to(ROOT).as_posix()
        for path in PRODUCT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
    }
    assert broad == {"functions/dicomlake/entry/boundary.py"}


def test_only_settings_reads_the_environment_and_only_safelog_logs() -> None:
    readers, loggers = set(), set()
    for path in PRODUCT.rglob("*.py"):
        text = path.read_text()
        if "os.environ" in text or "os.getenv" in text:
            readers.add(path.relative_to(PRODUCT).as_posix())
        if re.search(r"^\s*(import|from) logging\b", text, re.M):
            loggers.add(path.relative_to(PRODUCT).as_posix())
    assert readers == {"settings.py"}
    assert loggers == {"safelog.py"}


@pytest.mark.parametrize(
    ("type_name", "builders"), [("CleanInstance", {"dicom"}), ("CleanReport", {"reports"}), ("CleanDoseRow", {"dose"})]
)
def test_only_the_deidentifiers_build_clean_types(type_name: str, builders: set[str]) -> None:
    rooms = {
        path.relative_to(PRODUCT).parts[0]
        for path in PRODUCT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(type_name)
    }
    assert rooms == builders


def test_no_error_quotes_the_one_it_comes_from() -> None:
    """`raise ... from error` and f"{error}" would carry text of the input."""
    chained = [
        f"{path.name}:{node.lineno}"
        for path in PRODUCT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Raise) and node.cause is not None and ast.unparse(node.cause) != "None"
    ]
    assert chained == []


def test_locks_name_no_host_and_pin_by_hash() -> None:
    for name in (
        "requirements.lock",
        "functions/requirements.txt",
        "tests/requirements.lock",
        "tests/bench/requirements.lock",
    ):
        text = (ROOT / name).read_text()
        assert "://" not in text, name
        pins = re.findall(r"^[a-zA-Z0-9_.-]+==", text, re.M)
        assert pins, name
        assert text.count("--hash=sha256:") >= len(pins), name


def test_deployed_requirements_agree_with_the_lock() -> None:
    def pins(name: str) -> dict[str, str]:
        return dict(re.findall(r"^([a-zA-Z0-9_.-]+)==([^ ;\\]+)", (ROOT / name).read_text(), re.M))

    lock, deployed, tests = (
        pins("requirements.lock"),
        pins("functions/requirements.txt"),
        pins("tests/requirements.lock"),
    )
    assert deployed.items() <= lock.items()
    assert lock.items() <= tests.items()


def test_files_carry_no_path_of_a_machine() -> None:
    # Put together here so that this file does not find itself.
    forbidden = ["/" + "work/", "/" + "root/", "/home" + "/"]
    found = []
    for path in [
        *SOURCES,
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "sql").rglob("*.sql"),
        ROOT / "Makefile",
    ]:
        text = path.read_text(encoding="utf-8")
        found += [f"{path.name}: {place}" for place in forbidden if place in text]
    assert found == []


def test_every_top_folder_has_its_page() -> None:
    for folder in ("functions", "terraform", "sql", "deid_rules", "tests", "localemu", "docs"):
        assert (ROOT / folder / "README.md").is_file(), folder


def test_the_schema_files_are_json() -> None:
    files = sorted((ROOT / "sql" / "schema").glob("*.json"))
    assert files
    for path in files:
        assert json.loads(path.read_text()), path.name
