"""Small programs for executables, and what they are to give by the definition."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ember_infer_core.conformance.definition import expected_of
from ember_infer_core.conformance.expected import Expected
from ember_infer_core.conformance.ops import cases_of
from ember_infer_core.conformance.ops.add import plain_add
from ember_infer_core.conformance.ops.conv2d import plain_conv2d
from ember_infer_core.conformance.ops.depthwise_conv2d import plain_depthwise_conv2d
from ember_infer_core.executable import Executable
from ember_infer_core.ops.windows import Padding
from ember_infer_core.program import Call, Program, Tensor, Variable
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import AnyArray, Role, Slot, bind, content, slots, unbind
from ember_infer_core.state import KeepsState

__all__ = [
    "initial_state",
    "kept_state",
    "last_call",
    "load_state",
    "one_call",
    "random_inputs",
    "residual_block",
    "written_by",
]


def one_call(operator: str, params: Any) -> Program:
    """A program of one call: inputs and outputs are the model's, constants hold the parameters' content, and so do
    variables, the call's states, at first.
    """
    builder = _Builder()
    bound = [slot for slot in slots(params) if content(params, slot) is not None]
    operands = {slot.name: builder.tensor(params, slot) for slot in bound}
    inputs, outputs = (
        [operands[slot.name] for slot in bound if slot.role is role] for role in (Role.INPUT, Role.OUTPUT)
    )
    variables = [builder.variable(params, slot, operands[slot.name]) for slot in bound if slot.role is Role.STATE]
    builder.call(operator, params, operands)
    return builder.program(f"one_{operator}", inputs, outputs, variables)


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


def random_inputs(program: Program, seed: int) -> list[AnyArray]:
    """Inputs of the kind that the calls which read them take."""
    random = np.random.default_rng(seed)
    found: dict[int, AnyArray] = {}
    for call in program.calls:
        for slot in slots(call.params):
            index = call.operands.get(slot.name, -1)
            if slot.role is Role.INPUT and index in program.inputs and index not in found:
                found[index] = cases_of(call.method).content(call.params, slot, random)
    return [found[index] for index in program.inputs]


def last_call(
    program: Program, inputs: Sequence[AnyArray], state: Sequence[AnyArray] | None = None
) -> tuple[Any, Expected]:
    """The parameters of the last call with their buffers bound, and what it is to give: the program's outputs, and its
    state where the program keeps any.

    Args:
        program: one whose state, if any, is that of its last call.
        inputs: of the run.
        state: what its variables hold before the run; their initial content if None.
    """
    held: dict[int, AnyArray] = dict(zip(program.inputs, (one.copy() for one in inputs), strict=True))
    before = initial_state(program) if state is None else state
    held |= {variable.tensor: array.copy() for variable, array in zip(program.variables, before, strict=True)}
    for index, tensor in enumerate(program.tensors):
        if tensor.data is not None:
            held[index] = tensor.data
    for call in program.calls:
        params: Any = copy.copy(call.params)
        bind(params, {name: held[index] for name, index in call.operands.items() if index in held})
        expected = expected_of(call.method, params)
        bind(params, {name: array for name, array in expected.outputs.items() if name not in expected.states})
        held.update({call.operands[name]: array for name, array in expected.outputs.items()})
    return params, expected


def initial_state(program: Program) -> list[AnyArray]:
    """What the variables of a program hold at first."""
    return [variable.initial for variable in program.variables]


def kept_state(executable: Executable) -> list[AnyArray]:
    """Copies of what an executable remembers; of one that keeps no state, nothing."""
    return list(executable.save_state()) if isinstance(executable, KeepsState) else []


def load_state(executable: Executable, state: Sequence[AnyArray]) -> None:
    """Makes an executable remember this, of a program that has so many variables.

    Raises:
        AssertionError: there are some, and the executable has no way to keep them.
    """
    if isinstance(executable, KeepsState):
        executable.load_state(state)
    else:
        assert not state, "an executable of a program with variables has no save_state and load_state (KeepsState)"


def written_by(executable: Executable, expected: Expected) -> dict[str, AnyArray]:
    """Copies of outputs and state, by the names that the last call of the program has for them."""
    names = [name for name in expected.outputs if name not in expected.states]
    outputs = {name: array.copy() for name, array in zip(names, executable.outputs, strict=True)}
    return outputs | dict(zip(expected.states, kept_state(executable), strict=True))


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
        quant = getattr(params, f"{slot.operand.name}_quant", None)
        index = len(self._tensors)
        self._tensors.append(Tensor(f"{slot.name}_{index}", slot.shape, slot.dtype, quant, data))
        return index

    def call(self, operator: str, params: Any, operands: Mapping[str, int]) -> None:
        """One more call, of parameters without buffers."""
        unbound = copy.copy(params)
        unbind(unbound)
        index = len(self._calls)
        self._calls.append(Call(f"{operator}_{index}", operator, index, unbound, operands))

    def variable(self, params: Any, slot: Slot, index: int) -> Variable:
        """A tensor as a variable that holds at first what is bound to this slot."""
        initial = np.array(content(params, slot))
        initial.flags.writeable = False
        return Variable(index, initial, initial)

    def program(
        self, name: str, inputs: Sequence[int], outputs: Sequence[int], variables: Sequence[Variable] = ()
    ) -> Program:
        """All of it."""
        return Program(name, tuple(self._tensors), tuple(inputs), tuple(outputs), tuple(self._calls), tuple(variables))
