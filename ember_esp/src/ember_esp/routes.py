"""Which kernel a driver calls: the chip's own, ESP-NN's generic one, its ANSI C one, or TFLM's reference kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from ember_esp.placement import ARENA, Spot
from ember_infer_core import (
    Conv2dParams,
    DepthwiseConv2dParams,
    FullyConnectedParams,
    LookupParams,
    MeanParams,
    PoolParams,
)
from ember_infer_core.ops.pairs import PairParams
from ember_infer_core.slots import Role, slots

if TYPE_CHECKING:
    from ember_esp.target import Target
    from ember_infer_core import OperatorParams

__all__ = ["Route", "ansi_reason", "route"]

Kernel: TypeAlias = Literal["chip", "generic", "ansi", "reference"]

_RUST = frozenset({"add", "avg_pool", "conv2d", "depthwise_conv2d", "fully_connected", "max_pool", "mul", "softmax"})
_TFLM = _RUST | {"hard_swish", "logistic", "mean", "relu6"}
_OPTIMISED_GENERIC = frozenset({"conv2d", "depthwise_conv2d", "softmax"})
_VECTOR_BYTES = 16


@dataclass(frozen=True, slots=True)
class Route:
    """Where a call goes, and why it does not go to the chip's own kernel."""

    kernel: Kernel
    reason: str = ""


_CHIP = Route("chip")
_REFERENCE = Route("reference", "ESP-NN has no kernel for it")


def route(target: Target, method: str, params: OperatorParams, spot: Spot = ARENA) -> Route:
    """Where one call goes, or one image of it.

    Args:
        target: the chip and its driver.
        method: of :class:`ember_infer_core.KernelBackend`.
        params: of the call; buffers need not be bound.
        spot: where its inputs and its output start.
    """
    of_int8 = all(slot.dtype == "int8" for slot in slots(params) if slot.role is not Role.CONSTANT)
    if not of_int8 or method not in (_RUST if target.driver == "rust" else _TFLM):
        return _REFERENCE
    return _by_rust(target, method, params, spot) if target.driver == "rust" else _by_tflm(target, method, params)


def ansi_reason(target: Target, method: str, params: OperatorParams) -> str | None:
    """Why a call, its buffers in an arena, runs on an ANSI C kernel; None if it does not."""
    found = route(target, method, params)
    return found.reason if found.kernel == "ansi" else None


def _by_rust(target: Target, method: str, params: OperatorParams, spot: Spot) -> Route:
    if not target.has_vector_kernels:
        return Route("ansi", "there are no others for this chip")
    if target.forces_ansi(method):
        return Route("ansi", "force_ansi")
    if target.chip != "esp32s3":
        return _CHIP
    if not spot.inputs_start_at(_VECTOR_BYTES):
        return Route("ansi", "an input is not 16-byte aligned")
    if isinstance(params, FullyConnectedParams):
        if params.weights_offset != 0:
            return Route("ansi", "the weights have a zero point")
        return Route("ansi", "rows of under 16 bytes") if params.weights_shape[1] < _VECTOR_BYTES else _CHIP
    if method == "max_pool" and isinstance(params, PoolParams) and (params.pad_h or params.pad_w):
        return Route("ansi", "padding")
    return _CHIP


def _by_tflm(target: Target, method: str, params: OperatorParams) -> Route:
    if isinstance(params, Conv2dParams | DepthwiseConv2dParams):
        if (params.dilation_h_factor, params.dilation_w_factor) != (1, 1):
            return Route("reference", "a dilation")
    elif isinstance(params, PairParams):
        if params.input1_shape != params.input2_shape:
            return Route("reference", "inputs of different shapes")
    elif isinstance(params, PoolParams):
        if params.input_shape[3] % 4:
            return Route("ansi", "channels not a multiple of 4")
    elif isinstance(params, MeanParams):
        if len(params.input_shape) != 4 or params.axes != (1, 2) or params.input_shape[0] != 1 or params.divisor == 1:
            return _REFERENCE
    elif method == "relu6" and isinstance(params, LookupParams) and not _is_plain_relu6(params):
        return _REFERENCE
    if target.has_vector_kernels:
        return Route("ansi", "there are no others for this operator") if method == "logistic" else _CHIP
    if method in _OPTIMISED_GENERIC:
        return Route("generic", "there are no kernels for this very chip")
    return Route("ansi", "there are no others for this chip")


def _is_plain_relu6(params: LookupParams) -> bool:
    """Whether it is what ESP-NN's kernel computes: a clamp of the bytes themselves to 0 and 6."""
    return params.table is not None and params.table.tolist() == [min(max(x, 0), 6) for x in range(-128, 128)]
