"""What notebooks show of a model class: its inputs and outputs, then its program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ember_infer_core.notebook import html_table
from ember_infer_core.quantization import QuantParam

if TYPE_CHECKING:
    from ember_infer_core.program import Program

__all__ = ["model_html"]


def model_html(cls: type[Any]) -> str:
    """HTML of bounded length, whatever the model; names from its file are text there, and not markup."""
    program: Program = cls.program
    rows = []
    for role, indices in (("input", program.inputs), ("output", program.outputs)):
        for index in indices:
            tensor = program.tensors[index]
            quant = tensor.quant if isinstance(tensor.quant, QuantParam) else None
            scale, point = ("", "") if quant is None else (f"{quant.scale:.6g}", str(quant.zero_point))
            rows.append((role, tensor.name, str(tensor.dtype), str(tensor.shape), scale, point))
    headings = ("", "name", "type", "shape", "scale", "zero point")
    return html_table(cls.__name__, headings, rows, len(rows)) + program._repr_html_()
