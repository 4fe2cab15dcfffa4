"""What ESP-NN 1.2.3 does not compute as the model says, and how it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from typing_extensions import override

__all__ = ["FAULTS", "EspNnWarning", "Fault"]


class EspNnWarning(UserWarning):
    """A call whose result on the chip is not what this backend computes, because a kernel there has a fault."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A case in which a device does not compute what the model says.

    Attributes:
        name: for programs and tables.
        case: what it takes.
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


_OF_DRIVERS = (
    Fault("dilation", "a dilation other than 1", "ESP-NN ignores it, the result is wrong"),
    Fault("channels", "more than 512 output channels", "ember-esp-nn refuses the call"),
    Fault("fc-channels", "more than 1024 outputs with scales of their own", "ember-esp-nn refuses the call"),
    Fault("add-broadcast", "inputs of different sizes", "ember-esp-nn refuses the call or leaves outputs unwritten"),
    Fault(
        "mul-broadcast",
        "inputs of different shapes, neither of which is one of trailing channels",
        "ember-esp-nn refuses the call or multiplies other pairs",
    ),
    Fault(
        "guessed-scratch",
        "a stride that ember-esp-nn cannot guess from the shapes",
        "the kernel writes beyond the scratch that is reserved",
    ),
)
_OF_CONVOLUTIONS = (
    Fault("groups", "a grouped convolution", "reads beyond the weights, the result is wrong"),
    Fault(
        "odd-padding",
        "SAME padding of an odd total, on top or to the left too",
        "the last row or column is wrong",
        "espressif/esp-nn issue 31",
    ),
    Fault(
        "narrow-input",
        "an input smaller than the filter by less than the stride, without padding before it, few channels",
        "reads outside the input, the result is wrong",
    ),
    Fault(
        "padding-rows",
        "a depthwise filter other than 3x3 on over 48 KiB as int16, with padding rows",
        "padding rows hold the input offset instead of zero, the result is wrong",
    ),
    Fault(
        "one-sided-padding",
        "a depthwise 3x3 filter padded in one direction only",
        "writes beyond the scratch that ESP-NN asks for",
        "espressif/esp-nn issue 30, mended by pull request 37",
    ),
    Fault(
        "large-unpadded",
        "a depthwise 3x3 filter that reaches beyond the end of an input of over 40 KiB",
        "writes beyond the scratch that ESP-NN asks for",
    ),
    Fault("no-bias", "a depthwise 3x3 filter without a bias", "stores through a stale pointer"),
    Fault("p4-depthwise", "a depthwise convolution of over 256 channels", "drops bias and input offset"),
    Fault(
        "p4-first-layer",
        "a padded convolution with windows of under 16 bytes",
        "writes beyond the scratch that ESP-NN asks for",
    ),
    Fault(
        "p4-last-row",
        "an unpadded beginning, one row too few at the end, a filter not of 3 rows",
        "the last row is wrong",
    ),
)
_OF_OTHERS = (
    Fault("max-pool", "channels not a multiple of 4", "returns without writing the output"),
    Fault("max-pool-clamp", "channels an odd multiple of 4, a lower clamp", "the lower clamp is lost"),
    Fault("avg-pool", "channels not a multiple of 4, over 256 taps", "a 16-bit sum can wrap"),
    Fault(
        "avg-pool-rows",
        "channels a multiple of 4, an output of several rows that is not square",
        "rows are written in wrong places, and outside the output",
    ),
    Fault(
        "mul-tail",
        "elements that the vector loop leaves over, and a factor with which that matters",
        "they are rounded another way",
    ),
    Fault("softmax-rows", "rows of 32 classes or more that are not 16-byte aligned", "takes another row's maximum"),
    Fault(
        "softmax-flat",
        "rows of 512 classes or more, of which 512 and more may be alike",
        "shifts by 32 bits or more, which C leaves undefined",
    ),
    Fault("p4-hard-swish", "scales with which the rounding matters", "some negative values are less by one"),
    Fault("misaligned-input", "an input or image that starts at an odd address", "reads other bytes"),
    Fault("misaligned-output", "an output or image that starts at an odd address", "writes other bytes"),
)

FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in (*_OF_DRIVERS, *_OF_CONVOLUTIONS, *_OF_OTHERS)}
