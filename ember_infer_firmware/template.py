"""Texts with places to fill: ``@name@``."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path

__all__ = ["fill", "filled_template", "has_template"]

_HERE = Path(__file__).resolve().parent / "templates"
_LINE = re.compile(r"^@(\w+)@\n", re.MULTILINE)
_PLACE = re.compile(r"@(\w+)@")


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its places filled. A line that is one place goes if there is nothing for it."""
    lines = _LINE.sub(lambda found: f"{values[found[1]]}\n" if values[found[1]] else "", text)
    return _PLACE.sub(lambda found: values[found[1]], lines)


def filled_template(name: str, values: Mapping[str, str]) -> str:
    """A file of ``templates``, filled."""
    return fill(_text(name), values)


def has_template(name: str) -> bool:
    """Whether there is such a file of ``templates``."""
    return (_HERE / name).is_file()


@functools.cache
def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
