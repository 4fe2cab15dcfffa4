"""What a .tflite file says, checked and immutable."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ember_infer_macros.tflite.schema import BuiltinOperator, TensorType

__all__ = ["Graph", "GraphOperator", "GraphTensor", "Quantization"]


@dataclass(frozen=True, slots=True)
class Quantization:
    """Scales and zero points of a tensor: one of each, or one for each index along ``quantized_dimension``."""

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    quantized_dimension: int


@dataclass(frozen=True, slots=True, eq=False)
class GraphTensor:
    """A tensor.

    Attributes:
        index: its number in the subgraph.
        name: as in the file; empty if it has none.
        shape: sizes, all positive; () for a scalar.
        type: element type.
        quantization: None where the file gives no scale.
        data: content of a constant, little-endian; None for an activation.
        is_variable: keeps its value from one inference to the next.
        is_sparse: the content is stored in a sparse encoding.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    type: TensorType
    quantization: Quantization | None
    data: memoryview | None
    is_variable: bool
    is_sparse: bool

    @property
    def elements(self) -> int:
        """How many there are; 1 in a scalar."""
        return math.prod(self.shape)

    def describe(self) -> str:
        """Number, name, type and shape in a few words, for messages."""
        return f"tensor {self.index} {self.name!r} ({self.type.name.lower()} {list(self.shape)})"


@dataclass(frozen=True, slots=True, eq=False)
class GraphOperator:
    """An operator call.

    Attributes:
        index: its number in the subgraph.
        code: which operator; None for a number that the schema does not have.
        name: the operator's name; for a custom one, ``CUSTOM 'its code'``.
        inputs: tensor numbers; -1 for an optional one that is left out.
        outputs: tensor numbers.
        options: the schema's options object, or None.
    """

    index: int
    code: BuiltinOperator | None
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: object

    def describe(self) -> str:
        """Number and name, for messages."""
        return f"operator {self.index} {self.name}"


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """The main subgraph of a model.

    Attributes:
        source: what was read, for messages: a path or ``<bytes>``.
        description: the file's own.
        subgraphs: how many the file has.
        tensors, operators: all of them, by number.
        inputs, outputs: tensor numbers.
        warnings: oddities that do not change what the model computes.
    """

    source: str
    description: str
    subgraphs: int
    tensors: tuple[GraphTensor, ...]
    operators: tuple[GraphOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    warnings: tuple[str, ...]
