"""RefBackend: every operator in NumPy, bit for bit what TensorFlow Lite Micro computes. Works wherever NumPy does."""

from __future__ import annotations

from ember_infer_ref.backend import RefBackend

__all__ = ["RefBackend"]
