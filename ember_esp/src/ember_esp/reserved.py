"""Bytes of scratch that a driver reserves for one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_esp.geometry import Geometry
from ember_esp.routes import route
from ember_esp.scratch import FORMULAS, ScratchFormulas
from ember_esp.touched import conv2d_touches, depthwise_conv2d_touches
from ember_infer_core import Conv2dParams, DepthwiseConv2dParams, SoftmaxParams
from ember_infer_core.ops.hard_swish import HardSwishParams
from ember_infer_core.ops.logistic import LogisticParams

if TYPE_CHECKING:
    from ember_esp.target import Target
    from ember_infer_core import OperatorParams

    Convolution = Conv2dParams | DepthwiseConv2dParams

__all__ = ["asked_by", "formulas_of", "guessed_by_rust", "needed_under_tflm", "touched_by"]

_NONE = ScratchFormulas(lambda g: 0, lambda g: 0, lambda classes: 0)


def formulas_of(target: Target, version: str, method: str) -> ScratchFormulas:
    """Those of the kernels that the driver chose when it was built: ANSI C kernels ask for nothing."""
    portable = target.driver == "rust" and not target.has_vector_kernels
    return _NONE if portable or target.forces_ansi(method) else FORMULAS[target.chip, version]


def asked_by(target: Target, version: str, params: Convolution) -> int:
    """What ESP-NN asks for, given the model's strides and paddings."""
    return _asked(target, version, params, Geometry.of(params))


def guessed_by_rust(target: Target, version: str, params: Convolution) -> int:
    """What the kernel is asked about: strides and paddings as the Rust backend guesses them from the shapes."""
    g = Geometry.inferred(params.input_shape, params.weights_shape, params.output_shape)
    return _asked(target, version, params, g)


def needed_under_tflm(target: Target, version: str, params: OperatorParams) -> int:
    """What TFLM's port reserves, which is what ESP-NN asks for; where its kernel touches more, that."""
    formulas = FORMULAS[target.chip, version]
    if isinstance(params, Conv2dParams | DepthwiseConv2dParams):
        return max(asked_by(target, version, params), touched_by(target, params))
    if isinstance(params, SoftmaxParams) and params.dtype == params.output_dtype == "int8":
        return formulas.softmax(params.input_shape[-1])
    if isinstance(params, HardSwishParams) and params.input_dtype == "int8":
        return formulas.hard_swish
    if isinstance(params, LogisticParams) and params.input_dtype == "int8":
        return formulas.logistic
    return 0


def touched_by(target: Target, params: Convolution) -> int:
    """What the kernel of a convolution writes to; nothing if that is not the chip's own."""
    depthwise = isinstance(params, DepthwiseConv2dParams)
    if route(target, "depthwise_conv2d" if depthwise else "conv2d", params).kernel != "chip":
        return 0
    if isinstance(params, DepthwiseConv2dParams):
        return depthwise_conv2d_touches(target.chip, Geometry.of(params))
    if params.groups > 1 and (target.chip == "esp32s3" or Geometry.of(params).is_direct):
        return 0  # these kernels leave grouped convolutions to the ANSI C one
    return conv2d_touches(target.chip, Geometry.of(params))


def _asked(target: Target, version: str, params: Convolution, g: Geometry) -> int:
    if isinstance(params, DepthwiseConv2dParams):
        return formulas_of(target, version, "depthwise_conv2d").depthwise_conv2d(g)
    return formulas_of(target, version, "conv2d").conv2d(g)
