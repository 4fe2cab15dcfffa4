"""What a .tflite file says, checked and immutable."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ember_infer_macros.tflite.schema import BuiltinOperator, TensorType

__all__ = ["CALLERS", "Graph", "GraphOperator", "GraphTensor", "Quantization", "shape_text", "shortened"]

# The operators that run subgraphs other than the first.
CALLERS = frozenset(
    {
        BuiltinOperator.CALL,
        BuiltinOperator.CALL_ONCE,
        BuiltinOperator.IF,
        BuiltinOperator.REDUCE_WINDOW,
        BuiltinOperator.STABLEHLO_CASE,
        BuiltinOperator.STABLEHLO_COMPOSITE,
        BuiltinOperator.STABLEHLO_REDUCE,
        BuiltinOperator.STABLEHLO_REDUCE_WINDOW,
        BuiltinOperator.STABLEHLO_SCATTER,
        BuiltinOperator.STABLEHLO_SORT,
        BuiltinOperator.STABLEHLO_WHILE,
        BuiltinOperator.WHILE,
    }
)

_NAME_LENGTH = 100
_SHOWN_SIZES = 8


def shortened(name: str) -> str:
    """A name for messages: of a long one the end, which is what tells the tensors of a model apart."""
    return name if len(name) <= _NAME_LENGTH else f"…{name[1 - _NAME_LENGTH :]}"


@dataclass(frozen=True, slots=True)
class Quantization:
    """Scales and zero points of a tensor: one of each, or one for each index along ``quantized_dimension``."""

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    quantized_dimension: int


@dataclass(frozen=True, slots=True, eq=False)
class GraphTensor:
    """A tensor.

    A file may hold tensors that nothing uses, or only operators that are not supported: these may be anything. So what
    is wrong with a tensor is noted here, and held against whoever uses it (:mod:`ember_infer_macros.support`). Where
    both ``damage`` and ``oddity`` are None, all sizes are positive, and content and quantisation agree with them.

    Attributes:
        index: its number in the subgraph.
        name: as in the file; empty if it has none.
        shape: sizes; () for a scalar.
        type: element type.
        quantization: None where the file gives no scale, or none that makes sense.
        data: content of a constant, little-endian; None for an activation, and where the content is damaged.
        is_variable: keeps its value from one inference to the next.
        is_sparse: the content is stored in a sparse encoding.
        damage: how the tensor contradicts the file or itself; None where it does not.
        oddity: what is valid in a file, and more than an operator here can use; None where there is nothing of that.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    type: TensorType
    quantization: Quantization | None
    data: memoryview | None
    is_variable: bool
    is_sparse: bool
    damage: str | None = None
    oddity: str | None = None

    def label(self) -> str:
        """Number and name, for messages."""
        return f"tensor {self.index} {shortened(self.name)!r}"

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.damage is None and self.oddity is None

    @property
    def elements(self) -> int:
        """How many there are; 1 in a scalar."""
        return math.prod(self.shape)

    def describe(self) -> str:
        """Number, name, type and shape in a few words, for messages."""
        return f"{self.label()} ({self.type.name.lower()} {shape_text(self.shape)})"


def shape_text(shape: Sequence[int]) -> str:
    """A shape for messages, as a list; of a very high rank the beginning."""
    if len(shape) <= _SHOWN_SIZES:
        return str(list(shape))
    return f"[{', '.join(map(str, shape[:_SHOWN_SIZES]))}, ... {len(shape)} sizes]"


@dataclass(frozen=True, slots=True, eq=False)
class GraphOperator:
    """An operator call.

    Attributes:
        index: its number in the subgraph.
        code: which operator; None for a number that the schema does not have.
        name: the operator's name; for a custom one, ``CUSTOM 'its code'``.
        inputs, outputs: tensor numbers; -1 for an optional one that is left out.
        options: the schema's options object, or None.
        custom_code: the name of a custom operator; None for any other.
        custom_options: its options, in whatever form it has them; None where there are none, b"" where an operator has
            such options that is none of its own.
        intermediates: further tensor numbers, of an operator that keeps notes of its own; -1 as above.
    """

    index: int
    code: BuiltinOperator | None
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: object
    custom_code: str | None = None
    custom_options: bytes | None = None
    intermediates: tuple[int, ...] = ()

    def describe(self) -> str:
        """Number and name, for messages."""
        return f"operator {self.index} {self.name}"


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A subgraph of a model: the main one, or one that it calls.

    Attributes:
        source: what was read, for messages: a path or ``<bytes>``, and which subgraph if it is not the main one.
        description: the file's own.
        subgraphs: how many the file has; only the operators of control flow and of initialisation call the others.
        tensors, operators: all of them, by number.
        inputs, outputs: tensor numbers.
        warnings: oddities that do not change what the model computes.
        initialisers: the subgraphs that its CALL_ONCE operators run, by number.
    """

    source: str
    description: str
    subgraphs: int
    tensors: tuple[GraphTensor, ...]
    operators: tuple[GraphOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    warnings: tuple[str, ...] = ()
    initialisers: Mapping[int, Graph] = field(default_factory=dict)

    def constant_bytes(self) -> int:
        """Of all constants, those of the initialisers too; what tensors share counts once."""
        tensors = (tensor for graph in (self, *self.initialisers.values()) for tensor in graph.tensors)
        return sum({id(tensor.data): len(tensor.data) for tensor in tensors if tensor.data is not None}.values())
