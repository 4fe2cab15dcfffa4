"""Program → plan: a layout and a place for every tensor, steps for every call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from ember_infer_core.memory import Lifetime, plan_arena
from ember_infer_core.ops.common import element_count
from ember_infer_core.slots import Role, Shape
from ember_infer_native.kernels.add import plan_add
from ember_infer_native.kernels.context import Context
from ember_infer_native.kernels.conv2d import plan_conv2d
from ember_infer_native.kernels.depthwise_conv2d import plan_depthwise_conv2d
from ember_infer_native.kernels.fully_connected import plan_fully_connected
from ember_infer_native.kernels.mul import plan_mul
from ember_infer_native.kernels.pool import plan_avg_pool, plan_max_pool
from ember_infer_native.kernels.reshape import copy_between, plan_reshape
from ember_infer_native.kernels.softmax import plan_softmax
from ember_infer_native.plan import Layout, Place, Plan, Pointer, Step, Temporaries, fill
from ember_infer_native.targets import Target

if TYPE_CHECKING:
    from ember_infer_core.ops.conv2d import Conv2dParams
    from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
    from ember_infer_core.program import Call, Program

__all__ = ["plan_program"]

Borders: TypeAlias = tuple[int, int, int, int]
WindowedT = TypeVar("WindowedT", "Conv2dParams", "DepthwiseConv2dParams")

_PLANNERS: Mapping[str, Any] = {
    "conv2d": plan_conv2d,
    "depthwise_conv2d": plan_depthwise_conv2d,
    "fully_connected": plan_fully_connected,
    "avg_pool": plan_avg_pool,
    "max_pool": plan_max_pool,
    "softmax": plan_softmax,
    "add": plan_add,
    "mul": plan_mul,
    "reshape": plan_reshape,
}
_WINDOWED = ("conv2d", "depthwise_conv2d")
_ANY_LAYOUT = (*_WINDOWED, "avg_pool", "max_pool")
_ELEMENTWISE = ("add", "mul")
_NO_BORDERS: Borders = (0, 0, 0, 0)
_ALIGNMENT = 64  # a cache line


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the tensors of a program are."""

    program: Program
    layouts: Mapping[int, Layout]
    offsets: Mapping[int, int]
    context: Context

    def __getitem__(self, index: int) -> Place:
        """The place of a tensor; an alias is dense, as then is what it stands for."""
        root = self.program.storage(index)
        constant = self.program.tensors[root].data
        layout = self.layouts.get(root) if index == root else None
        if layout is None:
            layout = dense_layout(self.program.tensors[index].shape)
        if constant is not None:
            flip = np.uint8(self.context.target.bias)
            content = np.ascontiguousarray(constant).view(np.uint8).reshape(-1) ^ flip
            return Place(self.context.constants.add(content.tobytes()), layout)
        return Place(Pointer("arena", self.offsets[root] + layout.start), layout)


def plan_program(program: Program, target: Target, generic: bool = False) -> Plan:
    """Plans everything that can be known before the first run.

    Args:
        program: what to compute.
        target: the instruction set.
        generic: whether the steps are for the operators' library.

    Raises:
        KernelError: a call asks for what no kernel does.
    """
    layouts = {root: _layout(program, root) for root in program.lifetimes}
    offsets, length = _place(program, layouts)
    context = Context(target, generic, Temporaries(length))
    places = _Places(program, layouts, offsets, context)
    layers = tuple((call.name, tuple(_plan_call(context, places, call))) for call in program.calls)
    imports, exports = _imports(places), _exports(places)
    beyond = 2 * target.chunk + _ALIGNMENT  # kernels may read past an end, where they do not use what they read
    return Plan(
        name=program.name,
        target=target,
        arena_len=context.temporaries.length + beyond,
        constants=bytes(context.constants.data) + bytes(beyond),
        prepare=(*_fill_borders(program, layouts, offsets, target), *context.temporaries.fills),
        imports=imports,
        layers=layers,
        exports=exports,
        inputs=tuple(program.tensors[index].size for index in program.inputs),
        outputs=tuple(program.tensors[index].size for index in program.outputs),
        work=sum(_work(call) for call in program.calls),
    )


def _fill_borders(
    program: Program, layouts: Mapping[int, Layout], offsets: Mapping[int, int], target: Target
) -> list[Step]:
    """Borders hold the zero point; whole buffers are set to it, of which runs then write all but the borders."""
    bordered = [(root, layout) for root, layout in layouts.items() if not layout.dense]
    return [
        fill(Pointer("arena", offsets[root]), layout.size, _zero_points(program, root).pop() + target.bias)
        for root, layout in bordered
    ]


def _imports(places: _Places) -> tuple[Step, ...]:
    """From the caller's inputs."""
    program, flip = places.program, places.context.target.bias
    sources = [
        Place(Pointer(f"input{position}"), dense_layout(program.tensors[index].shape))
        for position, index in enumerate(program.inputs)
    ]
    return tuple(
        copy_between(source, places[index], flip) for source, index in zip(sources, program.inputs, strict=True)
    )


def _exports(places: _Places) -> tuple[Step, ...]:
    """To the caller's outputs."""
    steps = []
    for position, index in enumerate(places.program.outputs):
        source = places[index]
        result = Place(Pointer(f"output{position}"), source.layout.without_borders)
        steps.append(copy_between(source, result, places.context.target.bias))
    return tuple(steps)


def _work(call: Call) -> int:
    """Multiplications, or elements, of a call."""
    output = element_count(call.params.output_shape)  # type: ignore[attr-defined]
    weights = getattr(call.params, "weights_shape", None)
    if weights is None:
        return output
    return output * element_count(weights[1:-1] if call.method == "depthwise_conv2d" else weights[1:])


def dense_layout(shape: Shape) -> Layout:
    """Elements one after the other: an image where the shape has four axes, one row otherwise."""
    if len(shape) == 4:
        return Layout(*shape)
    return Layout(1, 1, int(np.prod(shape, dtype=np.int64)), 1)


def _layout(program: Program, root: int) -> Layout:
    """With the widest borders that a reader wants, if all who read or write the tensor can do with borders."""
    layout = dense_layout(program.tensors[root].shape)
    borders = [_NO_BORDERS]
    if any(program.storage(index) == root != index for index in (*program.inputs, *program.outputs)):
        return layout
    if len(_zero_points(program, root)) > 1:
        return layout
    for call in program.calls:
        for operand in call.params.OPERANDS:
            index = call.operands.get(operand.name)
            if index is None or program.storage(index) != root:
                continue
            if index != root or not _takes_borders(call):
                return layout
            if operand.name == "input" and call.method in _WINDOWED:
                params: Any = call.params
                borders.append(wanted_borders(without_idle_taps(params)[0]))
    top, left, bottom, right = (max(sizes) for sizes in zip(*borders, strict=True))
    return replace(layout, top=top, left=left, bottom=bottom, right=right)


def _takes_borders(call: Call) -> bool:
    if call.method in _ELEMENTWISE:
        shapes = {call.params.input1_shape, call.params.input2_shape}  # type: ignore[attr-defined]
        return len(shapes) == 1 and len(shapes.pop()) == 4
    return call.method in _ANY_LAYOUT


def wanted_borders(params: Conv2dParams | DepthwiseConv2dParams) -> Borders:
    """Rows above, columns left, rows below and columns right of the image that the filter reads."""
    filter_rows, filter_columns = params.weights_shape[1:3]
    _, rows, columns, _ = params.input_shape
    _, output_rows, output_columns, _ = params.output_shape
    last_row = (output_rows - 1) * params.stride_h + (filter_rows - 1) * params.dilation_h_factor
    last_column = (output_columns - 1) * params.stride_w + (filter_columns - 1) * params.dilation_w_factor
    below, right = last_row - params.pad_h - (rows - 1), last_column - params.pad_w - (columns - 1)
    return max(params.pad_h, 0), max(params.pad_w, 0), max(below, 0), max(right, 0)


def without_idle_taps(params: WindowedT) -> tuple[WindowedT, tuple[slice, slice]]:
    """The same layer without those rows and columns of its filter that lie beyond the image wherever the filter stands,
    and which rows and columns are left.

    Dilation may put taps any distance apart; those that are left need no more borders than the image has rows and
    columns. Of a filter without any such tap one is left, at the image, for the caller to make zero.
    """
    _, filter_rows, filter_columns, depth = params.weights_shape
    strides, dilations = (params.stride_h, params.stride_w), (params.dilation_h_factor, params.dilation_w_factor)
    (rows, pad_h), (columns, pad_w) = map(
        _useful_taps,
        (filter_rows, filter_columns),
        params.input_shape[1:3],
        params.output_shape[1:3],
        strides,
        dilations,
        (params.pad_h, params.pad_w),
    )
    if rows.start == rows.stop or columns.start == columns.stop:
        rows, columns, pad_h, pad_w = slice(0, 0), slice(0, 0), 0, 0
    shape = params.weights_shape[0], max(rows.stop - rows.start, 1), max(columns.stop - columns.start, 1), depth
    return replace(params, weights_shape=shape, pad_h=pad_h, pad_w=pad_w), (rows, columns)


def _useful_taps(taps: int, size: int, outputs: int, stride: int, dilation: int, pad: int) -> tuple[slice, int]:
    """Along one axis: the taps that meet the image, and the padding before the first of them."""
    first = max(-(((outputs - 1) * stride - pad) // dilation), 0)
    last = min((size - 1 + pad) // dilation, taps - 1)
    return slice(first, max(last + 1, first)), pad - first * dilation


def _useful_weights(weights: npt.NDArray[np.int8], taps: tuple[slice, slice]) -> npt.NDArray[np.int8]:
    useful = weights[:, taps[0], taps[1]]
    return useful if useful.size else np.zeros((weights.shape[0], 1, 1, weights.shape[3]), np.int8)


def _place(program: Program, layouts: Mapping[int, Layout]) -> tuple[dict[int, int], int]:
    """Byte offsets in the arena, and its length: tensors with borders for themselves, the others share."""
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
    return offsets, length


def _aligned(length: int) -> int:
    return -(-length // _ALIGNMENT) * _ALIGNMENT


def _zero_points(program: Program, root: int) -> set[int]:
    """Those that filters over the tensor take it to have; more than one only in a program that no model is."""
    found: set[int] = set()
    for call in program.calls:
        if call.method in _WINDOWED and call.operands["input"] == root:
            params: Any = call.params
            found.add(-params.input_offset)
    return found


def _plan_call(context: Context, places: _Places, call: Call) -> list[Step]:
    arguments: dict[str, Any] = {}
    steps: list[Step] = []
    for operand in call.params.OPERANDS:
        index = call.operands.get(operand.name)
        if operand.role is Role.CONSTANT:
            arguments[operand.name] = None if index is None else places.program.tensors[index].data
        else:
            assert index is not None
            arguments[operand.name] = places[index]
    params: Any = call.params
    if call.method in _WINDOWED:
        params, taps = without_idle_taps(params)
        arguments["weights"] = _useful_weights(arguments["weights"], taps)
        arguments["input"], copies = _with_borders(context, params, arguments["input"])
        steps += copies
    planned: list[Step] = _PLANNERS[call.method](context, params, **arguments)
    return steps + planned


def _with_borders(
    context: Context, params: Conv2dParams | DepthwiseConv2dParams, input: Place
) -> tuple[Place, list[Step]]:
    """The input itself, or a copy where it lacks borders."""
    top, left, bottom, right = wanted_borders(params)
    layout = input.layout
    if top <= layout.top and left <= layout.left and bottom <= layout.bottom and right <= layout.right:
        return input, []
    bordered = replace(layout, top=top, left=left, bottom=bottom, right=right)
    place = context.temporaries.allocate(bordered, context.target.bias - params.input_offset)
    return place, [copy_between(input, place)]
