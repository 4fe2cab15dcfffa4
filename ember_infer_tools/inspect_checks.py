"""What `ember-infer inspect` warns of: one small function for each check, all of them in :data:`CHECKS`.

A check looks at a :class:`View` of the model and yields ``(where, what)`` pairs; what follows from them stands beside
it in the registry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_core.activation import CLAMPS, FusedActivation
from ember_infer_core.backend import KernelBackend
from ember_infer_core.fixed_point import multiply_by_quantized_multiplier
from ember_infer_core.ops.conv2d import Conv2dParams
from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
from ember_infer_core.ops.fully_connected import FullyConnectedParams
from ember_infer_core.ops.mul import MulParams
from ember_infer_core.ops.pool import PoolParams
from ember_infer_core.ops.softmax import SoftmaxParams
from ember_infer_core.quantization import INT32_MAX, INT32_MIN
from ember_infer_core.slots import Int32Array, OperatorParams
from ember_infer_macros.lower.common import Lowered
from ember_infer_macros.lower.program import content_of
from ember_infer_macros.tflite.graph import Graph, GraphOperator, GraphTensor
from ember_infer_macros.tflite.read import ELEMENT_BYTES
from ember_infer_macros.tflite.schema import NO_TENSOR
from ember_infer_ref.requantize import accumulator_range
from ember_infer_tools.older_firmware import changed_multipliers

__all__ = ["CHECKS", "Check", "Finding", "Layer", "Level", "Subject", "View", "find"]

# "warning": results may be wrong, useless or differ between kernels. "hint": time and memory.
Level: TypeAlias = Literal["warning", "hint"]
Int64Array: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
Place: TypeAlias = tuple[str, str]
Convolution: TypeAlias = Conv2dParams | DepthwiseConv2dParams

# Converters give channels that never fire a tiny scale; between live channels a factor of a thousand is rare.
_WIDE_SCALES = 1000.0
# Of the 256 an int8 has.
_FEW_VALUES = 64
# From here on equal classes have less than half a step of probability each, at which TFLM's kernel asserts.
_MANY_CLASSES = 512
_VECTOR_WIDTHS = (4, 8, 16)
_ALIGNMENT = 16
_NAME_LENGTH = 48


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth knowing before a model is deployed: where, what, and so what.

    Attributes:
        check: name of the check, such as ``accumulator-overflow``.
        level: ``warning`` or ``hint``.
        where: operator or tensor, with its number and name.
        what: what is so.
        consequence: what follows from it.
    """

    check: str
    level: Level
    where: str
    what: str
    consequence: str


@dataclass(frozen=True, slots=True)
class Subject:
    """An operator of the file, and its parameters or what stands in their way."""

    operator: GraphOperator
    lowered: Lowered | None
    problem: str | None

    @property
    def params(self) -> OperatorParams | None:
        """The parameters, if nothing stands in their way."""
        return None if self.lowered is None else self.lowered.params


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution or fully connected layer of C output channels with constant weights.

    Attributes:
        operator: in the file.
        params: its parameters.
        weights: ``(C, K)``, their zero point taken off.
        low, high: ``(C,)``, the least and the greatest accumulator that any int8 input gives, bias included.
    """

    operator: GraphOperator
    params: Conv2dParams | DepthwiseConv2dParams | FullyConnectedParams
    weights: Int64Array
    low: Int64Array
    high: Int64Array

    @property
    def overflows(self) -> BoolArray:
        """``(C,)``: whether the accumulator, or what a left shift makes of it, can leave int32."""
        shift = np.maximum(self.params.output_shift, 0)
        # Exact in float64: integers far below 2**53 times a power of two.
        low, high = np.ldexp(self.low.astype(np.float64), shift), np.ldexp(self.high.astype(np.float64), shift)
        beyond: BoolArray = (low < INT32_MIN) | (high > INT32_MAX)
        return beyond

    @property
    def outputs(self) -> tuple[Int64Array, Int64Array]:
        """``(C,)`` each: the least and the greatest output; of no meaning in a channel that overflows."""
        params = self.params
        scale = np.stack([self.low, self.high])
        scaled = multiply_by_quantized_multiplier(scale, params.output_multiplier, params.output_shift)
        clamped = np.clip(scaled + params.output_offset, params.activation_min, params.activation_max)
        return clamped[0], clamped[1]


@dataclass(frozen=True, slots=True)
class View:
    """What checks look at.

    Attributes:
        graph: as in the file.
        subjects: its operators.
        layers: those with weights.
        backends: classes by name. One that knows of faults in the kernels it stands for may say so in a class method
            ``known_faults(method, params)``, which yields a line for each that this call of ``KernelBackend.<method>``
            meets.
    """

    graph: Graph
    subjects: tuple[Subject, ...]
    layers: tuple[Layer, ...]
    backends: Mapping[str, type[KernelBackend]]


@dataclass(frozen=True, slots=True)
class Check:
    """A check and what follows from what it finds."""

    name: str
    level: Level
    run: Callable[[View], Iterable[Place]]
    consequence: str


def find(graph: Graph, subjects: Sequence[Subject], backends: Mapping[str, type[KernelBackend]]) -> tuple[Finding, ...]:
    """What every check finds, in the order of :data:`CHECKS`."""
    view = View(graph, tuple(subjects), tuple(_layers(graph, subjects)), backends)
    return tuple(
        Finding(check.name, check.level, where, what, check.consequence)
        for check in CHECKS
        for where, what in check.run(view)
    )


def _layers(graph: Graph, subjects: Iterable[Subject]) -> Iterator[Layer]:
    for subject in subjects:
        if subject.lowered is None:
            continue
        params, operands = subject.lowered.params, subject.lowered.operands
        if not isinstance(params, Conv2dParams | DepthwiseConv2dParams | FullyConnectedParams):
            continue
        weights = _constant(graph, operands["weights"])
        bias = _constant(graph, operands["bias"]) if "bias" in operands else None
        if weights is None or ("bias" in operands and bias is None):
            continue
        rows = _rows(params, weights.astype(np.int64))
        bounds = accumulator_range(rows, params.input_offset, bias)
        yield Layer(subject.operator, params, rows, bounds.low + bounds.bias, bounds.high + bounds.bias)


def _constant(graph: Graph, index: int) -> Int32Array | None:
    """The elements of a constant, flat; None where they are stored in a sparse encoding."""
    tensor = graph.tensors[index]
    if tensor.data is None or tensor.is_sparse:
        return None
    return content_of(tensor.data, tensor.type)[: tensor.elements].astype(np.int32)


def _rows(params: Conv2dParams | DepthwiseConv2dParams | FullyConnectedParams, weights: Int64Array) -> Int64Array:
    """The weights that each output channel sums over, ``(C, K)``."""
    if isinstance(params, DepthwiseConv2dParams):
        return weights.reshape(-1, params.weights_shape[3]).T
    offset = params.weights_offset if isinstance(params, FullyConnectedParams) else 0
    return weights.reshape(params.weights_shape[0], -1) + offset


def _odd_metadata(view: View) -> Iterator[Place]:
    for warning in view.graph.warnings:
        yield "metadata", warning


def _unused_inputs(view: View) -> Iterator[Place]:
    read = {index for operator in view.graph.operators for index in operator.inputs}
    for position, index in enumerate(view.graph.inputs):
        if index not in read and index not in view.graph.outputs:
            yield f"input {position}", f"no operator reads {_tensor(view.graph.tensors[index])}"


def _unused_operators(view: View) -> Iterator[Place]:
    needed = set(view.graph.outputs)
    unused = []
    for operator in reversed(view.graph.operators):
        outputs = set(operator.outputs) - {NO_TENSOR}
        if not outputs or not needed.isdisjoint(outputs):  # without outputs it has a side effect
            needed.update(operator.inputs)
        else:
            unused.append(operator)
    for operator in reversed(unused):
        yield operator.describe(), "nothing that leads to an output reads its result"


def _older_firmware(view: View) -> Iterator[Place]:
    for subject in view.subjects:
        if subject.params is None:
            continue
        changed = list(changed_multipliers(view.graph, subject.operator, subject.params))
        if changed:
            yield subject.operator.describe(), f"in float32 other multipliers come out: {', '.join(changed)}"


def _unused_tensors(view: View) -> Iterator[Place]:
    graph = view.graph
    used = {*graph.inputs, *graph.outputs}
    for operator in graph.operators:
        used.update(operator.inputs, operator.outputs)
    for tensor in graph.tensors:
        if tensor.index not in used:
            content = f", {len(tensor.data)} bytes of content" if tensor.data is not None else ""
            yield _tensor(tensor), f"no operator uses it{content}"


def _activations_that_are_no_clamp(view: View) -> Iterator[Place]:
    for subject in view.subjects:
        activation = getattr(subject.params, "fused_activation", FusedActivation.NONE)
        if activation not in CLAMPS:
            yield subject.operator.describe(), f"fused activation {activation.name}"


def _overflowing_accumulators(view: View) -> Iterator[Place]:
    for layer in view.layers:
        beyond = np.flatnonzero(layer.overflows)
        if beyond.size:
            farthest = np.maximum(-layer.low, layer.high)[beyond]
            channel = int(beyond[farthest.argmax()])
            shift = max(int(layer.params.output_shift[channel]), 0)
            shifted = f", shifted left by {shift}" if shift else ""
            sums = f"{layer.low[channel]} .. {layer.high[channel]}"
            which = _channels(beyond, layer)
            yield _at(layer), f"{which} can leave int32: the sums of channel {channel} span {sums}{shifted}"


def _dead_channels(view: View) -> Iterator[Place]:
    for layer in view.layers:
        dead = np.flatnonzero(~layer.weights.any(axis=1))
        if dead.size:
            yield _at(layer), f"{_channels(dead, layer)} with nothing but zero weights"


def _flushed_multipliers(view: View) -> Iterator[Place]:
    for layer in view.layers:
        flushed = np.flatnonzero(layer.params.output_multiplier == 0)
        if flushed.size:
            yield _at(layer), f"{_channels(flushed, layer)} with an output multiplier of 0"
    for operator, params in _muls(view):
        if params.output_multiplier == 0:
            yield operator.describe(), "an output multiplier of 0"


def _stuck_channels(view: View) -> Iterator[Place]:
    for layer in view.layers:
        low, high = layer.outputs
        alive = layer.weights.any(axis=1) & (layer.params.output_multiplier != 0) & ~layer.overflows
        stuck = np.flatnonzero((low == high) & alive)
        if stuck.size:
            yield _at(layer), f"{_channels(stuck, layer)} that no input moves (channel {stuck[0]}: {low[stuck[0]]})"


def _few_values(view: View) -> Iterator[Place]:
    for layer in view.layers:
        low, high = layer.outputs
        least, greatest = int(low.min()), int(high.max())
        if not layer.overflows.any() and least < greatest and greatest - least < _FEW_VALUES:
            yield _at(layer), f"no input takes the output outside {least} .. {greatest}"


def _large_multipliers(view: View) -> Iterator[Place]:
    for layer in view.layers:
        large = np.flatnonzero(layer.params.output_shift > 0)
        if large.size:
            yield _at(layer), f"{_channels(large, layer)} with an output multiplier of 1 or more"
    for operator, params in _muls(view):
        if params.output_shift > 0:
            yield operator.describe(), "an output multiplier of 1 or more"


def _wide_scales(view: View) -> Iterator[Place]:
    for tensor in view.graph.tensors:
        scales = tensor.quantization.scales if tensor.quantization is not None else ()
        least, greatest = min(scales, default=0.0), max(scales, default=0.0)
        if greatest > _WIDE_SCALES * least and tensor.type.name == "INT8":
            yield _tensor(tensor), f"scales of its channels from {least:.3g} to {greatest:.3g}"


def _many_classes(view: View) -> Iterator[Place]:
    for subject in view.subjects:
        params = subject.params
        if isinstance(params, SoftmaxParams) and params.input_shape[-1] >= _MANY_CLASSES:
            yield subject.operator.describe(), f"{params.input_shape[-1]} classes"


def _known_faults(view: View) -> Iterator[Place]:
    for subject in view.subjects:
        if subject.lowered is not None:
            for name, backend in view.backends.items():
                find_faults = getattr(backend, "known_faults", None)
                for fault in find_faults(subject.lowered.method, subject.lowered.params) if find_faults else ():
                    yield subject.operator.describe(), f"{name}: {fault}"


def _dilated(view: View) -> Iterator[Place]:
    for operator, params in _convolutions(view):
        factors = params.dilation_h_factor, params.dilation_w_factor
        if factors != (1, 1):
            yield operator.describe(), f"dilation {factors[0]}x{factors[1]}"


def _asymmetric_padding(view: View) -> Iterator[Place]:
    for operator, params in _convolutions(view):
        if isinstance(params, DepthwiseConv2dParams):
            continue  # another kernel, which does it right
        before = params.pad_h, params.pad_w
        total = tuple(_total_padding(params))
        if any(before) and any(size % 2 for size in total):
            rows, columns = (f"{first} + {both - first}" for first, both in zip(before, total, strict=True))
            yield operator.describe(), f"SAME padding of {rows} rows and {columns} columns"


def _total_padding(params: Convolution) -> Iterator[int]:
    """Rows and columns of padding, on both sides together."""
    steps = ((1, params.stride_h, params.dilation_h_factor), (2, params.stride_w, params.dilation_w_factor))
    for axis, stride, dilation in steps:
        filter_size = (params.weights_shape[axis] - 1) * dilation + 1
        yield max(0, (params.output_shape[axis] - 1) * stride + filter_size - params.input_shape[axis])


def _odd_channels(view: View) -> Iterator[Place]:
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
            yield subject.operator.describe(), f"the number of {what}, {depth}, is not a multiple of {width}"


def _odd_sizes(view: View) -> Iterator[Place]:
    written = {index for operator in view.graph.operators for index in operator.outputs}
    for index in sorted(written.union(view.graph.inputs) - {NO_TENSOR}):
        tensor = view.graph.tensors[index]
        size = int(np.prod(tensor.shape, dtype=np.int64)) * ELEMENT_BYTES.get(tensor.type, 0)
        if size % _ALIGNMENT:
            yield _tensor(tensor), f"{size} bytes, not a multiple of {_ALIGNMENT}"


def _tensor(tensor: GraphTensor) -> str:
    """Number and name; of a long name the end, which is what tells tensors apart."""
    name = tensor.name if len(tensor.name) <= _NAME_LENGTH else f"…{tensor.name[1 - _NAME_LENGTH :]}"
    return f"tensor {tensor.index} {name!r}"


def _at(layer: Layer) -> str:
    return layer.operator.describe()


def _channels(found: npt.NDArray[np.intp], layer: Layer) -> str:
    """How many of how many channels, and which, as far as they fit into a line."""
    named = ", ".join(str(channel) for channel in found[:8])
    more = ", ..." if found.size > 8 else ""
    return f"{found.size} of {len(layer.weights)} channels ({named}{more})"


def _convolutions(view: View) -> Iterator[tuple[GraphOperator, Convolution]]:
    for subject in view.subjects:
        if isinstance(subject.params, Conv2dParams | DepthwiseConv2dParams):
            yield subject.operator, subject.params


def _muls(view: View) -> Iterator[tuple[GraphOperator, MulParams]]:
    for subject in view.subjects:
        if isinstance(subject.params, MulParams):
            yield subject.operator, subject.params


CHECKS: tuple[Check, ...] = (
    Check(
        "odd-metadata",
        "warning",
        _odd_metadata,
        "TensorFlow Lite Micro and this project run the model; LiteRT and other strict readers refuse it",
    ),
    Check(
        "unused-input",
        "warning",
        _unused_inputs,
        "the answer does not depend on it: was the right graph exported?",
    ),
    Check(
        "unused-operator",
        "warning",
        _unused_operators,
        "it takes time and arena for nothing",
    ),
    Check(
        "activation",
        "warning",
        _activations_that_are_no_clamp,
        "TensorFlow Lite Micro leaves it out, backends here refuse to run it: make it an operator of its own",
    ),
    Check(
        "accumulator-overflow",
        "warning",
        _overflowing_accumulators,
        "it wraps here as in TensorFlow Lite Micro; kernels that saturate or sum in vectors may answer otherwise. "
        "Look at the bias and at the output's scale",
    ),
    Check(
        "flushed-multiplier",
        "warning",
        _flushed_multipliers,
        "a factor below 2**-32 becomes 0 in TensorFlow Lite Micro too: the output is its zero point, whatever comes in",
    ),
    Check(
        "stuck-channel",
        "warning",
        _stuck_channels,
        "bias, clamp and scales leave but one value: the channel says nothing",
    ),
    Check(
        "few-values",
        "warning",
        _few_values,
        "the output's scale is coarser than it need be, which gives precision away: "
        "was the representative data set representative?",
    ),
    Check(
        "dead-channel",
        "warning",
        _dead_channels,
        "they answer their bias, whatever comes in: they can be pruned",
    ),
    Check(
        "large-multiplier",
        "warning",
        _large_multipliers,
        "the output is finer than the sums it is made of; kernels that only shift to the right cannot do it",
    ),
    Check(
        "wide-scales",
        "warning",
        _wide_scales,
        "the channels of small scale are as good as dead; converters that want one scale for all lose them",
    ),
    Check(
        "many-classes",
        "warning",
        _many_classes,
        "TensorFlow Lite Micro stops the program by an assertion where all classes are nearly equal",
    ),
    Check(
        "known-fault",
        "warning",
        _known_faults,
        "a kernel of the device does not compute what the model says",
    ),
    Check(
        "dilation",
        "warning",
        _dilated,
        "ESP-NN's convolutions ignore it: wrong on a device built with them",
    ),
    Check(
        "asymmetric-padding",
        "warning",
        _asymmetric_padding,
        "ESP-NN on the ESP32-S3 can get the last row or column wrong (espressif/esp-nn issue 31)",
    ),
    Check(
        "older-firmware",
        "hint",
        _older_firmware,
        "firmware built with TensorFlow Lite Micro from before August 2026 may answer differently by 1 there",
    ),
    Check(
        "unused-tensor",
        "hint",
        _unused_tensors,
        "what it holds takes its bytes of the file, and of flash",
    ),
    Check(
        "odd-channels",
        "hint",
        _odd_channels,
        "vector kernels (ESP-NN, CMSIS-NN) copy, pad or fall back to slower code: multiples of 16 are best, then 8, 4",
    ),
    Check(
        "odd-size",
        "hint",
        _odd_sizes,
        "each fills up to 16 bytes in the arena, and vector kernels finish its end in slower code",
    ),
)
