"""What moves elements, and what walks along axes: its plans, and shapes that the conformance suite seldom draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from ember_infer_core import KernelError
from ember_infer_core.conformance.definition import defined
from ember_infer_core.ops import mean, reduction
from ember_infer_core.ops.gather import prepare as prepare_gather
from ember_infer_core.ops.movement import MovementParams, movement
from ember_infer_core.ops.resize_nearest_neighbor import prepare as prepare_nearest
from ember_infer_core.ops.strided import View
from ember_infer_core.quantization import QuantParam
from ember_infer_core.single_call import program_of_call
from ember_infer_core.slots import DType, Shape
from ember_infer_firmware import FirmwareBackend
from ember_infer_firmware.plan import plan_program
from ember_infer_firmware.step import Step

QUANT = QuantParam(0.1, 3)


def moved(
    source: Shape, target: Shape, views: Sequence[tuple[View, View]], dtype: str = "int8", fill: int | None = None
) -> MovementParams:
    """A call that is bound to elements which all differ from their neighbours."""
    params = movement((source,), (target,), np.dtype(dtype), views, fill)
    params.inputs = (np.arange(np.prod(source)).astype(dtype).reshape(source),)
    params.outputs = (np.full(target, 77, dtype),)
    return params


def planned(operator: str, params: Any) -> list[Step]:
    return list(plan_program(program_of_call(operator, params), "call", "reference").steps())


def assert_right(firmware: FirmwareBackend, operator: str, params: Any) -> None:
    expected = defined(operator, params)
    firmware.run_operator(operator, params)
    results = params.outputs if isinstance(params, MovementParams) else [params.output]
    for result, wanted in zip(results, expected if isinstance(expected, list) else [expected], strict=True):
        np.testing.assert_array_equal(result, wanted)


def test_elements_that_touch_are_one_memcpy(firmware: FirmwareBackend) -> None:
    whole = View.whole((4, 6, 5))
    params = moved((4, 6, 5), (2, 6, 5), [(whole.part(0, 1, 2), View.whole((2, 6, 5)))])
    [step] = planned("slice", params)
    assert (step.kernel.name, step.fields) == ("move_run", {"from": 30, "to": 0, "bytes": 60})
    assert_right(firmware, "slice", params)


def test_rows_that_touch_are_copied_at_once_and_the_longest_axis_is_innermost(firmware: FirmwareBackend) -> None:
    views = [(View.whole((2, 7, 3, 5)).part(2, 0, 2), View.whole((2, 7, 2, 5)))]
    params = moved((2, 7, 3, 5), (2, 7, 2, 5), views, "float32")
    [step] = planned("strided_slice", params)
    assert (step.kernel.name, step.fields["run"], step.fields["count"], step.fields["places"]) == ("move", 40, 14, 1)
    assert_right(firmware, "strided_slice", params)


@pytest.mark.parametrize("dtype", ["int8", "bool", "int16", "int32", "float32", "int64"])
def test_elements_of_every_width_are_transposed(dtype: str, firmware: FirmwareBackend) -> None:
    views = [(View.whole((3, 4, 5, 2)).transposed((3, 1, 0, 2)), View.whole((2, 4, 3, 5)))]
    assert_right(firmware, "transpose", moved((3, 4, 5, 2), (2, 4, 3, 5), views, dtype))


@pytest.mark.parametrize(("value", "kernel"), [(0, "fill"), (-1, "fill"), (0x0101, "fill"), (300, "move")])
def test_what_is_filled_with_equal_bytes_is_a_memset(value: int, kernel: str, firmware: FirmwareBackend) -> None:
    params = moved(
        (2, 2), (4, 4), [(View.whole((2, 2)), View.whole((4, 4)).part(0, 1, 2).part(1, 2, 2))], "int16", value
    )
    assert planned("pad", params)[0].kernel.name == kernel
    assert_right(firmware, "pad", params)


def test_an_output_without_elements_takes_no_call() -> None:
    empty = View.whole((3, 2)).part(0, 0, 0)
    assert planned("strided_slice", moved((3, 2), (0, 2), [(empty, View.whole((0, 2)))])) == []


@pytest.mark.parametrize("wrong", [-1, 4, -(2**31), 2**31 - 1])
def test_an_index_out_of_range_leaves_the_output_as_it_was(wrong: int, firmware: FirmwareBackend) -> None:
    params = prepare_gather(
        input_shape=(2, 4, 3), indices_shape=(5,), output_shape=(2, 5, 3), axis=1, dtype=np.dtype(np.int8)
    )
    params.input, params.output = np.zeros((2, 4, 3), np.int8), np.full((2, 5, 3), 77, np.int8)
    params.indices = np.array([0, 1, 2, 3, wrong], np.int32)
    with pytest.raises(KernelError, match="index"):
        firmware.run_operator("gather", params)
    assert (params.output == 77).all()


@pytest.mark.parametrize(
    ("before", "after"), [((1, 2**16 + 1), (1, 2)), ((1, 2), (1, 2**16 + 1)), ((2, 1), (2**17, 1))]
)
def test_an_image_that_tables_cannot_name_or_that_asks_for_larger_ones_is_refused(
    before: tuple[int, int], after: tuple[int, int]
) -> None:
    params = prepare_nearest(
        input_shape=(1, *before, 1), output_shape=(1, *after, 1), size=after, dtype=np.dtype(np.int8)
    )
    params.input, params.output = np.zeros(params.input_shape, np.int8), np.zeros(params.output_shape, np.int8)
    with pytest.raises(KernelError, match="65536 rows or columns"):
        planned("resize_nearest_neighbor", params)


AXES = [(), (0, 2, 4), (1, 3, 5), (0, 1, 4, 5), (0, 1, 2, 3, 4, 5)]  # of six; those that take turns do not merge


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize(("operator", "dtype"), [("mean", "int8"), ("mean", "int16"), ("mean", "float32")])
def test_means_along_any_of_six_axes(
    operator: str, dtype: str, axes: tuple[int, ...], firmware: FirmwareBackend
) -> None:
    params = mean.prepare(
        mean=True, **_six(axes, np.dtype(dtype)), input_quant=QUANT, output_quant=QuantParam(0.03, -9)
    )
    assert_right(firmware, operator, _bound(params))


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize(
    ("operator", "dtype"),
    [("reduce_max", "int8"), ("reduce_min", "int8"), ("reduce_max", "float32"), ("reduce_all", "bool")],
)
def test_the_greatest_and_least_along_any_of_six_axes(
    operator: str, dtype: str, axes: tuple[int, ...], firmware: FirmwareBackend
) -> None:
    params = reduction.prepare(**_six(axes, np.dtype(dtype)), input_quant=QUANT, output_quant=QUANT)
    assert_right(firmware, operator, _bound(params))


def _six(axes: tuple[int, ...], dtype: DType) -> dict[str, Any]:
    shape = (2, 3, 2, 3, 2, 4)
    kept = tuple(size for axis, size in enumerate(shape) if axis not in axes)
    return {"input_shape": shape, "output_shape": kept, "axes": axes, "dtype": dtype}


def _bound(params: Any) -> Any:
    random = np.random.default_rng(5)
    params.input = random.integers(-128, 128, params.input_shape).astype(params.dtype)
    params.output = np.zeros(params.output_shape, params.dtype)
    return params
