"""Known faults of ESP-NN 1.2.3's kernels that depend on the shapes of a call: found before anything runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from ember_esp.fallbacks import ansi_reason
from ember_esp.geometry import Geometry
from ember_esp.scratch import S3_WHOLE_INT16_INPUT, S3_WHOLE_PADDED_INPUT

if TYPE_CHECKING:
    from ember_esp.scratch import Chip
    from ember_infer_core import Conv2dParams, DepthwiseConv2dParams, MulParams, OperatorParams, PoolParams

__all__ = ["FAULTS", "FAULTY_METHODS", "EspNnWarning", "Fault", "find_faults"]


class EspNnWarning(UserWarning):
    """A call whose result on the chip is not what this backend computes, because a kernel there has a fault."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A case in which a kernel does not compute what the model says.

    Attributes:
        name: for programs and tables.
        case: the shapes it takes.
        effect: what the device does then.
        upstream: where it is reported, or "".
    """

    name: str
    case: str
    effect: str
    upstream: str = ""

    @override
    def __str__(self) -> str:
        reported = f" ({self.upstream})" if self.upstream else ""
        return f"{self.case}: {self.effect}{reported}"


_DILATION = Fault("dilation", "a dilation other than 1", "ESP-NN ignores it, the result is wrong")
_GROUPS = Fault("groups", "a grouped convolution", "reads beyond the weights, the result is wrong")
_CHANNELS = Fault("channels", "more than 512 output channels", "ember-esp-nn refuses the call")
_ODD_PADDING = Fault(
    "odd-padding",
    "SAME padding of an odd total, on top or to the left too",
    "the last row or column is wrong",
    "espressif/esp-nn issue 31",
)
_NARROW_INPUT = Fault(
    "narrow-input", "an input smaller than the filter, few channels", "reads outside the input, the result is wrong"
)
_PADDING_ROWS = Fault(
    "padding-rows",
    "a depthwise filter other than 3x3 on over 48 KiB as int16, with padding rows",
    "padding rows hold the input offset instead of zero, the result is wrong",
)
_ONE_SIDED_PADDING = Fault(
    "one-sided-padding",
    "a depthwise 3x3 filter padded in one direction only",
    "writes beyond the scratch",
    "espressif/esp-nn issue 30, mended by pull request 37",
)
_LARGE_UNPADDED = Fault(
    "large-unpadded",
    "a depthwise 3x3 filter that reaches beyond the end of an input of over 40 KiB",
    "writes beyond the scratch",
)
_P4_DEPTHWISE = Fault("p4-depthwise", "a depthwise convolution of over 256 channels", "drops bias and input offset")
_MAX_POOL = Fault("max-pool", "channels not a multiple of 4", "returns without writing the output")
_AVG_POOL = Fault("avg-pool", "channels not a multiple of 4, over 256 taps", "a 16-bit sum can wrap")
_MUL_TAIL = Fault(
    "mul-tail", "a size that is not a multiple of 8", "the last elements round negative ties the wrong way"
)

FAULTS: Mapping[str, Fault] = {
    fault.name: fault
    for fault in (
        _DILATION,
        _GROUPS,
        _CHANNELS,
        _ODD_PADDING,
        _NARROW_INPUT,
        _PADDING_ROWS,
        _ONE_SIDED_PADDING,
        _LARGE_UNPADDED,
        _P4_DEPTHWISE,
        _MAX_POOL,
        _AVG_POOL,
        _MUL_TAIL,
    )
}
_MOST_CHANNELS = 512


def find_faults(chip: Chip, method: str, params: OperatorParams, aligned: bool = True) -> tuple[Fault, ...]:
    """The faults that one call meets.

    Args:
        chip: the chip.
        method: of :class:`ember_infer_core.KernelBackend`.
        params: of the call; buffers need not be bound.
        aligned: whether its inputs start at multiples of 16.
    """
    find = _FINDERS.get(method)
    if find is None:
        return ()
    optimised = ansi_reason(chip, method, params, aligned) is None
    return tuple(find(chip, params, optimised))


def _conv2d(chip: Chip, params: Conv2dParams, optimised: bool) -> Iterator[Fault]:
    g = Geometry.of(params)
    yield from _any_convolution(g, params)
    if not optimised:
        return
    if params.groups > 1 and not (chip == "esp32p4" and _p4_knows_groups(g)):
        yield _GROUPS
    if chip != "esp32s3" or g.is_pointwise:
        return
    if g.is_im2col:
        if g.width < g.filter_width or g.height < g.filter_height:
            yield _NARROW_INPUT
    elif g.padded and any(total % 2 for total in g.total_padding):
        yield _ODD_PADDING


def _p4_knows_groups(g: Geometry) -> bool:
    """The one kernel of the ESP32-P4 that looks at the depth of the weights."""
    return not g.is_pointwise and not g.padded and g.row >= 16


def _depthwise_conv2d(chip: Chip, params: DepthwiseConv2dParams, optimised: bool) -> Iterator[Fault]:
    g = Geometry.of(params)
    yield from _any_convolution(g, params)
    if not optimised or g.depth_multiplier != 1:
        return
    if chip == "esp32p4":
        if g.channels > 256:
            yield _P4_DEPTHWISE
    elif not g.is_3x3:
        as_int16 = 2 * (g.filter_height * g.row + g.pixels * g.channels)
        if g.channels % 8 == 0 and as_int16 > S3_WHOLE_INT16_INPUT and g.total_padding[0] > 0:
            yield _PADDING_ROWS
    elif g.channels % 16 == 0:
        yield from _s3_depthwise_int8(g)


def _s3_depthwise_int8(g: Geometry) -> Iterator[Fault]:
    """3x3, channels a multiple of 16."""
    rows, columns = g.end_reach
    extended = (g.height + rows) * (g.width + columns) * g.channels
    if (g.pad_h > 0) != (g.pad_w > 0):
        yield _ONE_SIDED_PADDING
    elif not g.padded and (rows or columns) and extended > S3_WHOLE_PADDED_INPUT:
        yield _LARGE_UNPADDED


def _any_convolution(g: Geometry, params: Conv2dParams | DepthwiseConv2dParams) -> Iterator[Fault]:
    """What holds on every chip, for the ANSI C kernels too."""
    # Along an axis with a single tap there is nothing to ignore.
    rows_dilated = params.dilation_h_factor != 1 and g.filter_height > 1
    columns_dilated = params.dilation_w_factor != 1 and g.filter_width > 1
    if rows_dilated or columns_dilated:
        yield _DILATION
    if g.output_channels > _MOST_CHANNELS:
        yield _CHANNELS


def _max_pool(chip: Chip, params: PoolParams, optimised: bool) -> Iterator[Fault]:
    if chip == "esp32s3" and optimised and params.input_shape[3] % 4:
        yield _MAX_POOL


def _avg_pool(chip: Chip, params: PoolParams, optimised: bool) -> Iterator[Fault]:
    _, height, width, channels = params.input_shape
    taps = min(params.filter_height, height) * min(params.filter_width, width)
    if chip == "esp32s3" and optimised and channels % 4 and taps > 256:
        yield _AVG_POOL


def _mul(chip: Chip, params: MulParams, optimised: bool) -> Iterator[Fault]:
    element_by_element = params.input1_shape == params.input2_shape
    if chip == "esp32s3" and optimised and element_by_element and math.prod(params.output_shape) % 8:
        yield _MUL_TAIL


_FINDERS: Mapping[str, Callable[[Chip, Any, bool], Iterator[Fault]]] = {
    "conv2d": _conv2d,
    "depthwise_conv2d": _depthwise_conv2d,
    "max_pool": _max_pool,
    "avg_pool": _avg_pool,
    "mul": _mul,
}

# For each chip the methods of which some calls meet a fault.
FAULTY_METHODS: Mapping[Chip, tuple[str, ...]] = {
    "esp32s3": tuple(_FINDERS),
    "esp32p4": ("conv2d", "depthwise_conv2d"),
}
