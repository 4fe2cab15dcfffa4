"""What mistake explains a wrong answer: the definition once more under each mistaken rule, compared element by element.

A mistake is the likelier the more of the calls seen it explains, wrong ones and right ones alike; one that explains all
of them is the mistake, as a rule. Next to mistakes stand circumstances: what all wrong calls have, and no right one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_core.activation import FusedActivation
from ember_infer_core.conformance.definition import (
    DEFINITIONS,
    Int64Array,
    Rounding,
    clamped,
    defined,
    requantized,
    sums,
    window_slices,
)
from ember_infer_core.fixed_point import saturating_rounding_doubling_high_mul, wrap_int32
from ember_infer_core.ops.common import Padding
from ember_infer_core.quantization import INT32_MAX, INT32_MIN, PerChannelQuantParam
from ember_infer_core.slots import Int8Array

__all__ = ["MISTAKES", "Seen", "Suspicion", "circumstances", "likely_mistakes", "places"]

Params: TypeAlias = Any
Rule: TypeAlias = Callable[[str, Params], Int8Array | None]
Change: TypeAlias = Callable[[Params], dict[str, Any] | None]

_FEW = 3  # mistakes that are named where none explains everything


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One call that was made: its parameters with the inputs bound, what it is to give, and what it gave."""

    params: Params
    expected: Int8Array
    got: Int8Array

    @property
    def wrong(self) -> bool:
        """Whether any element differs."""
        return not np.array_equal(self.expected, self.got)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A mistake that explains one wrong call, and how many of the others it explains."""

    name: str
    wrong: int
    right: int


def likely_mistakes(operator: str, call: Seen, others: Sequence[Seen]) -> list[Suspicion]:
    """The mistakes that give what this call gave: those that explain all other calls too, or else the best few."""
    found = []
    for name, rule in MISTAKES[operator].items():
        if _explains(rule, operator, call):
            explained = [one for one in others if _explains(rule, operator, one)]
            wrong = sum(one.wrong for one in explained)
            found.append(Suspicion(name, wrong, len(explained) - wrong))
    found.sort(key=lambda one: -(one.wrong + one.right))
    complete = [one for one in found if one.wrong + one.right == len(others)]
    return complete or found[:_FEW]


def _explains(rule: Rule, operator: str, one: Seen) -> bool:
    with np.errstate(all="ignore"):
        result = rule(operator, one.params)
    return np.array_equal(one.expected if result is None else result, one.got)


# Mistaken attributes: the definition of other parameters.


def _changed(change: Change) -> Rule:
    """The rule that takes the parameters for others; None where they are right."""

    def rule(operator: str, params: Params) -> Int8Array | None:
        changes = change(params)
        return None if changes is None else defined(operator, dataclasses.replace(params, **changes))

    return rule


def _constant(**changes: Any) -> Rule:
    """The rule that takes some attributes for constants."""
    return _changed(lambda params: changes)


def _total_padding(params: Params) -> tuple[int, int]:
    """Rows and columns that SAME padding adds in all."""
    kernel = _kernel(params)
    dilation = getattr(params, "dilation_h_factor", 1), getattr(params, "dilation_w_factor", 1)
    strides, outputs, sizes = (params.stride_h, params.stride_w), params.output_shape[1:3], params.input_shape[1:3]
    needed = (
        max(0, (output - 1) * stride + (taps - 1) * spread + 1 - size)
        for output, stride, taps, spread, size in zip(outputs, strides, kernel, dilation, sizes, strict=True)
    )
    rows, columns = needed
    return (rows, columns) if params.padding is Padding.SAME else (0, 0)


def _kernel(params: Params) -> tuple[int, int]:
    if hasattr(params, "weights_shape"):
        height, width = params.weights_shape[1:3]
        return height, width
    return params.filter_height, params.filter_width


def _larger_half_first(params: Params) -> dict[str, Any]:
    rows, columns = _total_padding(params)
    return {"pad_h": rows - rows // 2, "pad_w": columns - columns // 2}


def _unpadded(params: Params, image: Int8Array) -> Params:
    """The same window over an image that brings its padding along."""
    return dataclasses.replace(params, input=image, input_shape=image.shape, pad_h=0, pad_w=0, padding=Padding.VALID)


def _padded_with(value: Callable[[Params], int]) -> Rule:
    """Taps outside the image read a value that is not the input's zero point."""

    def rule(operator: str, params: Params) -> Int8Array | None:
        rows, columns = _total_padding(params)
        if not rows + columns:
            return None
        pads = [(0, 0), (params.pad_h, rows - params.pad_h), (params.pad_w, columns - params.pad_w), (0, 0)]
        return defined(operator, _unpadded(params, np.pad(params.input, pads, constant_values=value(params))))

    return rule


def _swapped(first: str, second: str) -> Change:
    def change(params: Params) -> dict[str, Any] | None:
        return {first: getattr(params, second), second: getattr(params, first)}

    return change


def _transposed_weights(params: Params) -> dict[str, Any] | None:
    height, width = _kernel(params)
    return {"weights": params.weights.swapaxes(1, 2)} if height == width else None


def _first_channel_s_scale(params: Params) -> dict[str, Any]:
    count = len(params.output_multiplier)
    return {
        "output_multiplier": np.repeat(params.output_multiplier[:1], count),
        "output_shift": np.repeat(params.output_shift[:1], count),
    }


def _depthwise_channels_modulo(params: Params) -> dict[str, Any] | None:
    """Output channel ``c`` computed from input channel ``c % C_in``: as if the input's channels were repeated whole."""
    repeats = params.depth_multiplier
    wide = np.tile(params.input, (1, 1, 1, repeats))
    return {"input": wide, "input_shape": wide.shape, "depth_multiplier": 1} if repeats > 1 else None


def _groups_of_first(params: Params) -> dict[str, Any] | None:
    depth = params.weights_shape[3]
    image = params.input[..., :depth]
    return {"input": image, "input_shape": image.shape} if params.groups > 1 else None


_NO_CLAMP = {"activation_min": -128, "activation_max": 127}
_WINDOW: Mapping[str, Rule] = {
    "an odd SAME padding has its larger half before the image instead of after it": _changed(_larger_half_first),
    "padding ignored: the window starts at the image's corner": _constant(pad_h=0, pad_w=0),
    "strides of rows and columns swapped": _changed(_swapped("stride_h", "stride_w")),
    "padding of rows and columns swapped": _changed(_swapped("pad_h", "pad_w")),
}
_CONVOLUTION: Mapping[str, Rule] = {
    **_WINDOW,
    "dilation ignored: as if it were 1": _constant(dilation_h_factor=1, dilation_w_factor=1),
    "dilations of rows and columns swapped": _changed(_swapped("dilation_h_factor", "dilation_w_factor")),
    "padding filled with 0 instead of the input's zero point": _padded_with(lambda params: 0),
    "padding filled with the input's offset instead of its zero point": _padded_with(
        lambda params: int(np.clip(params.input_offset, -128, 127))
    ),
    "rows and columns of the weights swapped": _changed(_transposed_weights),
}


# Mistaken arithmetic: the definition's sums, requantised by another rule.


def _rounded(rounding: Rounding) -> Rule:
    return lambda operator, params: defined(operator, params, rounding)


def _scaled_by(multiply: Callable[[Int64Array, Params], Int64Array]) -> Rule:
    """Another way from accumulators to values less the output's offset."""

    def rule(operator: str, params: Params) -> Int8Array:
        accumulators = wrap_int32(sums(params) + (0 if params.bias is None else params.bias))
        return clamped(params, multiply(accumulators, params) + params.output_offset)

    return rule


def _accumulated_by(keep: Callable[[Int64Array], Int64Array]) -> Rule:
    """Another way to keep accumulators."""

    def rule(operator: str, params: Params) -> Int8Array:
        accumulators = keep(sums(params) + (0 if params.bias is None else params.bias))
        return clamped(params, requantized(dataclasses.replace(params, bias=None), accumulators))

    return rule


def _high_mul(accumulators: Int64Array, params: Params) -> Int64Array:
    left = np.maximum(params.output_shift.astype(np.int64), 0)
    return saturating_rounding_doubling_high_mul(wrap_int32(accumulators << left), params.output_multiplier)


def _second_rounding_half_up(accumulators: Int64Array, params: Params) -> Int64Array:
    right = np.maximum(-params.output_shift.astype(np.int64), 0)
    half: Int64Array = (np.int64(1) << right) >> 1
    rounded: Int64Array = (_high_mul(accumulators, params) + half) >> right
    return rounded


def _floor(accumulators: Int64Array, params: Params) -> Int64Array:
    left = np.maximum(params.output_shift.astype(np.int64), 0)
    product = wrap_int32(accumulators << left) * params.output_multiplier.astype(np.int64)
    floored: Int64Array = product >> (31 + np.maximum(-params.output_shift.astype(np.int64), 0))
    return floored


def _real_product(accumulators: Int64Array, params: Params) -> npt.NDArray[np.float64]:
    product: npt.NDArray[np.float64] = accumulators * np.ldexp(
        params.output_multiplier.astype(np.float64), params.output_shift - 31
    )
    return product


def _float64_to_even(accumulators: Int64Array, params: Params) -> Int64Array:
    return np.rint(_real_product(accumulators, params)).astype(np.int64)


def _float64_away(accumulators: Int64Array, params: Params) -> Int64Array:
    product = _real_product(accumulators, params)
    return np.trunc(product + np.copysign(0.5, product)).astype(np.int64)


def _left_shift_ignored(accumulators: Int64Array, params: Params) -> Int64Array:
    right = dataclasses.replace(params, output_shift=np.minimum(params.output_shift, 0), bias=None, output_offset=0)
    return requantized(right, accumulators)


def _never_flushed(accumulators: Int64Array, params: Params) -> Int64Array:
    """Multipliers made from the scales, the vanishing ones too, with a shift count that a machine takes modulo 64."""
    quant = params.weights_quant
    weights = np.array(quant.scales if isinstance(quant, PerChannelQuantParam) else [quant.scale])
    mantissa, exponent = np.frexp(params.input_quant.scale * weights / params.output_quant.scale)
    multiplier, total = np.rint(mantissa * 2**31).astype(np.int64), 31 - exponent.astype(np.int64)
    count = total & 63
    half = np.where(count > 0, np.int64(1) << np.maximum(count - 1, 0), 0)
    right = requantized(dataclasses.replace(params, bias=None, output_offset=0), accumulators)
    return np.where(total > 62, wrap_int32((accumulators * multiplier + half) >> count), right)


def _wrapped(operator: str, params: Params) -> Int8Array:
    return _cut(DEFINITIONS[operator](params, "double"))


def _cut(values: Int64Array) -> Int8Array:
    """The low 8 bits."""
    return values.astype(np.int8)


def _wrapped_below(operator: str, params: Params) -> Int8Array:
    return _cut(np.minimum(DEFINITIONS[operator](params, "double"), params.activation_max))


def _wrapped_above(operator: str, params: Params) -> Int8Array:
    return _cut(np.maximum(DEFINITIONS[operator](params, "double"), params.activation_min))


def _esp_without_nudge(operator: str, params: Params) -> Int8Array | None:
    """ESP-NN for the ESP32-S3 built with SKIP_NUDGE: only some convolutions, and there only whole groups of pixels."""
    if _kernel(params) != (1, 1) or (params.stride_h, params.stride_w) != (1, 1) or params.input_shape[3] % 8:
        return None
    result = defined(operator, params)
    whole = params.input_shape[1] * params.input_shape[2] // 8 * 8
    channels = params.output_shape[3]
    for mixed, image in zip(result, defined(operator, params, "no-nudge"), strict=True):
        mixed.reshape(-1, channels)[:whole] = image.reshape(-1, channels)[:whole]
    return result


_CLAMP: Mapping[str, Rule] = {
    "the fused activation ignored: clamped to -128..127 alone": _constant(**_NO_CLAMP),
    "no lower clamp (at -128 or the activation's): values below it wrap": _wrapped_below,
    "no upper clamp (at 127 or the activation's): values above it wrap": _wrapped_above,
    "wraps to 8 bits instead of saturating": _wrapped,
}
_DIALECTS: Mapping[str, Rule] = {
    "rounding `single`: one rounding of the 64-bit product, instead of TFLM's two": _rounded("single"),
    "rounding `float`: a float32 product rounded half to even, as in XNNPACK": _rounded("float"),
    "rounding `no-nudge`: the first of TFLM's two roundings is a floor": _rounded("no-nudge"),
}
_SCALED: Mapping[str, Rule] = {
    **_DIALECTS,
    "ties of the second rounding go up instead of away from zero": _scaled_by(_second_rounding_half_up),
    "rounds down: no rounding at all": _scaled_by(_floor),
    "scaled in floating point and rounded half to even": _scaled_by(_float64_to_even),
    "scaled in floating point and rounded half away from zero": _scaled_by(_float64_away),
    **_CLAMP,
    "bias ignored": _constant(bias=None),
    "input_offset ignored": _constant(input_offset=0),
    "input_offset with the wrong sign": _changed(lambda params: {"input_offset": -params.input_offset}),
    "output_offset ignored": _constant(output_offset=0),
    "one multiplier for all channels, the first one's": _changed(_first_channel_s_scale),
    "a left shift (positive output_shift) ignored": _scaled_by(_left_shift_ignored),
    "a total shift beyond 62 taken modulo 64: the multiplier should vanish": _scaled_by(_never_flushed),
    "accumulators saturate at the edge of int32 instead of wrapping": _accumulated_by(
        lambda totals: np.clip(totals, INT32_MIN, INT32_MAX)
    ),
    "accumulators of 16 bits wrap": _accumulated_by(lambda totals: totals.astype(np.int16).astype(np.int64)),
    "accumulators in float32 lose digits": _accumulated_by(lambda totals: totals.astype(np.float32).astype(np.int64)),
}


# Pools, softmax, elementwise operators.


def _pool_totals(params: Params) -> tuple[Int64Array, Int64Array]:
    total, count = np.zeros(params.output_shape, np.int64), np.zeros(params.output_shape, np.int64)
    for _, _, written, read in window_slices(params, _kernel(params)):
        total[written] += params.input[read]
        count[written] += 1
    return total, count


def _averaged_by(divide: Callable[[Int64Array, Int64Array, Params], Int64Array]) -> Rule:
    return lambda operator, params: clamped(params, divide(*_pool_totals(params), params))


def _half_away(total: Int64Array, count: Int64Array) -> Int64Array:
    result: Int64Array = np.where(total < 0, -((-total + count // 2) // count), (total + count // 2) // count)
    return result


def _window_size(count: Int64Array, params: Params) -> Int64Array:
    return np.full_like(count, params.filter_height * params.filter_width)


_AVERAGE: Mapping[str, Rule] = {
    **_WINDOW,
    **_CLAMP,
    "rounds half up instead of half away from zero": _averaged_by(
        lambda total, count, params: (2 * total + count) // (2 * count)
    ),
    "rounds half to even instead of half away from zero": _averaged_by(
        lambda total, count, params: np.rint(total / count).astype(np.int64)
    ),
    "truncates instead of rounding": _averaged_by(
        lambda total, count, params: np.trunc(total / count).astype(np.int64)
    ),
    "rounds down": _averaged_by(lambda total, count, params: total // count),
    "divides by the whole window where part of it lies outside the image": _averaged_by(
        lambda total, count, params: _half_away(total, _window_size(count, params))
    ),
    "a sum of 16 bits wraps": _averaged_by(
        lambda total, count, params: _half_away(total.astype(np.int16).astype(np.int64), count)
    ),
}


def _padding_counts_as_zero(operator: str, params: Params) -> Int8Array:
    _, count = _pool_totals(params)
    greatest = DEFINITIONS[operator](params, "double")
    outside = count < params.filter_height * params.filter_width
    return clamped(params, np.where(outside, np.maximum(greatest, 0), greatest))


def _softmax_in_floats(operator: str, params: Params) -> Int8Array:
    real = params.input.astype(np.float64) * params.beta * params.input_quant.scale
    exponentials = np.exp(real - real.max(-1, keepdims=True))
    probabilities = exponentials / exponentials.sum(-1, keepdims=True)
    return clamped(params, np.rint(probabilities * 256).astype(np.int64) - 128)


_ELEMENTWISE: Mapping[str, Rule] = {
    **_DIALECTS,
    **_CLAMP,
    "input1_offset ignored": _constant(input1_offset=0),
    "input2_offset ignored": _constant(input2_offset=0),
    "output_offset ignored": _constant(output_offset=0),
}


def _ties_up(operator: str, params: Params) -> Int8Array:
    product = (params.input1.astype(np.int64) + params.input1_offset) * (
        params.input2.astype(np.int64) + params.input2_offset
    )
    shift = np.int64(params.output_shift)
    high = saturating_rounding_doubling_high_mul(product << np.maximum(shift, 0), params.output_multiplier)
    right = np.maximum(-shift, 0)
    return clamped(params, ((high + ((np.int64(1) << right) >> 1)) >> right) + params.output_offset)


def _scales_of_inputs_swapped(params: Params) -> dict[str, Any]:
    return {
        "input1_multiplier": params.input2_multiplier,
        "input1_shift": params.input2_shift,
        "input2_multiplier": params.input1_multiplier,
        "input2_shift": params.input1_shift,
    }


def _one_input_scale(params: Params) -> dict[str, Any]:
    return {"input2_multiplier": params.input1_multiplier, "input2_shift": params.input1_shift}


# For each operator the mistakes that are tried, by what a report says of them.
MISTAKES: Mapping[str, Mapping[str, Rule]] = {
    "conv2d": {
        "ESP-NN's SKIP_NUDGE: the first rounding of 1x1 convolutions is a floor": _esp_without_nudge,
        **_SCALED,
        **_CONVOLUTION,
        "groups ignored: every one reads the first one's channels": _changed(_groups_of_first),
    },
    "depthwise_conv2d": {
        **_SCALED,
        **_CONVOLUTION,
        "output channel c computed from input channel c % C_in, not c // depth_multiplier": _changed(
            _depthwise_channels_modulo
        ),
    },
    "fully_connected": {**_SCALED, "weights_offset ignored": _constant(weights_offset=0)},
    "avg_pool": _AVERAGE,
    "max_pool": {
        **_WINDOW,
        **_CLAMP,
        "taps outside the image count as 0": _padding_counts_as_zero,
    },
    "softmax": {
        "computed in floating point": _softmax_in_floats,
        "diff_min ignored": _constant(diff_min=-256),
        "the largest probability (128) wraps instead of saturating": _wrapped,
    },
    "add": {
        **_ELEMENTWISE,
        "scales of the two inputs swapped": _changed(_scales_of_inputs_swapped),
        "the first input's scale used for both inputs": _changed(_one_input_scale),
    },
    "mul": {**_ELEMENTWISE, "ties of the second rounding go up instead of away from zero": _ties_up},
    "reshape": {},
}


# What wrong calls have in common.

_CIRCUMSTANCES: Mapping[str, tuple[str, Callable[[Params], bool]]] = {
    "an odd total of SAME padding": ("pad_h", lambda p: any(total % 2 for total in _total_padding(p))),
    "padding": ("pad_h", lambda p: any(_total_padding(p))),
    "a dilation other than 1": ("dilation_h_factor", lambda p: p.dilation_h_factor > 1 or p.dilation_w_factor > 1),
    "a stride other than 1": ("stride_h", lambda p: p.stride_h > 1 or p.stride_w > 1),
    "strides that differ": ("stride_h", lambda p: p.stride_h != p.stride_w),
    "groups": ("groups", lambda p: p.groups > 1),
    "a depth multiplier above 1": ("depth_multiplier", lambda p: p.depth_multiplier > 1),
    "more than one image": ("pad_h", lambda p: p.input_shape[0] > 1),
    "an input smaller than the kernel": ("pad_h", lambda p: any(np.less(p.input_shape[1:3], _kernel(p)))),
    "channels that are no multiple of 4": ("pad_h", lambda p: p.input_shape[3] % 4 != 0),
    "channels that are a multiple of 8": ("pad_h", lambda p: p.input_shape[3] % 8 == 0),
    "output channels that are no multiple of 4": ("weights", lambda p: p.output_shape[-1] % 4 != 0),
    "output_depth 2": ("weights_offset", lambda p: p.weights_shape[0] == 2),
    "weights with a zero point": ("weights_offset", lambda p: p.weights_offset != 0),
    "no bias": ("weights", lambda p: p.bias is None),
    "a bias": ("weights", lambda p: p.bias is not None),
    "a multiplier that vanishes": ("output_multiplier", lambda p: not np.all(p.output_multiplier)),
    "a left shift": ("output_shift", lambda p: bool(np.any(np.asarray(p.output_shift) > 0))),
    "shapes that are broadcast": ("input1_shape", lambda p: p.input1_shape != p.input2_shape),
    "a fused activation": ("fused_activation", lambda p: p.fused_activation is not FusedActivation.NONE),
}


def circumstances(wrong: Sequence[Params], right: Sequence[Params]) -> list[str]:
    """What all wrong calls have and no right one has, if enough right ones have been seen to say so."""
    if not wrong or len(right) < 5:
        return []
    return [
        name
        for name, (attribute, holds) in _CIRCUMSTANCES.items()
        if hasattr(wrong[0], attribute) and all(map(holds, wrong)) and not any(map(holds, right))
    ]


def places(expected: Int8Array, got: Int8Array) -> Iterator[str]:
    """Where in the output the wrong elements all lie, if that is telling."""
    wrong = np.argwhere(expected != got)
    axes = {4: ("image", "row", "column", "channel"), 2: ("row", "column")}.get(expected.ndim, ())
    for axis, name in enumerate(axes):
        size, found = expected.shape[axis], np.unique(wrong[:, axis])
        if size > 1 and len(found) == 1:
            last = {0: "the first", size - 1: "the last"}.get(int(found[0]))
            yield f"{last} {name}" if last else f"{name} {int(found[0])}"
