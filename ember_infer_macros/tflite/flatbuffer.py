"""A FlatBuffer reader that trusts nothing.

FlatBuffers for Python reads, but does not verify. Here a table is a dataclass whose fields, in the order of the schema,
say how they are stored; :func:`read_root` checks every offset, length and vtable entry against the buffer before it
follows it, as the C++ ``flatbuffers::Verifier`` does, and returns plain objects. The checks need to know the layout of
every table; with it at hand, generated accessor classes would only repeat it.

Sharing is legal in a FlatBuffer, and a small file can share so much that a walk over it never ends. What is shared is
therefore read once, the work that one file may cause is bounded by a multiple of its length, and the number of its
tables by what any model for small machines needs.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from struct import Struct, unpack_from
from typing import Any, NamedTuple, TypeVar

from flatbuffers import packer

__all__ = [
    "FlatBufferError",
    "TooManyTables",
    "boolean",
    "data",
    "present",
    "read_root",
    "scalar",
    "string",
    "table",
    "tables",
    "union",
    "unread",
    "vector",
]

T = TypeVar("T")

# How often, on average, each byte of a file may be visited. Files in the wild share little: a name, an empty vector.
_WORK_PER_BYTE = 8
# References to tables in one file. A model of 10,000 operators has half as many.
MAX_TABLES = 1 << 18
_LAYOUT = "layout"
_UNION = "union"
_OFFSET_SIZE = 4
_FIRST_SLOT = 4


class FlatBufferError(ValueError):
    """The buffer is not what the schema says. The message names the place as a path of fields."""


class TooManyTables(FlatBufferError):
    """The buffer may be what the schema says, and has more tables than anybody needs."""


class _Layout(NamedTuple):
    """How a field is stored: the bytes it takes inside its table, and how to read it from there."""

    size: int
    read: Callable[[_Reader, int, str], Any]


_STRUCTS: dict[str, Struct] = {
    "int8": packer.int8,
    "int32": packer.int32,
    "uint32": packer.uint32,
    "uint64": packer.uint64,
    "float32": packer.float32,
}
_VECTOR_CODES = {"int32": ("i", 4), "int64": ("q", 8), "float32": ("f", 4)}


def scalar(kind: str, default: float = 0) -> Any:
    """A number stored in the table itself."""
    struct = _STRUCTS[kind]
    return _field(default, struct.size, lambda reader, position, where: struct.unpack_from(reader.buffer, position)[0])


def boolean(default: bool = False) -> Any:
    """A byte that is zero or not."""
    return _field(default, 1, lambda reader, position, where: reader.buffer[position] != 0)


def vector(kind: str) -> Any:
    """A vector of numbers, as a tuple; None where it is absent."""
    code, size = _VECTOR_CODES[kind]
    return _field(None, _OFFSET_SIZE, lambda reader, position, where: reader.numbers(position, code, size, where))


def data() -> Any:
    """A vector of bytes, as a read-only memoryview into the file; None where it is absent."""
    return _field(None, _OFFSET_SIZE, lambda reader, position, where: reader.data(position, where))


def string() -> Any:
    """A string; None where it is absent. What is not UTF-8 is replaced."""
    return _field(None, _OFFSET_SIZE, lambda reader, position, where: reader.string(position, where))


def table(kind: type) -> Any:
    """Another table; None where it is absent."""
    return _field(
        None,
        _OFFSET_SIZE,
        lambda reader, position, where: reader.table(kind, reader.follow(position, where), where),
    )


def tables(kind: type) -> Any:
    """A vector of tables, as a tuple; None where it is absent."""
    return _field(None, _OFFSET_SIZE, lambda reader, position, where: reader.tables(kind, position, where))


def union(members: Mapping[int, type]) -> Any:
    """A union: two slots, the type and the table. None where it is absent or of a type that is not in ``members``."""
    return dataclasses.field(default=None, metadata={_UNION: members})


def present() -> Any:
    """A table that is not read further: whether it is there."""
    return _field(False, _OFFSET_SIZE, lambda reader, position, where: True)


def unread() -> Any:
    """A slot that the schema has and nobody here reads."""
    return dataclasses.field(default=None)


def _field(default: object, size: int, read: Callable[[_Reader, int, str], Any]) -> Any:
    return dataclasses.field(default=default, metadata={_LAYOUT: _Layout(size, read)})


def read_root(root: type[T], buffer: bytes) -> T:
    """The root table of a buffer, whole.

    Raises:
        FlatBufferError: something in the buffer is not where, or what, it ought to be.
    """
    reader = _Reader(buffer)
    position = reader.follow(0, root.__name__)
    return reader.table(root, position, root.__name__)


class _Field(NamedTuple):
    """A field of a table that is read: its place in the vtable, and how it is stored, or the members of a union."""

    name: str
    slot: int
    layout: _Layout | None
    members: Mapping[int, type] | None


@functools.cache
def _fields(kind: type) -> tuple[_Field, ...]:
    """The fields of a table that are read, of which a union takes two slots."""
    found = []
    slot = 0
    for field in dataclasses.fields(kind):
        layout, members = field.metadata.get(_LAYOUT), field.metadata.get(_UNION)
        if layout is not None or members is not None:
            found.append(_Field(field.name, slot, layout, members))
        slot += 1 if members is None else 2
    return tuple(found)


@functools.cache
def _slots(count: int) -> Struct:
    return Struct(f"<{count}H")


class _Reader:
    """Walks one buffer; ``where`` is the path of fields to the place that is being read.

    Attributes:
        work_left: bytes that may still be read.
        tables_left: tables that may still be referred to.
        known: what was read, by its place and kind.
    """

    def __init__(self, buffer: bytes) -> None:
        self.buffer = buffer
        self.view = memoryview(buffer)
        self.work_left = _WORK_PER_BYTE * len(buffer)
        self.tables_left = MAX_TABLES
        self.known: dict[tuple[int, object], Any] = {}

    def follow(self, position: int, where: str) -> int:
        """The target of the offset at ``position``, which has room for at least four bytes."""
        self.within(position, _OFFSET_SIZE, where)
        offset: int = packer.uoffset.unpack_from(self.buffer, position)[0]
        self.within(position + offset, _OFFSET_SIZE, where)
        if offset == 0:
            raise FlatBufferError(f"{where}: an offset points to itself")
        return position + offset

    def within(self, position: int, size: int, where: str) -> None:
        if position < 0 or position + size > len(self.buffer):
            length = len(self.buffer)
            raise FlatBufferError(f"{where}: {size} bytes at {position} reach outside the file of {length} bytes")

    def charge(self, amount: int, where: str) -> None:
        self.work_left -= amount
        if self.work_left < 0:
            raise FlatBufferError(f"{where}: the same parts are shared so often that the file cannot be read through")

    def table(self, kind: type[T], position: int, where: str) -> T:
        self.tables_left -= 1
        if self.tables_left < 0:
            raise TooManyTables(f"{where}: the file has more than {MAX_TABLES} tables")
        key = position, kind
        found: T | None = self.known.get(key)
        if found is None:
            found = self.known[key] = kind(**self.fields(kind, position, where))
        return found

    def fields(self, kind: type, position: int, where: str) -> dict[str, Any]:
        """What a table holds, by the names of its fields; what it leaves out is missing."""
        self.charge(_OFFSET_SIZE, where)
        inline_size, offsets = self.vtable(kind, position, where)
        values: dict[str, Any] = {}
        for name, slot, layout, members in _fields(kind):
            offset = offsets[slot] if slot < len(offsets) else 0
            if not offset:
                continue
            place = f"{where}.{name}"
            if layout is not None:
                self.inline(offset, layout.size, inline_size, place)
                values[name] = layout.read(self, position + offset, place)
            elif members is not None and slot + 1 < len(offsets) and (content := offsets[slot + 1]):
                self.inline(offset, 1, inline_size, place)
                self.inline(content, _OFFSET_SIZE, inline_size, place)
                member = members.get(self.buffer[position + offset])
                if member is not None:
                    values[name] = self.table(member, self.follow(position + content, place), place)
        return values

    def vtable(self, kind: type, position: int, where: str) -> tuple[int, tuple[int, ...]]:
        """The size of a table's inline part, and where in it the fields are; 0 for one that is left out."""
        self.within(position, _OFFSET_SIZE, where)
        vtable: int = position - packer.soffset.unpack_from(self.buffer, position)[0]
        self.within(vtable, _FIRST_SLOT, f"{where} (vtable)")
        vtable_size, inline_size = unpack_from("<HH", self.buffer, vtable)
        if vtable_size < _FIRST_SLOT or vtable_size % 2:
            raise FlatBufferError(f"{where} (vtable): a size of {vtable_size} is impossible")
        self.within(vtable, vtable_size, f"{where} (vtable)")
        self.within(position, inline_size, where)
        read = _fields(kind)
        wanted = read[-1].slot + 2 if read else 0
        offsets = _slots(min((vtable_size - _FIRST_SLOT) // 2, wanted))
        return inline_size, offsets.unpack_from(self.buffer, vtable + _FIRST_SLOT)

    def inline(self, offset: int, size: int, inline_size: int, where: str) -> None:
        if offset < _OFFSET_SIZE or offset + size > inline_size:
            raise FlatBufferError(f"{where}: stored at {offset}, outside its table of {inline_size} bytes")

    def numbers(self, position: int, code: str, size: int, where: str) -> tuple[Any, ...]:
        start, length = self.span(position, size, where)
        self.charge(length * size, where)  # whoever shares the numbers looks at all of them
        key = start, code
        found: tuple[Any, ...] | None = self.known.get(key)
        if found is None:
            found = self.known[key] = unpack_from(f"<{length}{code}", self.buffer, start)
        return found

    def data(self, position: int, where: str) -> memoryview:
        start, length = self.span(position, 1, where)
        return self.view[start : start + length]

    def string(self, position: int, where: str) -> str:
        start, length = self.span(position, 1, where)
        key = start, str
        found: str | None = self.known.get(key)
        if found is None:
            self.charge(length, where)
            found = self.known[key] = str(self.view[start : start + length], "utf-8", "replace")
        return found

    def tables(self, kind: type[T], position: int, where: str) -> tuple[T, ...]:
        start, length = self.span(position, _OFFSET_SIZE, where)
        found = []
        for index in range(length):
            place = f"{where}[{index}]"
            found.append(self.table(kind, self.follow(start + index * _OFFSET_SIZE, place), place))
        return tuple(found)

    def span(self, position: int, element_size: int, where: str) -> tuple[int, int]:
        """Start and element count of the vector that the offset at ``position`` leads to."""
        target = self.follow(position, where)
        length: int = packer.uoffset.unpack_from(self.buffer, target)[0]
        self.within(target + _OFFSET_SIZE, length * element_size, where)
        return target + _OFFSET_SIZE, length
