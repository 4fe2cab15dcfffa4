"""Program → plan: a layout and a place for every tensor, steps for every call."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from ember_infer_core.errors import KernelError
from ember_infer_core.memory import Lifetime, plan_arena
from ember_infer_core.slots import Role, slots
from ember_infer_native.kernels import native_operator
from ember_infer_native.kernels.context import Context
from ember_infer_native.kernels.copies import copy_between
from ember_infer_native.kernels.operator import Borders
from ember_infer_native.plan import (
    FORMATS,
    MANY,
    MOST_CONSTANTS,
    Constants,
    Layout,
    Place,
    Plan,
    Pointer,
    Step,
    Temporaries,
    dense_layout,
    fill,
)
from ember_infer_native.targets import Target

if TYPE_CHECKING:
    from ember_infer_core.program import Call, Program

__all__ = ["plan_program"]

_ALIGNMENT = 64  # a cache line
_COPIES = 4  # bytes that a byte of constants may come to, however many there are


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the tensors of a program are."""

    program: Program
    layouts: Mapping[int, Layout]
    offsets: Mapping[int, int]
    context: Context

    def __getitem__(self, index: int) -> Place:
        """The place of a tensor; an alias is dense, as then is what it stands for."""
        program, context = self.program, self.context
        tensor, root = program.tensors[index], program.storage(index)
        constant = program.tensors[root].data
        layout = self.layouts.get(root) if index == root else None
        if layout is None:
            layout = dense_layout(tensor.shape, tensor.dtype)
        if constant is not None:
            first = context.constants.add(context.kept(constant).tobytes())
            return Place(first, layout, tensor.dtype, constant.reshape(tensor.shape))
        return Place(Pointer("arena", self.offsets[root] + layout.start), layout, tensor.dtype)


def plan_program(program: Program, target: Target, generic: bool = False) -> Plan:
    """Plans everything that can be known before the first run.

    Args:
        program: what to compute.
        target: the instruction set.
        generic: whether the steps are for the operators' library.

    Raises:
        KernelError: a call asks for what no kernel does.
    """
    formats = "".join(_format(program, index) for index in (*program.inputs, *program.outputs))
    borders = _borders(program)
    layouts = {root: _layout(program, root, borders.get(root)) for root in program.lifetimes}
    offsets, length = _place(program, layouts)
    constants = Constants(MOST_CONSTANTS + _COPIES * _content(program))
    context = Context(target, generic or len(program.calls) > MANY, Temporaries(length), constants)
    places = _Places(program, layouts, offsets, context)
    layers = tuple((call.name, tuple(_plan_call(context, places, call))) for call in program.calls)
    imports, exports = _imports(places), _exports(places)
    start, load, save = _start(places), _load(places), _save(places)
    beyond = 2 * target.chunk + _ALIGNMENT  # kernels may read past an end, where they do not use what they read
    # Borders hold one value; whole buffers are set to it, of which runs then write all but the borders.
    filled = [
        fill(Pointer("arena", offsets[root]), layouts[root].size, wish.value + target.bias)
        for root, wish in borders.items()
    ]
    return Plan(
        name=program.name,
        target=target,
        arena_len=context.temporaries.length + beyond,
        constants=bytes(context.constants.data) + bytes(beyond),
        prepare=(*filled, *context.temporaries.fills),
        start=start,
        load=load,
        save=save,
        imports=imports,
        layers=layers,
        exports=exports,
        inputs=tuple(program.tensors[index].size for index in program.inputs),
        outputs=tuple(program.tensors[index].size for index in program.outputs),
        formats=formats,
        status=context.status,
        endings=_endings(places),
        work=sum(native_operator(call.method).work(call.params) for call in program.calls),
    )


def _content(program: Program) -> int:
    """Bytes of all constants; those that several tensors share count once."""
    constants = [tensor.data for tensor in program.tensors if tensor.data is not None]
    return sum({array.ctypes.data: array.nbytes for array in constants}.values())


def _format(program: Program, index: int) -> str:
    dtype = program.tensors[index].dtype
    if dtype not in FORMATS:
        known = ", ".join(known.name for known in FORMATS)
        raise KernelError(f"{program.name}: inputs and outputs of this backend are {known}, not {dtype.name}")
    return FORMATS[dtype]


def _imports(places: _Places) -> tuple[Step, ...]:
    """From the caller's inputs."""
    program, target = places.program, places.context.target
    steps = []
    for position, index in enumerate(program.inputs):
        tensor = program.tensors[index]
        source = Place(Pointer("input", position=position), dense_layout(tensor.shape, tensor.dtype), tensor.dtype)
        steps.append(copy_between(source, places[index], target.bias_of(tensor.dtype)))
    return tuple(steps)


def _written(program: Program) -> dict[int, int]:
    """For each tensor with memory of its own that a call computes, the number of the first that does."""
    found: dict[int, int] = {}
    for number, call in enumerate(program.calls):
        for index in call.tensors(Role.OUTPUT):
            found.setdefault(program.storage(index), number)
    return found


def _endings(places: _Places) -> dict[int, tuple[Pointer, int]]:
    """See :attr:`Plan.endings`."""
    program, written = places.program, _written(places.program)
    outputs = sorted(written[root] for root in map(program.storage, program.outputs) if root in written)
    return {
        number: (places[call.operands[call.params.ending]].first, bisect_right(outputs, number))
        for number, call in enumerate(program.calls)
        if call.params.ending is not None
    }


def _exports(places: _Places) -> tuple[Step, ...]:
    """To the caller's outputs; those that no call computes come last."""
    program, written = places.program, _written(places.program)
    steps = []
    for position, index in enumerate(program.outputs):
        source = places[index]
        result = replace(source, first=Pointer("output", position=position), layout=source.layout.without_borders)
        step = copy_between(source, result, places.context.target.bias_of(source.dtype))
        steps.append((written.get(program.storage(index), len(program.calls)), position, step))
    return tuple(step for *_, step in sorted(steps, key=itemgetter(0, 1)))


def _start(places: _Places) -> tuple[Step, ...]:
    """From the initial content of variables."""
    context, steps = places.context, []
    for variable in places.program.variables:
        place = places[variable.tensor]
        first = context.constants.add(context.kept(variable.initial).tobytes())
        steps.append(copy_between(replace(place, first=first), place))
    return tuple(steps)


def _load(places: _Places) -> tuple[Step, ...]:
    """To the variables, from content that the caller gives as inputs."""
    return tuple(copy_between(given, place, flip) for given, place, flip in _carried(places, "input"))


def _save(places: _Places) -> tuple[Step, ...]:
    """From the variables, to memory that the caller gives as outputs."""
    return tuple(copy_between(place, taken, flip) for taken, place, flip in _carried(places, "output"))


def _carried(places: _Places, base: str) -> Iterator[tuple[Place, Place, int]]:
    """For each variable the caller's memory, its own, and how their bytes differ."""
    for position, variable in enumerate(places.program.variables):
        place = places[variable.tensor]
        yield replace(place, first=Pointer(base, position=position)), place, places.context.target.bias_of(place.dtype)


def _borders(program: Program) -> dict[int, Borders]:
    """The tensors that get borders: as wide as the widest that a reader wants, if all who read or write the tensor can
    do with borders, and want them to have one value.
    """
    dense = {program.storage(index) for index in (*program.inputs, *program.outputs) if program.storage(index) != index}
    wanted: dict[int, Borders] = {}
    for call in program.calls:
        native = native_operator(call.method)
        indifferent = native.takes_borders(call.params)
        for slot in slots(call.params):
            if slot.role is Role.CONSTANT or slot.name not in call.operands:
                continue
            index = call.operands[slot.name]
            if not indifferent or program.storage(index) != index:
                dense.add(program.storage(index))
        for name, borders in native.wanted_borders(call.params).items():
            root = program.storage(call.operands[name])
            both = _both(wanted[root], borders) if root in wanted else borders
            if both is None:
                dense.add(root)
            else:
                wanted[root] = both
    return {
        root: wish
        for root, wish in wanted.items()
        if root not in dense and root in program.lifetimes and wish.top + wish.left + wish.bottom + wish.right
    }


def _both(one: Borders, other: Borders) -> Borders | None:
    """What is wide enough for two; None where they want other values."""
    if one.value != other.value:
        return None
    return Borders(
        max(one.top, other.top),
        max(one.left, other.left),
        max(one.bottom, other.bottom),
        max(one.right, other.right),
        one.value,
    )


def _layout(program: Program, root: int, borders: Borders | None) -> Layout:
    tensor = program.tensors[root]
    layout = dense_layout(tensor.shape, tensor.dtype)
    if borders is None:
        return layout
    return replace(layout, top=borders.top, left=borders.left, bottom=borders.bottom, right=borders.right)


def _place(program: Program, layouts: Mapping[int, Layout]) -> tuple[dict[int, int], int]:
    """Byte offsets in the arena, and its length: with borders and variables apart, the others share."""
    offsets: dict[int, int] = {}
    shared, lifetimes = [], []
    for root, lifetime in program.lifetimes.items():
        if layouts[root].dense:
            shared.append(root)
            lifetimes.append(Lifetime(_aligned(lifetime.size), lifetime.first, lifetime.last))
    arena = plan_arena(tuple(lifetimes))
    offsets.update(zip(shared, arena.offsets, strict=True))
    length = _aligned(arena.length)
    for root, layout in layouts.items():
        if not layout.dense:
            offsets[root] = length
            length += _aligned(layout.size)
    for variable in program.variables:
        offsets[variable.tensor] = length
        length += _aligned(program.tensors[variable.tensor].size)
    return offsets, length


def _aligned(length: int) -> int:
    return -(-length // _ALIGNMENT) * _ALIGNMENT


def _plan_call(context: Context, places: _Places, call: Call) -> list[Step]:
    several: dict[str, list[Any]] = {operand.name: [] for operand in call.params.OPERANDS if operand.many}
    arguments: dict[str, Any] = {}
    for slot in slots(call.params):
        index = call.operands.get(slot.name)
        given: Any = None
        if index is not None:
            given = places.program.tensors[index].data if slot.role is Role.CONSTANT else places[index]
        if slot.operand.many:
            several[slot.operand.name].append(given)
        else:
            arguments[slot.name] = given
    arguments.update((name, tuple(listed)) for name, listed in several.items())
    steps = native_operator(call.method).plan(context, call.params, **arguments)
    # Kernels need not ask whether there is anything to do.
    return steps if any(places.program.tensors[index].size for index in call.tensors(Role.OUTPUT, Role.STATE)) else []
