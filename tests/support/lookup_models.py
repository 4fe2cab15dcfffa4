"""Functions of one int8, as parts of random models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.models import Activation, ModelDrawer

__all__ = ["FUNCTIONS"]

Draw = Callable[["ModelDrawer", "Activation"], "Activation"]


def _function(name: str, scale: float | None = None, zero_point: int | None = None) -> Draw:
    """The operator; scale and zero point of its output where it insists on them."""

    def draw(drawer: ModelDrawer, input: Activation) -> Activation:
        output_scale = drawer.output_scale(input.scale) if scale is None else scale
        output = drawer.activation(input.shape, output_scale, zero_point)
        options: dict[str, Any] = {"alpha": drawer.one_of((0.25, 0.01, -0.3))} if name == "LEAKY_RELU" else {}
        drawer.writer.operator(name, [input.index], [output.index], **options)
        return drawer.note(f"{name} {options}", (input.index,), output)

    return draw


def _rsqrt(drawer: ModelDrawer, input: Activation) -> Activation:
    """Of what cannot be negative: its zero point is the least value."""
    sizes = drawer.activation(input.shape, input.scale, -128)
    drawer.writer.operator("ABS", [input.index], [sizes.index])
    return _function("RSQRT")(drawer, drawer.note("ABS", (input.index,), sizes))


FUNCTIONS: Mapping[str, Draw] = {
    "abs": _function("ABS"),
    "elu": _function("ELU"),
    "hard_swish": _function("HARD_SWISH"),
    "leaky_relu": _function("LEAKY_RELU"),
    "logistic": _function("LOGISTIC", 1 / 256, -128),
    "relu": _function("RELU"),
    "relu6": _function("RELU6"),
    "rsqrt": _rsqrt,
    "tanh": _function("TANH", 1 / 128, 0),
}
