"""Contents of buffers, by type."""

from __future__ import annotations

from typing import Any

import numpy as np

from ember_infer_core.slots import AnyArray, Int8Array, Shape, Slot

__all__ = ["all_pairs", "any_content", "every_int8", "seeded_int8", "values"]


def any_content(params: Any, slot: Slot, random: np.random.Generator) -> AnyArray:
    """Any values of the buffer's type; float32 of every ordinary size and either sign, the zeros too."""
    return values(slot.shape, slot.dtype.type, random)


def values(shape: Shape, dtype: type[np.generic], random: np.random.Generator) -> AnyArray:
    """:func:`any_content` of a shape and type."""
    kind = np.dtype(dtype).kind
    if kind == "b":
        return random.integers(0, 2, shape).astype(np.bool_)
    if kind == "f":
        sizes = random.choice(np.array([0.0, 0.01, 1.0, 1.0, 4.0, 100.0]), shape)
        return np.asarray(random.standard_normal(shape) * sizes).astype(dtype)
    limits = np.iinfo(np.dtype(dtype).str)
    return np.asarray(random.integers(limits.min, limits.max, shape, dtype, endpoint=True))


def seeded_int8(*shape: int, seed: int = 0) -> Int8Array:
    """Always the same random content."""
    return np.random.default_rng(seed).integers(-128, 128, shape, np.int8)


def every_int8() -> Int8Array:
    """-128 to 127."""
    return np.arange(-128, 128).astype(np.int8)


def all_pairs() -> tuple[Int8Array, Int8Array]:
    """Two images of shape (1, 64, 64, 16) that hold all pairs of int8."""
    single = every_int8()
    return single.repeat(256).reshape(1, 64, 64, 16), np.tile(single, 256).reshape(1, 64, 64, 16)
