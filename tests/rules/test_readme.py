"""The page about the rules names every file, and its examples load."""

import re
from pathlib import Path

import yaml

from dicomlake.rules import data_dir, load_site

PAGE = (data_dir() / "deid_rules" / "README.md").read_text(encoding="utf-8")


def test_every_rule_file_stands_on_the_page() -> None:
    root = data_dir() / "deid_rules"
    named = set(re.findall(r"`([a-z_/0-9]+(?:\*)?\.yaml)`", PAGE)) | {"profiles/*.yaml", "sites/*.yaml"}
    for path in root.rglob("*.yaml"):
        name = path.relative_to(root).as_posix()
        assert name in named or f"{path.parent.name}/*.yaml" in named, name
    assert all((root / name).exists() for name in named if "*" not in name and "/" in name)


def test_the_example_rules_load(copied: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    assert set(yaml.safe_load(example[1])) == {"keep", "remove", "replace"}
    site = copied / "sites" / "clinic-c.yaml"
    site.write_text((copied / "sites" / "default.yaml").read_text(encoding="utf-8") + example[1], encoding="utf-8")
    assert len(load_site("clinic-c", copied).overrides) == 3
