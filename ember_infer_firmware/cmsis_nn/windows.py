"""``struct ember_cmsis_nn_window``, and which windows the library can count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.slots import AnyArray, Int32Array
from ember_infer_firmware.library_fields import check_counts, window_constants, window_geometry, window_range
from ember_infer_firmware.step import Declined, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.sums import WindowedSumParams
    from ember_infer_firmware.context import Context

__all__ = ["check_products", "window"]

_MOST_PRODUCTS = 2**16 - 1


def check_products(count: int) -> None:
    """Checks that they hold the number of products of one output: the last columns and channels are counted so.

    Raises:
        Declined: they do not.
    """
    if count > _MOST_PRODUCTS:
        raise Declined("CMSIS-NN counts the products of an output in 16 bits")


def window(context: Context, params: WindowedSumParams, weights: AnyArray, bias: Int32Array | None) -> dict[str, Value]:
    """The fields of the struct, for weights as the library's function has them."""
    check_counts("CMSIS-NN", *params.input_shape[1:], *weights.shape, *params.output_shape[1:])
    return {
        **window_constants(context, params, weights, bias),
        **window_geometry(params, weights.shape, counted=True),
        "dilation_h": params.dilation_h_factor,
        "dilation_w": params.dilation_w_factor,
        **window_range(params),
    }
