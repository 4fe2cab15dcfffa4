"""What a layer becomes: calls of C functions, each with a struct of constants and the memory that it works on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from ember_infer_core.ops.common import element_count
from ember_infer_core.slots import AnyArray, DType, Shape

__all__ = ["Constant", "Declined", "Kernel", "Place", "Step", "Value"]


class Declined(Exception):
    """A library does not compute a call, or not what TensorFlow Lite Micro does: it is the reference kernels'. The text
    says why, for a comment.
    """


@dataclass(frozen=True, slots=True)
class Kernel:
    """A C function ``ember_<name>(const struct ember_<struct> *, void *...)`` of a header in ``kernels``.

    Attributes:
        name: of the function.
        header: the file, without its suffix.
        operands: how many pointers follow.
        fails: whether it returns 0, or -1 for inputs of which the layer has no result; otherwise it returns nothing.
        struct: what it takes first; has the function's name unless several functions share it.
        aligned: whether all operands must start at multiples of 16 bytes, inputs and outputs of the model, too.
    """

    name: str
    header: str
    operands: int
    fails: bool = False
    struct: str = ""
    aligned: bool = False

    def __post_init__(self) -> None:
        if not self.struct:
            object.__setattr__(self, "struct", self.name)


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """An array of the weights' file.

    Attributes:
        name: in C.
        array: its elements; one axis.
    """

    name: str
    array: AnyArray


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where an operand is.

    Attributes:
        base: what ``offset`` counts from: the caller's ``input`` or ``output`` of this number, the ``arena``, its
            ``scratch`` or ``state`` part, or a ``constant``.
        number: of the input or the output.
        offset: in bytes.
        shape, dtype: of the elements.
        constant: where ``base`` says so.
    """

    base: str
    shape: Shape
    dtype: DType
    number: int = 0
    offset: int = 0
    constant: Constant | None = None

    @property
    def size(self) -> int:
        """Elements."""
        return element_count(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.size * self.dtype.itemsize

    @property
    def data(self) -> AnyArray | None:
        """The elements, of a constant."""
        return None if self.constant is None else self.constant.array.reshape(self.shape)


# Of a struct's field: a number, several of them, or an array of the weights' file; None is a null pointer.
Value: TypeAlias = int | float | tuple[int, ...] | Constant | None


@dataclass(frozen=True, slots=True)
class Step:
    """One call.

    Attributes:
        kernel: the function.
        fields: of its struct, all of them; those of a struct within are ``within.name``.
        operands: the memory, in the order of the function's parameters; None is a null pointer.
        reason: why it is this kernel and not the library's, for a comment.
        failure: what inputs have no result, for the message where the kernel finds that.
    """

    kernel: Kernel
    fields: Mapping[str, Value]
    operands: tuple[Place | None, ...]
    reason: str = field(default="")
    failure: str = field(default="there is no result for these inputs")
