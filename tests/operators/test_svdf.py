"""SVDF against TFLM, over sequences with resets between."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from ember_infer_core import KernelBackend, ModelError, UnsupportedModelError
from ember_infer_macros import load_program
from ember_infer_native import NativeBackend
from ember_infer_tools.tflite_writer import ModelWriter
from tests.operators.products import ACTIVATIONS, UNDEFINED, scales, seeds, sizes, zero_points
from tests.support.against_tflm import (
    REFUSED_BY_BOTH,
    REFUSED_BY_US_ALONE,
    assert_equals_tflm,
    compare_with_tflm,
)
from tests.support.contents import random_batches, with_resets
from tests.support.one_operator import Tensor, constant, one_operator, tensor, variable
from tests.support.tally import compare_drawn
from tests.support.targets import TARGETS_AS_PARAMETERS
from tests.support.tflm import Tflm

RESETS = (7, 15)


def single(value: float) -> float:
    return float(np.float32(value))


def svdf(
    batches: int = 2,
    depth: int = 5,
    units: int = 3,
    rank: int = 1,
    memory: int = 4,
    dtype: str = "int8",
    *,
    input_quant: tuple[float, int] = (0.1, 3),
    state_quant: tuple[float, int] = (0.5, -5),
    output_quant: tuple[float, int] = (0.1, 7),
    feature_scale: float = 0.02,
    time_scale: float = 0.03,
    weights_zero_points: tuple[int, int] = (0, 0),
    bias_limit: int = 500,
    seed: int = 0,
    activation: str = "NONE",
    **other: Any,
) -> bytes:
    """A layer with random weights; ``other`` replaces tensors by their names, and the option ``rank_option``."""
    random = np.random.default_rng(seed)
    filters = units * rank
    limits = np.iinfo(dtype)
    features = random.integers(-128, 128, (filters, depth), np.int8)
    times = random.integers(limits.min, limits.max, (filters, memory), dtype, endpoint=True)
    bias = random.integers(-bias_limit - 1, bias_limit, (units,), np.int32, endpoint=True)
    tensors: dict[str, Tensor | None] = {
        "input": tensor((batches, depth), "int8", *input_quant),
        "features": constant(features, "int8", feature_scale, weights_zero_points[0]),
        "times": constant(times, dtype, time_scale, weights_zero_points[1]),
        "bias": constant(bias, "int32", single(state_quant[0] * time_scale)),
        "state": variable((batches, memory * filters), dtype, *state_quant),
        "output": tensor((batches, units), "int8", *output_quant),
    }
    option = other.pop("rank_option", rank)
    *inputs, result = (tensors | other).values()
    assert result is not None
    return one_operator("SVDF", inputs, result, rank=option, activation=activation)


@st.composite
def models(draw: st.DrawFn) -> bytes:
    """Newest elements and outputs that spread over the ranges of their types, or any scales at all."""
    few = st.integers(1, 5)
    units, rank, memory, depth = draw(sizes), draw(st.sampled_from((1, 1, 2, 3))), draw(sizes), draw(sizes)
    dtype = draw(st.sampled_from(("int8", "int16")))
    extreme = draw(st.integers(1, 6)) == 1
    largest = 1 if dtype == "int8" else 256  # how far int16 goes beyond int8
    spread = st.floats(0.25, 4.0)
    input_scale, state_scale = draw(scales(extreme)), draw(scales(extreme))
    feature_scale = single(state_scale / input_scale * largest / (70 * math.sqrt(depth)) * draw(spread))
    output_scale = draw(scales(extreme))
    time_scale = single(output_scale / state_scale / (70 * math.sqrt(rank * memory) * largest**2) * draw(spread))
    if extreme:
        feature_scale, time_scale = draw(scales(extreme)), draw(scales(extreme))
    return svdf(
        draw(few),
        depth,
        units,
        rank,
        memory,
        dtype,
        input_quant=(input_scale, draw(zero_points)),
        state_quant=(state_scale, draw(st.just(0) | zero_points)),
        output_quant=(output_scale, draw(zero_points)),
        feature_scale=feature_scale,
        time_scale=time_scale,
        weights_zero_points=(draw(st.sampled_from((0, 0, 9))), draw(st.sampled_from((0, 0, -4)))),
        bias_limit=draw(st.sampled_from((200, 2**13, 2**20, 2**31 - 1))),
        seed=draw(seeds),
        activation=draw(st.sampled_from((*ACTIVATIONS, "TANH", "SIGN_BIT"))),
    )


def sequence(model: bytes, seed: int) -> list[Any]:
    """Twenty-four steps of all kinds, with resets between (None)."""
    steps = [batch for turn in range(4) for batch in random_batches(model, seed + turn)]
    return with_resets(steps, RESETS)


def test_any_sequence_equals_tflm(tflm: Tflm) -> None:
    def compare(case: tuple[bytes, int]) -> str:
        model, seed = case
        return compare_with_tflm(model, sequence(model, seed), tflm, only_we_refuse=(UNDEFINED,))

    compare_drawn(st.tuples(models(), seeds), compare, ordinary=150, wanted_share=2 / 3)


@pytest.mark.parametrize("target", TARGETS_AS_PARAMETERS)
@pytest.mark.parametrize("dtype", ["int8", "int16"])
@pytest.mark.parametrize("sizes", [(2, 5, 3, 1, 4), (1, 19, 21, 2, 7), (3, 70, 35, 1, 80)], ids=str)
def test_every_target_equals_tflm(target: str, dtype: str, sizes: tuple[int, int, int, int, int], tflm: Tflm) -> None:
    backends: list[KernelBackend] = [NativeBackend(target)]
    time_scale = 0.01 if dtype == "int8" else 1e-7
    state_quant = (0.5, -5) if dtype == "int8" else (0.01, 0)
    model = svdf(*sizes, dtype, state_quant=state_quant, time_scale=time_scale)
    assert_equals_tflm(model, sequence(model, 1), tflm, backends)


@pytest.mark.parametrize("zero_point", [-128, -50, 50, 127])
def test_a_newest_element_beyond_the_state_s_type_wraps_as_in_tflm(zero_point: int, tflm: Tflm) -> None:
    model = svdf(state_quant=(0.001, zero_point), time_scale=20.0)
    assert_equals_tflm(model, sequence(model, 1), tflm)


def test_sums_beyond_int32_wrap_as_in_tflm(tflm: Tflm) -> None:
    times = constant(np.full((2, 40), -32768), "int16", 1e-6)
    model = svdf(1, 3, 2, 1, 40, "int16", times=times, state_quant=(1e-4, 0), time_scale=1e-6)
    assert_equals_tflm(model, sequence(model, 1), tflm)


@pytest.mark.parametrize(("bias", "zero_point"), [(2**31 - 1, 100), (-(2**31), -128)])
def test_a_zero_point_beyond_int32_wraps_as_in_tflm(bias: int, zero_point: int, tflm: Tflm) -> None:
    """Sums are scaled by so little less than 1 that they stay at the end of int32."""
    state_scale, time_scale = single(0.5001), single(0.03)
    scale = single(state_scale * time_scale)
    model = svdf(
        units=2,
        feature_scale=1e-6,
        time_scale=time_scale,
        state_quant=(state_scale, 0),
        output_quant=(scale, zero_point),
        bias=constant(np.full(2, bias), "int32", scale),
    )
    assert_equals_tflm(model, sequence(model, 1), tflm)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"input": tensor((2, 1, 5))}, "shapes with two axes are wanted"),
        ({"features": constant(np.ones((3, 6)), scale=0.1)}, "do not fit an input of"),
        ({"times": constant(np.ones((4, 4)), scale=0.03)}, "do not fit an input of"),
        ({"rank_option": 2}, r"do not fit an input of \[2, 5\] and rank 2"),
        ({"rank_option": 0}, "rank 0"),
        ({"bias": constant(np.ones(4), "int32", 0.015)}, r"the bias has shape \[4\], where \[3\] is wanted"),
        ({"state": variable((2, 13), "int8", 0.5, -5)}, r"the state has shape \[2, 13\], where \[2, 12\] is wanted"),
        ({"state": variable((24,), "int8", 0.5, -5)}, r"the state has shape \[24\]"),
        ({"output": tensor((3, 2))}, r"the output has shape \[3, 2\], where \[2, 3\] is wanted"),
        ({"bias": constant(np.ones(3), "int32", 0.01502)}, "the bias has the scale 0.01502, not state scale times"),
        ({"bias": None}, "it has no bias; TensorFlow Lite Micro stops there"),
        ({"state": tensor((2, 12), "int8", 0.5, -5)}, "is no variable"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_tflm_refuses_is_refused(other: dict[str, Any], reason: str, tflm: Tflm) -> None:
    model = svdf(**other)
    with pytest.raises((ModelError, UnsupportedModelError), match=reason):
        load_program(model)
    went = compare_with_tflm(model, random_batches(model), tflm, only_we_refuse=("is no variable",))
    assert went in (REFUSED_BY_BOTH, REFUSED_BY_US_ALONE)
    assert (went == REFUSED_BY_US_ALONE) <= ("variable" in reason)


def test_an_input_that_is_the_state_is_refused() -> None:
    """TFLM reads it after it has moved the state by one element."""
    writer = ModelWriter()
    input, output = (writer.tensor(name, (2, 3), scale=0.5) for name in ("input", "output"))
    state = writer.tensor("state", (2, 3), scale=0.5, is_variable=True)
    features = writer.tensor("features", (3, 3), scale=0.02, data=np.ones((3, 3), np.int8))
    times = writer.tensor("times", (3, 1), scale=0.03, data=np.ones((3, 1), np.int8))
    bias = writer.tensor("bias", (3,), "int32", scale=single(0.5 * 0.03), data=np.ones(3, np.int32))
    writer.operator("SVDF", [input, features, times, bias, state], [output], rank=1)
    following = writer.tensor("following", (2, 3), scale=0.5)
    writer.operator("SVDF", [state, features, times, bias, state], [following], rank=1)
    with pytest.raises(UnsupportedModelError, match=r"tensor 2 'state' .* is both its input and its state"):
        load_program(writer.finish([input], [output, following]))


def test_a_bias_may_have_more_axes(tflm: Tflm) -> None:
    model = svdf(bias=constant([[400], [-3], [77]], "int32", 0.015))
    assert_equals_tflm(model, sequence(model, 1), tflm)


def test_float32_is_refused_by_its_type() -> None:
    model = svdf(input=tensor((2, 5), "float32"))
    with pytest.raises(UnsupportedModelError, match="these types are not supported; it takes"):
        load_program(model)
