"""Faults of ESP-NN's other kernels, by their names: where one call, or one image of it, meets them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ember_esp.tables import p4_hard_swish_differs, s3_mul_tail_differs

if TYPE_CHECKING:
    from ember_esp.placement import Spot
    from ember_esp.routes import Route
    from ember_esp.target import Target
    from ember_infer_core import (
        ElementwiseAddParams,
        FullyConnectedParams,
        LookupParams,
        MulParams,
        PoolParams,
        SoftmaxParams,
    )

__all__ = ["add", "avg_pool", "fully_connected", "hard_swish", "max_pool", "mul", "softmax"]

_MOST_ALIKE = 511  # classes whose exponentials a softmax can sum: of more it shifts by more bits than there are
_LANES = 8
_ADDED_BY_VECTORS = 12
_MOST_TAPS = 256  # of -128 that a sum of 16 bits holds


def fully_connected(target: Target, params: FullyConnectedParams, route: Route, spot: Spot) -> Iterator[str]:
    """Upstream issue 34: eight taps and more are read from an address rounded down."""
    if _on_s3(target, route) and params.weights_shape[1] >= _LANES and not spot.inputs_start_at(8):
        yield "misaligned-input"


def max_pool(target: Target, params: PoolParams, route: Route, spot: Spot) -> Iterator[str]:
    """Of MAX_POOL_2D."""
    if not _on_s3(target, route):
        return
    channels = params.input_shape[3]
    if channels % 4:
        yield "max-pool"
        return
    if channels % 8 and params.activation_min > -128:
        yield "max-pool-clamp"
    yield from _pool_alignment(channels, spot)


def avg_pool(target: Target, params: PoolParams, route: Route, spot: Spot) -> Iterator[str]:
    """Of AVERAGE_POOL_2D."""
    if not _on_s3(target, route):
        return
    _, height, width, channels = params.input_shape
    if channels % 4:
        if min(params.filter_height, height) * min(params.filter_width, width) > _MOST_TAPS:
            yield "avg-pool"
        return
    if params.output_shape[1] > 1 and params.output_shape[1] != params.output_shape[2]:
        yield "avg-pool-rows"
    yield from _pool_alignment(channels, spot)


def _pool_alignment(channels: int, spot: Spot) -> Iterator[str]:
    if channels % 8:
        if not spot.inputs_start_at(4):
            yield "misaligned-input"
        return
    if not spot.inputs_start_at(8):
        yield "misaligned-input"
    if not spot.output_starts_at(8):
        yield "misaligned-output"


def add(target: Target, params: ElementwiseAddParams, route: Route, spot: Spot) -> Iterator[str]:
    """Of ADD, whose kernel sees to misaligned inputs itself."""
    vectors = math.prod(params.output_shape) >= _ADDED_BY_VECTORS and spot.inputs_start_at(16)
    if _on_s3(target, route) and vectors and not spot.output_starts_at(8):
        yield "misaligned-output"


def mul(target: Target, params: MulParams, route: Route, spot: Spot) -> Iterator[str]:
    """Of MUL element by element; that over channels has no known fault."""
    if not _on_s3(target, route) or math.prod(params.input1_shape) != math.prod(params.input2_shape):
        return
    size = math.prod(params.output_shape)
    vectors = size >= _LANES and spot.inputs_start_at(16)
    if vectors and not spot.output_starts_at(8):
        yield "misaligned-output"
    if (size % _LANES or not vectors) and s3_mul_tail_differs(params, after_vectors=vectors):
        yield "mul-tail"


def softmax(target: Target, params: SoftmaxParams, route: Route, spot: Spot) -> Iterator[str]:
    """Of SOFTMAX; of many classes in the ANSI C kernel, too."""
    classes = params.input_shape[-1]
    several = math.prod(params.input_shape[:-1]) > 1
    misaligned = not spot.inputs_start_at(16) or (several and classes % 16 != 0)
    if _on_s3(target, route) and classes >= 32 and misaligned:
        yield "softmax-rows"
    if classes > _MOST_ALIKE:
        yield "softmax-flat"


def hard_swish(target: Target, params: LookupParams, route: Route, spot: Spot) -> Iterator[str]:
    """Of HARD_SWISH."""
    if target.chip == "esp32p4" and route.kernel == "chip" and p4_hard_swish_differs(params):
        yield "p4-hard-swish"


def _on_s3(target: Target, route: Route) -> bool:
    return target.chip == "esp32s3" and route.kernel == "chip"
