"""Single calls of the backend's methods: the operators' library, which holds the same kernels for any shape."""

from __future__ import annotations

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ember_infer_core import FusedActivation, InvalidShape, UnsupportedActivation
from ember_infer_core.conformance.strategies import CALLS
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import Role
from ember_infer_native import NativeBackend
from ember_infer_native.codegen import struct_fields
from ember_infer_native.kernels.copies import REPEAT
from ember_infer_native.plan import Kernel
from ember_infer_ref import RefBackend
from tests.ref.cases import result_of
from tests.support.effort import thorough

# Of int8, with one output: what a library of this many calls can show. The conformance suite, which NativeBackend goes
# through too, asks the same of every operator.
NAMES = (
    "add",
    "avg_pool",
    "conv2d",
    "depthwise_conv2d",
    "fully_connected",
    "max_pool",
    "mul",
    "reshape",
    "softmax",
)


def calls(name: str) -> st.SearchStrategy[Any]:
    """Random calls of an operator over int8."""
    return CALLS[name]().filter(lambda params: params.output.dtype == np.int8)


every_operator = pytest.mark.parametrize("name", NAMES)


def example(name: str, wanted: Callable[[Any], bool] = lambda params: True) -> Any:
    """Some bound parameters."""
    found: list[Any] = []

    @thorough(ordinary=30, deep=30)
    @given(calls(name))
    def collect(params: Any) -> None:
        if wanted(params):
            found.append(params)

    collect()
    return max(found, key=lambda params: params.output.size)


@every_operator
def test_a_single_call_and_a_prepared_one_equal_the_reference(name: str, native: NativeBackend) -> None:
    @thorough(ordinary=25, deep=2000)
    @given(calls(name))
    def check(params: Any) -> None:
        expected = result_of(getattr(RefBackend(), name), params)
        for runs in (0, 1, 3):
            np.testing.assert_array_equal(result_of(getattr(native, name), params, runs), expected)

    check()


@every_operator
def test_a_prepared_call_reads_its_input_anew(name: str, native: NativeBackend) -> None:
    params = copy.copy(example(name))
    inputs = [operand.name for operand in params.OPERANDS if operand.role is Role.INPUT]
    for operand in inputs:
        setattr(params, operand, getattr(params, operand).copy())
    params.output, params.cache = np.zeros_like(params.output), {}
    random = np.random.default_rng(0)
    for _ in range(4):
        for operand in inputs:
            array = getattr(params, operand)
            array[...] = random.integers(-128, 128, array.shape, np.int8)
        getattr(native, name)(params)
        np.testing.assert_array_equal(params.output, result_of(getattr(RefBackend(), name), params))


@every_operator
def test_a_single_call_keeps_nothing(name: str, native: NativeBackend) -> None:
    """Other buffers, other constants: without a cache the next call may bring anything."""
    params = copy.copy(example(name))
    random = np.random.default_rng(0)
    for _ in range(3):
        for operand in params.OPERANDS:
            array = getattr(params, operand.name)
            if array is not None:
                limits = (-1000, 1000) if array.dtype == np.int32 else (-127, 128)
                setattr(params, operand.name, random.integers(*limits, array.shape, array.dtype))
        expected = result_of(getattr(RefBackend(), name), params)
        getattr(native, name)(params)
        np.testing.assert_array_equal(params.output, expected)
        assert params.cache is None


@every_operator
def test_buffers_of_any_alignment_will_do(name: str, native: NativeBackend) -> None:
    params = copy.copy(example(name))
    expected = result_of(getattr(RefBackend(), name), params)
    for shift in (1, 3, 31):
        for operand in params.OPERANDS:
            array = getattr(params, operand.name)
            if array is None or array.dtype != np.int8:
                continue
            memory = np.zeros(array.size + 64, np.int8)
            moved = memory[shift : shift + array.size].reshape(array.shape)
            moved[...] = array
            setattr(params, operand.name, moved)
        getattr(native, name)(params)
        np.testing.assert_array_equal(params.output, expected)


@every_operator
def test_nothing_is_written_around_the_output(name: str, native: NativeBackend) -> None:
    @thorough(ordinary=10, deep=300)
    @given(calls(name))
    def check(params: Any) -> None:
        params = copy.copy(params)
        memory = np.full(params.output.size + 512, 77, np.int8)
        params.output = memory[256:-256].reshape(params.output.shape)
        getattr(native, name)(params)
        assert (memory[:256] == 77).all()
        assert (memory[-256:] == 77).all()

    check()


@every_operator
def test_a_buffer_that_does_not_fit_is_refused_before_anything_is_written(name: str, native: NativeBackend) -> None:
    params = copy.copy(example(name, lambda params: params.output.size > 1))
    method = getattr(native, name)
    first = params.OPERANDS[0].name
    good = getattr(params, first)
    params.output = np.full_like(params.output, 77)
    for wrong in (good.reshape(-1, 1, 1, 1, 1, 1), good.astype(np.uint8), good.tolist(), good.repeat(2)[::2]):
        setattr(params, first, wrong)
        with pytest.raises(InvalidShape, match=first):
            method(params)
    setattr(params, first, good)
    output = params.output
    params.output = output[:0]
    with pytest.raises(InvalidShape, match="output"):
        method(params)
    params.output = output
    params.output.flags.writeable = False
    with pytest.raises(InvalidShape, match="output: the array is read-only"):
        method(params)
    assert (params.output == 77).all()


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("softmax", "reshape")])
def test_an_activation_that_is_no_clamp_is_refused(name: str, native: NativeBackend) -> None:
    params = copy.copy(example(name))
    params.fused_activation = FusedActivation.SIGN_BIT
    params.output = np.full_like(params.output, 77)
    with pytest.raises(UnsupportedActivation, match="SIGN_BIT is not a clamp"):
        getattr(native, name)(params)
    assert (params.output == 77).all()


@pytest.mark.parametrize("name", ["conv2d", "depthwise_conv2d"])
def test_the_offset_counts_and_not_the_raw_quantisation(name: str, native: NativeBackend) -> None:
    """Kernels compute with the ready fixed-point values, at the borders, too."""

    def has_borders(params: Any) -> bool:
        return bool(params.pad_h or params.pad_w)

    params = copy.copy(example(name, has_borders))
    expected = result_of(getattr(RefBackend(), name), params)
    params.input_quant = QuantParam(
        params.input_quant.scale, -params.input_offset - 1 if params.input_offset > -127 else 5
    )
    for runs in (0, 2):
        np.testing.assert_array_equal(result_of(getattr(native, name), params, runs), expected)


@pytest.mark.parametrize("name", ["add", "mul"])
def test_operands_of_any_rank_broadcast(name: str, native: NativeBackend) -> None:
    random = np.random.default_rng(0)
    for rank in (9, 12, 17):
        shapes = [tuple(2 if axis % 2 == odd else 1 for axis in range(rank)) for odd in (0, 1)]
        params = copy.copy(example(name))
        params.input1_shape, params.input2_shape = shapes
        params.output_shape = np.broadcast_shapes(*shapes)
        params.input1, params.input2 = (random.integers(-128, 128, shape, np.int8) for shape in shapes)
        params.output = np.zeros(params.output_shape, np.int8)
        expected = result_of(getattr(RefBackend(), name), params)
        np.testing.assert_array_equal(result_of(getattr(native, name), params), expected)


def test_many_threads_call_at_once(native: NativeBackend) -> None:
    examples = {name: example(name) for name in NAMES}
    expected = {name: result_of(getattr(RefBackend(), name), params) for name, params in examples.items()}

    def work(number: int) -> None:
        for _ in range(3):
            for name in NAMES[number % len(NAMES) :]:
                np.testing.assert_array_equal(
                    result_of(getattr(native, name), examples[name], number % 2), expected[name]
                )

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(work, number) for number in range(16)]:
            done.result()


def test_the_fields_of_a_struct_are_read_from_its_header() -> None:
    assert struct_fields(REPEAT) == ("count", "times")
    arrays = "sizes", "steps1", "steps2", "output_steps"
    assert struct_fields(Kernel("pairs", "pairs", "pairs", 4)) == ("columns", "run1", "run2", "axes", *arrays)
    with pytest.raises(KeyError):
        struct_fields(Kernel("repeat", "copy", "nothing", 2))
