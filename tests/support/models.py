"""Hypothesis strategies for whole INT8 models: real ``.tflite`` bytes with every attribute varied.

Hypothesis draws shapes, attributes and quantisation, which it can shrink; tensor contents come from a NumPy generator
with a drawn seed, because thousands of single draws would be slow and would not shrink to anything more telling.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from ember_infer_tools.tflite_writer import ModelWriter
from tests.support.contents import random_batches
from tests.support.drawn_types import requantize, through_other_type
from tests.support.lookup_models import FUNCTIONS
from tests.support.movement_models import MOVEMENT_OPERATORS
from tests.support.pair_draws import PAIRS
from tests.support.product_models import batch_matmul, resize_bilinear, transpose_conv
from tests.support.row_models import ROWS
from tests.support.windows import Window, WindowAxis

Shape = tuple[int, ...]
T = TypeVar("T")

CLAMPS = ("NONE", "NONE", "RELU", "RELU6", "RELU_N1_TO_1")
INT32 = np.iinfo(np.int32)
LARGEST_BROADCAST = 1 << 17


@dataclass(frozen=True, slots=True)
class Activation:
    """A tensor of the model under construction."""

    index: int
    shape: Shape
    scale: float
    zero_point: int


@dataclass(frozen=True, slots=True)
class Case:
    """A model and what it takes to run it."""

    model: bytes
    input_shapes: tuple[Shape, ...]
    output_shapes: tuple[Shape, ...]
    listing: tuple[str, ...]
    seed: int

    def batches(self) -> list[list[npt.NDArray[np.int8]]]:
        """Inputs for a handful of inferences: random, extreme, and close to the middle."""
        return random_batches(self.model, self.seed)

    def __repr__(self) -> str:
        return "\n".join((f"Case of {len(self.model)} bytes, seed {self.seed}:", *self.listing))


class ModelDrawer:
    """Draws one model, operator by operator; an operator's method draws its attributes and returns its output.

    One model in ``extreme_share`` has scales of many magnitudes, from 1e-9 to 1e6.
    """

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any], extreme_share: int) -> None:
        self._draw = draw
        self.writer = ModelWriter()
        self.seed: int = draw(st.integers(0, 2**32 - 1))
        self._random = np.random.default_rng(self.seed)
        self.extreme = self.integer(1, extreme_share) == extreme_share
        self.inputs: list[Activation] = []
        self.listing: list[str] = []

    # Draws

    def one_of(self, choices: Sequence[T]) -> T:
        return choices[self.integer(0, len(choices) - 1)]  # st.sampled_from checks each list anew

    def integer(self, low: int, high: int) -> int:
        value: int = self._draw(st.integers(low, high))
        return value

    def flag(self) -> bool:
        return self.one_of((False, True))

    def scale(self) -> float:
        """A float32 scale: a power of two (whose products tie when rounded) or any other."""
        low, high = (-30, 20) if self.extreme else (-9, 1)
        return self._mantissa() * 2.0 ** self.integer(low, high)

    def _mantissa(self) -> float:
        return 1.0 if self.flag() else 1.0 + self.integer(0, 2**23 - 1) / 2**23

    def zero_point(self) -> int:
        return self.one_of((0, -128, 127, None)) or self.integer(-128, 127)

    def output_scale(self, natural: float) -> float:
        """Near what the operator's sums come to, so that outputs spread over int8; anything where ``extreme``."""
        if self.extreme and self.flag():
            return self.scale()
        scale = natural * self._mantissa() * 2.0 ** self.integer(-3, 2)
        return float(np.float32(min(max(scale, 1e-30), 1e30)))

    def shape4(self) -> Shape:
        return self.integer(1, 3), self.integer(1, 9), self.integer(1, 9), self.channels()

    def channels(self) -> int:
        """Mostly few; sometimes enough for long sums, in which a float32 would lose its last bits."""
        return self.integer(1, 8) if self.one_of((True,) * 7 + (False,)) else self.integer(9, 130)

    def clamp(self) -> str:
        return self.one_of(CLAMPS)

    # Tensors

    def activation(self, shape: Shape, scale: float | None = None, zero_point: int | None = None) -> Activation:
        scale = self.scale() if scale is None else scale
        zero_point = self.zero_point() if zero_point is None else zero_point
        name = f"t{len(self.listing)}"
        index = self.writer.tensor(name, shape, scale=scale, zero_point=zero_point)
        self.listing.append(f"  {index}: int8{list(shape)} scale {scale!r} zero point {zero_point}")
        return Activation(index, shape, scale, zero_point)

    def input(self, shape: Shape) -> Activation:
        activation = self.activation(shape)
        self.inputs.append(activation)
        return activation

    def constant(self, shape: Shape) -> Activation:
        """An int8 constant with one scale and a zero point."""
        scale, zero_point = self.scale(), self.zero_point()
        data = self._random.integers(-128, 128, shape, np.int8)
        index = self.writer.tensor(f"constant{len(self.listing)}", shape, scale=scale, zero_point=zero_point, data=data)
        self.listing.append(f"  {index}: constant int8{list(shape)} scale {scale!r} zero point {zero_point}")
        return Activation(index, shape, scale, zero_point)

    def weights(self, shape: Shape, channel_axis: int, zero_point: int = 0) -> tuple[int, list[float]]:
        """int8 weights with one scale or one for each output channel."""
        data = self._random.integers(-127, 128, shape, np.int8)
        if self.one_of((False, False, True)):
            data[:] = self.one_of((-128, -127, 0, 1, 127))
        name = f"weights{len(self.listing)}"
        base = self.scale()
        if self.flag():
            spread = 12.0 if self.extreme else 2.0
            scales = [
                float(np.float32(base * 2.0**exponent))
                for exponent in self._random.uniform(-spread, spread, shape[channel_axis])
            ]
            index = self.writer.tensor(name, shape, scales=scales, quantized_dimension=channel_axis, data=data)
        else:
            scales = [base]
            index = self.writer.tensor(name, shape, scale=base, zero_point=zero_point, data=data)
        self.listing.append(f"  {index}: weights int8{list(shape)} scales {scales!r} zero point {zero_point}")
        return index, scales

    def bias(self, channels: int, input_scale: float, weight_scales: Sequence[float]) -> int | None:
        limit = self.one_of((None, 200, 2**13, 2**16, 2**24, int(INT32.max)))
        if limit is None:
            return None
        data = self._random.integers(-limit - 1, limit, channels, np.int32, endpoint=True)
        if limit == INT32.max and self.flag():
            edges = [INT32.min, INT32.min + 1, INT32.max - 1, INT32.max]
            data = self._random.choice(np.array(edges, np.int32), channels)
        scales = [float(np.float32(input_scale * scale)) for scale in weight_scales]
        name = f"bias{len(self.listing)}"
        index = self.writer.tensor(name, (channels,), "int32", scales=scales, data=data)
        self.listing.append(f"  {index}: bias int32[{channels}] up to {limit}, scales {scales!r}")
        return index

    # Operators

    def conv2d(self, input: Activation) -> Activation:
        batch, height, width, channels = input.shape
        groups = self.one_of([n for n in range(1, channels + 1) if channels % n == 0])
        filters = groups * self.integer(1, max(1, self.channels() // groups))
        window = self._window(height, width)
        depth = channels // groups
        weights, scales = self.weights((filters, window.height, window.width, depth), 0)
        bias = self.bias(filters, input.scale, scales)
        taps = window.height * window.width * depth
        shape = (batch, window.output_height, window.output_width, filters)
        output = self.activation(shape, self.output_scale(self.natural_scale(input, scales, taps)))
        options = window.options() | window.dilations() | {"activation": self.clamp()}
        self.writer.conv2d(input.index, weights, bias, output.index, **options)
        return self.note(f"conv2d groups {groups} {options}", (input.index, weights, bias), output)

    def depthwise_conv2d(self, input: Activation) -> Activation:
        batch, height, width, channels = input.shape
        multiplier = self.integer(1, 4 if channels < 9 else 1)
        filters = channels * multiplier
        window = self._window(height, width)
        weights, scales = self.weights((1, window.height, window.width, filters), 3)
        bias = self.bias(filters, input.scale, scales)
        shape = (batch, window.output_height, window.output_width, filters)
        natural = self.natural_scale(input, scales, window.height * window.width)
        output = self.activation(shape, self.output_scale(natural))
        options = window.options() | window.dilations() | {"activation": self.clamp()}
        self.writer.depthwise_conv2d(input.index, weights, bias, output.index, depth_multiplier=multiplier, **options)
        return self.note(f"depthwise_conv2d multiplier {multiplier} {options}", (input.index, weights, bias), output)

    def fully_connected(self, input: Activation) -> Activation:
        keep_num_dims = self.flag()
        elements = math.prod(input.shape)
        depth = input.shape[-1]
        if not keep_num_dims:  # the weights alone say how the input falls into rows
            depth = self.one_of([n for n in {depth, elements} if n <= 4000] or [depth])
        units = self.channels()
        weights, scales = self.weights((units, depth), 0, zero_point=self.one_of((0, 0, 0, -128, 5, 127)))
        bias = self.bias(units, input.scale, scales)
        shape = (*input.shape[:-1], units) if keep_num_dims else (elements // depth, units)
        output = self.activation(shape, self.output_scale(self.natural_scale(input, scales, depth)))
        options: dict[str, Any] = {"keep_num_dims": keep_num_dims, "activation": self.clamp()}
        self.writer.fully_connected(input.index, weights, bias, output.index, **options)
        return self.note(f"fully_connected {options}", (input.index, weights, bias), output)

    def average_pool(self, input: Activation) -> Activation:
        return self._pool(input, "average_pool_2d", self.writer.average_pool_2d)

    def max_pool(self, input: Activation) -> Activation:
        return self._pool(input, "max_pool_2d", self.writer.max_pool_2d)

    def softmax(self, input: Activation) -> Activation:
        beta = self.one_of((1.0, 1.0, 0.5, 2.0, 10.0, 0.1, None)) or self._mantissa() * 2.0 ** self.integer(-20, 12)
        beta = float(np.float32(beta))
        output = self.activation(input.shape, 1.0 / 256.0, -128)
        self.writer.softmax(input.index, output.index, beta=beta)
        return self.note(f"softmax beta {beta!r}", (input.index,), output)

    def add(self, input: Activation, other: Activation | None = None) -> Activation:
        first, second = self.operands(input, other)
        shape = np.broadcast_shapes(first.shape, second.shape)
        output = self.activation(shape, self.output_scale(max(first.scale, second.scale)))
        activation = self.clamp()
        self.writer.add(first.index, second.index, output.index, activation=activation)
        return self.note(f"add {activation}", (first.index, second.index), output)

    def mul(self, input: Activation, other: Activation | None = None) -> Activation:
        first, second = self.operands(input, other)
        shape = np.broadcast_shapes(first.shape, second.shape)
        output = self.activation(shape, self.output_scale(64.0 * first.scale * second.scale))
        activation = self.clamp()
        self.writer.mul(first.index, second.index, output.index, activation=activation)
        return self.note(f"mul {activation}", (first.index, second.index), output)

    def reshape(self, input: Activation) -> Activation:
        shape = self._other_shape(math.prod(input.shape))
        target = list(shape)
        if self.flag():
            target[self.integer(0, len(target) - 1)] = -1
        output = self.activation(shape, input.scale, input.zero_point)
        how = self.one_of(("option", "tensor", "both"))
        tensor = None
        if how != "option":
            data = np.array(target, np.int32)
            tensor = self.writer.tensor(f"shape{len(self.listing)}", data.shape, "int32", data=data)
        new_shape = None if how == "tensor" else target
        self.writer.reshape(input.index, output.index, new_shape=new_shape, shape=tensor)
        return self.note(f"reshape to {target} by {how}", (input.index, tensor), output)

    # Parts of operators

    def natural_scale(self, input: Activation, weight_scales: Sequence[float], taps: int) -> float:
        return input.scale * float(np.median(weight_scales)) * 128.0 * math.sqrt(taps)

    def note(self, what: str, inputs: Sequence[int | None], output: Activation) -> Activation:
        self.listing.append(f"  {what}: {list(inputs)} -> {output.index}")
        return output

    def _window(self, height: int, width: int) -> Window:
        padding = self.one_of(("SAME", "VALID"))
        rows, columns = (self._window_axis(size, padding) for size in (height, width))
        return Window(padding, rows, columns)

    def _window_axis(self, size: int, padding: str, dilated: bool = True) -> WindowAxis:
        taps = self.integer(1, 5 if padding == "SAME" else min(5, size))
        dilation = (self.one_of((1, 2, 3, None)) or self.integer(4, 40)) if dilated else 1
        if padding == "VALID" and (taps - 1) * dilation + 1 > size:
            dilation = 1
        return WindowAxis(size, taps, self.integer(1, 3), dilation)

    def _pool(self, input: Activation, name: str, write: Callable[..., None]) -> Activation:
        batch, height, width, channels = input.shape
        padding = self.one_of(("SAME", "VALID"))
        rows, columns = (self._window_axis(size, padding, dilated=False) for size in (height, width))
        window = Window(padding, rows, columns)
        shape = (batch, window.output_height, window.output_width, channels)
        output = self.activation(shape, input.scale, input.zero_point)
        options = window.options() | {"activation": self.clamp()}
        write(input.index, output.index, filter_height=window.height, filter_width=window.width, **options)
        return self.note(f"{name} {window.height}x{window.width} {options}", (input.index,), output)

    def operands(self, input: Activation, other: Activation | None) -> tuple[Activation, Activation]:
        """Two tensors that broadcast to one shape, in either order: ``other``, or a new input, a constant, itself."""
        if other is None:
            kind = self.one_of(("input", "constant", "itself"))
            if kind == "itself":
                other = input
            else:
                shape = self._broadcastable(input.shape)
                other = self.input(shape) if kind == "input" else self.constant(shape)
        return (other, input) if self.flag() else (input, other)

    def _broadcastable(self, shape: Shape) -> Shape:
        if self.flag():
            return shape
        kept = tuple(size if self.one_of((True, True, False)) else 1 for size in shape)
        return kept[self.integer(0, len(kept) - 1) :]

    def _other_shape(self, elements: int) -> Shape:
        sizes = []
        for _ in range(self.integer(0, 3)):
            divisors = [n for n in range(1, elements + 1) if elements % n == 0]
            sizes.append(self.one_of(divisors))
            elements //= sizes[-1]
        return (*sizes, elements)

    def finish(self, outputs: Sequence[Activation]) -> Case:
        inputs, wanted = [t.index for t in self.inputs], [t.index for t in outputs]
        model = self.writer.finish(inputs, wanted, "random model of the tests")
        return Case(
            model,
            tuple(t.shape for t in self.inputs),
            tuple(t.shape for t in outputs),
            (*self.listing, f"  inputs {inputs}, outputs {wanted}"),
            self.seed,
        )


OPERATORS: dict[str, Callable[[ModelDrawer, Activation], Activation]] = {
    "conv2d": ModelDrawer.conv2d,
    "depthwise_conv2d": ModelDrawer.depthwise_conv2d,
    "fully_connected": ModelDrawer.fully_connected,
    "average_pool": ModelDrawer.average_pool,
    "max_pool": ModelDrawer.max_pool,
    "softmax": ModelDrawer.softmax,
    "add": ModelDrawer.add,
    "mul": ModelDrawer.mul,
    "reshape": ModelDrawer.reshape,
    "batch_matmul": batch_matmul,
    "resize_bilinear": resize_bilinear,
    "transpose_conv": transpose_conv,
    **MOVEMENT_OPERATORS,
}
# The fewest axes of an operator's input, where that is more than one.
LEAST_RANK = {
    "average_pool": 4,
    "batch_matmul": 2,
    "conv2d": 4,
    "depthwise_conv2d": 4,
    "max_pool": 4,
    "resize_bilinear": 4,
    "resize_nearest_neighbor": 4,
    "transpose_conv": 4,
}


@st.composite
def one_operator_models(draw: Callable[[st.SearchStrategy[Any]], Any], operator: str) -> Case:
    """Models of one operator, one in four with extreme scales."""
    drawer = ModelDrawer(draw, extreme_share=4)
    shape = drawer.shape4()
    shape = shape[drawer.integer(0, 4 - LEAST_RANK.get(operator, 1)) :]
    return drawer.finish([OPERATORS[operator](drawer, drawer.input(shape))])


@st.composite
def graph_models(draw: Callable[[st.SearchStrategy[Any]], Any], operators: int) -> Case:
    """Models of several operators: branches, residual sums, tensors read twice, several inputs and outputs.

    Every tensor that nothing reads is an output, and sometimes one that is read as well.
    """
    drawer = ModelDrawer(draw, extreme_share=12)  # the longer a model, the likelier that TFLM refuses a part
    activations = [drawer.input(drawer.shape4()) for _ in range(drawer.integer(1, 2))]
    produced: list[Activation] = []
    read: set[int] = set()
    for _ in range(operators):
        input = activations[-1] if drawer.one_of((True, True, False)) else drawer.one_of(activations)
        kinds = [kind for kind in OPERATORS if LEAST_RANK.get(kind, 1) <= len(input.shape)]
        kind = drawer.one_of([*kinds, "function", "pair", "quantize", *(["rows"] if input.shape else [])])
        partners = [other for other in activations if _broadcast(input.shape, other.shape)]
        if kind in ("add", "mul") and drawer.flag():
            other = drawer.one_of(partners)
            read.add(other.index)
            output = (drawer.add if kind == "add" else drawer.mul)(input, other)
        elif kind == "quantize":
            output = drawer.one_of((requantize, through_other_type))(drawer, input)
        elif kind == "pair":
            partner = drawer.one_of((None, *partners))
            read.update([] if partner is None else [partner.index])
            output = drawer.one_of(list(PAIRS.values()))(drawer, input, partner)
        elif kind in ("function", "rows"):
            output = drawer.one_of(list((FUNCTIONS if kind == "function" else ROWS).values()))(drawer, input)
        else:
            output = OPERATORS[kind](drawer, input)
        read.add(input.index)
        activations.append(output)
        produced.append(output)
    return drawer.finish([t for t in produced if t.index not in read or drawer.one_of((False, False, False, True))])


def _broadcast(first: Shape, second: Shape) -> bool:
    """Whether the shapes broadcast, to something that is not too large for a test."""
    try:
        return math.prod(np.broadcast_shapes(first, second)) <= LARGEST_BROADCAST
    except ValueError:
        return False
