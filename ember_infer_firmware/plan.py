"""Program → plan: a place for every tensor, calls for every layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ember_infer_core.errors import KernelError, UnsupportedOperator
from ember_infer_core.memory import ALIGNMENT
from ember_infer_core.slots import AnyArray, Role, slots
from ember_infer_firmware.context import Constants, Context, Names, ScratchLen, check_model_name, identifier
from ember_infer_firmware.kernels import KERNELS
from ember_infer_firmware.kinds import plan_call
from ember_infer_firmware.step import Place, Step

if TYPE_CHECKING:
    from ember_infer_core.program import Call, Program

__all__ = ["Layer", "Plan", "Variable", "plan_program"]

_MOST_PORTS = 126  # C99 promises 127 parameters, and one is the arena


@dataclass(frozen=True, slots=True)
class Layer:
    """An operator call.

    Attributes:
        name: in C, of the constants of its calls.
        call: of the program.
        steps: what it becomes; none where there is nothing to do.
        ending: a place of one int32 that tells whether the run ends here, if it may.
    """

    name: str
    call: Call
    steps: tuple[Step, ...]
    ending: Place | None


@dataclass(frozen=True, slots=True)
class Variable:
    """State.

    Attributes:
        place: in the arena.
        byte: that its first content consists of, if it is one alone.
        initial: its first content otherwise.
    """

    place: Place
    byte: int
    initial: Place | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is known before the first run.

    Attributes:
        name: of the model, in C.
        kernels: which kind.
        program: what is computed.
        inputs, outputs: the caller's memory.
        layers: in order.
        copies: from place to place, after the last layer: outputs that no layer writes where they belong.
        variables: in order.
        constants: the weights' file.
        activations_len, state_len, scratch_len: bytes of the three parts of the arena, in this order, each but the last
            rounded up to the alignment.
        aligned: what the caller must align: ``input`` or ``output``, and its number.
    """

    name: str
    kernels: str
    program: Program
    inputs: tuple[Place, ...]
    outputs: tuple[Place, ...]
    layers: tuple[Layer, ...]
    copies: tuple[tuple[Place, Place], ...]
    variables: tuple[Variable, ...]
    constants: Constants
    activations_len: int
    scratch_len: ScratchLen
    state_len: int
    aligned: frozenset[tuple[str, int]]

    @property
    def ports(self) -> tuple[Place, ...]:
        """The caller's memory, in the order in which it is handed over."""
        return (*self.inputs, *self.outputs)

    @property
    def weights_len(self) -> int:
        """Bytes of all constants."""
        return sum(constant.array.nbytes for constant in self.constants.arrays.values())

    @property
    def state_start(self) -> int:
        """Where state begins in the arena."""
        return _rounded(self.activations_len)

    @property
    def scratch_start(self) -> int:
        """Where scratch begins in the arena."""
        return self.state_start + self.state_len

    @property
    def arena_len(self) -> int:
        """Bytes of all parts, on a core without extensions."""
        return self.arena_len_on("plain")

    def arena_len_on(self, core: str) -> int:
        """Bytes of all parts, on a core of :data:`CORES`; 1 where there are none: C has no such arrays."""
        return max(self.scratch_start + self.scratch_len.on(core), 1)

    def steps(self) -> Iterator[Step]:
        """Of all layers."""
        for layer in self.layers:
            yield from layer.steps

    def is_aligned(self, port: Place) -> bool:
        """Whether the caller must align an input or an output as the arena is aligned."""
        return (port.base, port.number) in self.aligned

    def failures(self) -> Iterator[tuple[Layer, Step]]:
        """The steps that may find that a layer has no result, in the order of their statuses."""
        for layer in self.layers:
            yield from ((layer, step) for step in layer.steps if step.kernel.fails)


def plan_program(program: Program, name: str, kernels: str) -> Plan:
    """Plans a program.

    Args:
        program: what to compute.
        name: of the model, which all names in C begin with.
        kernels: which kind; see :data:`~ember_infer_firmware.kinds.KINDS`.

    Raises:
        ValueError: no such name.
        UnsupportedOperator: there is no kernel for the operators of some layers.
        KernelError: layers ask for what no kernel does. Either names every layer that stands in the way, and why. Or
            there are more inputs and outputs than a function takes.
    """
    check_model_name(name)
    ports = len(program.inputs) + len(program.outputs)
    if ports > _MOST_PORTS:
        raise KernelError(f"{program.name}: {ports} inputs and outputs, of which a function of C takes {_MOST_PORTS}")
    constants = Constants(name)
    context = Context(kernels, constants)
    places = _Places(program, context)
    layers = _layers(context, places, program)
    state = [program.tensors[variable.tensor].size for variable in program.variables]
    return Plan(
        name,
        kernels,
        program,
        tuple(places.of_port("input", number) for number in range(len(program.inputs))),
        tuple(places.of_port("output", number) for number in range(len(program.outputs))),
        layers,
        tuple(places.copies()),
        tuple(_variable(context, places, number) for number in range(len(program.variables))),
        constants,
        program.arena_len,
        context.scratch_len,
        sum(_rounded(size) for size in state),
        frozenset(_aligned(layers)),
    )


def _aligned(layers: Iterable[Layer]) -> Iterator[tuple[str, int]]:
    for layer in layers:
        for step in layer.steps:
            if step.kernel.aligned:
                yield from ((place.base, place.number) for place in step.operands if place is not None)


def _rounded(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


class _Places:
    """Where the tensors of a program are: model inputs and outputs in the caller's memory, all else in the arena.

    An output of the model is written where the caller wants it, and read there by the layers that come after; but one
    that shares its memory with an input, a constant, a variable or another output is copied at the end.
    """

    def __init__(self, program: Program, context: Context) -> None:
        self.program = program
        self._context = context
        self._roots: dict[int, Place] = {}
        for number, index in enumerate(program.inputs):  # of two in one place the last one counts
            self._roots[program.storage(index)] = self._port("input", index, number)
        offset = 0
        for variable in program.variables:
            tensor = program.tensors[variable.tensor]
            self._roots[variable.tensor] = Place("state", tensor.shape, tensor.dtype, offset=offset)
            offset += _rounded(tensor.size)
        for number, index in enumerate(program.outputs):
            root = program.storage(index)
            if program.tensors[root].data is None:
                self._roots.setdefault(root, self._port("output", index, number))

    def of_port(self, base: str, number: int) -> Place:
        """An input or an output of the model."""
        ports = self.program.inputs if base == "input" else self.program.outputs
        return self._port(base, ports[number], number)

    def _port(self, base: str, index: int, number: int) -> Place:
        tensor = self.program.tensors[index]
        return Place(base, tensor.shape, tensor.dtype, number)

    def __getitem__(self, index: int) -> Place:
        """The place of a tensor."""
        program = self.program
        tensor, root = program.tensors[index], program.storage(index)
        data = program.tensors[root].data
        if data is not None:
            constant = self._context.constant("constant", data)
            return Place("constant", tensor.shape, tensor.dtype, constant=constant)
        known = self._roots.get(root)
        if known is not None:
            return Place(known.base, tensor.shape, tensor.dtype, known.number, known.offset)
        return Place("arena", tensor.shape, tensor.dtype, offset=program.offsets[root])

    def constant(self, index: int) -> AnyArray:
        """The content of a tensor that is a constant."""
        tensors = self.program.tensors
        data = tensors[self.program.storage(index)].data
        assert data is not None
        return data.reshape(tensors[index].shape)

    def copies(self) -> Iterator[tuple[Place, Place]]:
        """From where a layer left it, to the output."""
        self._context.begin("output")
        for number, index in enumerate(self.program.outputs):
            found = self[index]
            if (found.base, found.number) != ("output", number):
                yield found, self._port("output", index, number)


def _layers(context: Context, places: _Places, program: Program) -> tuple[Layer, ...]:
    names = Names()
    found = [_attempt(context, places, call, names.of(identifier(call.name))) for call in program.calls]
    errors = [error for error in found if isinstance(error, KernelError)]
    if errors:
        kind = type(errors[0]) if len(set(map(type, errors))) == 1 else KernelError
        raise kind(f"{program.name}: {'; '.join(map(str, errors))}") from errors[0]
    return tuple(layer for layer in found if isinstance(layer, Layer))


def _attempt(context: Context, places: _Places, call: Call, name: str) -> Layer | KernelError:
    """A layer, or why there is none."""
    if call.method not in KERNELS:
        return UnsupportedOperator(f"{call.name} ({call.method}): there is no kernel")
    try:
        return _layer(context, places, call, name)
    except KernelError as error:
        return type(error)(f"{call.name} ({call.method}): {error}")


def _layer(context: Context, places: _Places, call: Call, name: str) -> Layer:
    context.begin(name)
    operands: dict[str, Any] = {}
    for slot in slots(call.params):
        index = call.operands.get(slot.name)
        value: Any = None
        if index is not None:  # what a kernel reads of a constant is its own affair: it may be packed otherwise
            value = places.constant(index) if slot.role is Role.CONSTANT else places[index]
        if slot.position is None:
            operands[slot.operand.name] = value
        else:
            operands.setdefault(slot.operand.name, []).append(value)
    several = {operand.name for operand in call.params.OPERANDS if operand.many}
    operands |= {name: tuple(operands.get(name, ())) for name in several}
    steps = plan_call(context, call.method, call.params, operands)
    for step in steps:
        if len(step.operands) != step.kernel.operands:
            raise KernelError(f"{call.name}: {step.kernel.name} takes {step.kernel.operands} operands")
    if not any(places.program.tensors[index].size for index in call.tensors(Role.OUTPUT, Role.STATE)):
        steps = ()  # kernels need not ask whether there is anything to do
    ending = None if call.params.ending is None else places[call.operands[call.params.ending]]
    return Layer(name, call, steps, ending)


def _variable(context: Context, places: _Places, number: int) -> Variable:
    initial = places.program.variables[number].initial
    place = places[places.program.variables[number].tensor]
    content = np.ascontiguousarray(initial).reshape(-1).view(np.uint8)
    byte = int(content[0]) if content.size else 0
    if (content == byte).all():  # as nearly all are, zeros or zero points: no array in flash for these
        return Variable(place, byte, None)
    context.begin("state")
    constant = context.constant(str(number), initial)
    return Variable(place, 0, Place("constant", place.shape, place.dtype, constant=constant))
