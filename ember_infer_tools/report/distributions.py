"""What tensors hold: the least and greatest value, how much stands at the ends of the type, a histogram."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ember_infer_core.backend import KernelBackend
from ember_infer_core.errors import KernelError
from ember_infer_core.program import Program
from ember_infer_core.quantization import integer_range
from ember_infer_core.recording import RecordingBackend
from ember_infer_core.slots import AnyArray, Role
from ember_infer_tools.inspect import TensorReport

__all__ = ["BINS", "Distribution", "Values", "activations_of", "weights_of"]

BINS = 64
# Of elements that are no bytes a histogram shows an even sample: so many of each run, and no more in all.
_SAMPLED = 4096
_MOST_SAMPLED = 1 << 18


@dataclass(frozen=True, slots=True)
class Distribution:
    """The elements of a tensor, in all runs.

    Attributes:
        dtype: of the elements.
        elements: how many were looked at.
        least, greatest: of those that are finite; None where none is.
        ends: the least and the greatest number that the elements may be; None for float32.
        at_low, at_high: how many elements are these numbers.
        start, stop: where the first bin begins and the last one ends.
        bins: how many elements, or how many of an even sample, each bin has.
    """

    dtype: str
    elements: int
    least: float | None
    greatest: float | None
    ends: tuple[int, int] | None
    at_low: int
    at_high: int
    start: float
    stop: float
    bins: tuple[int, ...]

    @property
    def low_share(self) -> float:
        """Of the elements at the low end."""
        return self.at_low / max(self.elements, 1)

    @property
    def high_share(self) -> float:
        """Of the elements at the high end."""
        return self.at_high / max(self.elements, 1)


class Values:
    """Gathers a tensor's distribution, run by run; bytes are all counted, of other types a sample is kept."""

    def __init__(self, dtype: np.dtype[np.generic]) -> None:
        self._dtype = dtype
        self._ends = integer_range(dtype) if dtype.kind in "iu" else None
        self._counts = np.zeros(256, np.int64)
        self._elements = self._at_low = self._at_high = self._kept = 0
        self._least, self._greatest = np.inf, -np.inf
        self._sampled: list[AnyArray] = []

    def add(self, array: AnyArray) -> None:
        """Counts the elements of one run."""
        flat = array.reshape(-1)
        self._elements += flat.size
        if flat.dtype.itemsize == 1:
            self._counts += np.bincount(flat.view(np.uint8), minlength=256)
            return
        finite = flat[np.isfinite(flat)]
        if not finite.size:
            return
        self._least = min(self._least, float(finite.min()))
        self._greatest = max(self._greatest, float(finite.max()))
        if self._ends is not None:
            low, high = self._ends
            self._at_low += int((flat == low).sum())
            self._at_high += int((flat == high).sum())
        if self._kept < _MOST_SAMPLED:
            sample = finite[:: -(-finite.size // _SAMPLED)].copy()
            self._kept += sample.size
            self._sampled.append(sample)

    def distribution(self) -> Distribution | None:
        """What was counted; None before the first element."""
        if not self._elements:
            return None
        return self._of_bytes() if self._dtype.itemsize == 1 else self._of_others()

    def _of_bytes(self) -> Distribution:
        # The counts go by the bytes; a type with a sign has its least number in the middle of them.
        counts = np.roll(self._counts, 128) if self._dtype.kind == "i" else self._counts
        low, high = self._ends or (0, 1)
        counts = counts[: high - low + 1]
        met = np.flatnonzero(counts)
        bins = counts.reshape(min(counts.size, BINS), -1).sum(axis=1)
        return Distribution(
            dtype=self._dtype.name,
            elements=self._elements,
            least=low + int(met[0]),
            greatest=low + int(met[-1]),
            ends=self._ends,
            at_low=int(counts[0]),
            at_high=int(counts[-1]),
            start=low,
            stop=high + 1,
            bins=tuple(bins.tolist()),
        )

    def _of_others(self) -> Distribution:
        least, greatest = (self._least, self._greatest) if self._sampled else (0.0, 0.0)
        sampled = np.concatenate(self._sampled).astype(np.float64) if self._sampled else np.zeros(0)
        # Scaled first: the distance between two finite numbers may be infinite.
        scale = max(abs(least), abs(greatest), 1e-300)
        bounds = (least / scale, max(greatest / scale, least / scale + 1e-9))
        counts, _ = np.histogram(np.clip(sampled / scale, *bounds), BINS, bounds)
        return Distribution(
            dtype=self._dtype.name,
            elements=self._elements,
            least=least if self._sampled else None,
            greatest=greatest if self._sampled else None,
            ends=self._ends,
            at_low=self._at_low,
            at_high=self._at_high,
            start=least,
            stop=greatest,
            bins=tuple(counts.tolist()),
        )


def weights_of(program: Program, tensors: Sequence[TensorReport]) -> dict[int, Distribution]:
    """What the constants of int8 and int4 hold that layers read, of the file's tensors.

    Symmetric weights end at -127, or at -7 of int4: converters leave out the number that has no counterpart. Where it
    is met all the same, that is the end.
    """
    read = {index for call in program.calls for index in call.tensors(Role.CONSTANT, Role.INPUT)}
    found = {}
    for tensor in tensors:
        data = program.tensors[tensor.index].data if tensor.index in read else None
        if data is not None and data.dtype == np.int8 and data.size:
            values = Values(data.dtype)
            values.add(data)
            distribution = values.distribution()
            assert distribution is not None
            low, high = (-8, 7) if tensor.type == "int4" else integer_range(data.dtype)
            is_symmetric = tensor.quant is not None and tensor.quant.zero_point_min == tensor.quant.zero_point_max == 0
            low += is_symmetric and not (data == low).any()
            at_low, at_high = int((data == low).sum()), int((data == high).sum())
            found[tensor.index] = replace(distribution, ends=(low, high), at_low=at_low, at_high=at_high)
    return found


def activations_of(
    backend: KernelBackend, program: Program, samples: Sequence[AnyArray], tensors: int
) -> tuple[Mapping[int, Distribution], tuple[str, ...]]:
    """What the model's inputs and its layers' outputs held in the runs of these samples, by the tensor's index; and why
    runs have ended before their end, as those do that take the root of a negative number. Such a run counts as far as
    it came.

    Samples of a model that keeps state are steps of one sequence.

    Args:
        backend: whose kernels run.
        program: the model.
        samples: for each input ``(samples, *shape)``.
        tensors: how many of the program's are the file's.

    Raises:
        KernelError: the backend cannot run the model.
    """
    recording = RecordingBackend(backend)
    executable = recording.compile(program)
    values: dict[int, Values] = {}
    ended: list[str] = []
    for inputs in zip(*samples, strict=True):
        for buffer, array in zip(executable.inputs, inputs, strict=True):
            buffer[...] = array
        met = list(zip(program.inputs, inputs, strict=True))
        recording.clear()
        try:
            executable.run()
        except KernelError as error:
            ended.append(str(error))
        for index, array in (*met, *_written(recording)):
            if index < tensors:
                values.setdefault(index, Values(array.dtype)).add(array)
    found = {index: own.distribution() for index, own in values.items()}
    return {index: distribution for index, distribution in found.items() if distribution is not None}, tuple(ended)


def _written(recording: RecordingBackend) -> Iterator[tuple[int, AnyArray]]:
    """Each layer's outputs in the last run, and the state that it left."""
    for record in (layer for run in recording.runs for layer in run.layers):
        if record.call is not None:
            for slot, array in record.outputs.items():
                yield record.call.operands[slot], array
