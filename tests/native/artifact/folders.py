"""The models and targets that artifacts are made of, and what is read from and changed in their folders."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ember_infer_core.executable import Executable
from ember_infer_core.slots import Int8Array
from ember_infer_native.artifact import MANIFEST
from ember_infer_native.targets import choose_target, named_target
from ember_infer_native.toolchain import host_isa
from tests.conftest import REPOSITORY

DIGITS, SINE = (REPOSITORY / "models" / f"{name}.tflite" for name in ("digits", "sine"))
HOST = choose_target(host_isa())
PORTABLE = named_target("portable", frozenset())


def pattern(array: Int8Array) -> None:
    array[...] = (np.arange(array.size) * 37 % 256 - 128).reshape(array.shape)


def answer(executable: Executable) -> list[int]:
    pattern(executable.inputs[0])
    executable.run()
    return executable.outputs[0].ravel().tolist()


def edit(folder: Path, change: Callable[[dict[str, Any]], None], which: str = "") -> None:
    """Changes the manifest's entries of one model, or of all."""
    told = json.loads((folder / MANIFEST).read_text())
    for entry in told["libraries"]:
        if which in ("", entry["model"]):
            change(entry)
    (folder / MANIFEST).write_text(json.dumps(told))


def models(folder: Path) -> set[tuple[str, str]]:
    return {(entry["model"], entry["target"]) for entry in json.loads((folder / MANIFEST).read_text())["libraries"]}
