"""Package faces that load their names on first use, from one list that type checkers read too."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["face"]

_LINE = re.compile(rb"^from ([\w.]+) import (\w+) as \2\r?$", re.MULTILINE)


def face(package: str) -> tuple[list[str], Callable[[str], Any], Callable[[], list[str]]]:
    """``__all__``, ``__getattr__`` and ``__dir__`` of a package whose names stand in its ``__init__.pyi``.

    Each is a line there, ``from module import name as name``.
    """
    spec: Any = sys.modules[package].__spec__
    listing: bytes = spec.loader.get_data(f"{spec.origin}i")  # __init__.py's neighbour, in a zip archive too
    homes = {name.decode(): module.decode() for module, name in _LINE.findall(listing)}

    def load(name: str) -> Any:
        module = homes.get(name)
        if module is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(module), name)
        setattr(sys.modules[package], name, value)
        return value

    return sorted(homes), load, lambda: sorted(homes)
