"""Programs for the boards: compiled, linked and measured."""

from __future__ import annotations

import re
import struct
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ember_infer_core.errors import CompileError, KernelError
from ember_infer_firmware.boards.board import Board, Memory, installed
from ember_infer_firmware.template import fill

__all__ = ["FLAGS", "Sizes", "link", "sizes"]

# As a firmware project would: nothing in the image that nobody calls, no fused multiply-add where TFLM has none.
FLAGS = ("-std=c99", "-O2", "-ffunction-sections", "-fdata-sections", "-ffp-contract=off", "-fno-math-errno")
# The start-up code calls no function of the C library: what the model calls of it counts as the model's.
_OWN_FLAGS = ("-std=gnu99", "-Os", "-ffunction-sections", "-ffreestanding", "-fno-tree-loop-distribute-patterns")
_HERE = Path(__file__).resolve().parent
_STACK_LEAST = 2048
_SUPPORT = "ember_board"
_OVERFLOW = re.compile(r"region `(\w+)' overflowed by (\d+) bytes")
_REGIONS = {"CODE": "flash", "WEIGHTS": "flash", "RAM": "RAM"}


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of a program.

    Attributes:
        code: vectors, functions and their constants in flash, with the first content of ``data``.
        weights: constants of the files ``*_weights.c``.
        data, bss: static memory, with and without a first content.
    """

    code: int
    weights: int
    data: int
    bss: int

    def __sub__(self, other: Sizes) -> Sizes:
        """What is in this program and not in the other one."""
        return Sizes(self.code - other.code, self.weights - other.weights, self.data - other.data, self.bss - other.bss)


def link(
    board: Board,
    sources: Mapping[str, str],
    folder: Path,
    *,
    flags: Sequence[str] = FLAGS,
    roots: Sequence[str] = (),
    what: str = "the program",
) -> Path:
    """Compiles and links C sources, of which one has ``main``, with the board's own start-up code.

    Args:
        board: which.
        sources: by file name, headers too.
        folder: where everything goes.
        flags: of the compiler, besides those that the processor asks for.
        roots: functions to keep, though nothing calls them.
        what: it is, for messages.

    Returns:
        The program, an ELF file.

    Raises:
        KernelError: the tools are not there, or the program has no room on the board.
        CompileError: the compiler refuses the sources.
    """
    board.require()
    for name, text in sources.items():
        (folder / name).write_text(text, encoding="utf-8")
    for suffix in ("c", "h"):
        (folder / f"{_SUPPORT}.{suffix}").write_bytes((_HERE / f"{_SUPPORT}.{suffix}").read_bytes())
    (folder / "board.ld").write_text(_layout(board), encoding="utf-8")
    units = [name for name in sources if name.endswith(".c")]
    objects = [_compiled(board, name, folder, flags) for name in units]
    own = _compiled(board, f"{_SUPPORT}.c", folder, (*_OWN_FLAGS, f"-DEMBER_TIMER={board.timer}"))
    command = [
        installed(board.compiler) or board.compiler,
        *board.flags,
        "-nostartfiles",
        "-T",
        "board.ld",
        "-Wl,--gc-sections",
        "-Wl,--no-warn-rwx",
    ]
    command += [f"-Wl,--undefined={root}" for root in roots]
    command += [f"--specs={board.specs}", "-o", "program.elf", own, *objects, "-lm"]
    result = _run(command, folder)
    if result.returncode != 0:
        raise _not_linked(board, what, command, result.stderr)
    return folder / "program.elf"


def sizes(
    board: Board,
    sources: Mapping[str, str],
    roots: Sequence[str],
    *,
    flags: Sequence[str] = FLAGS,
    what: str = "the program",
) -> Sizes:
    """What these functions, and all that they call, take on the board: without start-up code.

    Raises:
        KernelError, CompileError: see :func:`link`.
    """
    stub = {"ember_main.c": "int main(void);\nint main(void) {\n    return 0;\n}\n"}
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        whole = _measured(link(board, {**stub, **sources}, Path(one), flags=flags, roots=roots, what=what))
        return whole - _measured(link(board, stub, Path(other)))


def _layout(board: Board) -> str:
    regions = {"CODE": board.code, "RAM": board.ram} | ({} if board.weights is None else {"WEIGHTS": board.weights})
    lines = [f"    {name} : ORIGIN = {_hex(at)}, LENGTH = {at.length}" for name, at in regions.items()]
    text = (_HERE / "board.ld").read_text(encoding="utf-8")
    weights = "CODE" if board.weights is None else "WEIGHTS"
    filled = {"memory": "\n".join(lines), "weights_region": weights, "stack": str(_STACK_LEAST)}
    return fill(text, filled)


def _hex(memory: Memory) -> str:
    return f"0x{memory.origin:08x}"


def _compiled(board: Board, name: str, folder: Path, flags: Sequence[str]) -> str:
    compiled = f"{name.removesuffix('.c')}.o"
    compiler = installed(board.compiler) or board.compiler
    command = [compiler, *board.flags, f"--specs={board.specs}", *flags, "-c", name, "-o", compiled]
    result = _run(command, folder)
    if result.returncode != 0:
        raise CompileError(f"{board.compiler} refuses {name}", command, result.stderr)
    return compiled


def _run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)


def _not_linked(board: Board, what: str, command: Sequence[str], output: str) -> KernelError:
    """Too much for a part of the memory is the user's affair; all else is a mistake of the sources."""
    overflows = {_REGIONS[region]: int(size) for region, size in _OVERFLOW.findall(output)}
    if not overflows:
        return CompileError(f"{board.compiler} cannot link {what}", command, output)
    room = {"flash": board.code.length, "RAM": board.ram.length}
    needs = [f"{size} bytes more {kind} than its {room[kind] >> 10} kB" for kind, size in overflows.items()]
    return KernelError(f"{what} does not fit on {board.name} ({board.machine}): it needs {' and '.join(needs)}")


def _measured(program: Path) -> Sizes:
    found = _sections(program.read_bytes())
    code = sum(found.get(name, 0) for name in (".vectors", ".text", ".exidx", ".data"))
    return Sizes(code, found.get(".weights", 0), found.get(".data", 0), found.get(".bss", 0))


def _sections(elf: bytes) -> dict[str, int]:
    """The sections of a 32-bit little-endian ELF file, with their sizes."""
    table, width, count, names_at = struct.unpack_from("<I10xHHH", elf, 0x20)
    headers = [struct.unpack_from("<10I", elf, table + number * width) for number in range(count)]
    names = headers[names_at]
    found = {}
    for header in headers:
        start = names[4] + header[0]
        found[elf[start : elf.index(b"\0", start)].decode("ascii")] = header[5]
    return found
