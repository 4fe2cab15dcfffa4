"""The instruction sets that code is generated for. Each has a C header, and one entry here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["TARGETS", "Target", "choose_target", "named_target"]


@dataclass(frozen=True, slots=True)
class Target:
    """What planning has to know of an instruction set; the rest is in its header.

    Attributes:
        name: what users call it.
        header: name of the C header.
        needs: features of the processor, as Linux names them.
        flags: for the compiler.
        lanes: int32 values in a vector.
        quads: how a vector of weights, four for each lane, is packed: ``bytes`` as they are, or 16 bits each. ``pairs``
            are the even bytes of all lanes, then the odd ones. ``planes`` are the first byte of all lanes, then the
            second and so on, each with the two halves of the lanes interleaved.
        bias: what is added to int8 activations in memory.
        floats: whether it has the float32 ways of requantisation.
        sums: accumulators that registers hold beside the operands.
        short_sums: the same for sums of few products: with less of them in a tile, the requantisation of one tile goes
            on beside the multiplications of the next.
    """

    name: str
    header: str
    needs: frozenset[str]
    flags: tuple[str, ...]
    lanes: int
    quads: Literal["bytes", "pairs", "planes"]
    bias: int
    floats: bool
    sums: int
    short_sums: int

    @property
    def chunk(self) -> int:
        """Bytes in a block of results."""
        return 4 * self.lanes

    @property
    def quad_bytes(self) -> int:
        """Bytes of a packed vector of weights."""
        return self.chunk if self.quads == "bytes" else 2 * self.chunk

    def bias_of(self, dtype: np.dtype[np.generic]) -> int:
        """What is added to activations of a type in memory: only those of int8 are kept otherwise than they are."""
        return self.bias if dtype == np.int8 else 0

    def pack_quads(self, weights: npt.NDArray[np.int8]) -> bytes:
        """Vectors of weights ``(..., lanes, 4)`` as the header's ``load_weights`` wants them."""
        if self.quads == "bytes":
            return np.ascontiguousarray(weights).tobytes()
        if self.quads == "planes":
            elements = weights.reshape(*weights.shape[:-2], 2, self.lanes // 2, 4).swapaxes(-2, -3)
            return np.ascontiguousarray(np.moveaxis(elements, -1, -3), np.int16).tobytes()
        pairs = np.stack((weights[..., 0::2], weights[..., 1::2]), axis=-3)
        return np.ascontiguousarray(pairs, np.int16).tobytes()

    def lane_order(self, chunks: int) -> npt.NDArray[np.intp]:
        """For each lane of 4 vectors of each chunk, the byte of the chunks that ``interleave`` puts there."""
        if self.quads == "planes":
            return self.vector_order(4 * chunks)
        lane = np.arange(self.lanes)
        within = 16 * (lane // 4) + 4 * np.arange(4)[:, None] + lane % 4
        return (np.arange(chunks)[:, None, None] * self.chunk + within).reshape(-1)

    def vector_order(self, vectors: int) -> npt.NDArray[np.intp]:
        """For each lane of each vector, the byte of so many that ``interleave_vectors`` puts there."""
        lane = np.arange(self.lanes)
        if self.quads == "planes":
            lane = lane % (self.lanes // 2) * 2 + lane // (self.lanes // 2)
        return (np.arange(vectors)[:, None] * self.lanes + lane).reshape(-1)


TARGETS: tuple[Target, ...] = (
    Target(
        "avx512vnni",
        "avx512vnni",
        frozenset({"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni", "fma"}),
        ("-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx512vnni", "-mfma", "-mprefer-vector-width=512"),
        lanes=16,
        quads="bytes",
        bias=128,
        floats=True,
        sums=24,
        short_sums=12,
    ),
    Target(
        "avxvnni",
        "avx2",
        frozenset({"avx2", "avx_vnni", "fma"}),
        ("-mavx2", "-mavxvnni", "-mfma"),
        lanes=8,
        quads="bytes",
        bias=128,
        floats=True,
        sums=12,
        short_sums=12,
    ),
    Target(
        "avx2",
        "avx2",
        frozenset({"avx2", "fma"}),
        ("-mavx2", "-mfma"),
        lanes=8,
        quads="pairs",
        bias=128,
        floats=True,
        sums=8,
        short_sums=8,
    ),
    Target(
        "neon_dot",
        "neon_dot",
        frozenset({"asimddp"}),
        ("-mcpu=generic+dotprod",),  # what clang and zig both take; the header tells gcc
        lanes=4,
        quads="bytes",
        bias=0,
        floats=False,
        sums=24,
        short_sums=24,
    ),
    Target(
        "portable",
        "portable",
        frozenset(),
        (),
        lanes=8,
        quads="planes",
        bias=0,
        floats=False,
        sums=6,
        short_sums=6,
    ),
)


def choose_target(features: frozenset[str]) -> Target:
    """The best target for a processor with these features; the portable one needs none."""
    return next(target for target in TARGETS if target.needs <= features)


def named_target(name: str, features: frozenset[str]) -> Target:
    """The target of this name.

    Raises:
        ValueError: there is none, or a processor with these features cannot run it.
    """
    known = {target.name: target for target in TARGETS}
    if name not in known:
        raise ValueError(f"unknown target {name!r}; there are {', '.join(known)}")
    missing = known[name].needs - features
    if missing:
        raise ValueError(f"this processor cannot run target {name!r}: it lacks {', '.join(sorted(missing))}")
    return known[name]
