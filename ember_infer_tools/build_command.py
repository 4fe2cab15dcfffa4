"""``ember-infer build``: models compiled ahead of time, or as C to read."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from ember_infer_macros.decorator import load_program
from ember_infer_native.artifact_build import Built, build_artifact, select_targets, target_machine, write_source
from ember_infer_tools.terminal import Column, fitted, printable

__all__ = ["print_built", "run_build", "write_sources"]

_ENDING = [number for number in signal.Signals if number.name in ("SIGTERM", "SIGHUP")]


def run_build(models: Sequence[Path], folder: Path, targets: Sequence[str], processor: str | None) -> list[Built]:
    """:func:`build_artifact` of model files, with a progress bar on stderr.

    Args:
        models: .tflite files.
        folder: where the libraries go.
        targets: see :func:`select_targets`.
        processor: see :func:`target_machine`.

    Raises:
        ModelError, KernelError, ValueError, OSError: see there.
    """
    machine = target_machine(processor)
    selected = select_targets(targets, machine)
    programs = [load_program(model) for model in models]
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("compiling", total=None)

        def advance(what: str, done: int, total: int) -> None:
            progress.update(task, description=f"compiling {what}", completed=done, total=total)

        with _ends_in_order():
            return build_artifact(programs, folder, selected, machine, advance)


@contextlib.contextmanager
def _ends_in_order() -> Iterator[None]:
    """Lets whoever ends this process wait until what is half built is removed, and the compiler stopped."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    is_main = threading.current_thread() is threading.main_thread()  # others cannot take signals
    ours = [number for number in _ENDING if is_main and signal.getsignal(number) is signal.SIG_DFL]  # not with nohup
    for number in ours:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def print_built(built: Sequence[Built], folder: Path, console: Console) -> None:
    """What was built, as a table, and how to use it."""
    names = [Column(heading, breaks="name") for heading in ("model", "target", "machine", "compiler")]
    rows = []
    for one in built:
        entry = one.entry
        cells = map(printable, (entry.model, entry.target, str(entry.machine), entry.compiler))
        seconds = f"{one.seconds:.1f} s" if one.seconds else "was there"
        rows.append([*cells, f"{entry.size / 1000:.0f} kB", seconds])
    console.print(fitted([*names, Column("size", right=True), Column("build", right=True)], rows, console.width))
    console.print(Text(f"NativeBackend(artifacts={str(folder)!r}) runs these without a compiler"))


def write_sources(models: Sequence[Path], folder: Path, targets: Sequence[str], processor: str | None) -> list[Path]:
    """The C of model files for targets, each in a folder of its own, ``MODEL-TARGET``.

    Raises:
        ModelError, KernelError, ValueError, OSError: as :func:`run_build`.
    """
    machine = target_machine(processor)
    selected = select_targets(targets, machine)
    programs = [load_program(model) for model in models]
    return [write_source(program, target, machine, folder) for program in programs for target in selected]
