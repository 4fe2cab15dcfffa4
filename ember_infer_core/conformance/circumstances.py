"""What all wrong calls have in common, and no right one: attributes that several operators know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from ember_infer_core.activation import FusedActivation
from ember_infer_core.conformance.ops.windows import kernel_of, padding_total
from ember_infer_core.slots import Role, slots

__all__ = ["circumstances"]

Params: TypeAlias = Any

_ENOUGH = 5  # right calls that tell

# By what a report says: the attribute that a call must have for it, and whether it holds of a call.
_CIRCUMSTANCES: Mapping[str, tuple[str, Callable[[Params], bool]]] = {
    "an odd total of SAME padding": ("pad_h", lambda p: any(total % 2 for total in padding_total(p))),
    "padding": ("pad_h", lambda p: any(padding_total(p))),
    "a dilation other than 1": ("dilation_h_factor", lambda p: p.dilation_h_factor > 1 or p.dilation_w_factor > 1),
    "a stride other than 1": ("stride_h", lambda p: p.stride_h > 1 or p.stride_w > 1),
    "strides that differ": ("stride_h", lambda p: p.stride_h != p.stride_w),
    "groups": ("groups", lambda p: p.groups > 1),
    "a depth multiplier above 1": ("depth_multiplier", lambda p: p.depth_multiplier > 1),
    "more than one image": ("pad_h", lambda p: p.input_shape[0] > 1),
    "an input smaller than the kernel": ("pad_h", lambda p: any(np.less(p.input_shape[1:3], kernel_of(p)))),
    "channels that are no multiple of 4": ("pad_h", lambda p: p.input_shape[3] % 4 != 0),
    "channels that are a multiple of 8": ("pad_h", lambda p: p.input_shape[3] % 8 == 0),
    "output channels that are no multiple of 4": ("weights", lambda p: p.output_shape[-1] % 4 != 0),
    "output_depth 2": ("weights_offset", lambda p: p.weights_shape[0] == 2),
    "weights with a zero point": ("weights_offset", lambda p: p.weights_offset != 0),
    "no bias": ("bias", lambda p: p.bias is None),
    "a bias": ("bias", lambda p: p.bias is not None),
    "a multiplier that vanishes": ("output_multiplier", lambda p: not np.all(p.output_multiplier)),
    "a left shift": ("output_shift", lambda p: bool(np.any(np.asarray(p.output_shift) > 0))),
    "shapes that are broadcast": ("input1_shape", lambda p: p.input1_shape != p.input2_shape),
    "a fused activation": ("fused_activation", lambda p: p.fused_activation is not FusedActivation.NONE),
}


def _of_type(name: str) -> Callable[[Params], bool]:
    return lambda p: any(slot.role is Role.INPUT and slot.dtype == name for slot in slots(p))


_TYPES: Mapping[str, Callable[[Params], bool]] = {
    f"an input of type {name}": _of_type(name) for name in ("int8", "int16", "int32", "float32", "uint8", "bool")
}


def circumstances(wrong: Sequence[Params], right: Sequence[Params]) -> list[str]:
    """What all wrong calls have and no right one has, if enough right ones have been seen to say so."""
    if not wrong or len(right) < _ENOUGH:
        return []
    tried = {name: holds for name, (attribute, holds) in _CIRCUMSTANCES.items() if hasattr(wrong[0], attribute)}
    return [
        name for name, holds in {**tried, **_TYPES}.items() if all(map(holds, wrong)) and not any(map(holds, right))
    ]
