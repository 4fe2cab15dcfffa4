"""MAXIMUM and MINIMUM: parameters, their preparation, and the values chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from typing_extensions import override

from ember_infer_core.fixed_point import Int64Array
from ember_infer_core.ops.pairs import PairParams, broadcast_fields
from ember_infer_core.slots import INT8, AnyArray, DType, Int8Array, Shape

__all__ = ["MaximumMinimumParams", "prepare"]


@dataclass(slots=True, kw_only=True, eq=False)
class MaximumMinimumParams(PairParams):
    """The larger, or the smaller, of each two elements as they are: TFLM does not look at quantisation here.

    Fields that are not named here are described in :class:`PairParams`.

    Attributes:
        largest: the larger one is wanted.
    """

    largest: bool

    @override
    def quantized(self, values1: Int64Array, values2: Int64Array) -> Int8Array:
        """The larger or smaller ones."""
        return self.plain(values1, values2).astype(np.int8)

    @override
    def plain(self, values1: AnyArray, values2: AnyArray) -> AnyArray:
        """The larger or smaller ones. Source: TFLM ``MaximumOp`` and ``MinimumOp``, which take the second of 0 and -0,
        and of two values of which one is NaN.
        """
        return np.where(values1 > values2 if self.largest else values1 < values2, values1, values2)


def prepare(
    *, input1_shape: Shape, input2_shape: Shape, output_shape: Shape, largest: bool, dtype: DType = INT8
) -> MaximumMinimumParams:
    """The parameters of a call over any type.

    Raises:
        InvalidShape: the shapes contradict each other.
        Undefined: a rank that TFLM has no room for.
    """
    return MaximumMinimumParams(largest=largest, **broadcast_fields(input1_shape, input2_shape, output_shape, dtype))
