"""CMSIS-NN's sources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ember_infer_firmware.kernel_library import KernelLibrary

__all__ = ["LIBRARY"]

_DEFINED = re.compile(r"^int32_t (arm_\w+)\(", re.MULTILINE)


def _definitions(folder: Path) -> Mapping[str, Path]:
    """A file of CMSIS-NN has the name of its function; some functions for sizes share one."""
    by_name = {path.stem: path for path in sorted((folder / "Source").rglob("*.c"))}
    sizes = {path for path in by_name.values() if "get_buffer_size" in path.stem}
    return {name: path for path in sizes for name in _DEFINED.findall(path.read_text())} | by_name


LIBRARY = KernelLibrary(
    name="CMSIS-NN",
    environment="CMSIS_NN_PATH",
    known_by="Include/arm_nnfunctions.h",
    include_folders=("Include",),
    header_folders=("Include",),
    definitions=_definitions,
    functions="arm_",
)
