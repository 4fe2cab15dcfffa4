"""What lowering has in common for operators that move elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ember_infer_core.ops.movement import MovementParams
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.tflite.graph import GraphTensor

__all__ = ["moved", "moved_one"]


def moved_one(source: OperatorSource, prepare: Callable[..., MovementParams], **fields: Any) -> Lowered:
    """The call of an operator that moves the elements of its first input to its one output.

    Args:
        source: the operator.
        prepare: takes ``input_shape``, ``output_shape``, ``dtype`` and ``fields``.
        fields: what else it takes.
    """
    data, output = source.input(0), source.output()
    return moved(source, prepare, [data], input_shape=data.shape, output_shape=output.shape, **fields)


def moved(
    source: OperatorSource,
    prepare: Callable[..., MovementParams],
    inputs: Sequence[GraphTensor],
    method: str | None = None,
    **fields: Any,
) -> Lowered:
    """The call of an operator that moves the elements of ``inputs`` to all of its outputs.

    Args:
        source: the operator.
        prepare: takes ``dtype`` and ``fields``.
        inputs: the tensors whose elements move, in the order of the slots.
        method: of :class:`KernelBackend`; the operator's name in small letters unless given.
        fields: what else it takes.
    """
    outputs = source.outputs()
    params = source.prepare(prepare, dtype=source.dtype(outputs[0]), **fields)
    operands = {f"inputs[{number}]": tensor.index for number, tensor in enumerate(inputs)}
    operands |= {f"outputs[{number}]": tensor.index for number, tensor in enumerate(outputs)}
    return Lowered(method or source.operator.name.lower(), params, operands)
