"""Small programs for executables, and what they are to give by the definition."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ember_infer_core.conformance.definition import defined
from ember_infer_core.conformance.plain import plain_add, plain_conv2d, plain_depthwise_conv2d
from ember_infer_core.ops.common import Padding
from ember_infer_core.program import Call, Program, Tensor
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import AnyArray, Role, Slot, bind, content, slots, unbind

__all__ = ["bound_calls", "one_call", "residual_block"]


def one_call(operator: str, params: Any) -> Program:
    """A program of one call: inputs are the model's, constants hold the parameters' content."""
    builder = _Builder()
    bound = [slot for slot in slots(params) if content(params, slot) is not None]
    operands = {slot.name: builder.tensor(params, slot) for slot in bound}
    inputs = [operands[slot.name] for slot in bound if slot.role is Role.INPUT]
    builder.call(operator, params, operands)
    return builder.program(f"one_{operator}", inputs, [operands["output"]])


def residual_block(random: np.random.Generator) -> Program:
    """Convolution, depthwise convolution, and the sum with the block's input, which therefore lives all along."""
    image = random.integers(-128, 128, (1, 6, 5, 8), np.int8)
    same: dict[str, Any] = {"padding": Padding.SAME, "output_offset": -3}
    weights = random.integers(-128, 128, (8, 1, 1, 8), np.int8), random.integers(-128, 128, (1, 3, 3, 8), np.int8)
    pointwise = plain_conv2d(image, weights[0], [5] * 8, 0.005, input_offset=7, **same)
    depthwise = plain_depthwise_conv2d(image, weights[1], None, 0.004, input_offset=3, **same)
    total = plain_add(image, image, (pointwise.input_quant, depthwise.output_quant, QuantParam(1.7, -20)))
    builder = _Builder()
    start = builder.tensor(pointwise, slots(pointwise)[0])
    middle, end, result = (builder.tensor(params, slots(params)[-1]) for params in (pointwise, depthwise, total))
    for operator, params, source, target in (
        ("conv2d", pointwise, start, middle),
        ("depthwise_conv2d", depthwise, middle, end),
    ):
        constants = {
            slot.name: builder.tensor(params, slot)
            for slot in slots(params)
            if slot.role is Role.CONSTANT and content(params, slot) is not None
        }
        builder.call(operator, params, {"input": source, **constants, "output": target})
    builder.call("add", total, {"input1": start, "input2": end, "output": result})
    return builder.program("residual_block", [start], [result])


def bound_calls(program: Program, inputs: Sequence[AnyArray]) -> list[Any]:
    """The parameters of all calls with their buffers bound, outputs as the definition gives them."""
    held: dict[int, AnyArray] = dict(zip(program.inputs, (one.copy() for one in inputs), strict=True))
    for index, tensor in enumerate(program.tensors):
        if tensor.data is not None:
            held[index] = tensor.data
    calls = []
    for call in program.calls:
        params: Any = copy.copy(call.params)
        bind(params, {name: held[index] for name, index in call.operands.items() if name != "output"})
        params.output = defined(call.method, params)
        held[call.operands["output"]] = params.output
        calls.append(params)
    return calls


class _Builder:
    """Collects tensors and calls."""

    def __init__(self) -> None:
        self._tensors: list[Tensor] = []
        self._calls: list[Call] = []

    def tensor(self, params: Any, slot: Slot) -> int:
        """A new tensor for a buffer of these parameters: a constant holds what is bound there."""
        data = None
        if slot.role is Role.CONSTANT:
            data = np.array(content(params, slot))
            data.flags.writeable = False
        quant = getattr(params, f"{slot.name}_quant", None)
        index = len(self._tensors)
        self._tensors.append(Tensor(f"{slot.name}_{index}", slot.shape, slot.dtype, quant, data))
        return index

    def call(self, operator: str, params: Any, operands: Mapping[str, int]) -> None:
        """One more call, of parameters without buffers."""
        unbound = copy.copy(params)
        unbind(unbound)
        index = len(self._calls)
        self._calls.append(Call(f"{operator}_{index}", operator, index, unbound, operands))

    def program(self, name: str, inputs: Sequence[int], outputs: Sequence[int]) -> Program:
        """All of it."""
        return Program(name, tuple(self._tensors), tuple(inputs), tuple(outputs), tuple(self._calls))
