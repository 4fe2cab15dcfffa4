"""What stands for a program: a digest of everything that its results depend on."""

from __future__ import annotations

import dataclasses
import enum
import functools
import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ember_infer_core.program import Program

__all__ = ["program_digest"]

_NOT_THE_CALLS = frozenset({"scratch", "cache"})
_PLAIN = frozenset({int, float, str, bool, type(None)})


@functools.cache
def _noted(kind: type[Any]) -> tuple[str, ...]:
    """The fields of a dataclass that count."""
    left_out = _NOT_THE_CALLS.union(operand.name for operand in getattr(kind, "OPERANDS", ()))
    return tuple(field.name for field in dataclasses.fields(kind) if field.name not in left_out)


def program_digest(program: Program) -> str:
    """Equal for programs that compute the same on the same memory; names count for nothing."""
    digest = hashlib.sha256()

    def note(value: Any) -> None:
        if isinstance(value, np.ndarray):
            note((value.shape, value.dtype.str))
            digest.update(np.ascontiguousarray(value).tobytes())
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            note((type(value).__name__, *((name, getattr(value, name)) for name in _noted(type(value)))))
        elif isinstance(value, tuple):
            digest.update(f"({len(value)}".encode())
            if _PLAIN.issuperset(map(type, value)):  # the same text at once: most are scales, one for each channel
                digest.update("".join([f"{type(item).__name__}:{item!r};" for item in value]).encode())
                return
            for item in value:
                note(item)
        elif isinstance(value, np.dtype):
            note((value.str,))
        elif isinstance(value, enum.Enum):
            note((type(value).__name__, value.name))
        else:
            digest.update(f"{type(value).__name__}:{value!r};".encode())

    for tensor in program.tensors:
        note((tensor.shape, tensor.dtype.str, tensor.quant, tensor.data, tensor.alias_of))
    note((program.inputs, program.outputs))
    note(tuple((variable.tensor, variable.initial) for variable in program.variables))
    for call in program.calls:
        note((call.method, call.params, tuple(sorted(call.operands.items()))))
    return digest.hexdigest()
