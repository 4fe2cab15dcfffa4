"""EspBackend: ESP-NN's kernels on the ESP32-S3, ESP32-P4, ESP32 and ESP32-C3, predicted on the host bit for bit."""

from __future__ import annotations

from ember_esp.backend import Esp32Backend, Esp32C3Backend, EspBackend, EspP4Backend
from ember_esp.faults import FAULTS, EspNnWarning, Fault

__all__ = ["FAULTS", "Esp32Backend", "Esp32C3Backend", "EspBackend", "EspNnWarning", "EspP4Backend", "Fault"]
