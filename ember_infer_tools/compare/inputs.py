"""Samples to compare on: from a file, from arrays, or drawn from a seed."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_core.errors import ComparisonError
from ember_infer_core.program import Program, Tensor
from ember_infer_core.slots import Int8Array

__all__ = ["Inputs", "checked_inputs", "load_inputs", "random_inputs", "why_unreadable"]

Inputs: TypeAlias = npt.NDArray[np.int8] | Sequence[npt.NDArray[np.int8]]


def load_inputs(path: Path) -> Inputs:
    """Samples from a ``.npy`` file, or a ``.npz`` file: its array ``inputs``, or one array for each input in order.

    Raises:
        ComparisonError: no such file, or not of that kind.
    """
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return loaded
        with loaded as archive:
            return [archive[name] for name in (["inputs"] if "inputs" in archive else archive.files)]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ComparisonError(f"{path}: {why_unreadable(error)}") from error


def why_unreadable(error: Exception) -> str:
    """The reason alone: an OSError repeats the path, and NumPy takes every file that it does not know for pickles."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "no NumPy file of numbers (.npy, .npz)" if "pickle" in str(error) else str(error)


def checked_inputs(inputs: Inputs, program: Program) -> list[Int8Array]:
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


def random_inputs(program: Program, samples: int, seed: int) -> list[Int8Array]:
    """Uniform int8 for each model input, ``(samples, *shape)``: the same for the same seed."""
    random = np.random.default_rng(seed)
    shapes = (program.tensors[index].shape for index in program.inputs)
    return [random.integers(-128, 128, (samples, *shape), np.int8) for shape in shapes]


def _rows(array: npt.NDArray[np.int8], tensor: Tensor) -> Int8Array:
    if array.dtype != np.int8:
        hint = " (quantize() of a model class makes int8 of real values)" if array.dtype.kind == "f" else ""
        raise ComparisonError(f"inputs: int8 is wanted, not {array.dtype}{hint}")
    if not array.size or array.size % tensor.size:
        raise ComparisonError(
            f"inputs: shape {array.shape} does not hold whole samples of {tensor.size} elements {tensor.shape}"
        )
    return np.ascontiguousarray(array).reshape(-1, *tensor.shape)
