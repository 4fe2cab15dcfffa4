"""Checks of what kernels make of an operator: the device's, those of vector libraries, those of older firmware."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from ember_infer_core.activation import CLAMPS, FusedActivation
from ember_infer_core.ops.conv2d import Conv2dParams
from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
from ember_infer_core.ops.fully_connected import FullyConnectedParams
from ember_infer_core.ops.pool import PoolParams
from ember_infer_core.ops.softmax import SoftmaxParams
from ember_infer_core.slots import bind, slots
from ember_infer_macros.tflite.graph import GraphOperator
from ember_infer_tools.inspect.checks.view import Place, View, constant_of
from ember_infer_tools.inspect.older_firmware import changed_multipliers

if TYPE_CHECKING:
    from ember_infer_core.slots import OperatorParams
    from ember_infer_macros.lower.common import Lowered
    from ember_infer_macros.tflite.graph import Graph

__all__ = [
    "activations_that_are_no_clamp",
    "asymmetric_padding",
    "dilated",
    "known_faults",
    "many_classes",
    "odd_channels",
    "older_firmware",
]

Convolution: TypeAlias = Conv2dParams | DepthwiseConv2dParams
# From here on equal classes have less than half a step of probability each, at which TFLM's kernel asserts.
_MANY_CLASSES = 512
_VECTOR_WIDTHS = (4, 8, 16)


def activations_that_are_no_clamp(view: View) -> Iterator[Place]:
    """Fused activations that no kernel here runs."""
    for subject in view.subjects:
        activation = getattr(subject.params, "fused_activation", FusedActivation.NONE)
        if activation not in CLAMPS:
            yield subject.operator, f"fused activation {activation.name}"


def many_classes(view: View) -> Iterator[Place]:
    """Softmaxes over so many classes that TFLM's assertion can fail."""
    for subject in view.subjects:
        params = subject.params
        if isinstance(params, SoftmaxParams) and params.input_shape[-1] >= _MANY_CLASSES:
            yield subject.operator, f"{params.input_shape[-1]} classes"


def known_faults(view: View) -> Iterator[Place]:
    """What backends know of the kernels they stand for."""
    for subject in view.subjects:
        if subject.lowered is not None:
            for name, backend in view.backends.items():
                find_faults = getattr(backend, "known_faults", None)
                params = _with_biases(view.graph, subject.lowered)
                for fault in find_faults(subject.lowered.method, params) if find_faults else ():
                    yield subject.operator, f"{name}: {fault}"


def _with_biases(graph: Graph, lowered: Lowered) -> OperatorParams:
    """A call's parameters with those constants that it might do without: whether they are there is seen in no shape."""
    params = copy.copy(lowered.params)
    optional = [slot for slot in slots(params) if slot.operand.optional and slot.name in lowered.operands]
    found = {slot.name: constant_of(graph, lowered.operands[slot.name]) for slot in optional}
    bind(params, {name: content for name, content in found.items() if content is not None})
    return params


def dilated(view: View) -> Iterator[Place]:
    """Convolutions with a dilation."""
    for operator, params in _convolutions(view):
        factors = params.dilation_h_factor, params.dilation_w_factor
        if factors != (1, 1):
            yield operator, f"dilation {factors[0]}x{factors[1]}"


def asymmetric_padding(view: View) -> Iterator[Place]:
    """SAME padding that is not the same before and after, with some before."""
    for operator, params in _convolutions(view):
        if isinstance(params, DepthwiseConv2dParams):
            continue  # another kernel, which does it right
        before = params.pad_h, params.pad_w
        total = tuple(_total_padding(params))
        if any(before) and any(size % 2 for size in total):
            rows, columns = (f"{first} + {both - first}" for first, both in zip(before, total, strict=True))
            yield operator, f"SAME padding of {rows} rows and {columns} columns"


def _total_padding(params: Convolution) -> Iterator[int]:
    """Rows and columns of padding, on both sides together."""
    steps = ((1, params.stride_h, params.dilation_h_factor), (2, params.stride_w, params.dilation_w_factor))
    for axis, stride, dilation in steps:
        filter_size = (params.weights_shape[axis] - 1) * dilation + 1
        yield max(0, (params.output_shape[axis] - 1) * stride + filter_size - params.input_shape[axis])


def older_firmware(view: View) -> Iterator[Place]:
    """Layers whose multipliers were computed in float32 once, and came out otherwise."""
    for subject in view.subjects:
        if subject.params is None:
            continue
        changed = list(changed_multipliers(view.graph, subject.operator, subject.params))
        if changed:
            yield subject.operator, f"in float32 other multipliers come out: {', '.join(changed)}"


def odd_channels(view: View) -> Iterator[Place]:
    """Depths that vectors do not divide."""
    for subject in view.subjects:
        params = subject.params
        if isinstance(params, Conv2dParams | DepthwiseConv2dParams | PoolParams):
            depth, what = params.input_shape[3], "input channels"
        elif isinstance(params, FullyConnectedParams):
            depth, what = params.weights_shape[1], "inputs"
        else:
            continue
        width = next((width for width in _VECTOR_WIDTHS if depth % width), None)
        if width is not None:
            yield subject.operator, f"the number of {what}, {depth}, is not a multiple of {width}"


def _convolutions(view: View) -> Iterator[tuple[GraphOperator, Convolution]]:
    for subject in view.subjects:
        if isinstance(subject.params, Conv2dParams | DepthwiseConv2dParams):
            yield subject.operator, subject.params
