"""What a backend stands for: a chip, and the software on it that calls ESP-NN's kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

__all__ = ["ANSI_SWITCHES", "CHIPS", "DRIVERS", "Chip", "Driver", "Target"]

Chip: TypeAlias = Literal["esp32", "esp32c3", "esp32s3", "esp32p4"]
CHIPS: tuple[Chip, ...] = get_args(Chip)

Driver: TypeAlias = Literal["rust", "tflm"]
DRIVERS: tuple[Driver, ...] = get_args(Driver)

# The Rust backend's features ``force-ansi-*``, by the operators they stand for. That of the pools is one.
ANSI_SWITCHES = ("add", "conv2d", "depthwise_conv2d", "fully_connected", "mul", "pool", "softmax")


@dataclass(frozen=True, slots=True)
class Target:
    """A chip and a driver.

    Attributes:
        chip: has vector kernels of its own (ESP32-S3, ESP32-P4) or ESP-NN's generic ones.
        driver: ``"rust"``, the backend ``ember-esp-nn``, or ``"tflm"``, Espressif's port of TensorFlow Lite Micro.
        force_ansi: of :data:`ANSI_SWITCHES`, those that are on; the Rust driver's.
    """

    chip: Chip
    driver: Driver = "rust"
    force_ansi: frozenset[str] = frozenset()

    @property
    def has_vector_kernels(self) -> bool:
        """Whether ESP-NN has kernels for this very chip."""
        return self.chip in ("esp32s3", "esp32p4")

    def forces_ansi(self, method: str) -> bool:
        """Whether a switch sends all calls of a method to the ANSI C kernel."""
        return ("pool" if method.endswith("_pool") else method) in self.force_ansi
