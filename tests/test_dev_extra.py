"""The extra ``dev`` is enough to check the types: pre-commit has no more, and CI, which has, would not notice."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from typing import Any

from tests.conftest import REPOSITORY

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SETTINGS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
MYPY = SETTINGS["tool"]["mypy"]
BROUGHT_ALONG = {"markupsafe", "tomli"}  # by Jinja2, and by mypy where Python is older than 3.11


def asked_for(requirements: list[str]) -> Iterator[str]:
    """Names of distributions, those of this project's own extras in place of the extras."""
    extras = SETTINGS["project"]["optional-dependencies"]
    for requirement in requirements:
        name, inner = re.findall(r"^([\w.-]+)(?:\[(.*?)\])?", requirement)[0]
        if name == "ember-infer":
            yield from (found for extra in inner.split(",") for found in asked_for(extras[extra]))
        else:
            yield name.lower()


def imported() -> Iterator[tuple[str, str]]:
    """First names of all modules that checked files import, each with a file."""
    for file in (file for folder in MYPY["files"] for file in (REPOSITORY / folder).rglob("*.py")):
        name = file.relative_to(REPOSITORY).as_posix()
        if name.startswith(tuple(MYPY["exclude"])):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((alias.name.partition(".")[0], name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0], name


def may_be_missing() -> set[str]:
    overrides: list[dict[str, Any]] = MYPY["overrides"]
    return {name.removesuffix(".*") for one in overrides if one.get("ignore_missing_imports") for name in one["module"]}


def test_a_module_that_dev_does_not_bring_may_be_missing_where_types_are_checked() -> None:
    project = SETTINGS["project"]
    brought = {*asked_for(project["dependencies"]), *asked_for(project["optional-dependencies"]["dev"])}
    known = {
        module for module, owners in packages_distributions().items() if brought & {owner.lower() for owner in owners}
    }
    ours = {path.stem for folder in [".", *MYPY["mypy_path"]] for path in (REPOSITORY / folder).iterdir()}
    known |= BROUGHT_ALONG | ours | set(sys.stdlib_module_names)
    assert {(name, file) for name, file in imported() if name not in known | may_be_missing()} == set()
