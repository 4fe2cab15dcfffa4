"""RESHAPE."""

from __future__ import annotations

from ember_infer_core.ops.reshape import reshape

__all__ = ["reshape"]
