"""AVERAGE_POOL_2D and MAX_POOL_2D: parameters, shape rule, scratch signature."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from ember_infer_core.ops.common import (
    ByteArray,
    FusedActivation,
    Int8Array,
    Operand,
    Padding,
    Role,
    Shape4,
    no_scratch,
    unbound_int8,
)
from ember_infer_core.quantization import QuantParam

if TYPE_CHECKING:
    from ember_infer_core.backend import KernelBackend

__all__ = ["PoolParams"]


@dataclass(slots=True, kw_only=True, eq=False)
class PoolParams:
    """A pooling window over NHWC int8, the same quantisation in and out.

    Only taps inside the image count. The average is rounded half away from zero; the result is clamped to
    ``[activation_min, activation_max]``.

    Attributes:
        input_shape: ``(N, H, W, C)``.
        output_shape: ``(N, OH, OW, C)``.
        padding: the scheme of the model; ``pad_h`` and ``pad_w`` are what it comes to: rows above, columns left.
        input, output, scratch: the buffers.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (Operand("input", Role.INPUT), Operand("output", Role.OUTPUT))

    input_shape: Shape4
    output_shape: Shape4
    padding: Padding
    pad_h: int
    pad_w: int
    filter_height: int
    filter_width: int
    stride_h: int
    stride_w: int
    fused_activation: FusedActivation = FusedActivation.NONE
    input_quant: QuantParam
    output_quant: QuantParam
    activation_min: int
    activation_max: int
    input: Int8Array = field(default_factory=unbound_int8, repr=False)
    output: Int8Array = field(default_factory=unbound_int8, repr=False)
    scratch: ByteArray = field(default_factory=no_scratch, repr=False)
    cache: dict[str, Any] | None = field(default=None, repr=False)

    def scratch_size(self, backend: type[KernelBackend]) -> int:
        """Always 0: the contract gives pooling no scratch."""
        return 0
