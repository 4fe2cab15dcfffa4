"""What code generation and the operators' library work from: steps over memory with a layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from ember_infer_core.errors import KernelError
from ember_infer_core.quantization import INT32_MAX, INT32_MIN
from ember_infer_native.targets import Target

__all__ = ["Constants", "Layout", "Place", "Plan", "Pointer", "Step", "Temporaries"]

Fields: TypeAlias = Mapping[str, int | tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the elements of an NHWC tensor of bytes lie: rows with borders, images with borders.

    Borders hold the tensor's zero point, so that convolutions need not know where an image ends.
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
    """Memory of a step: ``base`` is ``arena``, ``constants``, or ``input0``, ``output0``, ... for the caller's."""

    base: str
    offset: int = 0

    def __add__(self, offset: int) -> Pointer:
        return Pointer(self.base, self.offset + offset)


@dataclass(frozen=True, slots=True)
class Place:
    """A tensor in memory; ``first`` points to its first element."""

    first: Pointer
    layout: Layout


@dataclass(frozen=True, slots=True)
class Step:
    """A call of one C kernel.

    Attributes:
        kernel: name of the C function.
        struct: name of the C struct of its ``fields``.
        template: arguments that select a variant of the kernel: they have to be constants where it is compiled.
        fields: the content of the struct.
        pointers: the memory it reads and writes, in the order of its arguments.

    Raises:
        KernelError: a field does not fit into C's int.
    """

    kernel: str
    struct: str
    template: tuple[int, ...]
    fields: Fields
    pointers: tuple[Pointer, ...]

    def __post_init__(self) -> None:
        for name, value in self.fields.items():
            sizes = value if isinstance(value, tuple) else (value,)
            if not all(INT32_MIN <= size <= INT32_MAX for size in sizes):
                raise KernelError(
                    f"{self.kernel}: {name} comes to {value}, and native kernels count in 32 bits: the model's tensors "
                    "are too large for this backend"
                )


@dataclass(slots=True)
class Constants:
    """Packed constants of all steps, one after the other, each aligned to a cache line."""

    data: bytearray = field(default_factory=bytearray)
    _known: dict[bytes, Pointer] = field(default_factory=dict)

    def add(self, content: bytes) -> Pointer:
        """Where these bytes are; equal content is kept once."""
        known = self._known.get(content)
        if known is None:
            self.data.extend(b"\0" * (-len(self.data) % 64))
            known = self._known[content] = Pointer("constants", len(self.data))
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


def fill(first: Pointer, size: int, value: int) -> Step:
    """The step that sets memory to one value."""
    return Step("fill", "fill", (), {"bytes": size, "value": value & 0xFF}, (first,))


@dataclass(frozen=True, slots=True)
class Plan:
    """A program for one target.

    Attributes:
        name: of the program.
        target: what the constants are packed for.
        arena_len: bytes of memory for one run at a time.
        constants: packed weights and tables.
        prepare: steps that make an arena ready, once.
        imports: steps that bring the caller's inputs into the arena.
        layers: for each call of the program its name and steps.
        exports: steps that write the caller's outputs.
        inputs, outputs: bytes of the caller's arrays.
        work: multiplications in one run, about.
    """

    name: str
    target: Target
    arena_len: int
    constants: bytes
    prepare: tuple[Step, ...]
    imports: tuple[Step, ...]
    layers: tuple[tuple[str, tuple[Step, ...]], ...]
    exports: tuple[Step, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    work: int
