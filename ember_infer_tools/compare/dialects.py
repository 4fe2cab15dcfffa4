"""Which rounding explains what a layer gave: the dialects of convolutions and fully connected layers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from ember_infer_core.fixed_point import wrap_int32
from ember_infer_core.ops.conv2d import Conv2dParams
from ember_infer_core.program import Call, Program
from ember_infer_core.slots import AnyArray
from ember_infer_ref import RefBackend
from ember_infer_ref.requantize import Rounding
from ember_infer_tools.one_layer import OneLayer

__all__ = ["NO_NUDGE", "Dialects"]

NO_NUDGE = "no-nudge"
# In this order reports name those that give the same: TFLM, LiteRT, builds with TFLITE_SINGLE_ROUNDING.
_ROUNDINGS: tuple[Rounding, ...] = ("double", "float", "single")
_SCALED = frozenset({"conv2d", "depthwise_conv2d", "fully_connected"})
_AT_ONCE = 8  # output positions that ESP-NN's kernel computes together; the rest goes another way

Layer: TypeAlias = Callable[[Mapping[int, AnyArray]], AnyArray]


class Dialects:
    """One layer in every dialect that it can be computed in; none where the operator has none that is known."""

    def __init__(self, program: Program, call: Call) -> None:
        self._layers: dict[str, Layer] = {}
        if call.method in _SCALED:
            self._layers = {name: _only_output(OneLayer(RefBackend(name), program, call), call) for name in _ROUNDINGS}
            if isinstance(call.params, Conv2dParams) and _is_esp_pointwise(call.params):
                self._layers[NO_NUDGE] = functools.partial(_no_nudge, program, call, self._layers["double"])

    def outputs(self, inputs: Mapping[int, AnyArray]) -> dict[str, AnyArray]:
        """What each dialect gives for these input tensors."""
        return {name: layer(inputs) for name, layer in self._layers.items()}


def _only_output(layer: OneLayer, call: Call) -> Layer:
    return lambda tensors: layer.run(tensors)[call.operands["output"]]


def _is_esp_pointwise(params: Conv2dParams) -> bool:
    """Whether ESP-NN's 1x1 kernel for the ESP32-S3 takes this convolution."""
    return (
        params.weights_shape[1:3] == (1, 1)
        and (params.stride_h, params.stride_w, params.pad_h, params.pad_w, params.groups) == (1, 1, 0, 0, 1)
        and params.input_shape[3] % 8 == 0
    )


def _no_nudge(program: Program, call: Call, exact: Layer, inputs: Mapping[int, AnyArray]) -> AnyArray:
    """ESP-NN built with SKIP_NUDGE: the first of TFLM's two roundings is a floor, but for the last few positions."""
    params = call.params
    assert isinstance(params, Conv2dParams)
    source = call.operands["input"]
    _, height, width, depth = params.input_shape
    rows = inputs[program.storage(source)].reshape(-1, height * width, depth).astype(np.float64) + params.input_offset
    weights = program.tensors[call.operands["weights"]].data
    assert weights is not None
    sums = (rows @ weights.reshape(-1, depth).T.astype(np.float64)).astype(np.int64)  # float64 holds them exactly
    if "bias" in call.operands:
        bias = program.tensors[call.operands["bias"]].data
        assert bias is not None
        sums += bias.astype(np.int64)
    left, right = np.maximum(params.output_shift, 0), np.maximum(-params.output_shift, 0).astype(np.int64)
    high = (wrap_int32(wrap_int32(sums) << left) * params.output_multiplier.astype(np.int64)) >> 31
    half = (np.int64(1) << right) >> 1
    rounded = np.where(right > 0, (high + half - (high < 0)) >> right, high) + params.output_offset
    floored = np.clip(rounded, params.activation_min, params.activation_max).astype(np.int8)
    result = exact(inputs).copy()
    together = height * width // _AT_ONCE * _AT_ONCE
    result.reshape(floored.shape)[:, :together] = floored[:, :together]
    return result
