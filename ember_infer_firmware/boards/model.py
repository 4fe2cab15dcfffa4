"""A model on an emulated board: its answers, instructions and stack."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ember_infer_core.errors import KernelError
from ember_infer_core.slots import AnyArray
from ember_infer_firmware.boards import build
from ember_infer_firmware.boards.board import Board
from ember_infer_firmware.boards.emulate import run
from ember_infer_firmware.kinds import with_library
from ember_infer_firmware.plan import Plan
from ember_infer_firmware.ports import buffer, port_name
from ember_infer_firmware.sources import generate
from ember_infer_firmware.step import Place
from ember_infer_firmware.template import fill

__all__ = ["Runs", "check_room", "model_sizes", "run_model"]

_MAIN = Path(__file__).resolve().with_name("ember_main.c")
# What a run does not write must not look like the last one's answer, which may be this one's as well.
_SPOIL = """\
static void spoil(void *memory, uint32_t size, uint8_t value) {
    for (uint8_t *byte = memory; size > 0; size--)
        *byte++ = value;
}"""


@dataclass(frozen=True, slots=True)
class Runs:
    """What a model did with its samples.

    Attributes:
        outputs: for each of the model's, ``(samples, *shape)``; zeros until the first run that has one, if a
            run may end early.
        state: what the variables hold after the last run.
        statuses, instructions: of each run.
        stack: bytes that a run takes at most.
    """

    outputs: tuple[AnyArray, ...]
    statuses: tuple[int, ...]
    instructions: tuple[int, ...]
    stack: int
    state: tuple[AnyArray, ...] = ()


def check_room(board: Board, plan: Plan) -> None:
    """Refuses what no linker can place, before a minute goes into compiling it.

    Raises:
        KernelError: constants or arena alone are more than the board has.
    """
    arena = plan.arena_len_on(board.core)
    flash = board.weights or board.code
    alone = [
        f"its {part} of {size} bytes need{verb} more than the {memory.length >> 10} kB of {kind}"
        for part, verb, size, memory, kind in (
            ("weights", "", plan.weights_len, flash, "flash"),
            ("arena", "s", arena, board.ram, "RAM"),
        )
        if size > memory.length
    ]
    if alone:
        what = plan.program.name
        raise KernelError(f"{what} does not fit on {board.name} ({board.machine}): {' and '.join(alone)}")


def run_model(
    board: Board,
    plan: Plan,
    samples: Sequence[AnyArray],
    *,
    library: Path | None = None,
    flags: Sequence[str] = build.FLAGS,
) -> Runs:
    """Runs an exported model on samples, one after another; one with state goes from its reset through all of them.

    Args:
        board: which.
        plan: the model.
        samples: for each input, ``(samples, *shape)``.
        library: the folder of the sources that its kernels call, where they call any.
        flags: of the compiler.

    Raises:
        KernelError: the tools are not there, the model has no room on the board, or it meets a fault there.
        CompileError: the compiler refuses the code.
    """
    count = len(samples[0]) if samples else 1
    content = b"".join(array[number].tobytes() for number in range(count) for array in samples)
    what = plan.program.name
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        sources, more = with_library(generate(plan), plan.kernels, library)
        program = build.link(board, sources | {_MAIN.name: _harness(plan)}, folder, flags=(*flags, *more), what=what)
        report = run(board, program, {"inputs.bin": struct.pack("<I", count) + content})
        if report.status != 0:
            said = f": {report.output.strip()}" if report.output.strip() else ""
            raise KernelError(f"{what} on {board.name} ends with status {report.status}{said}")
        return _runs(board, plan, (folder / "outputs.bin").read_bytes())


def model_sizes(
    board: Board, plan: Plan, *, library: Path | None = None, flags: Sequence[str] = build.FLAGS
) -> build.Sizes:
    """What the exported code of a model takes on a board.

    Raises:
        KernelError, CompileError: see :func:`run_model`.
    """
    roots = [f"{plan.name}_run", *([f"{plan.name}_reset"] if plan.variables else [])]
    sources, more = with_library(generate(plan), plan.kernels, library)
    return build.sizes(board, sources, roots, flags=(*flags, *more), what=plan.program.name)


def _harness(plan: Plan) -> str:
    names = {port: port_name(plan, port) for port in plan.ports}
    reads = [f"ember_read(inputs, {names[port]}, {port.nbytes}) != 0" for port in plan.inputs]
    writes = [f"ember_write(outputs, {names[port]}, {port.nbytes}) != 0" for port in plan.outputs]
    early = plan.program.ends_early  # outputs stay as they were, and it is golden that they do
    spoils = [f"        spoil({names[port]}, {port.nbytes}, (uint8_t)(37 * count));" for port in plan.outputs]
    keeps = f"ember_write(outputs, arena + {plan.state_start}, {plan.state_len}) != 0" if plan.state_len else "0"
    values = {
        "name": plan.name,
        "upper": plan.name.upper(),
        "buffers": "\n".join(buffer(plan, port) for port in plan.ports),
        "spoil": "" if early or not spoils else _SPOIL,
        "reset": f"    if ({plan.name}_reset(arena) != 0)\n        return 1;" if plan.variables else "",
        "reads": " || ".join(reads) or "0",
        "spoils": "" if early else "\n".join(spoils),
        "arguments": ", ".join([*names.values(), "arena"]),
        "writes": " || ".join(writes) or "0",
        "keeps": keeps,
    }
    return fill(_MAIN.read_text(encoding="utf-8"), values)


def _runs(board: Board, plan: Plan, content: bytes) -> Runs:
    record = [("status", "<i4"), ("stack", "<u4"), ("ticks", "<u8")]
    fields = [(f"output_{port.number}", port.dtype, port.shape) for port in plan.outputs]
    runs, state = content[: len(content) - plan.state_len], content[len(content) - plan.state_len :]
    table = np.frombuffer(runs, np.dtype([*record, *fields]))
    return Runs(
        tuple(table[name] for name, _, _ in fields),
        tuple(table["status"].tolist()),
        tuple(map(board.instructions, table["ticks"].tolist())),
        int(table["stack"].max(initial=0)),
        tuple(_state(state, variable.place) for variable in plan.variables),
    )


def _state(content: bytes, place: Place) -> AnyArray:
    found: AnyArray = np.frombuffer(content, place.dtype, place.size, place.offset).reshape(place.shape)
    return found
