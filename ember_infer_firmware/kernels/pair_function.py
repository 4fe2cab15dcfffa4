"""What computes a function of two elements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ember_infer_firmware.step import Kernel, Value

__all__ = ["PairFunction", "pair_kernels"]


@dataclass(frozen=True, slots=True)
class PairFunction:
    """A kernel, and what its struct has beside ``count`` and ``rows``.

    Attributes:
        flat: where both inputs have the output's shape; None where that is ``broadcast``'s affair too.
        broadcast: anywhere.
        fields: of the struct.
        is_swapped: whether the second input comes first.
    """

    flat: Kernel | None
    broadcast: Kernel
    fields: Mapping[str, Value] = field(default_factory=dict)
    is_swapped: bool = False


def pair_kernels(name: str, header: str, struct: str) -> tuple[Kernel, Kernel]:
    """The two functions of ``EMBER_PAIRS``."""
    return Kernel(name, header, 3, struct=struct), Kernel(f"{name}_broadcast", header, 3, struct=struct)
