"""Ember Infer by its short names, and in :mod:`ember_infer.litert` and :mod:`ember_infer.tflm` by those of others.

Names load on first use, so that importing this package costs nothing; they stand in ``__init__.pyi``.
"""

from __future__ import annotations

from ember_infer_core.lazy import face as _face

__all__, __getattr__, __dir__ = _face(__name__)
