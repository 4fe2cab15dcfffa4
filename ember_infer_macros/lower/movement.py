"""What lowering has in common for operators that move elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ember_infer_core.ops.movement import MovementParams
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.tflite.graph import GraphTensor

__all__ = ["moved"]


def moved(
    source: OperatorSource,
    method: str,
    prepare: Callable[..., MovementParams],
    inputs: Sequence[GraphTensor],
    **fields: Any,
) -> Lowered:
    """The call of an operator that moves the elements of ``inputs`` to all of its outputs.

    Args:
        source: the operator.
        method: of :class:`KernelBackend`.
        prepare: takes ``fields`` and the ``dtype``.
        inputs: the tensors whose elements move, in the order of the slots.
        fields: what else it takes.
    """
    outputs = source.outputs()
    params = source.prepare(prepare, dtype=source.dtype(outputs[0]), **fields)
    operands = {f"inputs[{number}]": tensor.index for number, tensor in enumerate(inputs)}
    operands |= {f"outputs[{number}]": tensor.index for number, tensor in enumerate(outputs)}
    return Lowered(method, params, operands)
