"""What the operators' parameter classes have in common: enumerations, array types, buffer declarations."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_core.errors import InvalidShape, UnsupportedActivation

if TYPE_CHECKING:
    from ember_infer_core.backend import KernelBackend

Shape: TypeAlias = tuple[int, ...]
Shape4: TypeAlias = tuple[int, int, int, int]
Int8Array: TypeAlias = npt.NDArray[np.int8]
Int32Array: TypeAlias = npt.NDArray[np.int32]
ByteArray: TypeAlias = npt.NDArray[np.uint8]


class Padding(enum.Enum):
    """Padding schemes, with the values of the TensorFlow Lite schema."""

    SAME = 0
    VALID = 1


class FusedActivation(enum.Enum):
    """The activations that TensorFlow Lite can fuse into an operator (``TfLiteFusedActivation``)."""

    NONE = 0
    RELU = 1
    RELU_N1_TO_1 = 2
    RELU6 = 3
    TANH = 4
    SIGN_BIT = 5
    SIGMOID = 6


# Those that ``activation_min`` and ``activation_max`` say all about.
CLAMPS = (FusedActivation.NONE, FusedActivation.RELU, FusedActivation.RELU6, FusedActivation.RELU_N1_TO_1)


class Activated(Protocol):
    """Parameters of an operator with a fused activation."""

    fused_activation: FusedActivation


class Role(enum.Enum):
    """What a kernel may do with a buffer."""

    INPUT = "input"
    CONSTANT = "constant"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Operand:
    """Declares one buffer field of a parameter class; its shape stands in the field ``<name>_shape``."""

    name: str
    role: Role
    dtype: type[np.int8] | type[np.int32] = np.int8
    optional: bool = False


class OperatorParams(Protocol):
    """What every parameter class offers to programs, executables and backends that treat operators alike."""

    OPERANDS: ClassVar[tuple[Operand, ...]]
    scratch: ByteArray
    cache: dict[str, Any] | None

    def scratch_size(self, backend: type[KernelBackend]) -> int:
        """Bytes of scratch that ``backend`` asks for in this call."""
        ...


def _unbound(dtype: type[np.generic]) -> npt.NDArray[Any]:
    array = np.empty(0, dtype)
    array.flags.writeable = False
    return array


_UNBOUND_INT8: Int8Array = _unbound(np.int8)
_NO_SCRATCH: ByteArray = _unbound(np.uint8)


def unbound_int8() -> Int8Array:
    """What a buffer field holds before it is bound: an empty array."""
    return _UNBOUND_INT8


def no_scratch() -> ByteArray:
    """Scratch of no bytes."""
    return _NO_SCRATCH


def operand_shape(params: OperatorParams, operand: Operand) -> Shape:
    """The shape that a buffer field of these parameters must have."""
    shape: Shape = getattr(params, f"{operand.name}_shape")
    return shape


def check_buffers(params: OperatorParams) -> None:
    """Checks every buffer against its declaration, before a kernel reads or writes anything.

    Raises:
        InvalidShape: names the operator, the buffer, what it is and what is wanted.
    """
    for operand in params.OPERANDS:
        array = getattr(params, operand.name)
        if array is None and operand.optional:
            continue
        where = f"{type(params).__name__}.{operand.name}"
        wanted = operand_shape(params, operand)
        if not isinstance(array, np.ndarray) or array.dtype != operand.dtype:
            found = f"dtype {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
            raise InvalidShape(f"{where}: an array of {np.dtype(operand.dtype)} is wanted, not {found}")
        if array.shape != wanted:
            raise InvalidShape(f"{where}: shape {wanted} is wanted, not {array.shape}")
        if not array.flags.c_contiguous:
            raise InvalidShape(f"{where}: the array must be C-contiguous")
        if operand.role is Role.OUTPUT and not array.flags.writeable:
            raise InvalidShape(f"{where}: the array is read-only")


def check_activation(params: Activated) -> None:
    """Checks that ``activation_min`` and ``activation_max`` are all there is to the fused activation.

    Raises:
        UnsupportedActivation: for one that is no clamp.
    """
    if params.fused_activation not in CLAMPS:
        name = params.fused_activation.name
        raise UnsupportedActivation(f"{type(params).__name__}: the fused activation {name} is not a clamp")


def compute_padding(
    padding: Padding, input_size: int, filter_size: int, stride: int, dilation: int = 1
) -> tuple[int, int]:
    """``(output size, padding before)`` along one axis. Source: TFLM ``ComputePaddingHeightWidth``.

    A SAME padding that is odd in total has its larger half after the image.
    """
    effective = (filter_size - 1) * dilation + 1
    if padding is Padding.SAME:
        output_size = -(-input_size // stride)
    else:
        output_size = (input_size + stride - effective) // stride
    return output_size, max(0, (output_size - 1) * stride + effective - input_size) // 2


def element_count(shape: Shape) -> int:
    """Number of elements in a tensor of this shape (1 for a scalar)."""
    return math.prod(shape)
