"""Ways from int8 to int8 through other types and quantisations, for random graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.models import Activation, ModelDrawer

__all__ = ["requantize", "through_other_type"]


def requantize(drawer: ModelDrawer, input: Activation) -> Activation:
    """QUANTIZE to another scale and zero point."""
    output = drawer.activation(input.shape, drawer.output_scale(input.scale))
    drawer.writer.operator("QUANTIZE", [input.index], [output.index])
    return drawer.note("quantize", (input.index,), output)


def through_other_type(drawer: ModelDrawer, input: Activation) -> Activation:
    """To float32 by DEQUANTIZE, to int16 or int32 by QUANTIZE, and back by QUANTIZE."""
    dtype = drawer.one_of(("float32", "int16", "int32"))
    name = f"{dtype}_{input.index}_{len(drawer.listing)}"
    if dtype == "float32":
        middle = drawer.writer.tensor(name, input.shape, dtype)
        drawer.writer.operator("DEQUANTIZE", [input.index], [middle])
    else:
        scale = drawer.output_scale(input.scale / 64)
        middle = drawer.writer.tensor(name, input.shape, dtype, scale=scale, zero_point=drawer.integer(-300, 300))
        drawer.writer.operator("QUANTIZE", [input.index], [middle])
    output = drawer.activation(input.shape, drawer.output_scale(input.scale))
    drawer.writer.operator("QUANTIZE", [middle], [output.index])
    return drawer.note(f"to {dtype} and back", (input.index, middle), output)
