"""``make bench``: every backend against LiteRT and TensorFlow Lite Micro (TFLM), threads, AVX2, imports, decoration.

Every answer is compared with TFLM's before anything is timed. All contestants run in this process, on one thread, in
turns of some milliseconds: set the input, run, read the output; a session has both in place. The published models are
measured where ``EMBER_TEST_DATA`` (or the sibling folder ``shared``) holds them; those of MLPerf Tiny's shapes have
random weights. Other models may be named: ``python -m benchmarks.bench model.tflite``.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

if "OPENBLAS_NUM_THREADS" not in os.environ:  # read when NumPy loads, so before anything imports it
    os.environ["OPENBLAS_NUM_THREADS"] = "1"

from rich.console import Console
from rich.markup import escape

from benchmarks.subjects import (
    REPOSITORY,
    Subject,
    check_answers,
    console,
    is_litert,
    missing,
    over,
    show,
    subjects,
    table_of,
)
from benchmarks.threads import scaling
from ember_infer_core.backend import KernelBackend
from ember_infer_core.errors import CompilerNotFound
from ember_infer_native import NativeBackend
from ember_infer_native.toolchain import find_compiler
from ember_infer_ref import RefBackend
from ember_infer_tools.bench import Bench, Measured, bench
from ember_infer_tools.bench.contestants import TFLM, model_class
from ember_infer_tools.bench.peak import Peak, known_targets
from ember_infer_tools.bench.report import microseconds
from ember_infer_tools.compare.interpreters import RUNTIMES, tflm_arena_size

NATIVE = "NativeBackend"
IMPORTS = {
    "numpy alone": "import numpy",
    "ember_infer_macros, ember_infer_ref": "from ember_infer_macros import ember_model; import ember_infer_ref",
    "ember_infer_macros, ember_infer_native": "from ember_infer_macros import ember_model; import ember_infer_native",
    "tflite_micro": "from tflite_micro import runtime",
    "ai_edge_litert": "from ai_edge_litert.interpreter import Interpreter",
}
PRINT_ARENA = """
import sys
from tflite_micro import runtime
runtime.Interpreter.from_file(sys.argv[1], arena_size=int(sys.argv[2])).print_allocations()
"""


def bench_inference(
    models: Sequence[Subject], backends: Mapping[str, KernelBackend], against: Sequence[str], turns: int, out: Console
) -> None:
    contestants = ("TFLM", "LiteRT", "RefBackend", "native, predict", "native, session")
    ratios = ("predict over LiteRT", "session over LiteRT", "wanted", "load")
    medians = table_of("model", *contestants, *ratios)
    least = table_of("model", *contestants, "build, s", "library, kB")
    notes: list[str] = []
    for subject in models:
        found = bench(subject.path, backends, against, turns=turns, leave_out=True)
        check_answers(found)
        timed = in_columns(found)
        _, litert, _, predict, session = timed
        medians.add_row(
            escape(subject.name),
            *("-" if measured is None else microseconds(measured.seconds) for measured in timed),
            over(predict, litert),
            over(session, litert),
            subject.wanted,
            "-" if found.load is None else f"{found.load[1]:.1f}",
        )
        least.add_row(
            escape(subject.name),
            *("-" if measured is None else microseconds(measured.least) for measured in timed),
            *next(
                ((f"{built.build_seconds:.2f}", f"{built.size / 1000:.0f}") for built in found.libraries), ("-", "-")
            ),
        )
        notes += [f"{subject.name}: {note}" for note in found.notes]
    show(out, "inference, one thread, µs: medians of interleaved turns", medians)
    show(out, "the same, the best turn; and what NativeBackend builds", least)
    for note in notes:
        out.print(escape(note), soft_wrap=True)


def in_columns(found: Bench) -> list[Measured | None]:
    """TFLM, LiteRT, RefBackend, NativeBackend through both doors; None for one that is not there. A model with state
    goes through sessions alone.
    """
    by_name = {"LiteRT" if is_litert(measured) else measured.name: measured for measured in found.measured}
    reference = "RefBackend, predict" if found.steps is None else "RefBackend, session"
    names = (TFLM, "LiteRT", reference, f"{NATIVE}, predict", f"{NATIVE}, session")
    return [by_name.get(name) for name in names]


def bench_threads(models: Sequence[Subject], backend: NativeBackend, out: Console) -> None:
    """Two sessions in two threads; and the bare multiplication loop, which says what the machine gives just now."""
    table = table_of("model", "median", "best")
    if backend.target in known_targets():
        loops = [Peak(backend.target).rate for _ in range(2)]
        table.add_row("(multiplication loop)", *(f"{ratio:.2f}" for ratio in scaling(loops)))
    for subject in models:
        model = model_class(subject.path)
        sessions = [model.bind(backend) for _ in range(2)]
        table.add_row(escape(subject.name), *(f"{ratio:.2f}" for ratio in scaling([s.run for s in sessions])))
    show(out, "two threads over one, each with a session of its own (at least 1.8 is wanted)", table)


def bench_decoration(models: Sequence[Subject], turns: int, out: Console) -> None:
    table = table_of("model", "file bytes", "decoration, ms", "arena", "TFLM's arena head")
    for subject in models:
        content = subject.path.read_bytes()
        model_class(subject.path)
        seconds = []
        for _ in range(turns):
            start = time.perf_counter()
            model = model_class(subject.path)
            seconds.append(time.perf_counter() - start)
        table.add_row(
            escape(subject.name),
            str(len(content)),
            f"{1e3 * statistics.median(seconds):.1f}",
            str(model.arena_len()),
            tflm_arena(subject.path, tflm_arena_size(model.program)),
        )
    show(out, "@ember_model: read, check, lower, synthesise; and bytes of activations", table)


def tflm_arena(path: Path, arena_size: int) -> str:
    if not installed("tflm"):
        return "-"
    command = [sys.executable, "-c", PRINT_ARENA, str(path), str(arena_size)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    found = re.search(r"Arena allocation head (\d+) bytes", printed)
    return found[1] if found else "?"


def bench_imports(turns: int, out: Console) -> None:
    table = table_of("import", "ms")
    imports = {name: code for name, code in IMPORTS.items() if importlib.util.find_spec(code.split()[1].split(".")[0])}
    seconds: dict[str, list[float]] = {name: [] for name in imports}
    for _ in range(turns):
        empty = start_python("pass")
        for name, code in imports.items():
            seconds[name].append(start_python(code) - empty)
    for name, measured in seconds.items():
        table.add_row(name, f"{1e3 * statistics.median(measured):.0f}")
    show(out, "import time over an empty interpreter", table)


def start_python(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def bench_avx2(turns: int, files: Sequence[Path], out: Console) -> None:
    """In a process of its own, for what is hidden from a library stays hidden."""
    out.file.flush()
    command = [sys.executable, "-m", "benchmarks.avx2", "--turns", str(turns), *map(str, files)]
    status = subprocess.run(command, cwd=REPOSITORY, check=False).returncode
    if status:
        out.print(f"without AVX-512: failed with status {status}")


def installed(kind: str) -> bool:
    return importlib.util.find_spec(RUNTIMES[kind].module) is not None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=31, help="turns each contestant gets (default: 31)")
    parser.add_argument("models", type=Path, nargs="*", help="time these models instead")
    arguments = parser.parse_args()
    turns: int = arguments.turns
    files = [path.resolve() for path in arguments.models]
    out = console()
    against = [kind for kind in RUNTIMES if installed(kind)]
    for kind in RUNTIMES.keys() - set(against):
        out.print(f"{kind}: skipped, not installed (pip install 'ember-infer\\[{kind}]')")
    for line in () if files else missing():
        out.print(line, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="ember-bench-") as name:
        folder = Path(name)
        models = list(subjects(folder, files))
        backends: dict[str, KernelBackend] = {"RefBackend": RefBackend()}
        native = None
        with contextlib.suppress(CompilerNotFound):
            find_compiler()
            native = backends[NATIVE] = NativeBackend(cache=folder / "cache")  # empty, so that builds are timed
        bench_inference(models, backends, against, turns, out)
        if native is None:
            out.print("NativeBackend: skipped, there is no C compiler")
        else:
            out.print(f"{NATIVE}: target {native.target}")
            bench_threads(models, native, out)
            bench_avx2(min(turns, 15), files, out)
        bench_decoration(models, min(turns, 31), out)
        bench_imports(min(turns, 11), out)


if __name__ == "__main__":
    main()
