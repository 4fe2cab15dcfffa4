"""``ember-infer export``: a model as C, and what it does on emulated boards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from ember_infer_firmware.boards import board_named, check_room
from ember_infer_firmware.context import CORES
from ember_infer_firmware.export import Exported, plan_export, write_export
from ember_infer_firmware.kinds import checked_kind, find_library
from ember_infer_firmware.origin import Origin
from ember_infer_firmware.verify import Verified, verify
from ember_infer_macros.decorator import program_of
from ember_infer_macros.tflite.read import read_source
from ember_infer_tools.compare.inputs import load_inputs
from ember_infer_tools.terminal import Column, fitted, printable

__all__ = ["ExportReport", "print_export", "run_export"]

_SIZED = "cortex-m4"  # where sizes are of, if nobody says


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was exported, and how it did.

    Attributes:
        exported: the folder.
        verified: on each board that was asked for.
        compares, size: whether this was asked for, too.
    """

    exported: Exported
    verified: Sequence[Verified]
    compares: bool
    size: bool

    def warnings(self) -> list[str]:
        """What makes the comparisons say less than one might think."""
        golden, given = self.exported.golden, self.exported.given
        said = []
        if given > len(golden):
            said.append(f"the self-test has the first {len(golden)} of {given} given samples: more take too much flash")
        same = [("the self-test", len(golden), golden.distinct)]
        same += [(one.board, one.runs, one.distinct) for one in self.verified if self.compares]
        for where, count, distinct in same:
            if count > 1 and distinct == 1:
                said.append(
                    f"{where}: all {count} answers are the same, which proves little: --inputs brings real samples"
                )
        return said

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        plan = self.exported.plan
        return {
            "folder": str(self.exported.folder),
            "name": plan.name,
            "kernels": plan.kernels,
            "files": sorted(self.exported.files),
            "weights": plan.weights_len,
            "arena": {
                "length": plan.arena_len,
                "activations": plan.activations_len,
                "scratch": plan.scratch_len.plain,
                "state": plan.state_len,
                "length_on": {name: plan.arena_len_on(name) for name in CORES},
            },
            "selftest": {
                "samples": len(self.exported.golden),
                "given": self.exported.given,
                "distinct": self.exported.golden.distinct,
            },
            "warnings": self.warnings(),
            "boards": [asdict(one) for one in self.verified],
        }


def run_export(
    model: Path,
    folder: Path,
    *,
    kernels: str,
    library: Path | None,
    name: str | None,
    inputs: Path | None,
    force: bool,
    boards: Sequence[str],
    size: bool,
    samples: int,
    seed: int,
) -> ExportReport:
    """Exports a model file and, if boards or sizes are asked for, runs it there.

    Raises:
        ModelError, KernelError, ValueError, OSError: see :func:`export` and :func:`verify`. What is asked for and
            cannot be done, for want of tools or of such a board, is said before anything is written.
    """
    wanted = [board_named(one) for one in boards or ([_SIZED] if size else [])]
    for board in wanted:
        board.require()
    # The folder itself needs no library; whoever builds it has one.
    sources = find_library(checked_kind(kernels), library) if wanted or library is not None else None
    arrays = None if inputs is None else load_inputs(inputs)
    source, content = read_source(model)
    plan = plan_export(program_of(source, content), kernels, name)
    for board in wanted:
        check_room(board, plan)
    exported = write_export(plan, folder, arrays, force=force, origin=Origin.of(model.name, content))
    console = Console(stderr=True)
    verified: list[Verified] = []
    for board in wanted:
        with console.status(f"running on {board.name}"):
            verified.append(verify(exported.plan, board, arrays, samples, seed, library=sources))
    return ExportReport(exported, verified, bool(boards), size)


def print_export(found: ExportReport, console: Console) -> None:
    """What was written, and a line for each board."""
    plan = found.exported.plan
    where = printable(str(found.exported.folder))
    console.print(f"{where}: {plan.name}, with {plan.kernels} kernels; README.md says how to call it", soft_wrap=True)
    larger = [
        f", {plan.arena_len_on(name)} on {core.words}"
        for name, core in CORES.items()
        if plan.arena_len_on(name) > plan.arena_len
    ]
    arena = f"arena {plan.arena_len} bytes of RAM{''.join(larger)}"
    console.print(f"weights {plan.weights_len} bytes of flash, {arena}", soft_wrap=True)
    if found.verified:
        _print_boards(found, console)
    for warning in found.warnings():
        console.print(f"warning: {warning}", soft_wrap=True)


def _print_boards(found: ExportReport, console: Console) -> None:
    columns = [Column("board")]
    rows = [[one.board] for one in found.verified]
    if found.compares:
        columns += [
            Column(title, right=True) for title in ("runs", "given", "bytes compared", "different", "instructions")
        ]
        for row, one in zip(rows, found.verified, strict=True):
            row += map(str, (one.runs, one.given, one.compared, one.differing, one.instructions))
    if found.size:
        columns += [Column(title, right=True) for title in ("code", "weights", "arena", "stack", "static")]
        for row, one in zip(rows, found.verified, strict=True):
            sizes = one.sizes
            row += map(str, (sizes.code, sizes.weights, one.arena, one.stack, sizes.data + sizes.bss))
    console.print(fitted(columns, rows, console.width))
