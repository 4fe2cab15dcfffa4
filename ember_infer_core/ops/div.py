"""DIV, FLOOR_DIV and FLOOR_MOD: parameters, their preparation, and the quotients and remainders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from typing_extensions import override

from ember_infer_core.activation import FusedActivation
from ember_infer_core.errors import KernelError
from ember_infer_core.ops.pairs import PairParams, broadcast_fields, plain_fields
from ember_infer_core.quantization import INT32_MIN
from ember_infer_core.slots import FLOAT32, AnyArray, DType, Shape

__all__ = ["DivParams", "FloorDivParams", "FloorModParams", "prepare", "prepare_floor_div", "prepare_floor_mod"]


@dataclass(slots=True, kw_only=True, eq=False)
class DivParams(PairParams):
    """Elementwise quotient of two float32 or int32 tensors, broadcast as NumPy does; int32 ones are cut off.

    Fields that are not named here are described in :class:`PairParams`.
    """

    @property
    @override
    def may_fail(self) -> bool:
        """See :class:`ember_infer_core.OperatorParams`."""
        return self.dtype != np.float32

    @override
    def plain(self, values1: AnyArray, values2: AnyArray) -> AnyArray:
        """The quotients. Source: TFLM ``reference_ops::Div``."""
        if self.dtype == np.float32:
            return self.clamped(np.divide(values1, values2))
        _check_divisors(values2)
        if (np.equal(values1, INT32_MIN) & np.equal(values2, -1)).any():
            raise KernelError("-2**31 / -1 has no int32 result; TensorFlow Lite Micro stops there on some processors")
        floored = np.floor_divide(values1, values2)
        cut = floored + ((floored < 0) & (floored * values2 != values1))
        return self.clamped(cut.astype(np.int32))


@dataclass(slots=True, kw_only=True, eq=False)
class FloorDivParams(PairParams):
    """Elementwise quotient of two float32 tensors, rounded down, broadcast as NumPy does.

    Fields that are not named here are described in :class:`PairParams`.
    """

    @property
    @override
    def may_fail(self) -> bool:
        """See :class:`ember_infer_core.OperatorParams`."""
        return True

    @override
    def plain(self, values1: AnyArray, values2: AnyArray) -> AnyArray:
        """The quotients. Source: TFLM ``reference_ops::FloorDiv``, which divides in double."""
        _check_divisors(values2)
        return np.floor(np.divide(values1, values2, dtype=np.float64)).astype(np.float32)


@dataclass(slots=True, kw_only=True, eq=False)
class FloorModParams(PairParams):
    """Elementwise remainder of the quotient rounded down, of two float32 tensors, broadcast as NumPy does.

    Fields that are not named here are described in :class:`PairParams`.
    """

    @override
    def plain(self, values1: AnyArray, values2: AnyArray) -> AnyArray:
        """The remainders, which have the divisor's sign. Source: TFLM ``reference_ops::FloorMod``."""
        remainder = np.fmod(values1, values2)
        return np.where((remainder != 0) & ((values2 < 0) != (remainder < 0)), remainder + values2, remainder)


def prepare(
    *,
    input1_shape: Shape,
    input2_shape: Shape,
    output_shape: Shape,
    dtype: DType = FLOAT32,
    fused_activation: FusedActivation = FusedActivation.NONE,
) -> DivParams:
    """The parameters of a DIV over float32 or int32.

    Raises:
        InvalidShape: the shapes contradict each other.
        Undefined: a rank that TFLM has no room for.
    """
    fields = broadcast_fields(input1_shape, input2_shape, output_shape, dtype)
    return DivParams(**fields | plain_fields(dtype, fused_activation))


def prepare_floor_div(
    *, input1_shape: Shape, input2_shape: Shape, output_shape: Shape, dtype: DType = FLOAT32
) -> FloorDivParams:
    """The parameters of a FLOOR_DIV; raises as :func:`prepare` does."""
    return FloorDivParams(**broadcast_fields(input1_shape, input2_shape, output_shape, dtype))


def prepare_floor_mod(
    *, input1_shape: Shape, input2_shape: Shape, output_shape: Shape, dtype: DType = FLOAT32
) -> FloorModParams:
    """The parameters of a FLOOR_MOD; raises as :func:`prepare` does."""
    return FloorModParams(**broadcast_fields(input1_shape, input2_shape, output_shape, dtype))


def _check_divisors(values: AnyArray) -> None:
    if not np.all(values):
        raise KernelError("division by zero, at which TensorFlow Lite Micro stops; keep zeros out of the divisor")
