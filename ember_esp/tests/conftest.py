"""The repository's fixtures: TensorFlow Lite Micro, published models and their golden outputs."""

from __future__ import annotations

from tests.conftest import shared, tflm, tflm_wheel

__all__ = ["shared", "tflm", "tflm_wheel"]
