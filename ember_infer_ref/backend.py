"""The backend class: each method hands over to the operator's file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.backend import KernelBackend
from ember_infer_ref.add import add
from ember_infer_ref.conv2d import conv2d
from ember_infer_ref.depthwise_conv2d import depthwise_conv2d
from ember_infer_ref.fully_connected import fully_connected
from ember_infer_ref.mul import mul
from ember_infer_ref.pool import avg_pool, max_pool
from ember_infer_ref.requantize import ROUNDINGS, Rounding
from ember_infer_ref.softmax import softmax

if TYPE_CHECKING:
    from ember_infer_core.ops.add import ElementwiseAddParams
    from ember_infer_core.ops.conv2d import Conv2dParams
    from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
    from ember_infer_core.ops.fully_connected import FullyConnectedParams
    from ember_infer_core.ops.mul import MulParams
    from ember_infer_core.ops.pool import PoolParams
    from ember_infer_core.ops.softmax import SoftmaxParams

__all__ = ["RefBackend"]


class RefBackend(KernelBackend):
    """Runs every operator in NumPy, exactly.

    Args:
        rounding: how convolutions and fully connected layers scale their accumulators down to int8.
            ``"double"`` rounds twice, as TensorFlow Lite Micro does (the default, and the truth for this project);
            ``"single"`` rounds the 64-bit product once, as builds with ``TFLITE_SINGLE_ROUNDING`` do;
            ``"float"`` multiplies in float32 and rounds half to even, as XNNPACK (LiteRT's default) does.
            Every other operator always follows TensorFlow Lite Micro.

    Raises:
        ValueError: ``rounding`` is none of these.
    """

    def __init__(self, rounding: Rounding = "double") -> None:
        if rounding not in ROUNDINGS:
            raise ValueError(f"rounding must be one of {', '.join(map(repr, ROUNDINGS))}, not {rounding!r}")
        self._rounding: Rounding = rounding

    @property
    def rounding(self) -> Rounding:
        """The dialect given to the constructor."""
        return self._rounding

    def __repr__(self) -> str:
        return f"{type(self).__name__}(rounding={self._rounding!r})"

    def conv2d(self, params: Conv2dParams) -> None:
        """CONV_2D, grouped ones included."""
        conv2d(params, self._rounding)

    def depthwise_conv2d(self, params: DepthwiseConv2dParams) -> None:
        """DEPTHWISE_CONV_2D."""
        depthwise_conv2d(params, self._rounding)

    def fully_connected(self, params: FullyConnectedParams) -> None:
        """FULLY_CONNECTED."""
        fully_connected(params, self._rounding)

    def avg_pool(self, params: PoolParams) -> None:
        """AVERAGE_POOL_2D."""
        avg_pool(params)

    def max_pool(self, params: PoolParams) -> None:
        """MAX_POOL_2D."""
        max_pool(params)

    def softmax(self, params: SoftmaxParams) -> None:
        """SOFTMAX."""
        softmax(params)

    def add(self, params: ElementwiseAddParams) -> None:
        """ADD."""
        add(params)

    def mul(self, params: MulParams) -> None:
        """MUL."""
        mul(params)
