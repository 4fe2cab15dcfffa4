"""How much one model may ask for while it is read and lowered, so that no small file keeps a process busy for minutes.

No model for small machines comes near. FlatBuffers share parts, so a file's length says little about the work in it: a
list of inputs may belong to every operator, and a subgraph stand in the file a thousand times.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ember_infer_core.errors import UnsupportedModelError
from ember_infer_macros.tflite import schema
from ember_infer_macros.tflite.graph import Graph, GraphOperator, GraphTensor
from ember_infer_macros.tflite.schema import NO_TENSOR, TensorType

__all__ = ["check_numbers", "check_size"]

MAX_TENSORS = 1 << 18
MAX_OPERATORS = 20_000
# Tensors that operators read and write, and those that go in and out of the model.
MAX_OPERANDS = 100_000
# Elements of the integer operands of all operators, which may be axes, sizes or indices that lowering looks at, and the
# bytes of their other constants, which backends lay out for each. A longer file may use its content a few times over.
MAX_NUMBERS = 1 << 26
_USES = 4
# A scale is a multiplier to be computed, which takes as long as looking at some numbers.
_NUMBERS_PER_SCALE = 16
# Elements of a result that may be computed from constants while a model is lowered: `lower/budget.py` has less room.
_MOST_FOLDED = 1 << 22

_LOOKED_AT = frozenset({TensorType.INT32, TensorType.INT64})


def check_size(source: str, subgraphs: Sequence[schema.SubGraph]) -> None:
    """Checks how much the subgraphs that run ask for together, before anything is made of them.

    Raises:
        UnsupportedModelError: says what there is too much of.
    """
    _check(source, "tensors", sum(len(subgraph.tensors or ()) for subgraph in subgraphs), MAX_TENSORS)
    _check(source, "operators", sum(len(subgraph.operators or ()) for subgraph in subgraphs), MAX_OPERATORS)
    parts: list[schema.SubGraph | schema.Operator] = [*subgraphs]
    for subgraph in subgraphs:
        parts += subgraph.operators or ()
    operands = sum(len(part.inputs or ()) + len(part.outputs or ()) for part in parts)
    operands += sum(len(part.intermediates or ()) for part in parts if isinstance(part, schema.Operator))
    _check(source, "inputs and outputs of operators", operands, MAX_OPERANDS)


def check_numbers(graph: Graph) -> None:
    """Checks how many numbers the operators of a model look at when they are lowered: what they share counts for each.

    Raises:
        UnsupportedModelError: there are too many.
    """
    numbers = [_numbers(tensor) for tensor in graph.tensors]
    found = _in_all(numbers, graph.operators)
    for called in graph.initialisers.values():
        found += _in_all([_numbers(tensor) for tensor in called.tensors], called.operators)
    most = max(MAX_NUMBERS, _USES * graph.constant_bytes())
    _check(graph.source, "scales, axes, sizes, indices and bytes of weights in its operators", found, most)


def _numbers(tensor: GraphTensor) -> int:
    scales = 0 if tensor.quantization is None else len(tensor.quantization.scales)
    looked_at = tensor.type in _LOOKED_AT and tensor.is_sound
    # Larger ones that are computed are so in each run, and lowering does not look at them.
    known = tensor.data is not None or tensor.elements <= _MOST_FOLDED
    return _NUMBERS_PER_SCALE * scales + (tensor.elements if looked_at and known else len(tensor.data or b""))


def _in_all(numbers: Sequence[int], operators: Iterable[GraphOperator]) -> int:
    return sum(numbers[index] for operator in operators for index in operator.inputs if index != NO_TENSOR)


def _check(source: str, what: str, found: int, most: int) -> None:
    if found > most:
        raise UnsupportedModelError(source, [f"the model has {found:,} {what}: at most {most:,} are supported"])
