"""Loads the suite's plugin when the suite is what pytest was asked to run, and stays out of every other run.

pytest reads options before it looks into packages given with ``--pyargs``, so a ``conftest.py`` would come too late.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

_PACKAGE = "ember_infer_core.conformance"
_PLUGIN = "ember_infer_core.conformance.plugin"


def pytest_load_initial_conftests(early_config: Any, args: list[str]) -> None:
    """Called with the command line's arguments."""
    if any(_names_the_suite(arg) for arg in args) and not early_config.pluginmanager.has_plugin(_PLUGIN):
        early_config.pluginmanager.import_plugin(_PLUGIN)


def _names_the_suite(arg: str) -> bool:
    if arg.startswith("-"):
        return False
    name = arg.partition("::")[0]
    if name == _PACKAGE or name.startswith(f"{_PACKAGE}."):
        return True
    here = Path(__file__).resolve().parent
    path = Path(name).resolve()
    return path == here or here in path.parents
