"""Where the windows of random convolutions and pools lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class WindowAxis:
    """Filter geometry along one axis."""

    size: int
    taps: int
    stride: int
    dilation: int

    def output_size(self, padding: str) -> int:
        span = 1 if padding == "SAME" else (self.taps - 1) * self.dilation + 1
        return (self.size - span) // self.stride + 1


@dataclass(frozen=True, slots=True)
class Window:
    """Filter geometry of a convolution or a pool."""

    padding: str
    rows: WindowAxis
    columns: WindowAxis

    @property
    def height(self) -> int:
        return self.rows.taps

    @property
    def width(self) -> int:
        return self.columns.taps

    @property
    def output_height(self) -> int:
        return self.rows.output_size(self.padding)

    @property
    def output_width(self) -> int:
        return self.columns.output_size(self.padding)

    def options(self) -> dict[str, Any]:
        return {"padding": self.padding, "stride_h": self.rows.stride, "stride_w": self.columns.stride}

    def dilations(self) -> dict[str, Any]:
        return {"dilation_h_factor": self.rows.dilation, "dilation_w_factor": self.columns.dilation}
