"""Dispatching call by call: scratch, buffers, the generated function."""

from __future__ import annotations

import inspect
import traceback

import numpy as np
import pytest
import typing_extensions

from ember_infer_core import Conv2dParams, KernelBackend, Program, ScratchTooSmall, UnsupportedOperator, dispatch_source
from ember_infer_core.executable import PredictsDirectly, RunsBatches
from ember_infer_core.ops.mul import MulParams
from ember_infer_core.slots import Shape4
from ember_infer_core.state import KeepsState
from ember_infer_macros import load_program
from ember_infer_ref import RefBackend
from tests.conftest import REPOSITORY

SCRATCH = 1000


class ScratchBackend(RefBackend):
    """Asks for scratch, fills all it is given, and notes where it was."""

    def __init__(self) -> None:
        super().__init__()
        self.scratch_addresses: list[int] = []

    @classmethod
    def conv2d_scratch_size(cls, input_shape: Shape4, weights_shape: Shape4, output_shape: Shape4) -> int:
        return SCRATCH + weights_shape[0]

    def conv2d(self, params: Conv2dParams) -> None:
        assert params.scratch.size == SCRATCH + params.weights_shape[0]
        params.scratch[:] = 0xAB
        self.scratch_addresses.append(params.scratch.ctypes.data)
        super().conv2d(params)


class FailingBackend(RefBackend):
    def softmax(self, params: object) -> None:
        raise ZeroDivisionError("a fault in a kernel")


@pytest.fixture
def digits() -> Program:
    return load_program(REPOSITORY / "models" / "digits.tflite")


def test_scratch_is_the_largest_that_a_call_asks_for(digits: Program) -> None:
    widest = max(call.params.weights_shape[0] for call in digits.calls if isinstance(call.params, Conv2dParams))
    assert digits.scratch_len(ScratchBackend) == SCRATCH + widest
    assert digits.scratch_len(RefBackend) == 0


def test_own_scratch_is_used_without_an_argument_and_the_callers_with_one(digits: Program) -> None:
    backend = ScratchBackend()
    executable = backend.compile(digits)
    executable.run()
    scratch = np.zeros(executable.scratch_len, np.uint8)
    start = scratch.ctypes.data
    assert start not in backend.scratch_addresses
    backend.scratch_addresses.clear()
    executable.run(scratch)
    assert set(backend.scratch_addresses) == {start}
    backend.scratch_addresses.clear()
    executable.run()
    assert start not in backend.scratch_addresses


def test_too_little_scratch_is_refused_before_anything_runs(digits: Program) -> None:
    backend = ScratchBackend()
    executable = backend.compile(digits)
    with pytest.raises(ScratchTooSmall) as caught:
        executable.run(np.zeros(executable.scratch_len - 1, np.uint8))
    assert caught.value.needed == caught.value.given + 1
    assert backend.scratch_addresses == []


def test_a_run_leaves_the_inputs_as_they_are(digits: Program) -> None:
    executable = RefBackend().compile(digits)
    executable.inputs[0][...] = np.arange(64, dtype=np.int8).reshape(executable.inputs[0].shape)
    executable.run()
    first = executable.outputs[0].copy()
    executable.run()
    assert executable.inputs[0].reshape(-1).tolist() == list(range(64))
    np.testing.assert_array_equal(executable.outputs[0], first)


def test_buffers_are_aligned(digits: Program) -> None:
    executable = RefBackend().compile(digits)
    assert all(array.ctypes.data % 16 == 0 for array in (*executable.inputs, *executable.outputs))


def test_the_dispatch_source_has_one_line_for_each_call_named_after_the_layer(digits: Program) -> None:
    lines = dispatch_source(digits).splitlines()[2:]
    assert len(lines) == len(digits.calls)
    assert "backend.conv2d(layers.conv1)  # int8[1, 8, 8, 1] -> int8[1, 8, 8, 16]" in lines[0]


def test_a_fault_in_a_kernel_shows_the_layer_in_the_traceback(digits: Program) -> None:
    executable = FailingBackend().compile(digits)
    with pytest.raises(ZeroDivisionError) as caught:
        executable.run()
    shown = "".join(traceback.format_exception(caught.type, caught.value, caught.tb))
    assert "backend.softmax(layers.probabilities)" in shown


def test_an_operator_of_tomorrow_is_refused_by_a_backend_of_today() -> None:
    kernels = {name: lambda self, params: None for name in KernelBackend.__abstractmethods__}
    today = type("Today", (KernelBackend,), kernels)()
    with pytest.raises(UnsupportedOperator, match=r"Today does not implement 'mul'"):
        today.mul(MulParams.__new__(MulParams))


def test_a_backend_must_have_the_seven_operators() -> None:
    class Half(KernelBackend):
        pass

    assert inspect.isabstract(Half)
    assert Half.__abstractmethods__ == {
        "conv2d", "depthwise_conv2d", "fully_connected", "avg_pool", "max_pool", "softmax", "add",
    }  # fmt: skip


@pytest.mark.parametrize("protocol", [RunsBatches, PredictsDirectly, KeepsState])
def test_what_an_executable_can_do_is_asked_quickly(protocol: type) -> None:
    """Every predict_batch asks: until Python 3.12, one of `typing`'s protocols takes 10 us for it, these 0.2."""
    assert type(protocol) is type(typing_extensions.Protocol)
