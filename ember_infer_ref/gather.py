"""GATHER and GATHER_ND."""

from __future__ import annotations

from ember_infer_core.ops.gather import gather

__all__ = ["gather"]
