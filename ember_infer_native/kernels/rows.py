"""Tensors of one shape as rows of elements, whatever their layouts: what functions of one element share."""

from __future__ import annotations

from collections.abc import Mapping

from ember_infer_native.plan import Kernel, Place, Pointer, Step

__all__ = ["plan_rows"]


def plan_rows(
    kernel: Kernel,
    template: tuple[int, ...],
    fields: Mapping[str, int],
    places: Mapping[str, Place],
    *constants: Pointer,
) -> list[Step]:
    """The step of a kernel over tensors of one shape, taken once for each image.

    Args:
        kernel: takes the places in order, then the constants; its struct has ``rows``, ``columns`` (elements of a row)
            and, for each place, ``<name>_row``: bytes from row to row.
        template: the kernel's variant.
        fields: further ones of the struct.
        places: by name, the output last.
        constants: for all images.
    """
    layouts = [place.layout for place in places.values()]
    output = layouts[-1]
    width = list(places.values())[-1].dtype.itemsize
    columns, rows, images = output.columns * output.channels // width, output.rows, output.images
    if all(layout.dense for layout in layouts):
        columns, rows, images = columns * rows * images, 1, 1
    steps_of = {f"{name}_row": place.layout.row for name, place in places.items()}
    if not images:
        return []
    strides = (*(layout.image for layout in layouts), *(0 for _ in constants)) if images > 1 else ()
    return [
        Step(
            kernel,
            template,
            {"rows": rows, "columns": columns, **steps_of, **fields},
            (*(place.first for place in places.values()), *constants),
            images,
            strides,
        )
    ]
