"""Classes made from INT8 TensorFlow Lite models.

Names load on first use, so that importing this package is quick and the reader comes up without NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ember_infer_macros.decorator import ember_model, load_program
    from ember_infer_macros.quantized_model import QuantizedModel
    from ember_infer_macros.runtime import Session

_MODULE_OF = {
    "QuantizedModel": "quantized_model",
    "Session": "runtime",
    "ember_model": "decorator",
    "load_program": "decorator",
}

__all__ = ["QuantizedModel", "Session", "ember_model", "load_program"]


if not TYPE_CHECKING:  # or a checker would take every name for an existing one

    def __getattr__(name: str) -> Any:
        module = _MODULE_OF.get(name)
        if module is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{__name__}.{module}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
