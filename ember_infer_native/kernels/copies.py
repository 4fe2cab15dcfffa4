"""Copies between layouts, as steps of ``copy.h``."""

from __future__ import annotations

from ember_infer_native.plan import Kernel, Layout, Place, Pointer, Step

__all__ = ["COPY", "REPEAT", "copy_between", "copy_flat"]

COPY = Kernel("copy", "copy", "copy", 2)
REPEAT = Kernel("repeat", "copy", "repeat", 2)


def copy_flat(source: Pointer, target: Pointer, size: int, flip: int = 0) -> Step:
    """Bytes as they are, or XORed with ``flip``."""
    layout = Layout(1, 1, size, 1)
    return copy_between(Place(source, layout), Place(target, layout), flip)


def copy_between(source: Place, target: Place, flip: int = 0) -> Step:
    """The elements of one place into another, of another layout; each byte XORed with ``flip``."""
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
    return Step(COPY, (), fields, (source.first, target.first))
