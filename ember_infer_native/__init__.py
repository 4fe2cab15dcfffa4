"""NativeBackend: C for one model, compiled on this machine, kept in a cache and called without the GIL."""

from __future__ import annotations

from ember_infer_native.backend import NativeBackend

__all__ = ["NativeBackend"]
