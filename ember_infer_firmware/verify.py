"""Exported models on emulated boards, against RefBackend."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.samples import checked_inputs
from ember_infer_core.slots import AnyArray, ByteArray
from ember_infer_firmware.boards import Board, Sizes, check_room, model_sizes, run_model
from ember_infer_firmware.golden import golden_vectors, samples_of
from ember_infer_firmware.plan import Plan

if TYPE_CHECKING:
    from ember_infer_core.samples import Inputs

__all__ = ["Verified", "verify"]


@dataclass(frozen=True, slots=True)
class Verified:
    """What a model did on a board.

    Attributes:
        board: its name.
        runs: how many.
        given: how many of them with samples that were given; the other ones are random.
        distinct: different answers among them: of 1, equality proves little.
        differing: bytes of outputs, and of state after the last run, that are not RefBackend's, of ``compared``.
        instructions: of a run, the mean.
        stack: bytes that a run takes at most.
        sizes: bytes of the model's code, weights and static memory.
        arena: bytes.
    """

    board: str
    runs: int
    given: int
    distinct: int
    differing: int
    compared: int
    instructions: int
    stack: int
    sizes: Sizes
    arena: int


def verify(
    plan: Plan, board: Board, inputs: Inputs | None, count: int, seed: int = 0, *, library: Path | None = None
) -> Verified:
    """Runs a model on a board, and compares.

    Args:
        plan: the model.
        board: which.
        inputs: real samples, all of which are run.
        count: how many there are at least: random ones come after real ones, but not in a sequence.
        seed: of the random ones.
        library: the folder of the sources that its kernels call, where they call any.

    Raises:
        ComparisonError: the inputs do not fit the model.
        KernelError: the tools are not there, or the model has no room on the board.
        CompileError: the compiler refuses the code.
    """
    check_room(board, plan)
    samples = samples_of(plan.program, inputs, count, seed)
    given = 0 if inputs is None else max(map(len, checked_inputs(inputs, plan.program)), default=0)
    golden = golden_vectors(plan.program, samples)
    runs = run_model(board, plan, golden.inputs, library=library)
    failed = np.array(runs.statuses) < 0  # there is no result, so that all of it is wrong
    differing = compared = 0
    for found, wanted in zip(runs.outputs, golden.outputs, strict=True):
        differs = _bytes(found) != _bytes(wanted)
        differs[failed] = True
        differing += int(differs.sum())
        compared += differs.size
    for found, wanted in zip(runs.state, golden.state, strict=True):
        differing += int((_bytes(found[np.newaxis]) != _bytes(wanted[np.newaxis])).sum())
        compared += wanted.nbytes
    instructions = round(sum(runs.instructions) / max(len(golden), 1))
    sizes = model_sizes(board, plan, library=library)
    arena = plan.arena_len_on(board.core)
    count = len(golden)
    return Verified(
        board.name,
        count,
        min(given, count),
        golden.distinct,
        differing,
        compared,
        instructions,
        runs.stack,
        sizes,
        arena,
    )


def _bytes(rows: AnyArray) -> ByteArray:
    """Of each row."""
    flat = np.ascontiguousarray(rows).reshape(len(rows), int(np.prod(rows.shape[1:])))  # there may be none
    return flat.view(np.uint8)
