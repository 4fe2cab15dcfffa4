"""Where the buffers of a call start: ESP-NN's vector kernels ignore the low bits of an address."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ember_infer_core import Conv2dParams, DepthwiseConv2dParams, FullyConnectedParams, PoolParams
from ember_infer_core.slots import Role, slots

if TYPE_CHECKING:
    from ember_infer_core import OperatorParams

__all__ = ["ARENA", "Spot", "is_aligned", "spot_of", "spots"]

_ALIGNMENT = 16


@dataclass(frozen=True, slots=True)
class Spot:
    """Bytes from the last multiple of 16 to the inputs and to the output of a call, or of one image of it."""

    inputs: tuple[int, ...] = (0,)
    output: int = 0

    def inputs_start_at(self, multiple: int) -> bool:
        """Whether all inputs start at a multiple of so many bytes, 16 at most."""
        return all(offset % multiple == 0 for offset in self.inputs)

    def output_starts_at(self, multiple: int) -> bool:
        """Whether the output does."""
        return self.output % multiple == 0

    def moved(self, input_bytes: int, output_bytes: int) -> Spot:
        """The spot so many bytes further on."""
        inputs = tuple((offset + input_bytes) % _ALIGNMENT for offset in self.inputs)
        return Spot(inputs, (self.output + output_bytes) % _ALIGNMENT)


# An arena's buffers start at multiples of 16.
ARENA = Spot()


def spot_of(params: OperatorParams) -> Spot:
    """Where the buffers of a bound call start."""
    starts: dict[Role, list[int]] = {Role.INPUT: [], Role.OUTPUT: []}
    for slot in slots(params):
        if slot.role in starts:
            starts[slot.role].append(getattr(params, slot.name).ctypes.data % _ALIGNMENT)
    return Spot(tuple(starts[Role.INPUT]), starts[Role.OUTPUT][0])


def spots(params: OperatorParams, first: Spot = ARENA) -> Iterator[Spot]:
    """Where the images or rows start that the drivers hand to a kernel one by one, in order."""
    count, input_bytes, output_bytes = _pieces(params)
    for index in range(min(count, _ALIGNMENT)):  # after 16 it begins again
        yield first.moved(index * input_bytes, index * output_bytes)


def _pieces(params: OperatorParams) -> tuple[int, int, int]:
    """How many pieces a call is handed over in, and the bytes of each in and out."""
    if isinstance(params, Conv2dParams | DepthwiseConv2dParams | PoolParams):
        (batch, *image), (_, *result) = params.input_shape, params.output_shape
        return batch, _product(image), _product(result)
    if isinstance(params, FullyConnectedParams):
        outputs, taps = params.weights_shape
        return _product(params.input_shape) // taps if taps else 1, taps, outputs
    return 1, 0, 0


def _product(sizes: Any) -> int:
    product = 1
    for size in sizes:
        product *= size
    return product


def is_aligned(array: Any) -> bool:
    """Whether an array starts at a multiple of 16."""
    return bool(array.ctypes.data % _ALIGNMENT == 0)
