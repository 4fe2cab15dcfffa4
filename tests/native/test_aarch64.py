"""The target for AArch64, compiled by zig's clang and run under emulation: every byte equal to RefBackend's."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from ember_infer_core import Program
from ember_infer_core.conformance.programs import one_call
from ember_infer_core.conformance.programs import random_inputs as inputs_of_call
from ember_infer_core.conformance.strategies import drawn
from ember_infer_core.ops import OPERATORS
from ember_infer_macros import load_program
from ember_infer_native.planner import plan_program
from ember_infer_native.targets import TARGETS, Target
from tests.conftest import REPOSITORY, skip_or_fail
from tests.native.common_shapes import KINDS, common_layers
from tests.native.nets import Net
from tests.native.random_programs import Samples, assert_equal, case_lists, join, join_programs, reference, references
from tests.native.running import extreme_inputs, random_inputs
from tests.native.standalone import run_standalone
from tests.native.stateful import assert_state_goes_on, programs_with_state
from tests.native.test_families import NETS
from tests.native.test_targets import LONG_EXAMPLES, random_samples, without_shrinking
from tests.support.debian import debian_program
from tests.support.effort import DEEP, SEED, left_to_ci
from tests.support.models import Case

HOSTED = ("-std=gnu11", "-O2")
FREESTANDING = (*HOSTED, "-DFREESTANDING", "-nostdlib", "-static")
# Published models; an ordinary run does without the two that take longest.
GOLDEN = ("sine", "speech", "person_detect", *(("mobilenet_v3_small",) if DEEP else ()))
FLOAT_EDGES = ("rock_paper_scissors", "anomaly_detection", *(("vww_float_io",) if DEEP else ()))
# Of float32, where RefBackend may be a unit in the last place off: what comes from a C library, and the sign of a zero.
FROM_A_LIBRARY = ("cos", "elu", "exp", "log", "log_softmax", "logistic", "sin", "softmax_float32", "tanh")
INEXACT = (*FROM_A_LIBRARY, "reduce_max", "reduce_min")
CALLS_DRAWN, CALLS_OF_A_KIND = (100, 20) if DEEP else (12, 1)
CALLS_AT_ONCE = 200
NEON_DOT = next(target for target in TARGETS if target.name == "neon_dot")
PORTABLE = next(target for target in TARGETS if target.name == "portable")

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="emulates Linux programs"), left_to_ci]


@pytest.fixture(scope="session")
def emulator() -> list[str]:
    """An AArch64 processor, with the dot product extension."""
    return [debian_program("qemu-aarch64", "qemu-user"), "-cpu", "max"]


@pytest.fixture(scope="session")
def clang() -> list[str]:
    """zig's clang. Programs do without a C library: zig would first compile its own, for a minute."""
    if importlib.util.find_spec("ziglang") is None:
        skip_or_fail("the ziglang wheel is not installed: pip install 'ember-infer[native]'")
    return [sys.executable, "-m", "ziglang", "cc", "-target", "aarch64-linux-musl"]


@pytest.fixture(scope="session")
def gcc() -> list[str]:
    """Debian's cross compiler, with the C library's headers."""
    return [debian_program("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross")]


def check(
    program: Program, samples: Samples, target: Target, compiler: Sequence[str], folder: Path, emulator: Sequence[str]
) -> None:
    wanted = reference(program, samples)
    for found in run_standalone(program, samples, target, compiler, FREESTANDING, folder, emulator):
        assert_equal(program, found, wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_common_layers_equal_the_reference(
    kind: str, tmp_path: Path, clang: Sequence[str], emulator: Sequence[str]
) -> None:
    check(*common_layers(kind, SEED, 24), NEON_DOT, clang, tmp_path, emulator)


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.filterwarnings("ignore::ember_infer_core.errors.ModelWarning")
def test_golden_outputs_are_reproduced(
    name: str, shared: Path, tmp_path: Path, clang: Sequence[str], emulator: Sequence[str]
) -> None:
    program = load_program(shared / "models" / f"{name}.tflite")
    with np.load(shared / "golden" / f"{name}.npz") as golden:
        inputs, outputs = golden["inputs"], golden["outputs"]
    samples = [[sample.reshape(program.tensors[program.inputs[0]].shape)] for sample in inputs]
    found, batch = run_standalone(program, samples, NEON_DOT, clang, FREESTANDING, tmp_path, emulator)
    for results in (found, batch):
        np.testing.assert_array_equal(np.array([result[0].reshape(outputs.shape[1:]) for result in results]), outputs)


@pytest.mark.parametrize("name", FLOAT_EDGES)
@pytest.mark.filterwarnings("ignore::ember_infer_core.errors.ModelWarning")
def test_published_models_with_real_inputs_equal_the_reference(
    name: str, shared: Path, tmp_path: Path, clang: Sequence[str], emulator: Sequence[str]
) -> None:
    program = load_program(shared / "models" / f"{name}.tflite")
    tensor = program.tensors[program.inputs[0]]
    random = np.random.default_rng(0)
    samples = [[random.uniform(-1, 1, tensor.shape).astype(np.float32)] for _ in range(4)]
    check(program, samples, NEON_DOT, clang, tmp_path, emulator)


@pytest.mark.parametrize("target", [NEON_DOT, PORTABLE], ids=lambda target: target.name)
def test_digits_equal_the_reference(
    target: Target, tmp_path: Path, clang: Sequence[str], emulator: Sequence[str]
) -> None:
    program = load_program(REPOSITORY / "models" / "digits.tflite")
    check(program, random_samples(program, 10), target, clang, tmp_path, emulator)


@LONG_EXAMPLES
@pytest.mark.parametrize("compiler", ["clang", "gcc"])
def test_random_programs_equal_the_reference(
    compiler: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, emulator: Sequence[str]
) -> None:
    command: list[str] = request.getfixturevalue(compiler)

    @without_shrinking(ordinary=4, deep=200)
    @given(cases=case_lists())
    def check_cases(cases: list[Case]) -> None:
        folder = tmp_path_factory.mktemp("program")
        check(*join(cases), NEON_DOT, command, folder, emulator)
        shutil.rmtree(folder)

    check_cases()


def calls_of_every_kind() -> list[Program]:
    """Of each operator some random calls for every set of C functions that such calls come to."""
    programs: list[Program] = []
    for operator in OPERATORS:
        kinds: Counter[frozenset[str]] = Counter()
        for params in drawn(operator, CALLS_DRAWN):
            program = one_call(operator, params)
            kind = frozenset(kernels_of(program))
            kinds[kind] += 1
            if kinds[kind] <= CALLS_OF_A_KIND:
                programs.append(program)
    return programs


def kernels_of(program: Program) -> Iterator[str]:
    plan = plan_program(program, NEON_DOT)
    for steps in (plan.prepare, plan.imports, plan.exports, *(steps for _, steps in plan.layers)):
        yield from (step.kernel.name for step in steps)


def networks() -> Program:
    """Operators of every family between convolutions and in float32."""
    net = Net()
    for build in NETS.values():
        build(net)
    return load_program(net.finish())


@pytest.fixture(scope="module")
def every_operator() -> list[tuple[Program, Samples]]:
    """All operators in as few programs as will do, and inputs for some inferences."""
    calls = calls_of_every_kind()
    assert {call.method for program in calls for call in program.calls} == set(OPERATORS)
    found = []
    for start in range(0, len(calls), CALLS_AT_ONCE):
        some = calls[start : start + CALLS_AT_ONCE]
        samples = [[array for program in some for array in inputs_of_call(program, seed)] for seed in range(3)]
        found.append((join_programs(some), samples))
    nets = networks()
    return [*found, (nets, random_inputs(nets, 0, 3) + extreme_inputs(nets))]


@pytest.mark.parametrize("compiler", ["clang", "gcc"])
def test_every_operator_equals_the_reference(
    compiler: str,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    every_operator: Sequence[tuple[Program, Samples]],
    gcc: Sequence[str],
    emulator: Sequence[str],
) -> None:
    command: list[str] = request.getfixturevalue(compiler)
    for program, samples in every_operator:
        folder = tmp_path_factory.mktemp("program")
        linker = [*gcc, "-static"]
        standalone = run_standalone(program, samples, NEON_DOT, command, HOSTED, folder, emulator, linker)
        for found, wanted in zip(standalone, references(program, samples), strict=True):
            assert_equal(program, found, wanted, INEXACT)
        shutil.rmtree(folder)


@pytest.mark.parametrize("target", [NEON_DOT, PORTABLE], ids=lambda target: target.name)
def test_state_goes_on_from_run_to_run(
    target: Target, tmp_path: Path, clang: Sequence[str], emulator: Sequence[str]
) -> None:
    for program, samples in programs_with_state():
        found = run_standalone(program, samples, target, clang, FREESTANDING, tmp_path, emulator)
        assert_state_goes_on(program, samples, *found)
