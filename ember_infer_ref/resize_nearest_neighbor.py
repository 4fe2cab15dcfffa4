"""RESIZE_NEAREST_NEIGHBOR."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.ops.resize_nearest_neighbor import copy_pixels, pixels
from ember_infer_ref.plan import Step, run_prepared

if TYPE_CHECKING:
    from ember_infer_core.ops.resize_nearest_neighbor import ResizeNearestNeighborParams

__all__ = ["resize_nearest_neighbor"]


def resize_nearest_neighbor(params: ResizeNearestNeighborParams) -> None:
    """RESIZE_NEAREST_NEIGHBOR. Source: TFLM ``reference_ops::ResizeNearestNeighbor``.

    Raises:
        InvalidShape: nothing was written.
    """
    run_prepared(params, "ref.resize_nearest_neighbor", _prepare)


def _prepare(params: ResizeNearestNeighborParams) -> Step:
    chosen = pixels(params)
    return lambda: copy_pixels(params, chosen)
