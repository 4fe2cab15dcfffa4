"""ESP-NN's sources, where somebody has them: which of its files a program needs on a machine that is no Espressif chip.

There its generic kernels run, as on the ESP32 and ESP32-C3.
"""

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

ENVIRONMENT = "ESP_NN_PATH"
# Scratch depends on the chip, which a source that includes nothing else of ESP-IDF does not know.
PREAMBLE = """\
#if defined(ESP_PLATFORM)
#include <sdkconfig.h>
#endif
"""
ONE_TASK = (
    "ESP-NN keeps the address of its scratch memory in variables: no two tasks may run this, or any other code that "
    "calls ESP-NN, at once, whatever their arenas."
)
_INCLUDED = ("include", "src/common", "src/softmax")
_GENERIC = "include/esp_nn_generic_opt.h"
_NAME = re.compile(r"\besp_nn_\w+")
_DEFINED = re.compile(r"^(?:void|int|int32_t) (esp_nn_\w+)\(", re.MULTILINE)
_CHOSEN = re.compile(r"^#define (esp_nn_\w+) (esp_nn_\w+)$", re.MULTILINE)
# Its softmax says so where it has no scratch, which it always has here, and an emulated board has nowhere to say it.
BOARD_SOURCES: Mapping[str, str] = {
    "esp_nn_printf.c": "int printf(const char *, ...);\nint printf(const char *text, ...) { return text[0] * 0; }\n"
}


def check_folder(folder: Path) -> None:
    """Checks that a folder holds the library.

    Raises:
        ValueError: it does not.
    """
    if not (folder / _GENERIC).is_file():
        raise ValueError(f"{folder} does not hold ESP-NN: there is no {_GENERIC}")


def flags(folder: Path) -> tuple[str, ...]:
    """For the compiler."""
    return (*(f"-I{folder / part}" for part in _INCLUDED), "-DCONFIG_NN_OPTIMIZED")


def header_files(folder: Path) -> list[Path]:
    """All headers, in order of their paths."""
    return sorted(path for part in ("include", "src") for path in (folder / part).rglob("*.h"))


def source_files(folder: Path, texts: Iterable[str]) -> list[Path]:
    """The library's files that define what these C texts call, and what those call in turn, in order of their names."""
    portable = [path for kind in ("ansi", "opt") for path in sorted((folder / "src").rglob(f"*_{kind}.c"))]
    contents = {path: path.read_text() for path in portable}
    defined = {name: path for path, text in contents.items() for name in _DEFINED.findall(text)}
    chosen = dict(_CHOSEN.findall((folder / _GENERIC).read_text()))
    found: dict[Path, None] = {}
    waiting = list(texts)
    while waiting:
        for name in dict.fromkeys(_NAME.findall(waiting.pop())):
            path = defined.get(chosen.get(name, name))
            if path is not None and path not in found:
                found[path] = None
                waiting.append(contents[path])
    return sorted(found)
