"""The kinds of kernels that exported code may call: our own, and those of libraries."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ember_infer_firmware.kernels import Planner, planner
from ember_infer_firmware.kernels import all_kernels as reference_kernels
from ember_infer_firmware.step import Declined, Kernel, Step

if TYPE_CHECKING:
    from ember_infer_core.slots import OperatorParams
    from ember_infer_firmware.context import Context
    from ember_infer_firmware.kernel_library import KernelLibrary

__all__ = [
    "KINDS",
    "checked_kind",
    "find_library",
    "header_preamble",
    "kernel_library",
    "kernels_of",
    "plan_call",
    "why_one_task",
    "with_library",
]

# Name -> what they are, in words.
KINDS: Mapping[str, str] = {
    "reference": "its own kernels, in plain C for any processor",
    "cmsis-nn": "Arm's library for Cortex-M, where it has the operator",
    "esp-nn": "Espressif's library for ESP32 chips, where it is right on all of them",
}
# Of the kinds that call a library, the package of its planners, which has a registry ``KERNELS`` and a module
# ``library`` with the ``LIBRARY``. What they do not compute is the reference kernels'.
_PACKAGES: Mapping[str, str] = {
    "cmsis-nn": "ember_infer_firmware.cmsis_nn",
    "esp-nn": "ember_infer_firmware.esp_nn",
}


def checked_kind(kernels: str) -> str:
    """The same name.

    Raises:
        ValueError: there are no such kernels, or the distribution that knows their library is not installed.
    """
    if kernels not in KINDS:
        known = " or ".join(map(repr, KINDS))
        raise ValueError(f"kernels must be {known}, not {kernels!r}")
    if kernels in _PACKAGES:
        try:
            importlib.import_module(_PACKAGES[kernels])
        except ModuleNotFoundError as error:
            package = f"{error.name}".replace("_", "-")
            raise ValueError(f"{kernels} kernels need the distribution {package}: pip install ./ember_esp") from error
    return kernels


def plan_call(context: Context, operator: str, params: OperatorParams, operands: Mapping[str, Any]) -> tuple[Step, ...]:
    """The steps of a call: the library's where it has the operator and takes the call, or else the reference's."""
    library = _library_planner(context.kernels, operator)
    reason = ""
    if library is not None:
        try:
            return tuple(library(context, params, **operands))
        except Declined as declined:
            reason = str(declined)
    steps = tuple(planner(operator)(context, params, **operands))
    return (replace(steps[0], reason=reason), *steps[1:]) if steps and reason else steps


def _library_planner(kind: str, operator: str) -> Planner | None:
    package = _PACKAGES.get(kind)
    where = None if package is None else importlib.import_module(package).KERNELS.get(operator)
    if where is None:
        return None
    module, function = where.split(":")
    found: Planner = getattr(importlib.import_module(f"{package}.{module}"), function)
    return found


def kernels_of(kind: str) -> tuple[Kernel, ...]:
    """Every C function that a program of this kind may call."""
    package = _PACKAGES.get(kind)
    if package is None:
        return reference_kernels()
    modules = dict.fromkeys(where.split(":")[0] for where in importlib.import_module(package).KERNELS.values())
    own = [kernel for module in modules for kernel in importlib.import_module(f"{package}.{module}").KERNELS]
    return tuple(dict.fromkeys((*reference_kernels(), *own)))


def find_library(kind: str, folder: str | Path | None) -> Path | None:
    """The folder of the library's sources: this one, or the one that the library's environment variable names.

    Raises:
        ValueError: it is not there, or not the library; or the kind has none.
    """
    if kind not in _PACKAGES:
        if folder is not None:
            raise ValueError(f"{kind} kernels call no library, and {folder} would not be looked at")
        return None
    library = kernel_library(kind)
    named = folder or os.environ.get(library.environment)
    if not named:
        what = "give their folder (--library, or --cmsis-nn)"
        raise ValueError(f"{kind} kernels need the library's sources: {what}, or set {library.environment}")
    library.check_folder(Path(named))
    return Path(named).absolute()


def with_library(sources: Mapping[str, str], kind: str, folder: Path | None) -> tuple[dict[str, str], tuple[str, ...]]:
    """A board's program with the sources of the library that it calls, and what the compiler is told of it.

    Args:
        sources: by file name.
        kind: of the kernels.
        folder: of the library's sources; None where the kind calls none.
    """
    if folder is None:
        return dict(sources), ()
    library = kernel_library(kind)
    return {**sources, **library.board_sources, **library.sources(folder, sources.values())}, library.flags(folder)


def header_preamble(kind: str) -> str:
    """:attr:`KernelLibrary.preamble`, if the kind calls a library."""
    return kernel_library(kind).preamble if kind in _PACKAGES else ""


def why_one_task(kind: str) -> str:
    """:attr:`KernelLibrary.one_task`, if the kind calls a library."""
    return kernel_library(kind).one_task if kind in _PACKAGES else ""


def kernel_library(kind: str) -> KernelLibrary:
    """The library that a kind calls."""
    library: KernelLibrary = importlib.import_module(f"{_PACKAGES[kind]}.library").LIBRARY
    return library
