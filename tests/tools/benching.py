"""What tests of timing share."""

from __future__ import annotations

import io

from rich.console import Console

from ember_infer_core import (
    Executable,
    Program,
)
from ember_infer_ref import RefBackend
from ember_infer_tools.bench import Bench
from ember_infer_tools.bench.report import print_bench

__all__ = ["OwnClock", "printed"]


def printed(found: Bench) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_bench(found, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


class OwnClock(RefBackend):
    """Its executables say how long their layers take: 1 µs, 2 µs, ..."""

    def compile(self, program: Program) -> Executable:
        executable = super().compile(program)
        executable.time_layers = lambda repeats=1: [  # type: ignore[attr-defined]
            (call.name, 1e-6 * number) for number, call in enumerate(program.calls, 1)
        ]
        return executable
