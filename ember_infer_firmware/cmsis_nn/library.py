"""CMSIS-NN's sources, where somebody has them: which of its files a program needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

__all__ = [
    "BOARD_SOURCES",
    "ENVIRONMENT",
    "ONE_TASK",
    "PREAMBLE",
    "check_folder",
    "flags",
    "header_files",
    "source_files",
]

ENVIRONMENT = "CMSIS_NN_PATH"
PREAMBLE = ""
ONE_TASK = ""
BOARD_SOURCES: Mapping[str, str] = {}
_HEADER = "Include/arm_nnfunctions.h"
_NAME = re.compile(r"\barm_\w+")


def check_folder(folder: Path) -> None:
    """Checks that a folder holds the library.

    Raises:
        ValueError: it does not.
    """
    if not (folder / _HEADER).is_file():
        raise ValueError(f"{folder} does not hold CMSIS-NN: there is no {_HEADER}")


def flags(folder: Path) -> tuple[str, ...]:
    """For the compiler."""
    return (f"-I{folder / 'Include'}",)


def header_files(folder: Path) -> list[Path]:
    """All headers, in order of their paths."""
    return sorted((folder / "Include").rglob("*.h"))


def source_files(folder: Path, texts: Iterable[str]) -> list[Path]:
    """The library's files that define what these C texts call, and what those call in turn, in order of their names.

    A file of CMSIS-NN has the name of its function; some functions for sizes share one.
    """
    by_name = {path.stem: path for path in sorted((folder / "Source").rglob("*.c"))}
    sizes = {path for path in by_name.values() if "get_buffer_size" in path.stem}
    defined = {name: path for path in sizes for name in re.findall(r"^int32_t (arm_\w+)\(", path.read_text(), re.M)}
    found: dict[Path, None] = {}
    waiting = list(texts)
    while waiting:
        for name in dict.fromkeys(_NAME.findall(waiting.pop())):
            path = by_name.get(name) or defined.get(name)
            if path is not None and path not in found:
                found[path] = None
                waiting.append(path.read_text())
    return sorted(found)
