"""Samples of a model's inputs: checked, or drawn from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from ember_infer_core.errors import ComparisonError
from ember_infer_core.ops.common import element_count
from ember_infer_core.ops.quantize import QuantizeParams
from ember_infer_core.program import Program, Tensor
from ember_infer_core.quantization import integer_range
from ember_infer_core.slots import AnyArray, Role

__all__ = ["FileInputs", "Inputs", "checked_inputs", "random_inputs"]

Inputs: TypeAlias = AnyArray | Sequence[AnyArray]


class FileInputs(list[AnyArray]):
    """An array for each model input, from a file: what does not fit is told by the names of the file and its arrays.

    Attributes:
        file: where they come from.
        names: of the arrays, in an archive.
    """

    def __init__(self, arrays: Sequence[AnyArray], file: str, names: Sequence[str] = ()) -> None:
        super().__init__(arrays)
        self.file: str = file
        self.names: tuple[str, ...] = tuple(names)


def checked_inputs(inputs: Inputs, program: Program) -> list[AnyArray]:
    """The samples for each model input, ``(samples, *shape)``.

    Raises:
        ComparisonError: wrong type or length, or not as many samples for each input.
    """
    arrays = [inputs] if isinstance(inputs, np.ndarray) else list(inputs)
    tensors = [program.tensors[index] for index in program.inputs]
    if len(arrays) != len(tensors):
        raise ComparisonError(_wrong_number(inputs, len(arrays), len(tensors)))
    places = ["inputs"] * len(arrays)
    if isinstance(inputs, FileInputs):
        places = [f"{inputs.file}, array {name}" for name in inputs.names] or [inputs.file] * len(arrays)
    rows = [_rows(*each) for each in zip(arrays, tensors, places, strict=True)]
    if len({len(samples) for samples in rows}) != 1:
        where = f"{inputs.file}: " if isinstance(inputs, FileInputs) else ""
        counts = [len(samples) for samples in rows]
        raise ComparisonError(f"{where}the inputs hold different numbers of samples: {counts}")
    return rows


def _wrong_number(inputs: Inputs, given: int, wanted: int) -> str:
    """Which arrays there are, and of a file what to save."""
    counts = f"{given} array{'' if given == 1 else 's'}", f"{wanted} input{'' if wanted == 1 else 's'} of the model"
    if not isinstance(inputs, FileInputs):
        return f"{counts[0]} for {counts[1]}"
    names = f" ({', '.join(inputs.names)})" if inputs.names else ""
    save = (
        "save the samples under the name inputs" if wanted == 1 else "save an array for each, in their order, as .npz"
    )
    return f"{inputs.file}: {counts[0]}{names} for {counts[1]}: {save}"


def random_inputs(program: Program, samples: int, seed: int) -> list[AnyArray]:
    """Uniform values for each model input, ``(samples, *shape)``: the same for the same seed.

    All values of int8, uint8, int16 and bool. Of float32 those that the QUANTIZE which reads it can tell apart, and -1
    to 1 where there is none; of int32, which mostly are indices, 0 and 1.
    """
    random = np.random.default_rng(seed)
    return [_random_values(program, index, samples, random) for index in program.inputs]


def _random_values(program: Program, index: int, samples: int, random: np.random.Generator) -> AnyArray:
    tensor = program.tensors[index]
    shape = (samples, *tensor.shape)
    if tensor.dtype == np.float32:
        return random.uniform(*_real_range(program, index), shape).astype(np.float32)
    if tensor.dtype == np.bool_ or tensor.dtype.itemsize > 2:
        return random.integers(0, 2, shape).astype(tensor.dtype)
    low, high = integer_range(tensor.dtype)
    return random.integers(low, high, shape, tensor.dtype, endpoint=True)


def _real_range(program: Program, index: int) -> tuple[float, float]:
    read = (call for call in program.calls if index in map(program.storage, call.tensors(Role.INPUT)))
    for params in (call.params for call in read):
        if isinstance(params, QuantizeParams):
            low, high = integer_range(params.output_dtype)
            quant = params.output_quant
            return quant.scale * (low - quant.zero_point), quant.scale * (high - quant.zero_point)
    return -1.0, 1.0


def _rows(array: AnyArray, tensor: Tensor, place: str) -> AnyArray:
    if array.dtype != tensor.dtype:
        quantized = tensor.quant is not None and tensor.dtype.kind in "iu" and array.dtype.kind == "f"
        hint = f" (quantize() of a model class makes {tensor.dtype} of real values)" if quantized else ""
        raise ComparisonError(f"{place}: {tensor.dtype} is wanted, not {array.dtype}{hint}")
    elements = element_count(tensor.shape)
    if not array.size:
        raise ComparisonError(f"{place}: no samples: an array of shape {array.shape} is empty")
    if array.size % elements:
        raise ComparisonError(
            f"{place}: shape {array.shape} does not hold whole samples of {elements} elements {tensor.shape}"
        )
    return np.ascontiguousarray(array).reshape(-1, *tensor.shape)
