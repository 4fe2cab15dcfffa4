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

__all__ = ["Inputs", "checked_inputs", "random_inputs"]

Inputs: TypeAlias = AnyArray | Sequence[AnyArray]


def checked_inputs(inputs: Inputs, program: Program) -> list[AnyArray]:
    """The samples for each model input, ``(samples, *shape)``.

    Raises:
        ComparisonError: wrong type or length, or not as many samples for each input.
    """
    arrays = [inputs] if isinstance(inputs, np.ndarray) else list(inputs)
    tensors = [program.tensors[index] for index in program.inputs]
    if len(arrays) != len(tensors):
        raise ComparisonError(f"{len(arrays)} arrays are given for {len(tensors)} inputs")
    rows = [_rows(array, tensor) for array, tensor in zip(arrays, tensors, strict=True)]
    if len({len(samples) for samples in rows}) != 1:
        raise ComparisonError(f"the inputs hold different numbers of samples: {[len(samples) for samples in rows]}")
    return rows


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


def _rows(array: AnyArray, tensor: Tensor) -> AnyArray:
    if array.dtype != tensor.dtype:
        quantized = tensor.quant is not None and tensor.dtype.kind in "iu" and array.dtype.kind == "f"
        hint = f" (quantize() of a model class makes {tensor.dtype} of real values)" if quantized else ""
        raise ComparisonError(f"inputs: {tensor.dtype} is wanted, not {array.dtype}{hint}")
    elements = element_count(tensor.shape)
    if not array.size:
        raise ComparisonError(f"inputs: no samples: an array of shape {array.shape} is empty")
    if array.size % elements:
        raise ComparisonError(
            f"inputs: shape {array.shape} does not hold whole samples of {elements} elements {tensor.shape}"
        )
    return np.ascontiguousarray(array).reshape(-1, *tensor.shape)
