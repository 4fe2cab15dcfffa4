"""What exported models take and do on emulated microcontrollers, beside TensorFlow Lite Micro (TFLM).

``python -m benchmarks.firmware``: for each model and board the bytes of code, of the model's constants, of arena and
stack, and the instructions of one inference, which QEMU counts. Every answer is held to RefBackend's first.

sine and digits are in ``models/``; speech and person_detect, which TFLM publishes, are measured where
``EMBER_TEST_DATA`` (or the sibling folder ``shared``) holds them. Instructions are not cycles.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.subjects import console, published, show, table_of
from ember_infer_core.program import Program
from ember_infer_core.slots import AnyArray
from ember_infer_firmware.boards import Board, board_named, model_sizes, run_model
from ember_infer_firmware.plan import plan_program
from ember_infer_macros import load_program
from ember_infer_ref import RefBackend

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


# TFLM at commit 90b983c2b (2026-08-20), its reference kernels, measured once with GCC 12.2 and QEMU 7.2: TFLM's own
# release flags (core -Os, kernels -O2), the model's operators alone in a MicroMutableOpResolver, and abort() as a stub.
# Constants are the .tflite file. Code is vectors, text, rodata and data, without the model and the test harness.
TFLM: Mapping[tuple[str, str], Figures] = {
    ("sine", "m4"): Figures(19536, 2680, 676, 496, 5325),
    ("sine", "m55"): Figures(16852, 2680, 676, 496, 5148),
    ("speech", "m4"): Figures(33672, 18800, 6788, 668, 9310297),
    ("speech", "m55"): Figures(31416, 18800, 6788, 684, 9831345),
    ("person_detect", "m4"): Figures(37440, 300568, 82292, 720, 95657853),
    ("person_detect", "m55"): Figures(35080, 300568, 82292, 724, 91471841),
}
# The same with its CMSIS-NN kernels, which use the processor's own vector instructions.
_CMSIS_NN: Mapping[tuple[str, str], int] = {
    ("sine", "m4"): 3544,
    ("sine", "m55"): 2145,
    ("speech", "m4"): 1495255,
    ("speech", "m55"): 1008086,
    ("person_detect", "m4"): 22928468,
    ("person_detect", "m55"): 6508107,
}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=_MODELS, help=f"of {', '.join(_MODELS)}")
    parser.add_argument("--boards", nargs="+", default=_BOARDS, help="emulated processors")
    arguments = parser.parse_args()
    found = {
        (model, name): measure(load_program(published(model)), board_named(name))
        for model in arguments.models
        if published(model).exists()
        for name in arguments.boards
    }
    out = console()
    table = table_of("model", "board", "code", "constants", "arena", "stack", "instructions")
    ratios = table_of("model", "board", "code", "constants", "arena", "stack", "instructions", "of CMSIS-NN's")
    for key, ours in found.items():
        table.add_row(*key, *(f"{value:,}" for value in _values(ours)))
        if key in TFLM:
            theirs = _values(TFLM[key])
            table.add_row("", "TFLM", *(f"{value:,}" for value in theirs))
            shares = [f"{mine / other:.3f}" for mine, other in zip(_values(ours), theirs, strict=True)]
            ratios.add_row(*key, *shares, f"{ours.instructions / _CMSIS_NN[key]:.2f}")
    show(out, "Bytes, and instructions of one inference", table)
    show(out, "Share of what TFLM with its reference kernels takes", ratios)
    for model in arguments.models:
        if not published(model).exists():
            out.print(f"{model}: skipped, its file is not there (EMBER_TEST_DATA names a folder with models/)")


def measure(program: Program, board: Board) -> Figures:
    """One model on one board.

    Raises:
        SystemExit: an answer is not RefBackend's.
    """
    plan = plan_program(program, "model", "reference")
    samples = _samples(program)
    runs = run_model(board, plan, samples)
    reference = RefBackend().compile(program)
    for number, outputs in enumerate(zip(*runs.outputs, strict=True)):
        for buffer, sample in zip(reference.inputs, samples, strict=True):
            np.copyto(buffer, sample[number])
        reference.run()
        if not all(map(np.array_equal, outputs, reference.outputs)):
            raise SystemExit(f"{program.name} on {board.name} is not exact")
    sizes = model_sizes(board, plan)
    return Figures(
        sizes.code + _VECTORS,
        sizes.weights,
        plan.arena_len,
        runs.stack,
        round(sum(runs.instructions) / len(runs.instructions)),
    )


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
