"""How much two tensors differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ember_infer_core.slots import AnyArray

__all__ = ["Difference", "Element", "Tally", "signed_steps"]


@dataclass(frozen=True, slots=True)
class Element:
    """One element in which the sides differ: of which sample, where in the tensor, and both values."""

    sample: int
    coordinates: tuple[int, ...]
    a: int | float
    b: int | float


@dataclass(frozen=True, slots=True)
class Difference:
    """How a tensor differs, over all samples.

    Differences of float32 count in units in the last place: neighbours differ by 1.

    Attributes:
        elements: how many were compared.
        different: how many differ.
        largest: the greatest ``abs(b - a)``.
        histogram: how many elements for each value of ``b - a`` but 0.
        first: the first element that differs, in the order of samples and memory; None where all are equal.
        worst: the first of those elements whose values lie farthest apart: by ``largest`` if they are whole numbers; of
            float32 a few units in the last place may be more than billions of them around 0.
        dtype: of the elements.
    """

    elements: int
    different: int
    largest: int
    histogram: Mapping[int, int]
    first: Element | None
    worst: Element | None
    dtype: str = "int8"


class Tally:
    """Counts the differences of one tensor, sample by sample."""

    def __init__(self) -> None:
        self._elements = 0
        self._counts: Counter[int] = Counter()  # of b - a, where that is not 0
        self._first: Element | None = None
        self._worst: Element | None = None
        self._largest = 0
        self._widest = 0.0
        self._dtype = ""

    def add(self, sample: int, a: AnyArray, b: AnyArray) -> npt.NDArray[np.bool_]:
        """Counts one sample; returns where it differs."""
        steps = signed_steps(a, b.reshape(a.shape))
        self._dtype = a.dtype.name
        self._elements += steps.size
        different: npt.NDArray[np.bool_] = steps != 0
        if different.any():
            found, counts = np.unique(steps[different], return_counts=True)
            self._counts.update(dict(zip(found.tolist(), counts.tolist(), strict=True)))
            self._first = self._first or _element(sample, int(different.argmax()), a, b)
            self._largest = max(self._largest, int(np.abs(found).max()))
            gaps = _gaps(a, b.reshape(a.shape), different)
            if gaps.max() > self._widest or self._worst is None:
                self._widest = float(gaps.max())
                self._worst = _element(sample, int(gaps.argmax()), a, b)
        return different

    def difference(self) -> Difference | None:
        """The counts so far; None before the first sample."""
        if not self._elements:
            return None
        different = self._counts.total()
        histogram = dict(sorted(self._counts.items()))
        return Difference(self._elements, different, self._largest, histogram, self._first, self._worst, self._dtype)


def signed_steps(a: AnyArray, b: AnyArray) -> npt.NDArray[np.int64]:
    """``b - a`` of each element; of float32 in units in the last place. NaN equals NaN, and is far from numbers."""
    if a.dtype != np.float32:
        return b.astype(np.int64) - a.astype(np.int64)
    steps = _float_order(b) - _float_order(a)
    return np.where(np.isnan(a) & np.isnan(b), 0, steps)


def _gaps(a: AnyArray, b: AnyArray, different: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """How far apart the values are: -1 where they are the same, infinite where one is infinite or NaN."""
    with np.errstate(invalid="ignore"):
        gaps = np.abs(b.astype(np.float64) - a.astype(np.float64))
    return np.where(different, np.nan_to_num(gaps, nan=np.inf, posinf=np.inf), -1.0)


def _float_order(values: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Whole numbers in the order of the floats, neighbours next to each other; -0 just below 0."""
    bits = values.reshape(-1).view(np.int32).astype(np.int64).reshape(values.shape)
    return np.where(bits < 0, -(bits & 0x7FFFFFFF) - 1, bits)


def _element(sample: int, position: int, a: AnyArray, b: AnyArray) -> Element:
    coordinates = tuple(int(k) for k in np.unravel_index(position, a.shape))
    return Element(sample, coordinates, a.reshape(-1)[position].item(), b.reshape(-1)[position].item())
