"""Runs a program on an emulated board."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ember_infer_core.errors import KernelError
from ember_infer_firmware.boards.board import ICOUNT_SHIFT, Board, installed

__all__ = ["Report", "run"]

PATIENCE = 600.0


@dataclass(frozen=True, slots=True)
class Report:
    """What a program did.

    Attributes:
        status: that it exited with.
        output: what it printed.
    """

    status: int
    output: str


def run(board: Board, program: Path, files: Mapping[str, bytes] | None = None, *, seconds: float = PATIENCE) -> Report:
    """Runs a program until it exits. Files of its folder are at hand by ``ember_open``.

    Args:
        board: which.
        program: an ELF file.
        files: to write into the program's folder first.
        seconds: after which it is given up.

    Raises:
        KernelError: the emulator is not there, or the program does not end.
    """
    board.require()
    for name, content in (files or {}).items():
        (program.parent / name).write_bytes(content)
    emulator = installed(board.emulator) or board.emulator
    command = [emulator, "-M", board.machine, "-nographic", "-monitor", "none", "-serial", "none"]
    command += ["-semihosting-config", "enable=on,target=native", "-icount", f"shift={ICOUNT_SHIFT}"]
    command += [*(("-bios", "none") if board.machine == "virt" else ()), "-kernel", program.name]
    try:
        result = subprocess.run(
            command,
            cwd=program.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        raise KernelError(f"the program on {board.name} does not end within {seconds:.0f} s") from expired
    return Report(result.returncode, result.stdout)
