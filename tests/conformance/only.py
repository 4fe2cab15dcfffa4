"""A pytest plugin: ``--only FILE`` runs the tests whose names stand in the file, a line for each."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--only", type=Path, required=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = set(config.getoption("--only").read_text().splitlines())
    missing = wanted - {item.name for item in items}
    assert not missing, f"no such tests: {sorted(missing)}"
    items[:] = [item for item in items if item.name in wanted]
