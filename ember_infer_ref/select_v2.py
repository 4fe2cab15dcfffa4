"""SELECT_V2."""

from __future__ import annotations

from ember_infer_core.ops.select_v2 import select_v2

__all__ = ["select_v2"]
