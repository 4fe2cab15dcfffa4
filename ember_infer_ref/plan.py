"""What all kernels begin with: checks, and preparation of what is computed once and kept in the parameters' cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from ember_infer_core.errors import UnsupportedActivation
from ember_infer_core.ops.common import FusedActivation, OperatorParams, check_buffers

if TYPE_CHECKING:
    from ember_infer_core.ops.add import ElementwiseAddParams
    from ember_infer_core.ops.conv2d import Conv2dParams
    from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
    from ember_infer_core.ops.fully_connected import FullyConnectedParams
    from ember_infer_core.ops.mul import MulParams
    from ember_infer_core.ops.pool import PoolParams

    Activated: TypeAlias = (
        Conv2dParams | DepthwiseConv2dParams | FullyConnectedParams | PoolParams | ElementwiseAddParams | MulParams
    )

__all__ = ["Step", "check_activation", "in_turn", "run_prepared"]

Step: TypeAlias = Callable[[], None]
Params = TypeVar("Params", bound=OperatorParams)

_CLAMPS = (FusedActivation.NONE, FusedActivation.RELU, FusedActivation.RELU_N1_TO_1, FusedActivation.RELU6)


def check_activation(params: Activated) -> None:
    """Checks that ``activation_min`` and ``activation_max`` are all there is to the fused activation.

    Raises:
        UnsupportedActivation: for one that is no clamp.
    """
    if params.fused_activation not in _CLAMPS:
        name = params.fused_activation.name
        raise UnsupportedActivation(f"{type(params).__name__}: the fused activation {name} is not a clamp")


def run_prepared(params: Params, key: str, prepare: Callable[[Params], Step]) -> None:
    """Runs the operator: with the step kept in ``params.cache`` under ``key``, or one prepared for this call alone.

    Args:
        params: with buffers bound.
        key: says which kernel prepared the step, and in what variant.
        prepare: makes the step: everything bound, nothing written to the output.

    Raises:
        InvalidShape: a buffer is not what the parameters say; nothing was written.
    """
    cache = params.cache
    step: Step | None = None if cache is None else cache.get(key)
    if step is None:
        check_buffers(params)
        step = prepare(params)
        if cache is not None:
            cache[key] = step
    step()


def in_turn(first: Step, second: Step) -> Step:
    """The step that takes two steps, one after the other."""

    def run() -> None:
        first()
        second()

    return run
