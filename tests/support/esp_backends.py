"""EspBackend as Espressif's port of TensorFlow Lite Micro drives ESP-NN, by names that ``--backend`` takes."""

from __future__ import annotations

from ember_esp import Esp32C3Backend, EspBackend, EspP4Backend

EspS3OnTflm = EspBackend.of(driver="tflm")
EspP4OnTflm = EspP4Backend.of(driver="tflm")
EspC3OnTflm = Esp32C3Backend.of(driver="tflm")
