"""Functions of two elements: every pair of int8, by each of the kernels that a function may have; broadcasting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given

from ember_infer_core import ElementwiseAddParams, SubParams
from ember_infer_core.conformance.definition import defined
from ember_infer_core.conformance.strategies import calls_of
from ember_infer_core.errors import KernelError
from ember_infer_core.ops import add, mul, prelu, sub
from ember_infer_core.ops.select_v2 import prepare as prepare_select
from ember_infer_core.quantization import QuantParam
from ember_infer_core.single_call import program_of_call
from ember_infer_firmware import FirmwareBackend
from ember_infer_firmware.context import Constants, Context
from ember_infer_firmware.kernels import int8_pairs
from ember_infer_firmware.kernels.broadcast import broadcast_rows
from ember_infer_firmware.plan import plan_program
from ember_infer_macros import load_program
from ember_infer_ref import RefBackend
from tests.support.effort import thorough
from tests.support.one_operator import constant, one_operator, tensor

EVERYTHING: npt.NDArray[np.int8] = np.arange(-128, 128, dtype=np.int8)
# How many times as large as the product of its inputs' scales an output's may be before products wrap.
WRAPPING = 2.0**-20

few = thorough(20, 1000)  # of 65,536 pairs each


@pytest.fixture(scope="module")
def firmware(compiled_models: Path) -> FirmwareBackend:
    return FirmwareBackend(cache=compiled_models)


def all_pairs(params: Any, *, broadcast: bool) -> Any:
    """The call with every pair of values, of two tensors of one shape or of a column and a row."""
    first, second = np.broadcast_arrays(EVERYTHING[:, None], EVERYTHING)
    params.input1, params.input2 = (EVERYTHING[:, None], EVERYTHING) if broadcast else (first.copy(), second.copy())
    params.input1_shape, params.input2_shape = params.input1.shape, params.input2.shape
    params.output_shape = (256, 256)
    params.output = np.empty((256, 256), getattr(params, "output_dtype", np.int8))
    return params


def kernels_of(operator: str, params: Any) -> list[str]:
    return [step.kernel.name for step in plan_program(program_of_call(operator, params), "call", "reference").steps()]


def assert_every_pair_is_right(firmware: FirmwareBackend, operator: str, params: Any) -> None:
    expected = defined(operator, all_pairs(params, broadcast=False))
    for broadcast in (False, True):
        call = all_pairs(params, broadcast=broadcast)
        firmware.run_operator(operator, call)
        np.testing.assert_array_equal(call.output, expected)


@pytest.mark.parametrize(
    "operator", ["equal", "greater", "greater_equal", "less", "less_equal", "mul", "not_equal", "prelu", "sub"]
)
def test_every_pair_is_what_the_definition_says(operator: str, firmware: FirmwareBackend) -> None:
    @few
    @given(params=calls_of(operator).filter(lambda params: params.dtype == np.int8))
    def check(params: Any) -> None:
        assert_every_pair_is_right(firmware, operator, params)

    check()


def test_sums_of_ordinary_scales_are_a_linear_formula(firmware: FirmwareBackend) -> None:
    random = np.random.default_rng(0)
    for _ in range(10):
        scales = 2.0 ** random.uniform(-6, 0, 2)
        quants = [QuantParam(float(np.float32(scale)), int(random.integers(-128, 128))) for scale in scales]
        output = QuantParam(float(np.float32(max(scales) * random.uniform(0.6, 2))), int(random.integers(-128, 128)))
        shapes = {"input1_shape": (1,), "input2_shape": (1,), "output_shape": (1,)}
        params = add.prepare(**shapes, input1_quant=quants[0], input2_quant=quants[1], output_quant=output)  # type: ignore[arg-type]
        assert kernels_of("add", all_pairs(params, broadcast=False)) == ["linear_pairs"]
        assert_every_pair_is_right(firmware, "add", params)


@pytest.mark.parametrize("operator", ["add", "sub"])
def test_where_there_is_none_they_are_rescaled_as_tflm_has_it(
    operator: str, firmware: FirmwareBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(int8_pairs, "linear_formula", lambda *arguments: None)

    @few
    @given(params=calls_of(operator).filter(lambda params: params.dtype == np.int8))
    def check(params: ElementwiseAddParams | SubParams) -> None:
        assert kernels_of(operator, all_pairs(params, broadcast=False)) == ["rescaled_pairs"]
        assert_every_pair_is_right(firmware, operator, params)

    check()


@pytest.mark.parametrize("operator", ["mul", "prelu"])
@pytest.mark.parametrize("zero_points", [(0, 0), (-128, 127), (5, -9)], ids=str)
def test_products_that_wrap_do_so_as_in_tflm(
    operator: str, zero_points: tuple[int, int], firmware: FirmwareBackend
) -> None:
    prepare = {"mul": mul.prepare, "prelu": prelu.prepare}[operator]
    first, second = (QuantParam(1.0, zero_point) for zero_point in zero_points)
    for scale in (WRAPPING, WRAPPING * 0.77, WRAPPING / 100):
        shapes = {"input1_shape": (1,), "input2_shape": (1,), "output_shape": (1,)}
        quants = {"input1_quant": first, "input2_quant": second, "output_quant": QuantParam(scale, -3)}
        params = prepare(**shapes, **quants)  # type: ignore[operator]
        assert kernels_of(operator, all_pairs(params, broadcast=False)) == ["wrapping_products"]
        assert_every_pair_is_right(firmware, operator, params)


@pytest.mark.parametrize("number_first", [True, False])
def test_a_constant_number_makes_a_table_of_it(number_first: bool, firmware: FirmwareBackend) -> None:
    operands = [constant([[7]], scale=0.1), tensor((16, 16), scale=0.05, zero_point=3)]
    model = one_operator("SUB", operands if number_first else operands[::-1], tensor((16, 16), scale=0.08))
    program = load_program(model)
    plan = plan_program(program, "model", "reference")
    assert [step.kernel.name for step in plan.steps()] == ["lookup"]
    mine, reference = firmware.compile(program), RefBackend().compile(program)
    for executable in (mine, reference):
        executable.inputs[0][...] = EVERYTHING.reshape(16, 16)
        executable.run()
    np.testing.assert_array_equal(mine.outputs[0], reference.outputs[0])


def test_two_tensors_broadcast_along_six_axes(firmware: FirmwareBackend) -> None:
    shape1, shape2 = (2, 1, 3, 1, 2, 1), (1, 3, 1, 2, 1, 4)
    output_shape = np.broadcast_shapes(shape1, shape2)
    random = np.random.default_rng(6)
    params = sub.prepare(
        input1_shape=shape1, input2_shape=shape2, output_shape=output_shape, dtype=np.dtype(np.float32)
    )
    params.input1 = random.normal(size=shape1).astype(np.float32)
    params.input2 = random.normal(size=shape2).astype(np.float32)
    params.output = np.empty(output_shape, np.float32)
    firmware.sub(params)
    np.testing.assert_array_equal(params.output, params.input1 - params.input2)


def test_three_tensors_broadcast_each_in_its_way(firmware: FirmwareBackend) -> None:
    condition, x, y = (3, 1, 2, 1, 4), (5, 1, 3, 1), (1, 1, 2, 1, 4)
    shape = np.broadcast_shapes(condition, x, y)
    random = np.random.default_rng(5)
    for dtype in (np.int8, np.int16, np.float32):
        params = prepare_select(
            condition_shape=condition, x_shape=x, y_shape=y, output_shape=shape, dtype=np.dtype(dtype)
        )
        params.condition = random.integers(0, 2, condition).astype(np.bool_)
        params.x, params.y = (random.integers(-100, 100, one).astype(dtype) for one in (x, y))
        params.output = np.empty(shape, dtype)
        firmware.select_v2(params)
        np.testing.assert_array_equal(params.output, np.where(params.condition, params.x, params.y))


def test_more_axes_than_tflm_has_are_refused_and_not_overrun() -> None:
    shape1, shape2 = (2, 1) * 4, (1, 2) * 4
    with pytest.raises(KernelError, match="more than 6 axes"):
        broadcast_rows(Context("reference", Constants("model")), (shape1, shape2), np.broadcast_shapes(shape1, shape2))
