"""The buffers of an operator's parameters, as slots that everything which treats operators alike iterates over.

A parameter class declares operands. Where an operand may be many (CONCATENATION's inputs), each of its buffers is a
slot of its own, ``inputs[0]``, ``inputs[1]``, ...; otherwise the slot has the operand's name.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_core.errors import InvalidShape

__all__ = [
    "BOOL",
    "FLOAT32",
    "INT8",
    "INT16",
    "INT32",
    "UINT8",
    "AnyArray",
    "AsksForScratch",
    "ByteArray",
    "DType",
    "Float32Array",
    "Int8Array",
    "Int32Array",
    "Operand",
    "OperatorParams",
    "Role",
    "Shape",
    "Shape4",
    "Slot",
    "bind",
    "bound",
    "check_buffers",
    "content",
    "no_scratch",
    "slots",
    "unbind",
    "unbound",
    "unbound_int8",
]

Shape: TypeAlias = tuple[int, ...]
Shape4: TypeAlias = tuple[int, int, int, int]
DType: TypeAlias = np.dtype[np.generic]
AnyArray: TypeAlias = npt.NDArray[Any]
Int8Array: TypeAlias = npt.NDArray[np.int8]
Int32Array: TypeAlias = npt.NDArray[np.int32]
Float32Array: TypeAlias = npt.NDArray[np.float32]
ByteArray: TypeAlias = npt.NDArray[np.uint8]

# The types of elements.
BOOL: DType = np.dtype(np.bool_)
FLOAT32: DType = np.dtype(np.float32)
INT8: DType = np.dtype(np.int8)
INT16: DType = np.dtype(np.int16)
INT32: DType = np.dtype(np.int32)
UINT8: DType = np.dtype(np.uint8)


class Role(enum.Enum):
    """What a kernel may do with a buffer; of a state, which keeps its content from run to run, both: read and write."""

    INPUT = "input"
    CONSTANT = "constant"
    OUTPUT = "output"
    STATE = "state"

    @property
    def is_read(self) -> bool:
        """Whether a kernel may look at what is in the buffer."""
        return self is not Role.OUTPUT

    @property
    def is_written(self) -> bool:
        """Whether a kernel changes what is in the buffer."""
        return self in (Role.OUTPUT, Role.STATE)


@dataclass(frozen=True, slots=True)
class Operand:
    """Declares one buffer field of a parameter class.

    Attributes:
        name: of the field. The shape stands in ``<name>_shape``, its quantisation, if any, in ``<name>_quant``; where
            the operand is many, the shapes in ``<name>_shapes`` and the field holds a tuple of arrays.
        role: what a kernel may do with it.
        dtype: of its elements; None where the parameters say it, in ``<name>_dtype`` or, for all
            such operands alike, in ``dtype``.
        optional: it may be None.
        many: there may be any number of them.
    """

    name: str
    role: Role
    dtype: type[np.generic] | None = np.int8
    optional: bool = False
    many: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """One buffer of one parameter object.

    Attributes:
        name: of the field, with its place where the operand is many: ``inputs[2]``.
        operand: its declaration.
        shape: that the buffer must have.
        dtype: of its elements.
        position: among the buffers of an operand that is many.
    """

    name: str
    operand: Operand
    shape: Shape
    dtype: DType
    position: int | None = None

    @property
    def role(self) -> Role:
        """What a kernel may do with it."""
        return self.operand.role


def unbound(dtype: type[np.generic]) -> AnyArray:
    """What a buffer field holds before it is bound: an empty array."""
    array = np.empty(0, dtype)
    array.flags.writeable = False
    return array


_UNBOUND_INT8: Int8Array = unbound(np.int8)
_NO_SCRATCH: ByteArray = unbound(np.uint8)


def unbound_int8() -> Int8Array:
    """:func:`unbound` of int8; one array for all."""
    return _UNBOUND_INT8


def no_scratch() -> ByteArray:
    """Scratch of no bytes."""
    return _NO_SCRATCH


@dataclass(slots=True, kw_only=True, eq=False)
class OperatorParams:
    """What every parameter class offers to programs, executables and backends that treat operators alike.

    Attributes:
        OPERANDS: the buffer fields.
        scratch: memory for the kernel's own use, as much as its class asks for.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = ()

    scratch: ByteArray = field(default_factory=no_scratch, repr=False)
    cache: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def ending(self) -> str | None:
        """The slot, a state of one int32, that tells after a call whether the run ends with it: where it is not 0.

        None for a call that never ends a run, as nearly all.
        """
        return None

    @property
    def may_fail(self) -> bool:
        """Whether there are inputs of which the call has no result, and with which the run ends in a KernelError."""
        return False

    def scratch_size(self, backend: type[AsksForScratch]) -> int:
        """Bytes of scratch that ``backend`` asks for in this call."""
        return backend.scratch_size(self)


class AsksForScratch(Protocol):
    """A class that says how much scratch it wants, as every :class:`KernelBackend` does."""

    @classmethod
    def scratch_size(cls, params: OperatorParams) -> int:
        """Bytes of scratch for one call."""
        ...


def slots(params: OperatorParams) -> tuple[Slot, ...]:
    """Every buffer of these parameters, in the order of their declaration; optional ones whether bound or not."""
    return tuple(slot for operand in params.OPERANDS for slot in _slots(params, operand))


def _slots(params: OperatorParams, operand: Operand) -> Iterator[Slot]:
    name = operand.name
    dtype = _dtype(params, operand)
    if not operand.many:
        yield Slot(name, operand, getattr(params, f"{name}_shape"), dtype)
        return
    for position, shape in enumerate(getattr(params, f"{name}_shapes")):
        yield Slot(f"{name}[{position}]", operand, shape, dtype, position)


def _dtype(params: Any, operand: Operand) -> DType:
    own = f"{operand.name}_dtype"
    wanted = operand.dtype or (getattr(params, own) if hasattr(params, own) else params.dtype)
    return np.dtype(wanted)


def content(params: OperatorParams, slot: Slot) -> AnyArray | None:
    """What a slot is bound to; None for an optional one that is left out."""
    value: Any = getattr(params, slot.operand.name)
    found: AnyArray | None = value if slot.position is None else value[slot.position]
    return found


def bound(params: OperatorParams, *roles: Role) -> dict[str, AnyArray]:
    """What each slot, or each of these roles, is bound to, without the optional ones that are left out."""
    found = {slot.name: content(params, slot) for slot in slots(params) if not roles or slot.role in roles}
    return {name: array for name, array in found.items() if array is not None}


def bind(params: OperatorParams, arrays: Mapping[str, AnyArray]) -> None:
    """Binds slots by their names; of an operand that is many either all or none."""
    several: dict[str, list[AnyArray]] = {}
    for slot in slots(params):
        if slot.name not in arrays:
            continue
        if slot.position is None:
            setattr(params, slot.name, arrays[slot.name])
        else:
            several.setdefault(slot.operand.name, []).append(arrays[slot.name])
    for name, listed in several.items():
        setattr(params, name, tuple(listed))


def unbind(params: OperatorParams) -> None:
    """Lets go of all buffers."""
    for operand in params.OPERANDS:
        empty = None if operand.optional else () if operand.many else unbound(operand.dtype or np.int8)
        setattr(params, operand.name, empty)


def check_buffers(params: OperatorParams) -> None:
    """Checks every buffer against its declaration, before a kernel reads or writes anything.

    Raises:
        InvalidShape: names the operator, the buffer, what it is and what is wanted.
    """
    for operand in params.OPERANDS:
        if operand.many:
            _check_count(params, operand)
        _check_slots(params, _slots(params, operand))


def _check_count(params: OperatorParams, operand: Operand) -> None:
    count, wanted = len(getattr(params, operand.name)), len(getattr(params, f"{operand.name}_shapes"))
    if count != wanted:
        raise InvalidShape(f"{type(params).__name__}.{operand.name}: {wanted} arrays are wanted, not {count}")


def _check_slots(params: OperatorParams, declared: Iterable[Slot]) -> None:
    for slot in declared:
        array = content(params, slot)
        if array is None and slot.operand.optional:
            continue
        where = f"{type(params).__name__}.{slot.name}"
        if not isinstance(array, np.ndarray) or array.dtype != slot.dtype:
            found = f"dtype {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
            raise InvalidShape(f"{where}: an array of {slot.dtype} is wanted, not {found}")
        if array.shape != slot.shape:
            raise InvalidShape(f"{where}: shape {slot.shape} is wanted, not {array.shape}")
        if not array.flags.c_contiguous:
            raise InvalidShape(f"{where}: the array must be C-contiguous")
        if slot.role.is_written and not array.flags.writeable:
            raise InvalidShape(f"{where}: the array is read-only")
