"""The backend class: each operator goes to its own file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from ember_infer_core.composition import RoutedBackend
from ember_infer_core.errors import UnsupportedOperator
from ember_infer_ref.kernels import KERNELS, kernel
from ember_infer_ref.requantize import ROUNDINGS, Rounding

if TYPE_CHECKING:
    from ember_infer_core.slots import OperatorParams

__all__ = ["RefBackend"]

# Those that runtimes scale in different ways.
_IN_DIALECTS = frozenset({"conv2d", "depthwise_conv2d", "fully_connected"})


class RefBackend(RoutedBackend):
    """Runs every operator in NumPy, exactly; functions of float32 that TFLM takes from a C library (exp, log, tanh and
    their like) to within one unit in the last place.

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

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}(rounding={self._rounding!r})"

    @classmethod
    @override
    def operators(cls) -> frozenset[str]:
        """All."""
        return super().operators().union(KERNELS)

    @override
    def run_operator(self, operator: str, params: OperatorParams) -> None:
        """See :meth:`ember_infer_core.RoutedBackend.run_operator`."""
        if operator in _IN_DIALECTS:
            kernel(operator)(params, self._rounding)
        elif operator in KERNELS:
            kernel(operator)(params)
        else:
            raise UnsupportedOperator(f"{type(self).__name__} does not implement {operator!r}")
