"""Classes made from INT8 TensorFlow Lite models.

Names load on first use, so that importing this package is quick and the reader comes up without NumPy; they stand in
``__init__.pyi``.
"""

from __future__ import annotations

from ember_infer_core.lazy import face as _face

__all__, __getattr__, __dir__ = _face(__name__)
