"""Whether ESP-NN computes a call on every chip, and what scratch that takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ember_esp.find_faults import find_faults
from ember_esp.reserved import needed_under_tflm
from ember_esp.routes import route
from ember_esp.target import Target
from ember_infer_firmware.context import ScratchLen
from ember_infer_firmware.esp_nn import VERSION
from ember_infer_firmware.step import Declined

if TYPE_CHECKING:
    from ember_esp.target import Chip, Driver
    from ember_infer_core.slots import OperatorParams

__all__ = ["check_call", "check_reach", "is_portable", "scratch_len"]

_NAMES: Mapping[Chip, str] = {
    "esp32s3": "ESP32-S3",
    "esp32p4": "ESP32-P4",
    "esp32": "ESP32",
    "esp32c3": "ESP32-C3",
}
# Kernels that write beyond what ESP-NN asks for: here they find what they write to (see scratch_len).
_MENDED = frozenset({"large-unpadded", "one-sided-padding", "p4-first-layer"})
_MOST = 2**15 - 1


def check_call(method: str, params: OperatorParams, driver: Driver = "tflm") -> None:
    """Checks that a call may be ESP-NN's, its operands at multiples of 16 bytes.

    Args:
        method: of a backend.
        params: of the call; the bias, where it has one, must be bound.
        driver: whose calls are like it.

    Raises:
        Declined: ESP-NN has no kernel for it, or one with a fault, on one chip at least.
    """
    met: dict[str, list[str]] = {}
    for chip, name in _NAMES.items():
        target = Target(chip, driver)
        taken = route(target, method, params)
        if taken.kernel == "reference":
            raise Declined(f"not ESP-NN's: {taken.reason}")
        for fault in find_faults(target, VERSION, method, params):
            if fault.name not in _MENDED:
                met.setdefault(str(fault), []).append(name)
    if met:
        raise Declined("; ".join(f"ESP-NN on {' and '.join(chips)}: {fault}" for fault, chips in met.items()))


def is_portable(method: str, params: OperatorParams) -> bool:
    """Whether a call is one of ESP-NN's kernel in plain C, on chips that have others, too."""
    return any(route(Target(chip, "tflm"), method, params).kernel == "ansi" for chip in ("esp32s3", "esp32p4"))


def check_reach(reach: int, shift: int) -> None:
    """Checks that sums of at most this magnitude stay within int32 when they are shifted to the left.

    Beyond it the ESP32-S3 saturates, and TensorFlow Lite Micro wraps.

    Raises:
        Declined: some may not.
    """
    if reach << max(shift, 0) >= 2**31:
        raise Declined("sums that may be beyond int32, which ESP-NN and TensorFlow Lite Micro treat differently")


def scratch_len(params: OperatorParams) -> ScratchLen:
    """Bytes for a call: what ESP-NN asks for, or, where that is less than its kernel writes to, so many."""
    needed = {chip: needed_under_tflm(Target(chip, "tflm"), VERSION, params) for chip in _NAMES}
    plain = max(needed["esp32"], needed["esp32c3"])
    return ScratchLen(plain, esp32s3=needed["esp32s3"], esp32p4=needed["esp32p4"])
