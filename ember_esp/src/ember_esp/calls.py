"""What a backend does with a program's calls: kernels made of others, parameters with more or other things in them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from ember_esp.effective_scales import with_float32_scales
from ember_infer_core import UnsupportedOperator
from ember_infer_core.slots import bind

if TYPE_CHECKING:
    from ember_infer_core import Call, OperatorParams, Program

__all__ = ["SCALED_PER_CHANNEL", "Kernel", "in_turn", "scale_problem", "with_constants", "with_other_params"]

Kernel: TypeAlias = Callable[[Any], None]

SCALED_PER_CHANNEL = ("conv2d", "depthwise_conv2d", "fully_connected")


def with_constants(program: Program, call: Call) -> OperatorParams:
    """A call's parameters with what the model's constants hold."""
    params = copy.copy(call.params)
    tensors = {slot: program.tensors[index] for slot, index in call.operands.items()}
    bind(params, {slot: tensor.data for slot, tensor in tensors.items() if tensor.data is not None})
    return params


def with_other_params(kernel: Kernel, bound: OperatorParams) -> Kernel:
    """The kernel on a call's parameters as they have been altered, whatever it is given."""
    return lambda _: kernel(bound)


def in_turn(exact: Kernel, overwrite: Callable[[], None]) -> Kernel:
    """The exact kernel, which checks the activation before it writes, and then what differs."""

    def kernel(params: OperatorParams) -> None:
        exact(params)
        overwrite()

    return kernel


def scale_problem(call: Call) -> str | None:
    """Why a call's effective scales cannot be computed in float32, if they cannot."""
    if call.method not in SCALED_PER_CHANNEL:
        return None
    params: Any = call.params
    try:
        with_float32_scales(params)
    except UnsupportedOperator as error:
        return f"{call.name} (operator {call.operator}, {call.method}): {error}"
    return None
