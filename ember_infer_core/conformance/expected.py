"""What a call is to give, and which elements of what it gave are wrong: any number of outputs, of any type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_core.slots import AnyArray, OperatorParams, Role, Slot, slots

__all__ = [
    "Expected",
    "Outputs",
    "Result",
    "as_outputs",
    "output_size",
    "output_slots",
    "ulp_distance",
    "unlike",
    "written_slots",
]

BoolArray: TypeAlias = npt.NDArray[np.bool_]
Outputs: TypeAlias = Mapping[str, AnyArray]  # by the names of the slots
# One output, or in the order of their slots all outputs and what the states hold afterwards.
Result: TypeAlias = AnyArray | Sequence[AnyArray]


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """The right outputs of one call.

    Attributes:
        outputs: by the names of their slots; a state counts as one, with what it holds after the call.
        ulp: how many units in the last place a float32 may be off. With 0 it is to have the same bits. Any NaN is as
            good as any other.
        states: what the states hold before the call.
    """

    outputs: Outputs
    ulp: int = 0
    states: Outputs = field(default_factory=dict)

    def wrong(self, got: Outputs) -> dict[str, BoolArray]:
        """For each output, which elements are not what they are to be."""
        return {name: _wrong_elements(array, got[name], self.ulp) for name, array in self.outputs.items()}

    def met_by(self, got: Outputs) -> bool:
        """Whether every element of every output is right."""
        return not any(wrong.any() for wrong in self.wrong(got).values())

    def before(self) -> dict[str, AnyArray]:
        """What to fill the outputs with before the call: what is wrong in every element, and the states' content."""
        return {name: unlike(array) for name, array in self.outputs.items()} | dict(self.states)


def _wrong_elements(expected: AnyArray, got: AnyArray, ulp: int) -> BoolArray:
    if expected.dtype.kind != "f":
        return np.asarray(_bits(expected) != _bits(got))
    different = ulp_distance(expected, got) > ulp if ulp else _bits(expected) != _bits(got)
    nan1, nan2 = np.isnan(expected), np.isnan(got)
    return np.asarray((different | (nan1 != nan2)) & ~(nan1 & nan2))


def ulp_distance(first: AnyArray, second: AnyArray) -> npt.NDArray[np.int64]:
    """How many float32 lie between elements that are no NaN, one end included; 0 between the zeros of either sign."""

    def place(array: AnyArray) -> npt.NDArray[np.int64]:
        bits = array.view(np.int32).astype(np.int64)
        return np.where(bits < 0, -(2**31) - bits, bits)

    distance: npt.NDArray[np.int64] = np.abs(place(first) - place(second))
    return distance


def _bits(array: AnyArray) -> npt.NDArray[Any]:
    """As unsigned integers: a bool of 2 is no True, and -0.0 is not 0.0."""
    return array.view(f"u{array.dtype.itemsize}")


def unlike(array: AnyArray) -> AnyArray:
    """An array of this type and shape whose elements all differ from this one's; of bool, bytes that are neither."""
    bits = np.ascontiguousarray(array).view(f"u{array.dtype.itemsize}").reshape(array.shape)
    flip = 2 if array.dtype == np.bool_ else int.from_bytes(b"\x55" * array.dtype.itemsize, "little")
    return np.asarray(bits ^ bits.dtype.type(flip)).view(array.dtype)


def output_slots(params: OperatorParams) -> list[Slot]:
    """The buffers that a call writes and does not read."""
    return [slot for slot in slots(params) if slot.role is Role.OUTPUT]


def written_slots(params: OperatorParams) -> list[Slot]:
    """The buffers that a call writes: outputs and states."""
    return [slot for slot in slots(params) if slot.role.is_written]


def output_size(params: OperatorParams) -> int:
    """Elements of all outputs and states together."""
    return sum(int(np.prod(slot.shape, dtype=np.int64)) for slot in written_slots(params))


def as_outputs(params: OperatorParams, result: Result) -> dict[str, AnyArray]:
    """What a definition gave, by the names of the outputs and states.

    Raises:
        AssertionError: it gave another number of outputs, or one of another type or shape than the parameters say.
    """
    arrays = [np.asarray(one) for one in (result if isinstance(result, (tuple, list)) else [result])]
    wanted = written_slots(params)
    given = [f"{array.dtype}{list(array.shape)}" for array in arrays]
    declared = [f"{slot.dtype}{list(slot.shape)}" for slot in wanted]
    if given != declared:
        raise AssertionError(
            f"{type(params).__name__}: its definition gives {', '.join(given)}, its outputs are {', '.join(declared)}"
        )
    return {slot.name: array for slot, array in zip(wanted, arrays, strict=True)}
