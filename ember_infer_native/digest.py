"""What stands for a program: a digest of everything that its results depend on."""

from __future__ import annotations

import dataclasses
import enum
import functools
import hashlib
import itertools
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


def _text(value: Any) -> str:
    return f"{type(value).__name__}:{value!r};"


def program_digest(program: Program) -> str:
    """Equal for programs that compute the same on the same memory; names count for nothing."""
    digest = hashlib.sha256()

    def note(value: Any) -> None:
        kind = type(value)
        if kind in _PLAIN:
            digest.update(_text(value).encode())
        elif kind is tuple:
            digest.update(f"({len(value)}".encode())
            if _PLAIN.issuperset(map(type, value)):  # the same text at once: most are scales, one for each channel
                digest.update("".join(map(_text, value)).encode())
                return
            for item in value:
                note(item)
        elif isinstance(value, np.ndarray):
            note((value.shape, value.dtype.str))
            digest.update(np.ascontiguousarray(value).tobytes())
        elif dataclasses.is_dataclass(kind):
            note_fields(value)
        elif isinstance(value, np.dtype):
            note((value.str,))
        elif isinstance(value, enum.Enum):
            note((kind.__name__, value.name))
        else:
            digest.update(_text(value).encode())

    def note_fields(value: Any) -> None:
        """Those that are plain at once, then the others: calls are many, and have many fields."""
        fields = [(name, getattr(value, name)) for name in _noted(value.__class__)]
        plain = [f"{name}={_text(item)}" for name, item in fields if type(item) in _PLAIN]
        digest.update(f"{type(value).__name__}({len(plain)};{''.join(plain)}".encode())
        for name, item in fields:
            if type(item) not in _PLAIN:
                digest.update(f"{name}=".encode())
                note(item)

    for tensor in program.tensors:
        note((tensor.shape, tensor.dtype.str, tensor.quant, tensor.data, tensor.alias_of))
    note((program.inputs, program.outputs))
    note(tuple((variable.tensor, variable.initial) for variable in program.variables))
    for call in program.calls:
        note((call.method, call.params, tuple(itertools.chain.from_iterable(sorted(call.operands.items())))))
    return digest.hexdigest()
