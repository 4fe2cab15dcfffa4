"""RESHAPE, and every other copy, as steps of ``copy.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_native.plan import Layout, Place, Pointer, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.reshape import ReshapeParams
    from ember_infer_native.kernels.context import Context

__all__ = ["copy_between", "plan_reshape"]


def plan_reshape(context: Context, params: ReshapeParams, input: Place, output: Place) -> list[Step]:
    """The step; both places are dense."""
    return [copy_flat(input.first, output.first, input.layout.size)]


def copy_flat(source: Pointer, target: Pointer, size: int, flip: int = 0) -> Step:
    """Bytes as they are, or XORed with ``flip``."""
    layout = Layout(1, 1, size, 1)
    return copy_between(Place(source, layout), Place(target, layout), flip)


def copy_between(source: Place, target: Place, flip: int = 0) -> Step:
    """The elements of one place into another, of another layout."""
    old, new = source.layout, target.layout
    images, rows, columns = old.images, old.rows, old.columns
    # Rows that touch on both sides become one.
    if old.row == new.row == columns * old.channels:
        columns, rows = rows * columns, 1
        if old.image == new.image == columns * old.channels:
            columns, images = images * columns, 1
    fields = {
        "images": images,
        "rows": rows,
        "columns": columns,
        "pixel": old.channels,
        "input_image": old.image,
        "input_row": old.row,
        "output_image": new.image,
        "output_row": new.row,
        "split": 1,
        "phase": 0,
        "flip": flip,
    }
    return Step("copy", "copy", (), fields, (source.first, target.first))
