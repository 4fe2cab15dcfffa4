"""What exported models take and do on emulated microcontrollers, beside TensorFlow Lite Micro (TFLM).

``python -m benchmarks.firmware``: for each model, board and kind of kernels the bytes of code, of the model's
constants, of arena and stack, and the instructions of one inference, which QEMU counts. Every answer is held to
RefBackend's first.
CMSIS-NN's kernels are measured where ``CMSIS_NN_PATH`` or ``--cmsis-nn`` names a folder of its sources.

sine and digits are in ``models/``; speech and person_detect, which TFLM publishes, are measured where
``EMBER_TEST_DATA`` (or the sibling folder ``shared``) holds them. Instructions are not cycles.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.subjects import console, published, show, table_of
from ember_infer_core.program import Program
from ember_infer_core.slots import AnyArray
from ember_infer_firmware.boards import Board, board_named
from ember_infer_firmware.kinds import find_library
from ember_infer_firmware.plan import plan_program
from ember_infer_firmware.verify import verify
from ember_infer_macros import load_program

_MODELS = ("sine", "digits", "speech", "person_detect")
_BOARDS = ("m4", "m55")
_SAMPLES = 2  # counts differ by a thousandth from input to input
_VECTORS = 64  # bytes of the processor's vector table, which TFLM's figures have


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a model on a board: bytes, and the instructions of one inference."""

    code: int
    constants: int
    arena: int
    stack: int
    instructions: int


# TFLM at commit 90b983c2b (2026-08-20) with its own kernels, and with those of CMSIS-NN 4ab83cc3, measured once with
# GCC 12.2 and QEMU 7.2: TFLM's own release flags (core -Os, kernels -O2), the model's operators alone in a
# MicroMutableOpResolver, and abort() as a stub. Constants are the .tflite file. Code is vectors, text, rodata and data,
# without the model and the test harness.
TFLM: Mapping[tuple[str, str, str], Figures] = {
    ("sine", "m4", "reference"): Figures(19536, 2680, 676, 496, 5325),
    ("sine", "m4", "cmsis-nn"): Figures(31088, 2680, 772, 804, 3544),
    ("sine", "m55", "reference"): Figures(16852, 2680, 676, 496, 5148),
    ("sine", "m55", "cmsis-nn"): Figures(23636, 2680, 916, 952, 2145),
    ("speech", "m4", "reference"): Figures(33672, 18800, 6788, 668, 9310297),
    ("speech", "m4", "cmsis-nn"): Figures(57836, 18800, 6836, 1292, 1495255),
    ("speech", "m55", "reference"): Figures(31416, 18800, 6788, 684, 9831345),
    ("speech", "m55", "cmsis-nn"): Figures(53040, 18800, 7812, 1696, 1008086),
    ("person_detect", "m4", "reference"): Figures(37440, 300568, 82292, 720, 95657853),
    ("person_detect", "m4", "cmsis-nn"): Figures(70952, 300568, 82308, 1292, 22928468),
    ("person_detect", "m55", "reference"): Figures(35080, 300568, 82292, 724, 91471841),
    ("person_detect", "m55", "cmsis-nn"): Figures(62464, 300568, 82356, 1696, 6508107),
}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=_MODELS, help=f"of {', '.join(_MODELS)}")
    parser.add_argument("--boards", nargs="+", type=_board, default=_BOARDS, help="emulated processors")
    parser.add_argument("--cmsis-nn", type=Path, help="the folder of CMSIS-NN's sources")
    arguments = parser.parse_args()
    libraries: dict[str, Path | None] = {"reference": None}
    if arguments.cmsis_nn or "CMSIS_NN_PATH" in os.environ:
        libraries["cmsis-nn"] = find_library("cmsis-nn", arguments.cmsis_nn)
    found = {
        (model, name, kernels): measure(load_program(published(model)), board_named(name), kernels, library)
        for model in arguments.models
        if published(model).exists()
        for name in arguments.boards
        for kernels, library in libraries.items()
    }
    out = console()
    table = table_of("model", "board", "kernels", "code", "constants", "arena", "stack", "instructions")
    ratios = table_of("model", "board", "kernels", "code", "constants", "arena", "stack", "instructions")
    for key, ours in found.items():
        table.add_row(*key, *(f"{value:,}" for value in _values(ours)))
        # Ours and TFLM's sine are two models; figures are of the one whose file has that length.
        if key in TFLM and TFLM[key].constants == published(key[0]).stat().st_size:
            theirs = _values(TFLM[key])
            table.add_row("", "", "TFLM", *(f"{value:,}" for value in theirs))
            ratios.add_row(*key, *(f"{mine / other:.3f}" for mine, other in zip(_values(ours), theirs, strict=True)))
    show(out, "Bytes, and instructions of one inference", table)
    show(out, "Share of what TFLM with the same kind of kernels takes", ratios)
    for model in arguments.models:
        if not published(model).exists():
            out.print(f"{model}: skipped, its file is not there (EMBER_TEST_DATA names a folder with models/)")
    if "cmsis-nn" not in libraries:
        out.print("cmsis-nn: skipped, there is no CMSIS-NN (CMSIS_NN_PATH names the folder of its sources)")


def _board(name: str) -> str:
    """As the tables call it, so that cortex-m4 finds TFLM's figures as m4 does."""
    return board_named(name).name.removeprefix("cortex-")


def measure(program: Program, board: Board, kernels: str = "reference", library: Path | None = None) -> Figures:
    """One model on one board, with kernels of a kind, whose library's sources are in the folder.

    Raises:
        SystemExit: an answer is not RefBackend's.
    """
    found = verify(plan_program(program, "model", kernels), board, _samples(program), _SAMPLES, library=library)
    if found.differing:
        raise SystemExit(f"{program.name} on {board.name} is not exact")
    return Figures(found.sizes.code + _VECTORS, found.sizes.weights, found.arena, found.stack, found.instructions)


def _samples(program: Program) -> list[AnyArray]:
    """Random inputs; of a single int8, every one that there is."""
    tensors = [program.tensors[index] for index in program.inputs]
    if len(tensors) == 1 and tensors[0].shape == (1, 1):
        return [np.arange(-128, 128, dtype=np.int8).reshape(-1, 1, 1)]
    generator = np.random.default_rng(0)
    return [generator.integers(-128, 128, (_SAMPLES, *tensor.shape)).astype(tensor.dtype) for tensor in tensors]


def _values(figures: Figures) -> tuple[int, ...]:
    return figures.code, figures.constants, figures.arena, figures.stack, figures.instructions


if __name__ == "__main__":
    main()
