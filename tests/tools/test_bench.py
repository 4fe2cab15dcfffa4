"""Timing a model: who is timed, whether the answers are right, where the time goes, and what cannot be timed."""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.models import BUILDERS
from benchmarks.threads import _seconds as round_seconds
from benchmarks.threads import scaling
from ember_infer_core import (
    ComparisonError,
    Executable,
    ModelError,
    Program,
    SoftmaxParams,
)
from ember_infer_core.ops.circular_buffer import CircularBufferParams
from ember_infer_core.samples import random_inputs
from ember_infer_core.slots import ByteArray
from ember_infer_macros import load_program
from ember_infer_native import NativeBackend
from ember_infer_native.toolchain import host_isa
from ember_infer_ref import RefBackend
from ember_infer_tools.bench import bench
from ember_infer_tools.bench.bench import AGAINST
from ember_infer_tools.bench.contestants import Contestant, Steps
from ember_infer_tools.bench.measure import Timing, interleave
from ember_infer_tools.bench.report import microseconds
from ember_infer_tools.tflite_writer import pack_model
from tests.conftest import REPOSITORY
from tests.operators.test_circular_buffer import Stream
from tests.support.samples import two_branches
from tests.support.stateful_models import running_sum
from tests.support.tflm import Tflm
from tests.tools.benching import OwnClock, printed

SINE = REPOSITORY / "models" / "sine.tflite"
DIGITS = REPOSITORY / "models" / "digits.tflite"
TFLM = "TFLM"
REF = "ember_infer_ref:RefBackend"


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ember_infer_tools.cli", "bench", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"},
    )


# Measuring


def test_contestants_take_turns_in_order() -> None:
    calls: list[str] = []
    timing = interleave({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, turns=3, turn_seconds=0.0)
    assert "".join(calls) == "aabb" + "ab" * 3
    assert {name: len(seconds) for name, seconds in timing.turns.items()} == {"a": 3, "b": 3}


def test_a_ratio_is_the_median_of_the_turns_ratios() -> None:
    timing = Timing({"slow": [2.0, 20.0, 8.0], "fast": [1.0, 10.0, 1.0]})  # the machine was ten times slower once
    assert timing.ratio("slow", "fast") == 2.0
    assert (timing.seconds("fast"), timing.least("slow")) == (1.0, 2.0)


def test_there_are_no_more_turns_when_the_time_is_up_but_always_five() -> None:
    assert len(interleave({"a": lambda: None}, turns=50, turn_seconds=0.0, most_seconds=0.0).turns["a"]) == 5


def test_garbage_is_collected_again_afterwards() -> None:
    def fail() -> Iterator[None]:
        yield
        yield
        yield
        raise ValueError("on the third call")

    calls = fail()
    with pytest.raises(ValueError, match="third"):
        interleave({"a": lambda: next(calls)}, turns=5, turn_seconds=0.0)
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("seconds", "text"), [(8.24e-8, "0.08"), (1.234e-6, "1.23"), (4.512e-5, "45.1"), (0.0124, "12,400")]
)
def test_times_have_the_digits_that_mean_something(seconds: float, text: str) -> None:
    assert microseconds(seconds) == text


def test_a_round_of_threads_is_compared_with_the_first_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two threads that wait for each other both halves take as long as one after the other: no gain."""
    rounds = iter([1.0, 2.0, 1.0, 1.0, 1.0, 1.25])
    monkeypatch.setattr("benchmarks.threads._seconds", lambda runs, repeats: next(rounds))
    assert scaling([lambda: None] * 2, rounds=3) == (1.6, 2.0)


def test_threads_of_a_round_run_at_once() -> None:
    meeting = threading.Barrier(2)
    met: list[int] = []

    def meet() -> None:
        met.append(meeting.wait(60))

    assert round_seconds([meet, meet], 3) > 0
    assert sorted(met) == [0, 0, 0, 1, 1, 1]


# A whole bench


def test_every_backend_is_timed_through_both_doors_and_compared_with_tflm(tflm_wheel: None) -> None:
    found = bench(SINE, {"A": RefBackend(), "B": RefBackend(rounding="double")}, ("tflm",), turns=1)
    assert [measured.name for measured in found.measured] == [
        TFLM,
        "A, predict",
        "A, session",
        "B, predict",
        "B, session",
    ]
    assert found.truth == TFLM
    assert all(measured.equal for measured in found.measured)
    assert all(0 < measured.least <= measured.seconds for measured in found.measured)
    assert found[TFLM].times_faster == {}
    ratio = found["A, session"].times_faster[TFLM]
    assert ratio == pytest.approx(found[TFLM].seconds / found["A, session"].seconds)


class _Wrong(RefBackend):
    def softmax(self, params: SoftmaxParams) -> None:
        super().softmax(params)
        params.output[...] ^= 1


def test_a_backend_that_computes_something_else_is_shown_as_such() -> None:
    found = bench(DIGITS, {"Right": RefBackend(), "Wrong": _Wrong()}, turns=1)
    assert {measured.name: measured.equal for measured in found.measured} == {
        "Right, predict": True,
        "Right, session": True,
        "Wrong, predict": False,
        "Wrong, session": False,
    }
    assert found.truth == "RefBackend"
    rows = {line.split("  ")[0]: line.split() for line in printed(found).splitlines()}
    assert (rows["Right, session"][-1], rows["Wrong, session"][-1]) == ("yes", "no")


def test_litert_runs_a_repaired_copy_of_a_model_that_it_refuses(litert: None, shared: Path) -> None:
    found = bench(shared / "models" / "person_detect.tflite", {}, ("litert",), turns=1)
    (measured,) = found.measured
    assert measured.name.startswith("LiteRT 2")
    assert measured.seconds > 0
    assert "quantized_dimension" in found.notes[0]
    assert found.notes[0] in printed(found)


def test_a_model_with_several_inputs_and_outputs_can_be_timed(tflm_wheel: None, litert: None) -> None:
    model = pack_model(two_branches())
    found = bench(model, {"Ref": RefBackend()}, ("tflm", "litert"), turns=1)
    assert found["Ref, predict"].equal
    assert found["Ref, session"].equal


def test_a_compiled_library_has_a_size_and_a_build_time(native: NativeBackend) -> None:
    (library,) = bench(SINE, {"Native": native}, turns=1).libraries
    assert (library.backend, library.target) == ("Native", native.target)
    assert library.size > 1000
    assert library.build_seconds > 0


def test_a_runtime_that_is_not_installed_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ComparisonError, match="pip install 'ember-infer\\[litert\\]'"):
        bench(SINE, {}, ("litert",), turns=1)


def test_a_damaged_model_is_a_model_error() -> None:
    with pytest.raises(ModelError):
        bench(SINE.read_bytes()[:100], {"Ref": RefBackend()}, turns=1)


# A model with state


def test_a_model_with_state_goes_through_a_sequence_with_everybody(
    tflm_wheel: None, litert: None, native: NativeBackend
) -> None:
    """The model's sums depend on all steps before: one contestant that lost its state would answer otherwise."""
    found = bench(running_sum(initial=7), {"Ref": RefBackend(), "Native": native}, ("tflm", "litert"), turns=1, steps=9)
    names = [measured.name for measured in found.measured if not measured.name.startswith("LiteRT")]
    assert names == [TFLM, "Ref, session", "Native, session"]
    assert (found.steps, found.truth, len(found.measured)) == (9, TFLM, 4)
    assert all(measured.equal for measured in found.measured)
    assert "A step of a sequence of 9, each contestant in a state of its own." in printed(found)


class _Forgets(RefBackend):
    """Its executables start every run from the initial state."""

    def compile(self, program: Program) -> Executable:
        executable = super().compile(program)
        start, run = executable.save_state(), executable.run  # type: ignore[attr-defined]

        def forget(scratch: ByteArray | None = None) -> None:
            executable.load_state(start)  # type: ignore[attr-defined]
            run(scratch)

        executable.run = forget  # type: ignore[method-assign]
        return executable


def test_a_backend_that_loses_its_state_is_shown_as_wrong() -> None:
    found = bench(running_sum(initial=7), {"Right": RefBackend(), "Wrong": _Forgets()}, turns=1)
    assert {measured.name: measured.equal for measured in found.measured} == {
        "Right, session": True,
        "Wrong, session": False,
    }


class _MovesTheNewest(RefBackend):
    """Spoils the buffer's newest row, which only whole runs show."""

    def circular_buffer(self, params: CircularBufferParams) -> None:
        super().circular_buffer(params)
        params.state[:, -1] ^= 1


def test_what_runs_that_end_early_leave_is_no_answer(tflm_wheel: None) -> None:
    """TFLM's later outputs are then what some other tensor has left in their place."""
    model = Stream(rows=(3, 2), cycles_max=(2, 3)).model()
    found = bench(model, {"Right": RefBackend(), "Wrong": _MovesTheNewest()}, ("tflm",), turns=1, steps=13)
    assert {measured.name: measured.equal for measured in found.measured} == {
        TFLM: True,
        "Right, session": True,
        "Wrong, session": False,
    }


@pytest.mark.parametrize("name", ["Ref", "Native"])
def test_layers_of_a_model_with_state_are_timed(name: str, native: NativeBackend) -> None:
    backend = {"Ref": RefBackend(), "Native": native}[name]
    model = Stream(rows=(3, 2), cycles_max=(2, 3)).model()  # the first whole run is the sixth
    (times,) = bench(model, {name: backend}, turns=1, per_layer=True).layers
    names = ["add", "circular_buffer", "max_pool", "circular_buffer", "max_pool"]
    assert [layer.operator for layer in times.layers] == names
    assert all(layer.seconds > 0 for layer in times.layers)


def test_a_runtime_that_cannot_run_the_model_is_left_out_only_if_that_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def dies(content: bytes, program: Program, steps: Steps) -> Contestant:
        raise ComparisonError("LiteRT, given the model, was stopped by SIGSEGV")

    monkeypatch.setitem(AGAINST, "litert", dies)
    with pytest.raises(ComparisonError, match="SIGSEGV"):
        bench(SINE, {"Ref": RefBackend()}, ("litert",), turns=1)
    found = bench(SINE, {"Ref": RefBackend()}, ("litert",), turns=1, leave_out=True)
    assert found.notes == ("litert is left out: LiteRT, given the model, was stopped by SIGSEGV",)
    assert [measured.name for measured in found.measured] == ["Ref, predict", "Ref, session"]


# The command


def test_the_command_prints_a_table_and_layers(tflm_wheel: None) -> None:
    result = command(str(SINE), "--backend", REF, "--against", "tflm", "--per-layer", "--turns", "1")
    assert (result.returncode, result.stderr) == (0, "")
    assert "over TFLM" in result.stdout
    assert "RefBackend, session" in result.stdout
    assert "dense2" in result.stdout
    assert "all layers" in result.stdout


def test_json_has_everything_in_seconds() -> None:
    result = command(str(SINE), "--backend", REF, "--against", "none", "--turns", "2", "--per-layer", "--json")
    found = json.loads(result.stdout)
    assert (found["model"], found["turns"], found["truth"]) == ("sine.tflite", 2, "RefBackend")
    assert [measured["name"] for measured in found["measured"]] == ["RefBackend, predict", "RefBackend, session"]
    assert found["measured"][1]["seconds"] > 0
    assert [layer["layer"] for layer in found["layers"][0]["layers"]] == ["dense1", "dense2", "sine"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere.tflite",), "nowhere.tflite: no such file"),
        ((str(SINE), "--against", "onnx"), "--against 'onnx': write tflm, litert"),
        ((str(SINE), "--against", ""), "--against '': write tflm, litert"),
        ((str(SINE), "--against", "none", "--backend", "nothing"), "backend 'nothing': write module:Class"),
        ((str(SINE), "--against", "none", "-b", "ember_infer_native:NativeBackend,target=z80"), "unknown target 'z80'"),
    ],
)
def test_what_cannot_be_timed_is_one_line(arguments: tuple[str, ...], message: str) -> None:
    result = command(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert message in result.stderr


def test_without_a_compiler_native_is_left_out_with_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CC", "/no/compiler")
    monkeypatch.setenv("EMBER_CACHE_DIR", str(tmp_path))
    result = command(str(SINE), "--against", "none", "--turns", "1")
    assert result.returncode == 0, result.stderr
    assert result.stderr.startswith("warning: NativeBackend is left out: CC='/no/compiler'")
    assert "RefBackend, session" in result.stdout
    assert "NativeBackend" not in result.stdout


# The models of the benchmark


@pytest.mark.parametrize(
    ("name", "macs"),
    [("resnet8", 12_501_632), ("dscnn", 2_656_768), ("mobilenet", 7_489_664), ("autoencoder", 264_192)],
)
def test_the_models_of_the_benchmark_are_as_large_as_the_published_ones_and_everybody_runs_them(
    name: str, macs: int, tflm: Tflm, litert: None
) -> None:
    content = BUILDERS[name]()
    found = bench(content, {"Ref": OwnClock()}, ("litert",), turns=1, per_layer=True)
    assert sum(layer.macs or 0 for layer in found.layers[0].layers) == macs
    assert found["Ref, session"].equal
    program = load_program(content)
    inputs = [samples[0] for samples in random_inputs(program, 1, seed=3)]
    executable = RefBackend().compile(program)
    executable.inputs[0][...] = inputs[0]
    executable.run()
    ((expected,),) = tflm.run(content, [inputs])
    np.testing.assert_array_equal(executable.outputs[0], expected)


def test_the_models_of_the_benchmark_are_the_same_each_time() -> None:
    assert BUILDERS["dscnn"]() == BUILDERS["dscnn"]()


CPUID = "#include <cpuid.h>\nunsigned leaf7(void) { unsigned a, b, c, d; __cpuid_count(7, 0, a, b, c, d); return b; }"
LIMITED = """
import ctypes, sys
from pathlib import Path
from benchmarks.limit import limit_to_avx2
from ember_infer_native.toolchain import build_library, find_compiler
library = Path(sys.argv[1])
build_library(find_compiler(), {"cpuid.c": sys.argv[2]}, ("-O1",), library, main="cpuid.c")
leaf7 = ctypes.CDLL(str(library)).leaf7
before = leaf7()
limit_to_avx2()
print(before, leaf7())
"""


def test_a_limited_process_sees_avx2_and_no_avx512(compiler: None, tmp_path: Path) -> None:
    if not {"cpuid_fault", "avx2", "avx512f"} <= host_isa():
        pytest.skip("CPUID cannot be made to fault here, or there is nothing to hide")
    command = [sys.executable, "-c", LIMITED, str(tmp_path / "cpuid.so"), CPUID]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert result.returncode == 0, result.stderr
    before, after = map(int, result.stdout.split())
    avx2, avx512f = 1 << 5, 1 << 16
    assert before & avx512f
    assert after & avx2
    assert not after & avx512f
