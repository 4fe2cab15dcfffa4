"""The boards: processors that QEMU emulates, and what it takes to compile for them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from ember_infer_core.errors import KernelError

__all__ = ["BOARDS", "Board", "Memory", "board_named", "installed"]

_ARM_PACKAGES = ("gcc-arm-none-eabi", "libnewlib-arm-none-eabi", "qemu-system-arm")
_RISCV_PACKAGES = ("gcc-riscv64-unknown-elf", "picolibc-riscv64-unknown-elf", "qemu-system-misc")
_CORES = {"cortex-m4": "dsp", "cortex-m7": "dsp", "cortex-m55": "mve"}
ICOUNT_SHIFT = 6  # an instruction takes 2**6 nanoseconds of virtual time


@dataclass(frozen=True, slots=True)
class Memory:
    """A part of the address space."""

    origin: int
    length: int


@dataclass(frozen=True, slots=True)
class Board:
    """An emulated board.

    Attributes:
        name: what ``--verify`` calls it.
        machine: what QEMU calls it.
        compiler, emulator: programs.
        flags: of the compiler, for the processor.
        specs: of the compiler, which choose the C library.
        code, ram: memory; weights are in ``code`` unless there is ``weights``.
        timer: its number in ``ember_board.c``.
        timer_hertz: ticks in a second of virtual time.
        packages: Debian's, with the programs.
        core: what scratch depends on; one of ``ember_infer_firmware.context.CORES``, or ``"plain"``.
    """

    name: str
    machine: str
    compiler: str
    emulator: str
    flags: tuple[str, ...]
    specs: str
    code: Memory
    ram: Memory
    timer: int
    timer_hertz: int
    packages: tuple[str, ...]
    weights: Memory | None = None
    core: str = "plain"

    def instructions(self, ticks: int) -> int:
        """How many instructions take so many ticks."""
        return round(ticks * 1e9 / (self.timer_hertz * (1 << ICOUNT_SHIFT)))

    def require(self) -> None:
        """Makes sure that compiler and emulator are there.

        Raises:
            KernelError: names what is missing, and the Debian packages.
        """
        missing = [program for program in (self.compiler, self.emulator) if installed(program) is None]
        if self.compiler not in missing and not self._has_library():
            missing.append(f"a C library for {self.compiler}")
        if missing:
            install = f"apt-get install --no-install-recommends {' '.join(self.packages)}"
            raise KernelError(f"{self.name} needs {' and '.join(missing)}: on Debian and Ubuntu, {install}")

    def _has_library(self) -> bool:
        command = [installed(self.compiler) or self.compiler, f"-print-file-name={self.specs}"]
        found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        return found not in ("", self.specs)  # a file that is nowhere is answered with its name


def installed(program: str) -> str | None:
    """Where a program is: not in what is relative to the working folder, where anybody may have left one."""
    path = os.pathsep.join(filter(os.path.isabs, os.environ.get("PATH", os.defpath).split(os.pathsep)))
    return shutil.which(program, path=path)


def _arm(name: str, machine: str, flags: tuple[str, ...], code: Memory, ram: Memory, timer: int, hertz: int) -> Board:
    return Board(
        name,
        machine,
        "arm-none-eabi-gcc",
        "qemu-system-arm",
        (f"-mcpu={name}", "-mthumb", *flags),
        "nosys.specs",
        code,
        ram,
        timer,
        hertz,
        _ARM_PACKAGES,
        Memory(0x70000000, 16 << 20) if name == "cortex-m55" else None,  # DDR, beside 512 kB that start
        _CORES.get(name, "plain"),
    )


def _mps2(name: str, machine: str, *flags: str) -> Board:
    return _arm(name, machine, flags, Memory(0, 4 << 20), Memory(0x20000000, 4 << 20), 1, 25_000_000)


BOARDS: Mapping[str, Board] = {
    board.name: board
    for board in (
        _arm(
            "cortex-m0",
            "microbit",
            ("-mfloat-abi=soft",),
            Memory(0, 256 << 10),
            Memory(0x20000000, 16 << 10),
            3,
            16_000_000,
        ),
        _mps2("cortex-m3", "mps2-an385", "-mfloat-abi=soft"),
        _mps2("cortex-m4", "mps2-an386", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"),
        _mps2("cortex-m7", "mps2-an500", "-mfpu=fpv5-d16", "-mfloat-abi=hard"),
        _arm(
            "cortex-m55",
            "mps3-an547",
            ("-mfpu=auto", "-mfloat-abi=hard"),
            Memory(0, 512 << 10),
            Memory(0x01000000, 2 << 20),
            2,
            32_000_000,
        ),
        Board(
            "rv32",
            "virt",
            "riscv64-unknown-elf-gcc",
            "qemu-system-riscv32",
            ("-march=rv32imc", "-mabi=ilp32", "-mcmodel=medany"),
            "picolibc.specs",
            Memory(0x80000000, 32 << 20),
            Memory(0x82000000, 32 << 20),
            4,
            1_000_000_000,  # mcycle is virtual time in nanoseconds
            _RISCV_PACKAGES,
        ),
    )
}


def board_named(name: str) -> Board:
    """A board by its name, with or without ``cortex-`` before it.

    Raises:
        ValueError: there is none; lists those that there are.
    """
    found = BOARDS.get(name) or BOARDS.get(f"cortex-{name}")
    if found is None:
        raise ValueError(f"no board {name!r}: there are {', '.join(BOARDS)}")
    return found
