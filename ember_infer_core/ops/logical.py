"""LOGICAL_AND, LOGICAL_OR and LOGICAL_NOT: parameters, their preparation, and the answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from ember_infer_core.ops.common import check_same_shape
from ember_infer_core.ops.lookup import LookupParams, tabulated
from ember_infer_core.ops.pairs import PairParams, broadcast_fields
from ember_infer_core.slots import BOOL, AnyArray, DType, Shape

__all__ = ["LogicalParams", "prepare", "prepare_not"]


@dataclass(slots=True, kw_only=True, eq=False)
class LogicalParams(PairParams):
    """The conjunction, or the disjunction, of two bool tensors that broadcast as NumPy does.

    Fields that are not named here are described in :class:`PairParams`.

    Attributes:
        conjunction: both have to be true; otherwise either.
    """

    conjunction: bool

    @override
    def plain(self, values1: AnyArray, values2: AnyArray) -> npt.NDArray[np.bool_]:
        """The answers. Source: TFLM ``LogicalImpl``."""
        return np.logical_and(values1, values2) if self.conjunction else np.logical_or(values1, values2)


def prepare(
    *, input1_shape: Shape, input2_shape: Shape, output_shape: Shape, conjunction: bool, dtype: DType = BOOL
) -> LogicalParams:
    """The parameters of a LOGICAL_AND or LOGICAL_OR.

    Raises:
        InvalidShape: the shapes contradict each other.
        Undefined: a rank that TFLM has no room for.
    """
    return LogicalParams(conjunction=conjunction, **broadcast_fields(input1_shape, input2_shape, output_shape, dtype))


def prepare_not(*, input_shape: Shape, output_shape: Shape) -> LookupParams:
    """The parameters of a LOGICAL_NOT: a table of what a byte can be.

    Raises:
        InvalidShape: the shapes contradict each other.
    """
    check_same_shape(input_shape, output_shape)
    return LookupParams(
        input_shape=input_shape,
        output_shape=output_shape,
        input_dtype=BOOL,
        output_dtype=BOOL,
        table=tabulated(np.logical_not, BOOL, BOOL),
    )
