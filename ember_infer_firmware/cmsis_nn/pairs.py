"""Which pairs of tensors the library takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.slots import INT8
from ember_infer_firmware.step import Declined

if TYPE_CHECKING:
    from ember_infer_core.ops.pairs import PairParams

__all__ = ["check_alike"]


def check_alike(params: PairParams) -> None:
    """Checks that both inputs are int8 and of the output's shape.

    Raises:
        Declined: they are not.
    """
    if params.dtype != INT8:
        raise Declined("other types than int8: the reference kernel")
    if not params.input1_shape == params.input2_shape == params.output_shape:
        raise Declined("CMSIS-NN takes tensors of one shape alone")
