"""Views of dense tensors, and copies between them: what data movement is made of.

Everything counts in elements. An element's place in a tensor is its number in row-major order.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from ember_infer_core.errors import InvalidShape
from ember_infer_core.slots import Shape

__all__ = ["Axis", "StridedCopy", "View", "broadcast_axes", "merged_axes", "places"]

# Of tensors that are gone through together: how many indices, and in each tensor the step from one to the next.
Axis: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class View:
    """Some of a tensor's elements in some order: ``(i, j, ...)`` is at ``start + i * steps[0] + j * steps[1] + ...``.

    Attributes:
        sizes: how many there are along each axis.
        steps: from one to the next; may be 0 or negative.
        start: the place of the first.
        tensor: number of the tensor among the inputs, or among the outputs, of a call.
    """

    sizes: Shape
    steps: Shape
    start: int = 0
    tensor: int = 0

    @classmethod
    def whole(cls, shape: Shape, tensor: int = 0) -> View:
        """All elements in their order."""
        steps = [1] * len(shape)
        for axis in range(len(shape) - 1, 0, -1):
            steps[axis - 1] = steps[axis] * shape[axis]
        return cls(shape, tuple(steps), 0, tensor)

    def part(self, axis: int, first: int, count: int, step: int = 1) -> View:
        """``count`` indices along an axis, from ``first`` on.

        Raises:
            InvalidShape: the axis has no such indices.
        """
        size, last = self.sizes[axis], first + (count - 1) * step
        if count < 0 or (count and not (0 <= first < size and 0 <= last < size)):
            raise InvalidShape(f"axis {axis} of size {size} does not hold {count} indices from {first} in steps {step}")
        start = self.start + first * self.steps[axis] if count else self.start
        return replace(
            self,
            sizes=(*self.sizes[:axis], count, *self.sizes[axis + 1 :]),
            steps=(*self.steps[:axis], self.steps[axis] * step, *self.steps[axis + 1 :]),
            start=start,
        )

    def without(self, axis: int) -> View:
        """The same without an axis of size 1."""
        return replace(
            self,
            sizes=self.sizes[:axis] + self.sizes[axis + 1 :],
            steps=self.steps[:axis] + self.steps[axis + 1 :],
        )

    def transposed(self, axes: Sequence[int]) -> View:
        """The axes in another order."""
        return replace(
            self,
            sizes=tuple(self.sizes[axis] for axis in axes),
            steps=tuple(self.steps[axis] for axis in axes),
        )

    def split(self, axis: int, inner: int) -> View:
        """An axis as two, of which the second has ``inner`` indices.

        Raises:
            InvalidShape: the axis is no multiple of that.
        """
        size, step = self.sizes[axis], self.steps[axis]
        if inner < 1 or size % inner:
            raise InvalidShape(f"axis {axis} of size {size} is not made of blocks of {inner}")
        return replace(
            self,
            sizes=(*self.sizes[:axis], size // inner, inner, *self.sizes[axis + 1 :]),
            steps=(*self.steps[:axis], step * inner, step, *self.steps[axis + 1 :]),
        )

    def broadcast(self, shape: Shape) -> View:
        """The elements repeated as NumPy broadcasts them to ``shape``, which they do."""
        before = len(shape) - len(self.sizes)
        steps = [0 if size == 1 else step for size, step in zip(self.sizes, self.steps, strict=True)]
        return replace(self, sizes=shape, steps=(0,) * before + tuple(steps))


@dataclass(frozen=True, slots=True)
class StridedCopy:
    """Copies elements from an input to an output: for all indices below ``sizes`` one element.

    Attributes:
        source, target: number of the input, number of the output.
        source_start, target_start: places of the first element.
        sizes: along each axis; no axis has one index alone, and axes that can be one are one.
        source_steps, target_steps: from one element to the next along each axis.
    """

    source: int
    target: int
    source_start: int
    target_start: int
    sizes: Shape
    source_steps: Shape
    target_steps: Shape

    @classmethod
    def between(cls, source: View, target: View) -> StridedCopy:
        """The copy of one view to another of the same sizes.

        Raises:
            InvalidShape: the sizes differ.
        """
        if source.sizes != target.sizes:
            raise InvalidShape(f"elements of shape {list(source.sizes)} do not fill shape {list(target.sizes)}")
        axes = merged_axes(zip(source.sizes, source.steps, target.steps, strict=True))
        sizes, source_steps, target_steps = zip(*axes, strict=True) if axes else ((), (), ())
        return cls(source.tensor, target.tensor, source.start, target.start, sizes, source_steps, target_steps)

    @property
    def count(self) -> int:
        """How many elements it copies."""
        return math.prod(self.sizes)


def merged_axes(axes: Iterable[Axis]) -> list[Axis]:
    """The same elements in the same order, without axes of one index, and where neighbours can be one they are."""
    merged: list[Axis] = []
    for size, *steps in axes:
        if size == 1:
            continue
        if merged and merged[-1][1:] == tuple(size * step for step in steps):
            size *= merged.pop()[0]
        merged.append((size, *steps))
    return merged


def broadcast_axes(shapes: Iterable[Shape], shape: Shape) -> list[Axis]:
    """The :func:`merged_axes` of dense tensors, as NumPy broadcasts them to ``shape``, which they do."""
    steps = (View.whole(one).broadcast(shape).steps for one in shapes)
    return merged_axes(zip(shape, *steps, strict=True))


def places(start: int, sizes: Shape, steps: Shape) -> tuple[int, int]:
    """The least and the greatest place that a view or copy touches; it has an element at least."""
    ends = [(size - 1) * step for size, step in zip(sizes, steps, strict=True)]
    return start + sum(min(end, 0) for end in ends), start + sum(max(end, 0) for end in ends)
