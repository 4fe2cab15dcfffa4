"""The instruction sets that code is generated for. Each is one C header of its name, and one entry here."""

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
        name: of the header.
        needs: features of the processor, as Linux names them.
        flags: for the compiler.
        lanes: int32 values in a vector.
        quads: how a vector of four weights for each lane is packed: ``bytes`` as they are, or 16 bits each, as ``pairs``:
            the even bytes of all lanes, then the odd ones, or as ``planes``: the first byte of all lanes, then the second.
        bias: what is added to int8 activations in memory.
        floats: whether it has the float32 ways of requantisation.
        sums: accumulators that registers hold beside the operands.
    """

    name: str
    needs: frozenset[str]
    flags: tuple[str, ...]
    lanes: int
    quads: Literal["bytes", "pairs", "planes"]
    bias: int
    floats: bool
    sums: int

    @property
    def chunk(self) -> int:
        """Bytes in a block of results."""
        return 4 * self.lanes

    def pack_quads(self, weights: npt.NDArray[np.int8]) -> bytes:
        """Vectors of weights ``(..., lanes, 4)`` as the header's ``load_weights`` wants them."""
        if self.quads == "bytes":
            return np.ascontiguousarray(weights).tobytes()
        if self.quads == "planes":
            return np.ascontiguousarray(weights.swapaxes(-1, -2), np.int16).tobytes()
        pairs = np.stack((weights[..., 0::2], weights[..., 1::2]), axis=-3)
        return np.ascontiguousarray(pairs, np.int16).tobytes()

    def lane_order(self, chunks: int) -> npt.NDArray[np.intp]:
        """For each lane of 4 vectors of each chunk, the byte of the chunks that ``interleave`` puts there."""
        if self.quads == "planes":
            return np.arange(chunks * self.chunk)
        lane = np.arange(self.lanes)
        within = 16 * (lane // 4) + 4 * np.arange(4)[:, None] + lane % 4
        return (np.arange(chunks)[:, None, None] * self.chunk + within).reshape(-1)


TARGETS: tuple[Target, ...] = (
    Target(
        "avx512vnni",
        frozenset({"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni", "fma"}),
        ("-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx512vnni", "-mfma", "-mprefer-vector-width=512"),
        lanes=16,
        quads="bytes",
        bias=128,
        floats=True,
        sums=24,
    ),
    Target(
        "avxvnni",
        frozenset({"avx2", "avx_vnni", "fma"}),
        ("-mavx2", "-mavxvnni", "-mfma"),
        lanes=8,
        quads="bytes",
        bias=128,
        floats=True,
        sums=8,
    ),
    Target(
        "avx2",
        frozenset({"avx2", "fma"}),
        ("-mavx2", "-mfma"),
        lanes=8,
        quads="pairs",
        bias=128,
        floats=True,
        sums=8,
    ),
    Target(
        "neon_dot",
        frozenset({"asimddp"}),
        ("-march=armv8.2-a+dotprod",),
        lanes=4,
        quads="bytes",
        bias=0,
        floats=False,
        sums=24,
    ),
    Target(
        "portable",
        frozenset(),
        ("-O3",),
        lanes=8,
        quads="planes",
        bias=0,
        floats=False,
        sums=8,
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
