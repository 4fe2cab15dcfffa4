"""Random contents for the inputs of any model: random, close to the middle, and extreme."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_tools.tflite_writer import load_schema

Array = npt.NDArray[Any]
Range = tuple[float, float]

FLOAT_RANGE = (-8.0, 8.0)
# How far from the middle the values close to it go.
NEAR = 3
# The same for floats, as a share of the range.
NEAR_SHARE = 1 / 64


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of a model.

    Attributes:
        shape: sizes, outermost first.
        dtype: element type.
        middle: the element that means 0.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    middle: int


@functools.lru_cache(maxsize=1)  # asked for its inputs, then for its outputs
def model_ports(model: bytes) -> tuple[list[Port], list[Port]]:
    """All inputs and all outputs of a file, read by the official schema's accessors."""
    schema = load_schema()
    names = {number: name.lower() for name, number in vars(schema.TensorType).items() if not name.startswith("_")}
    subgraph = schema.Model.GetRootAs(model, 0).Subgraphs(0)

    def port(index: int) -> Port:
        tensor = subgraph.Tensors(index)
        quantization = tensor.Quantization()
        middle = 0
        if quantization is not None and quantization.ZeroPointLength():
            middle = quantization.ZeroPoint(0)
        shape = tuple(tensor.Shape(axis) for axis in range(tensor.ShapeLength()))
        return Port(shape, np.dtype(names[tensor.Type()]), middle)

    inputs = [port(subgraph.Inputs(position)) for position in range(subgraph.InputsLength())]
    return inputs, [port(subgraph.Outputs(position)) for position in range(subgraph.OutputsLength())]


def random_batches(model: bytes, seed: int = 0, ranges: Mapping[int, Range] | None = None) -> list[list[Array]]:
    """Inputs for six inferences: random twice, close to the middle, only extremes, all lowest, all highest.

    Args:
        model: content of a .tflite file.
        seed: of the random generator.
        ranges: lowest and highest value (both included) of the inputs at these positions. Without: all values of an
            integer type, and -8 to 8 of a float.
    """
    inputs, _ = model_ports(model)
    return batches_for(inputs, seed, ranges)


def batches_for(inputs: list[Port], seed: int, ranges: Mapping[int, Range] | None = None) -> list[list[Array]]:
    """:func:`random_batches` for known inputs."""
    random = np.random.default_rng(seed)
    contents = [_contents(port, (ranges or {}).get(position), random) for position, port in enumerate(inputs)]
    return [list(arrays) for arrays in zip(*contents, strict=True)]


def _contents(port: Port, limits: Range | None, random: np.random.Generator) -> list[Array]:
    low, high = limits or _limits(port.dtype)
    middle = min(max(port.middle, low), high)
    floating = port.dtype.kind == "f"
    near = (high - low) * NEAR_SHARE if floating else NEAR

    def between(lowest: float, highest: float) -> Array:
        if floating:
            return random.uniform(lowest, highest, port.shape)
        drawn = np.dtype(np.uint8) if port.dtype.kind == "b" else port.dtype
        array: Array = random.integers(int(lowest), int(highest), port.shape, drawn, endpoint=True)
        return array

    arrays = [
        between(low, high),
        between(low, high),
        between(max(low, middle - near), min(high, middle + near)),
        random.choice(np.array([low, high]), port.shape),
        np.full(port.shape, low),
        np.full(port.shape, high),
    ]
    return [np.asarray(array).astype(port.dtype) for array in arrays]


def _limits(dtype: np.dtype[Any]) -> Range:
    if dtype.kind == "f":
        return FLOAT_RANGE
    if dtype.kind == "b":
        return 0, 1
    limits = np.iinfo(dtype)
    return int(limits.min), int(limits.max)


def with_resets(steps: Sequence[list[Array]], before: Collection[int]) -> list[list[Array] | None]:
    """A sequence with a reset of all state (None) before the steps of these numbers."""
    return [one for number, step in enumerate(steps) for one in ([None, step] if number in before else [step])]
