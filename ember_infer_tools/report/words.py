"""Numbers, names and shapes as a page shows them; each of bounded length, whatever a file holds."""

from __future__ import annotations

from ember_infer_core.slots import Shape
from ember_infer_tools.inspect import QuantReport, TensorReport
from ember_infer_tools.terminal import printable

__all__ = [
    "backend_name",
    "byte_count",
    "figure",
    "head",
    "number",
    "quant_words",
    "seconds",
    "shape_words",
    "share",
    "short",
    "tensor_words",
]

_DIMENSIONS = 8


def short(name: str, length: int = 60) -> str:
    """A name that is not too long: what tells tensors apart mostly stands at the end."""
    name = printable(name[-4 * length :])
    return name if len(name) <= length else f"…{name[1 - length :]}"


def head(text: str, length: int = 60) -> str:
    """The beginning of a text, where that says most."""
    text = printable(text[: 4 * length])
    return text if len(text) <= length else f"{text[: length - 1]}…"


def number(value: int | None, absent: str = "-") -> str:
    """With commas between thousands."""
    return absent if value is None else f"{value:,}"


def figure(value: float, digits: int = 4) -> str:
    """With so many digits that count."""
    return f"{value:.{digits}g}"


def share(part: float) -> str:
    """Per cent: what is there is never 0, and what is not all never 100."""
    if part <= 0:
        return "0"
    if part >= 1:
        return "100 %"
    if part < 0.0001:
        return "<0.01 %"
    percent = min(part * 100, 99.99)
    return f"{percent:.{2 if percent < 1 or percent > 99.9 else 1}f} %"


def byte_count(value: int) -> str:
    """With its unit."""
    return f"{value:,} byte{'' if value == 1 else 's'}"


def backend_name(name: str) -> str:
    """Without the module, which says little."""
    return head(name.rpartition(":")[2], 48)


def seconds(value: float) -> str:
    """In the unit that fits, always with three digits: they stand below each other in a table."""
    for unit, each in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9)):
        if value >= 0.9995 * each or unit == "ns":
            break
    shown = value / each
    return f"{shown:.{2 if shown < 9.995 else 1 if shown < 99.95 else 0}f} {unit}"


def shape_words(shape: Shape) -> str:
    """``1x8x8x16``."""
    shown = "x".join(str(size) for size in shape[:_DIMENSIONS])
    return (shown + "x…" if len(shape) > _DIMENSIONS else shown) or "scalar"


def tensor_words(tensor: TensorReport) -> str:
    """Type and shape."""
    return f"{tensor.type} {shape_words(tensor.shape)}"


def quant_words(quant: QuantReport | None) -> tuple[str, str]:
    """Scale and zero point; of several, their number, least and greatest."""
    if quant is None:
        return "-", "-"
    if quant.channels == 1:
        return figure(quant.scale_min, 6), str(quant.zero_point_min)
    points = sorted({quant.zero_point_min, quant.zero_point_max})
    scales = f"{quant.channels}: {figure(quant.scale_min, 3)} to {figure(quant.scale_max, 3)}"
    return scales, " to ".join(str(point) for point in points)
