"""What planning an operator has at hand."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ember_infer_core.slots import AnyArray, ByteArray
from ember_infer_native.plan import Constants, Temporaries
from ember_infer_native.targets import Target

__all__ = ["Context"]


@dataclass(frozen=True, slots=True)
class Context:
    """For one plan.

    Attributes:
        target: the instruction set.
        generic: whether the steps are for the operators' library, which has few variants of each kernel.
        constants, temporaries: where steps put what they need.
    """

    target: Target
    generic: bool
    temporaries: Temporaries
    constants: Constants = field(default_factory=Constants)

    def kept(self, array: AnyArray) -> ByteArray:
        """The bytes of a tensor's elements as memory holds them: int8 plus the target's bias, all else as it is."""
        content: ByteArray = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        return content ^ np.uint8(self.target.bias_of(array.dtype))
