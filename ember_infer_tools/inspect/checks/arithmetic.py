"""Checks of the numbers: weights, sums, multipliers, and the outputs that they can reach."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ember_infer_core.ops.mul import MulParams
from ember_infer_macros.tflite.graph import GraphOperator
from ember_infer_tools.inspect.checks.view import Layer, Place, View

__all__ = [
    "constant_layers",
    "dead_channels",
    "few_values",
    "flushed_multipliers",
    "large_multipliers",
    "overflowing_accumulators",
    "stuck_channels",
]

# Of the 256 an int8 has.
_FEW_VALUES = 64


def overflowing_accumulators(view: View) -> Iterator[Place]:
    """Channels whose sums can leave int32 for some input."""
    for layer in view.layers:
        beyond = np.flatnonzero(layer.overflows)
        if beyond.size:
            farthest = np.maximum(-layer.low, layer.high)[beyond]
            channel = int(beyond[farthest.argmax()])
            shift = max(int(layer.params.output_shift[channel]), 0)
            shifted = f", shifted left by {shift}" if shift else ""
            sums = f"{layer.low[channel]} .. {layer.high[channel]}"
            which = _channels(beyond, layer)
            yield layer.operator, f"{which} can leave int32: the sums of channel {channel} span {sums}{shifted}"


def dead_channels(view: View) -> Iterator[Place]:
    """Channels without a weight that is not zero."""
    for layer in view.layers:
        dead = np.flatnonzero(~layer.weights.any(axis=1))
        if dead.size:
            yield layer.operator, f"{_channels(dead, layer)} with nothing but zero weights"


def flushed_multipliers(view: View) -> Iterator[Place]:
    """Multipliers so small that fixed point has nothing but 0 for them."""
    for layer in view.layers:
        flushed = np.flatnonzero(layer.params.output_multiplier == 0)
        if flushed.size:
            yield layer.operator, f"{_channels(flushed, layer)} with an output multiplier of 0"
    for operator, params in _muls(view):
        if params.output_multiplier == 0:
            yield operator, "an output multiplier of 0"


def stuck_channels(view: View) -> Iterator[Place]:
    """Some channels of a layer that give one value for every input, though neither weights nor multiplier are 0."""
    for layer in view.layers:
        stuck = _stuck(layer)
        if 0 < stuck.size < len(layer.weights):
            value = layer.outputs[0][stuck[0]]
            yield layer.operator, f"{_channels(stuck, layer)} that no input moves (channel {stuck[0]}: {value})"


def constant_layers(view: View) -> Iterator[Place]:
    """Layers all of whose channels are such ones."""
    for layer in view.layers:
        if _stuck(layer).size == len(layer.weights):
            yield layer.operator, f"no input moves any of its {len(layer.weights)} channels"


def _stuck(layer: Layer) -> npt.NDArray[np.intp]:
    low, high = layer.outputs
    alive = layer.weights.any(axis=1) & (layer.params.output_multiplier != 0) & ~layer.overflows
    return np.flatnonzero((low == high) & alive)


def few_values(view: View) -> Iterator[Place]:
    """Layers whose outputs reach a small part of int8."""
    for layer in view.layers:
        low, high = layer.outputs
        least, greatest = int(low.min()), int(high.max())
        if not layer.overflows.any() and least < greatest and greatest - least < _FEW_VALUES:
            yield layer.operator, f"no input takes the output outside {least} .. {greatest}"


def large_multipliers(view: View) -> Iterator[Place]:
    """Multipliers that shift sums to the left."""
    for layer in view.layers:
        large = np.flatnonzero(layer.params.output_shift > 0)
        if large.size:
            yield layer.operator, f"{_channels(large, layer)} with an output multiplier of 1 or more"
    for operator, params in _muls(view):
        if params.output_shift > 0:
            yield operator, "an output multiplier of 1 or more"


def _channels(found: npt.NDArray[np.intp], layer: Layer) -> str:
    """How many of how many channels, and which, as far as they fit into a line."""
    named = ", ".join(str(channel) for channel in found[:8])
    more = ", ..." if found.size > 8 else ""
    return f"{found.size} of {len(layer.weights)} channels ({named}{more})"


def _muls(view: View) -> Iterator[tuple[GraphOperator, MulParams]]:
    for subject in view.subjects:
        if isinstance(subject.params, MulParams):
            yield subject.operator, subject.params
