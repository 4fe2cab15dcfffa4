"""Where a decorator's model file is. Needs no NumPy: the mypy plugin asks this too."""

from __future__ import annotations

import ast
from pathlib import Path

__all__ = ["literal_path", "resolve"]


def literal_path(call: ast.Call) -> str | None:
    """The path in a call of ``ember_model``, where it is a string literal."""
    given = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "path")]
    value = given[0].value if given and isinstance(given[0], ast.Constant) else None
    return value if isinstance(value, str) else None


def resolve(module_path: str, literal: str) -> str:
    """The rule of the decorator at run time: from the source file's folder; without a file, the working directory."""
    return str(Path(module_path).parent / literal)
