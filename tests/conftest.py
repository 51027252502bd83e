"""What every test shares: hypothesis budgets and an environment without settings of the developer's own."""

import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("test", max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fuzz", max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without the budget of `make fuzz`, what is marked `whole` is left out."""
    if os.environ.get("HYPOTHESIS_PROFILE") != "fuzz":
        left_out = [item for item in items if item.get_closest_marker("whole")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("whole")]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("DICOMLAKE_") or name in ("STORAGE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST"):
            monkeypatch.delenv(name)
