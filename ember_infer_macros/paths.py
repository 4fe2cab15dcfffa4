"""Where a decorator's model file is. Needs no NumPy: the mypy plugin asks this too."""

from __future__ import annotations

import ast
import re
from pathlib import Path

__all__ = ["literal_path", "may_name_models", "resolve"]

# A class below a decorator that is called with a string, whatever its name; between them only what may stand there, and
# not without end: the search takes linear time in any file.
_DECORATED_CLASS = re.compile(
    rb"""(?m)^[ \t]*@[ \t]*[\w.]+[ \t]*\(\s*(?:\#[^\n]*\n\s*)*(?:path\s*=\s*)?[rRuU]?["'][^\n]*\n"""
    rb"""(?:[ \t\r]*(?:[@\#)"',][^\n]*)?\n){0,50}[ \t]*class\b"""
)


def may_name_models(source: bytes) -> bool:
    """Whether a module is worth parsing in search of model classes: quick, and wrong only by parsing in vain.

    The decorator's own name need not be there: a module may have it from another one that imported it under a new name.
    """
    return b"ember_model" in source or _DECORATED_CLASS.search(source) is not None


def literal_path(call: ast.Call) -> str | None:
    """The path in a call of ``ember_model``, where it is a string literal."""
    given = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "path")]
    value = given[0].value if given and isinstance(given[0], ast.Constant) else None
    return value if isinstance(value, str) else None


def resolve(module_path: str, literal: str) -> str:
    """The rule of the decorator at run time: from the source file's folder; without a file, the working directory."""
    return str(Path(module_path).parent / literal)
