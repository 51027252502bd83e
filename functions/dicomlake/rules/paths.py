"""Where the rule and SQL files are: packaged with the wheel and the deployed source, or beside the package in a checkout."""

from pathlib import Path

from dicomlake.errors import ConfigError


def data_dir() -> Path:
    """The folder that holds `deid_rules/` and `sql/`. Raises ConfigError when neither place has them."""
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / "_data", package.parent.parent):
        if (candidate / "deid_rules").is_dir():
            return candidate
    raise ConfigError("deid_rules: no rule files beside or inside the package; install it again")


def rules_dir(root: Path | None) -> Path:
    """The folder `deid_rules` itself: `root` when a caller names one, else the packaged one."""
    if root is None:
        return data_dir() / "deid_rules"
    return root / "deid_rules" if (root / "deid_rules").is_dir() else root
