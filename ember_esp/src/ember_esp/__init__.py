"""EspBackend: ESP-NN's kernels on the ESP32-S3 and ESP32-P4, predicted on the host bit for bit."""

from __future__ import annotations

from ember_esp.backend import EspBackend, EspP4Backend
from ember_esp.faults import FAULTS, EspNnWarning, Fault

__all__ = ["FAULTS", "EspBackend", "EspNnWarning", "EspP4Backend", "Fault"]
