"""The tests' own tools: what says and compares a model of one operator tells equal from different."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ember_infer_core import KernelBackend
from ember_infer_core.ops.add import ElementwiseAddParams
from ember_infer_ref import RefBackend
from tests.support.against_tflm import (
    REFUSED_BY_BOTH,
    REFUSED_BY_TFLM_ALONE,
    REFUSED_BY_US_ALONE,
    OnlyTflmRefuses,
    OnlyWeRefuse,
    assert_equals_tflm,
    compare_with_tflm,
    difference,
)
from tests.support.contents import model_ports, random_batches
from tests.support.one_operator import Tensor, constant, one_operator, tensor
from tests.support.tflm import Tflm

DTYPES = ("int8", "uint8", "int16", "int32", "int64", "uint32", "float32", "bool")


class OffByOne(RefBackend):
    """Adds 1 to the last element of every sum."""

    def add(self, params: ElementwiseAddParams) -> None:
        super().add(params)
        params.output.reshape(-1)[-1] ^= 1


def addition(activation: str = "NONE") -> bytes:
    operands = [tensor((2, 3), scale=0.5, zero_point=1), constant([1, -2, 3], scale=0.25)]
    return one_operator("ADD", operands, tensor((2, 3), scale=0.6), activation=activation)


def test_a_model_of_a_supported_operator_equals_tflm(tflm: Tflm) -> None:
    model = addition("RELU6")
    assert_equals_tflm(model, random_batches(model), tflm, backends=[RefBackend(), RefBackend()])


def test_a_tensor_given_twice_is_one_input(tflm: Tflm) -> None:
    twice = tensor((4,))
    model = one_operator("MUL", [twice, twice], tensor((4,), scale=2.0))
    assert len(model_ports(model)[0]) == 1
    assert_equals_tflm(model, random_batches(model), tflm)


def test_one_wrong_element_is_found_and_named(tflm: Tflm) -> None:
    model = addition()
    backends: list[KernelBackend] = [RefBackend(), OffByOne()]
    with pytest.raises(AssertionError, match=r"(?s)OffByOne, inference 0, output 0: 1 of 6 elements differ.*\n  ADD"):
        assert_equals_tflm(model, random_batches(model), tflm, backends)


def test_a_model_that_only_tflm_runs_must_be_excused(tflm: Tflm) -> None:
    window: dict[str, Any] = {"padding": "SAME", "stride_w": 1, "stride_h": 1, "filter_width": 2, "filter_height": 2}
    image = tensor((1, 2, 2, 1), "float32")
    model = one_operator("L2_POOL_2D", [image], image, **window)
    batches = random_batches(model)
    with pytest.raises(OnlyWeRefuse, match=r"(?s)L2_POOL_2D.*not supported"):
        compare_with_tflm(model, batches, tflm)
    assert compare_with_tflm(model, batches, tflm, only_we_refuse=["not supported"]) == REFUSED_BY_US_ALONE


def test_a_model_that_only_we_run_must_be_excused(tflm: Tflm) -> None:
    filters = constant(np.ones((1, 1, 1, 2)), scale=0.1)
    window: dict[str, Any] = {"padding": "SAME", "stride_w": 1, "stride_h": 1, "quantized_bias_type": 99}
    model = one_operator("CONV_2D", [tensor((1, 2, 2, 2)), filters], tensor((1, 2, 2, 1)), **window)
    batches = random_batches(model)
    with pytest.raises(OnlyTflmRefuses, match="Unsupported data type"):
        compare_with_tflm(model, batches, tflm)
    excuse = ["Unsupported data type"]
    assert compare_with_tflm(model, batches, tflm, only_tflm_refuses=excuse) == REFUSED_BY_TFLM_ALONE


def test_a_model_that_both_refuse_is_no_success(tflm: Tflm) -> None:
    model = one_operator("GELU", [tensor((3,))], tensor((3,)))
    batches = random_batches(model)
    assert compare_with_tflm(model, batches, tflm) == REFUSED_BY_BOTH
    with pytest.raises(AssertionError, match="refused by both"):
        assert_equals_tflm(model, batches, tflm)


@pytest.mark.parametrize("dtype", DTYPES)
def test_tflm_takes_and_gives_every_type(dtype: str, tflm: Tflm) -> None:
    model = one_operator("RESHAPE", [tensor((2, 3), dtype)], tensor((3, 2), dtype), new_shape=[3, 2])
    batches = random_batches(model)
    for (given,), (answer,) in zip(batches, tflm.run(model, batches), strict=True):
        assert answer.dtype == given.dtype == np.dtype(dtype)
        assert np.array_equal(answer.ravel(), given.ravel())


def test_several_outputs_come_in_their_order(tflm: Tflm) -> None:
    pieces = [tensor((3, 1)), tensor((3, 1))]
    model = one_operator("SPLIT", [constant(1, "int32"), tensor((3, 2))], pieces, num_splits=2)
    for (given,), answers in zip(random_batches(model), tflm.run(model, random_batches(model), 2), strict=True):
        assert np.array_equal(np.concatenate(answers, axis=1), given)


def test_an_absent_operand_is_written_as_minus_one(tflm: Tflm) -> None:
    weights = constant([[1, 2], [3, 4]], scale=0.5)
    operands: list[Tensor | None] = [tensor((1, 2)), weights, None]
    model = one_operator("FULLY_CONNECTED", operands, tensor((1, 2)))
    assert_equals_tflm(model, random_batches(model), tflm)


@pytest.mark.parametrize("dtype", DTYPES)
def test_batches_reach_both_ends_of_the_range_and_its_middle(dtype: str) -> None:
    zero_point = {"int8": -7, "uint8": 120, "int16": 9}.get(dtype, 0)
    model = one_operator("ABS", [tensor((50,), dtype, scale=0.5, zero_point=zero_point)], tensor((50,), dtype))
    _, _, middle, extremes, lowest, highest = (inputs[0] for inputs in random_batches(model))
    low, high = (-8, 8) if dtype == "float32" else (0, 1) if dtype == "bool" else limits(dtype)
    assert (lowest == low).all()
    assert (highest == high).all()
    assert set(extremes.tolist()) == {low, high}
    assert (np.abs(middle.astype(np.float64) - zero_point) <= 3).all()


def limits(dtype: str) -> tuple[int, int]:
    return np.iinfo(dtype).min, np.iinfo(dtype).max


def test_batches_stay_in_the_ranges_asked_for() -> None:
    operands = [tensor((9,)), tensor((30,), "int32"), tensor((30,), "float32")]
    model = one_operator("ADD_N", operands, tensor((9,)))
    for _, whole, real in random_batches(model, ranges={1: (2, 5), 2: (-0.5, 1.5)}):
        assert whole.min() >= 2
        assert whole.max() <= 5
        assert real.min() >= -0.5
        assert real.max() <= 1.5


def float_difference(first: list[float], second: list[float], ulp: int) -> str:
    return difference([[np.array(first, np.float32)]], [[np.array(second, np.float32)]], ulp)


def test_floats_may_differ_by_as_many_ulps_as_asked() -> None:
    one, next_, third = 1.0, float(np.nextafter(np.float32(1), np.float32(2))), 1.0 + 2**-22
    assert not float_difference([one, one], [one, next_], ulp=1)
    assert "1 of 2 elements differ, first at (1,)" in float_difference([one, one], [one, next_], ulp=0)
    assert float_difference([one], [third], ulp=1)
    assert not float_difference([-one], [-third], ulp=2)
    assert float_difference([-one], [one], ulp=1000)


def test_nan_equals_nan_alone() -> None:
    nan, infinity = float("nan"), float("inf")
    assert not float_difference([nan, infinity], [nan, infinity], ulp=0)
    assert float_difference([nan], [infinity], ulp=2**32)
    assert float_difference([infinity], [nan], ulp=2**32)
    assert float_difference([-infinity], [infinity], ulp=5)


def test_the_sign_of_zero_counts_as_one_ulp() -> None:
    assert float_difference([0.0], [-0.0], ulp=0)
    assert not float_difference([0.0], [-0.0], ulp=1)


def test_other_types_and_shapes_are_different() -> None:
    array = np.zeros((2, 3), np.int8)
    assert difference([[array]], [[array.reshape(3, 2)]]) == "inference 0, output 0: ours int8[2, 3], TFLM int8[3, 2]"
    assert "uint8" in difference([[array]], [[array.view(np.uint8)]])
