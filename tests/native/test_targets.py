"""Every instruction set that code is generated for computes the same bytes, on whatever this machine can run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings

from ember_infer_core import Program
from ember_infer_core.dispatch import DispatchExecutable
from ember_infer_macros import load_program
from ember_infer_native import NativeBackend
from ember_infer_native.targets import TARGETS, Target, choose_target, named_target
from ember_infer_native.toolchain import host_isa
from tests.conftest import REPOSITORY
from tests.native.random_programs import Samples, assert_equal, case_lists, join, reference, run
from tests.support.effort import DEEP, thorough
from tests.support.models import Case

X86 = frozenset({"avx2", "fma", "avx_vnni", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni"})
RUNNABLE = [target for target in TARGETS if target.needs <= host_isa()]


LONG_EXAMPLES = pytest.mark.filterwarnings("ignore:Generating overly large repr")


def without_shrinking(ordinary: int, deep: int) -> settings:
    """Each example compiles a library: a failing one is told as it is."""
    return settings(thorough(ordinary, deep), phases=[Phase.explicit, Phase.reuse, Phase.generate])


@pytest.fixture(params=RUNNABLE, ids=lambda target: target.name)
def backend(request: pytest.FixtureRequest, native_cache: Path, tmp_path: Path) -> NativeBackend:
    """For each target that this processor can run."""
    target: Target = request.param
    # Thousands of libraries would fill the disk; a few are shared with the other tests.
    return NativeBackend(target.name, cache=tmp_path / "cache" if DEEP else native_cache)


def random_samples(program: Program, count: int) -> Samples:
    random = np.random.default_rng(1)
    shapes = [program.tensors[index].shape for index in program.inputs]
    return [[random.integers(-128, 128, shape, np.int8) for shape in shapes] for _ in range(count)]


def test_digits_equal_the_reference(backend: NativeBackend) -> None:
    program = load_program(REPOSITORY / "models" / "digits.tflite")
    samples = random_samples(program, 30)
    assert_equal(program, run(backend.compile(program), samples), reference(program, samples))


@LONG_EXAMPLES
def test_random_programs_equal_the_reference(backend: NativeBackend) -> None:
    @without_shrinking(ordinary=2, deep=200)
    @given(cases=case_lists())
    def check(cases: list[Case]) -> None:
        program, samples = join(cases)
        assert_equal(program, run(backend.compile(program), samples), reference(program, samples))

    check()


@LONG_EXAMPLES
def test_single_calls_equal_the_reference(backend: NativeBackend) -> None:
    """The operators' library: the same kernels, compiled once for all shapes."""

    @without_shrinking(ordinary=4, deep=2000)
    @given(cases=case_lists())
    def check(cases: list[Case]) -> None:
        program, samples = join(cases)
        assert_equal(program, run(DispatchExecutable(backend, program), samples), reference(program, samples))

    check()


@pytest.mark.parametrize(
    ("features", "best"),
    [
        (X86, "avx512vnni"),
        (X86 - {"avx512_vnni"}, "avxvnni"),
        (X86 - {"avx512_vnni", "avx_vnni"}, "avx2"),
        (X86 - {"fma"}, "portable"),
        (frozenset({"asimd", "asimddp", "fp"}), "neon_dot"),
        (frozenset({"asimd"}), "portable"),
        (frozenset(), "portable"),
    ],
)
def test_the_best_target_that_a_processor_can_run_is_chosen(features: frozenset[str], best: str) -> None:
    assert choose_target(features).name == best


def test_a_target_is_named_only_where_it_can_run() -> None:
    assert named_target("portable", frozenset()).name == "portable"
    with pytest.raises(ValueError, match="lacks asimddp"):
        named_target("neon_dot", X86)
    with pytest.raises(ValueError, match="avx512vnni, avxvnni, avx2, neon_dot, portable"):
        named_target("sse9", X86)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_packed_weights_hold_each_weight_once(target: Target) -> None:
    weights = np.arange(-target.lanes * 2, target.lanes * 2, dtype=np.int8).reshape(1, target.lanes, 4)
    packed = np.frombuffer(target.pack_quads(weights), np.int8 if target.quads == "bytes" else np.int16)
    assert sorted(packed) == sorted(weights.reshape(-1))


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_interleaved_lanes_cover_each_byte_of_a_chunk_once(target: Target) -> None:
    order = target.lane_order(3).reshape(3, target.chunk)
    for chunk, lanes in enumerate(order):
        assert sorted(lanes) == list(range(chunk * target.chunk, (chunk + 1) * target.chunk))


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_neighbours_share_a_vector(target: Target) -> None:
    order = target.vector_order(3).reshape(3, target.lanes)
    for vector, lanes in enumerate(order):
        assert sorted(lanes) == list(range(vector * target.lanes, (vector + 1) * target.lanes))
