"""What code generation and the operators' library work from: steps over memory with a layout."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from ember_infer_core.errors import InternalError, KernelError
from ember_infer_core.ops.common import element_count
from ember_infer_core.quantization import INT32_MAX, INT32_MIN
from ember_infer_core.slots import BOOL, FLOAT32, INT8, INT16, INT32, UINT8, AnyArray, DType, Shape
from ember_infer_native.targets import Target

__all__ = [
    "FILL",
    "FORMATS",
    "MANY",
    "MOST_CONSTANTS",
    "Constants",
    "Kernel",
    "Layout",
    "Place",
    "Plan",
    "Pointer",
    "Status",
    "Step",
    "Temporaries",
    "dense_layout",
    "fill",
]

Fields: TypeAlias = Mapping[str, int | tuple[int, ...]]
Variants: TypeAlias = tuple[tuple[int, ...], ...]


# Calls, or steps, beyond which a program costs as little as possible for each, in place of running as fast as possible.
MANY = 1000

# Bytes of constants, beyond a few times those of the program.
MOST_CONSTANTS = 1 << 27
_DIGEST_BYTES = 32

# What the arrays of a caller may hold, by Python's codes for buffers (those of the module ``struct``).
FORMATS: Mapping[DType, str] = {
    BOOL: "?",
    FLOAT32: "f",
    INT8: "b",
    INT16: "h",
    INT32: "i",
    UINT8: "B",
}


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the bytes of an NHWC tensor lie: rows with borders, images with borders.

    Borders hold the tensor's zero point, so that convolutions need not know where an image ends. Only tensors of int8
    have them.

    Attributes:
        images, rows, columns: without borders.
        channels: bytes of a pixel; for int8, its channels.
        top, left, bottom, right: rows and columns of the borders.
    """

    images: int
    rows: int
    columns: int
    channels: int
    top: int = 0
    left: int = 0
    bottom: int = 0
    right: int = 0

    @property
    def row(self) -> int:
        """Bytes from row to row."""
        return (self.left + self.columns + self.right) * self.channels

    @property
    def image(self) -> int:
        """Bytes from image to image."""
        return (self.top + self.rows + self.bottom) * self.row

    @property
    def start(self) -> int:
        """Bytes before the first element."""
        return self.top * self.row + self.left * self.channels

    @property
    def size(self) -> int:
        """Bytes in all."""
        return self.images * self.image

    @property
    def without_borders(self) -> Layout:
        """The same elements, one after the other."""
        return Layout(self.images, self.rows, self.columns, self.channels)

    @property
    def dense(self) -> bool:
        """Whether there are no borders."""
        return not (self.top or self.left or self.bottom or self.right)


@dataclass(frozen=True, slots=True)
class Pointer:
    """Memory of a step.

    Attributes:
        base: ``arena``, ``constants``, or ``input`` and ``output`` for the caller's.
        offset: bytes from its beginning.
        position: among the caller's inputs or outputs.
    """

    base: str
    offset: int = 0
    position: int = 0

    def __add__(self, offset: int) -> Pointer:
        return Pointer(self.base, self.offset + offset, self.position)


def dense_layout(shape: Shape, dtype: DType = INT8) -> Layout:
    """Elements one after the other: an image where the shape has four axes, one row otherwise."""
    if len(shape) == 4:
        images, rows, columns, channels = shape
        return Layout(images, rows, columns, channels * dtype.itemsize)
    return Layout(1, 1, element_count(shape) * dtype.itemsize, 1)


@dataclass(frozen=True, slots=True)
class Place:
    """A tensor in memory.

    Attributes:
        first: points to its first element.
        layout: of its bytes.
        dtype: of its elements. Those of int8 are kept as int8 plus the target's bias, all others as they are.
        content: the elements of a constant, as the program has them; None where they are computed.
    """

    first: Pointer
    layout: Layout
    dtype: DType = INT8
    content: AnyArray | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Kernel:
    """A C function that steps call: ``name(template..., const struct <struct> *, pointers...)``.

    Attributes:
        name: of the function.
        header: the file in ``kernels/`` that it is in; what that needs, it includes.
        struct: name of the C struct of its fields.
        pointers: to how many places it takes them.
        variants: the templates that the operators' library has, if need be by target.
    """

    name: str
    header: str
    struct: str
    pointers: int
    variants: Variants | Callable[[Target], Variants] = ((),)

    def variants_on(self, target: Target) -> Variants:
        """The templates that the operators' library of a target has."""
        return self.variants(target) if callable(self.variants) else self.variants


@dataclass(frozen=True, slots=True)
class Step:
    """A call of one C kernel.

    Attributes:
        kernel: the function.
        template: arguments that select a variant of the kernel: they have to be constants where it is compiled.
        fields: the content of the struct.
        pointers: the memory it reads and writes, in the order of its arguments.
        times: how often in a row it is called: what grows with a model's tensors is a loop, not more steps.
        strides: how many bytes each pointer moves on by from one time to the next; none where there is but one.

    Raises:
        KernelError: a field does not fit into C's int.
    """

    kernel: Kernel
    template: tuple[int, ...]
    fields: Fields
    pointers: tuple[Pointer, ...]
    times: int = 1
    strides: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if len(self.pointers) != self.kernel.pointers:
            raise InternalError(f"{self.kernel.name} takes {self.kernel.pointers} pointers, not {len(self.pointers)}")
        if len(self.strides) != (len(self.pointers) if self.times > 1 else 0):
            raise InternalError(f"{self.kernel.name} is called {self.times} times, with {len(self.strides)} strides")
        for name, value in self.fields.items():
            least, most = (min(value, default=0), max(value, default=0)) if isinstance(value, tuple) else (value, value)
            if least < INT32_MIN or most > INT32_MAX:
                raise KernelError(
                    f"{self.kernel.name}: {name} comes to {value}, and native kernels count in 32 bits: the model's "
                    "tensors are too large for this backend"
                )


@dataclass(slots=True)
class Constants:
    """Packed constants of all steps, one after the other, each aligned to a cache line.

    Attributes:
        most: how many bytes there may be. Weights that layers share are packed for each of them, and narrow layers
            fill whole vectors: a file of a megabyte may come to gigabytes.
        data: the bytes.
    """

    most: int = MOST_CONSTANTS
    data: bytearray = field(default_factory=bytearray)
    _known: dict[bytes, Pointer] = field(default_factory=dict)

    def add(self, content: bytes) -> Pointer:
        """Where these bytes are; equal content is kept once.

        Raises:
            KernelError: there is no room for them.
        """
        key = content if len(content) <= _DIGEST_BYTES else hashlib.sha256(content).digest()
        known = self._known.get(key)
        if known is None:
            if len(self.data) + len(content) > self.most:
                raise KernelError(
                    f"the constants come to more than {self.most:,} bytes when they are laid out for this backend, "
                    "again for each layer that shares them"
                )
            self.data.extend(b"\0" * (-len(self.data) % 64))
            known = self._known[key] = Pointer("constants", len(self.data))
            self.data.extend(content)
        return known


@dataclass(slots=True)
class Temporaries:
    """Memory for single steps, at the end of the arena; borders in it are filled once."""

    length: int
    fills: list[Step] = field(default_factory=list)

    def allocate(self, layout: Layout, value: int | None = None) -> Place:
        """Memory in this layout; ``value`` is what its borders hold."""
        base = Pointer("arena", self.length)
        self.length += -(-layout.size // 64) * 64
        if value is not None and not layout.dense:
            self.fills.append(fill(base, layout.size, value))
        return Place(base + layout.start, layout)


FILL = Kernel("fill", "fill", "fill", 1)


@dataclass(slots=True)
class Status:
    """How a run may end otherwise than well: an int32 in the arena, 0 or the number of a message, counted from 1."""

    place: Pointer | None = None
    messages: list[str] = field(default_factory=list)


def fill(first: Pointer, size: int, value: int) -> Step:
    """The step that sets memory to one value."""
    return Step(FILL, (), {"bytes": size, "value": value & 0xFF}, (first,))


@dataclass(frozen=True, slots=True)
class Plan:
    """A program for one target.

    Attributes:
        name: of the program.
        target: what the constants are packed for.
        arena_len: bytes of memory for one run at a time.
        constants: packed weights and tables.
        prepare: steps that make an arena ready, once.
        start: steps that give variables their initial content.
        load, save: steps that bring the caller's content of all variables in, as inputs, and out, as outputs.
        imports: steps that bring the caller's inputs into the arena.
        layers: for each call of the program its name and steps.
        exports: steps that write the caller's outputs, in the order in which layers compute these.
        inputs, outputs: bytes of the caller's arrays.
        formats: what these hold, inputs first: for each a letter of :data:`FORMATS`.
        status: where runs leave the number of what went wrong, if anything can.
        endings: by the number of a layer with which a run may end: an int32 in the arena, not 0 where it does, and how
            many of ``exports`` write what is there by then.
        work: multiplications in one run, about.
    """

    name: str
    target: Target
    arena_len: int
    constants: bytes
    prepare: tuple[Step, ...]
    start: tuple[Step, ...]
    load: tuple[Step, ...]
    save: tuple[Step, ...]
    imports: tuple[Step, ...]
    layers: tuple[tuple[str, tuple[Step, ...]], ...]
    exports: tuple[Step, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    formats: str
    status: Status
    endings: Mapping[int, tuple[Pointer, int]]
    work: int
