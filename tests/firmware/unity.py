"""Many exported models in one program, compiled and run as whoever asks wants it: ``run_models.c`` around them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_core import KernelError, Program
from ember_infer_firmware.plan import Plan, plan_program
from ember_infer_firmware.sources import generate
from ember_infer_ref import RefBackend
from tests.support.against_tflm import ulps

__all__ = ["Trial", "assert_equal_to_reference", "build", "compiled", "models_source", "run"]

Arrays = list[npt.NDArray[Any]]
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror")
_MAIN = Path(__file__).with_name("run_models.c")
_SECONDS = 600.0
_OF_THE_C_LIBRARY = frozenset({"cos", "elu", "exp", "log", "log_softmax", "logistic", "sin", "softmax", "tanh"})


@dataclass(frozen=True)
class Trial:
    """A program, and the inputs of runs one after the other."""

    program: Program
    runs: Sequence[Arrays]


def models_source(plans: Sequence[Plan], folder: Path) -> Path:
    """All models as one source, which is also what somebody does who compiles them as one."""
    for plan in plans:
        for name, text in generate(plan).items():
            (folder / name).write_text(text, encoding="ascii")
    lines = [f'#include "{plan.name}{suffix}.c"' for plan in plans for suffix in ("", "_weights")]
    (folder / "models.c").write_text("\n".join(lines) + "\n")
    return folder / "models.c"


def build(trials: Sequence[Trial], command: Sequence[str], folder: Path) -> Path:
    """The program of all trials."""
    plans = [plan_program(trial.program, f"m{number}", "reference") for number, trial in enumerate(trials)]
    models_source(plans, folder)
    (folder / "main.c").write_text(
        "\n".join(["#define _POSIX_C_SOURCE 200809L", '#include "models.c"', *_table(plans), f'#include "{_MAIN}"', ""])
    )
    compiled([*command, str(folder / "main.c"), "-o", str(folder / "models"), "-lm"])
    return folder / "models"


def compiled(command: Sequence[str]) -> None:
    """Runs a compiler, which must say nothing."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, ""), f"{' '.join(command)}\n{done.stderr[:4000]}"


def _table(plans: Sequence[Plan]) -> Iterator[str]:
    most = max(len(plan.inputs) + len(plan.outputs) for plan in plans)
    yield f"#define MOST_PORTS {most + 1}"
    yield "struct model {"
    yield "    int inputs, outputs;"
    yield "    size_t bytes[MOST_PORTS], arena, state;"
    yield "    int (*run)(void *const *ports, void *arena), (*reset)(void *arena);"
    yield "};"
    for plan in plans:
        ports = "".join(f"ports[{number}], " for number in range(len(plan.inputs) + len(plan.outputs)))
        yield f"static int run_{plan.name}(void *const *ports, void *arena) {{"
        yield f"    (void)ports; return {plan.name}_run({ports}arena); }}"
    yield "static const struct model MODELS[] = {"
    for plan in plans:
        sizes = [place.nbytes for place in plan.ports]
        reset = f"{plan.name}_reset" if plan.variables else "NULL"
        lengths = f"{plan.name.upper()}_ARENA_LEN, {plan.name.upper()}_STATE_LEN"
        bytes_ = ", ".join(map(str, sizes or [0]))
        yield f"    {{{len(plan.inputs)}, {len(plan.outputs)}, {{{bytes_}}}, {lengths}, run_{plan.name}, {reset}}},"
    yield "};"


def run(binary: Path, trials: Sequence[Trial]) -> list[list[tuple[int, Arrays]]]:
    """For each trial and run, status and outputs."""
    given = b"".join(
        np.int32(len(trial.runs)).tobytes() + b"".join(array.tobytes() for inputs in trial.runs for array in inputs)
        for trial in trials
    )
    done = subprocess.run([str(binary)], input=given, capture_output=True, timeout=_SECONDS, check=False)
    assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode(errors="replace")[:6000]
    said = memoryview(done.stdout)
    found = []
    for trial in trials:
        results = []
        for _ in trial.runs:
            (status,), said = np.frombuffer(said[:4], np.int32), said[4:]
            outputs = []
            for tensor in (trial.program.tensors[index] for index in trial.program.outputs):
                outputs.append(np.frombuffer(said[: tensor.size], tensor.dtype).reshape(tensor.shape))
                said = said[tensor.size :]
            results.append((int(status), outputs))
        found.append(results)
    assert not said
    return found


def assert_equal_to_reference(trial: Trial, found: Sequence[tuple[int, Arrays]]) -> None:
    """Every byte of every output of every run; a run that has no result says so by its status.

    Some functions of float32 are the C library's: at most one unit in the last place from NumPy's.
    """
    is_exact = not any(call.method in _OF_THE_C_LIBRARY for call in trial.program.calls)
    executable = RefBackend().compile(trial.program)
    for inputs, (status, outputs) in zip(trial.runs, found, strict=True):
        for array, content in zip(executable.inputs, inputs, strict=True):
            array[...] = content
        try:
            executable.run()
        except KernelError:
            assert status <= -3, trial.program
            if trial.program.variables:
                return  # what it leaves there is another test's affair
            continue
        assert status in (0, 1), (status, trial.program)
        for ours, theirs in zip(outputs, executable.outputs, strict=True):
            apart = ulps(ours, theirs) if ours.dtype == np.float32 else ours != theirs
            assert (apart <= (ours.dtype == np.float32 and not is_exact)).all(), trial.program.calls
