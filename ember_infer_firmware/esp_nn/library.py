"""ESP-NN's sources, on a machine that is no Espressif chip: its generic kernels, as on the ESP32 and ESP32-C3."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ember_infer_firmware.kernel_library import KernelLibrary

__all__ = ["LIBRARY"]

# Scratch depends on the chip, which a source that includes nothing else of ESP-IDF does not know.
_PREAMBLE = """\
#if defined(ESP_PLATFORM)
#include <sdkconfig.h>
#endif
"""
_ONE_TASK = (
    "ESP-NN keeps the address of its scratch memory in variables: no two tasks may run this, or any other code that "
    "calls ESP-NN, at once, whatever their arenas."
)
_GENERIC = "include/esp_nn_generic_opt.h"
_DEFINED = re.compile(r"^(?:void|int|int32_t) (esp_nn_\w+)\(", re.MULTILINE)
_CHOSEN = re.compile(r"^#define (esp_nn_\w+) (esp_nn_\w+)$", re.MULTILINE)
# Its softmax says so where it has no scratch, which it always has here, and an emulated board has nowhere to say it.
_PRINTF = "int printf(const char *, ...);\nint printf(const char *text, ...) { return text[0] * 0; }\n"


def _definitions(folder: Path) -> Mapping[str, Path]:
    """Of names that a header turns into those of generic kernels, the generic kernels' files."""
    portable = [path for kind in ("ansi", "opt") for path in sorted((folder / "src").rglob(f"*_{kind}.c"))]
    defined = {name: path for path in portable for name in _DEFINED.findall(path.read_text())}
    chosen = dict(_CHOSEN.findall((folder / _GENERIC).read_text()))
    return defined | {name: defined[generic] for name, generic in chosen.items() if generic in defined}


LIBRARY = KernelLibrary(
    name="ESP-NN",
    environment="ESP_NN_PATH",
    known_by=_GENERIC,
    include_folders=("include", "src/common", "src/softmax"),
    header_folders=("include", "src"),
    definitions=_definitions,
    functions="esp_nn_",
    preamble=_PREAMBLE,
    one_task=_ONE_TASK,
    defines=("-DCONFIG_NN_OPTIMIZED",),
    board_sources={"esp_nn_printf.c": _PRINTF},
)
