"""Pieces of C: numbers, arrays, structs, and the kernels' headers."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ember_infer_core.slots import AnyArray, DType
from ember_infer_firmware.step import Constant, Kernel, Value

__all__ = [
    "C_TYPES",
    "WIDTH",
    "Field",
    "array_definition",
    "array_rows",
    "c_type",
    "filled",
    "header_text",
    "headers_of",
    "initialiser",
    "literal",
    "number_text",
    "struct_fields",
]

_HERE = Path(__file__).resolve().parent
_LIBRARIES = ("cmsis_nn", "esp_nn")  # folders of headers that call a library; the names of these begin with theirs
WIDTH = 118  # of a line
_INCLUDED = re.compile(r'^#include "ember_(\w+)\.h"$', re.MULTILINE)

C_TYPES: Mapping[str, str] = {
    "bool": "uint8_t",
    "float32": "float",
    "int8": "int8_t",
    "int16": "int16_t",
    "int32": "int32_t",
    "int64": "int64_t",
    "uint8": "uint8_t",
    "uint16": "uint16_t",
    "uint32": "uint32_t",
}


def number_text(value: int | float) -> str:
    """A number as C writes it; floats exactly."""
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    if isinstance(value, int | np.integer):
        if value == -(2**31):  # in C a minus sign and a number that int does not hold
            return "(-2147483647 - 1)"
        if value == -(2**63):
            return "(-INT64_C(9223372036854775807) - 1)"
        return str(value) if -(2**31) < value < 2**31 else f"{value}u" if 0 < value < 2**32 else f"INT64_C({value})"
    if math.isnan(value):
        return "NAN"
    if math.isinf(value):
        return "INFINITY" if value > 0 else "-INFINITY"
    shortest = np.format_float_scientific(np.float32(value), unique=True, trim="0")  # reads back as the same bits
    return f"{shortest}f"


def literal(text: str) -> str:
    """A text from a model's file or a folder's name, fit for a comment or a string of C, and for what surrounds one in
    Kconfig (where $(shell,...) would be run), YAML, Markdown and a shell.
    """
    return "".join(c if c.isprintable() and c.isascii() and c not in '"\\*/?$`<' else "_" for c in text)


def c_type(dtype: DType) -> str:
    """The element type; bools are bytes of 0 and 1."""
    return C_TYPES[dtype.name]


def array_definition(constant: Constant, attributes: str) -> Iterator[str]:
    """The lines of an array."""
    array = constant.array
    yield f"const {c_type(array.dtype)} {constant.name}[{max(array.size, 1)}] {attributes} = {{"
    yield from array_rows(array)
    yield "};"


def array_rows(array: AnyArray) -> Iterator[str]:
    """The lines of an array's elements."""
    if not array.size:
        yield "    0"
        return
    if array.dtype.itemsize < 4:  # line by line, because lists of numbers take a hundred times as much as the weights
        longest = max(len(str(int(array.min()))), len(str(int(array.max()))))
        width = (WIDTH - 4) // (longest + 2)
        for start in range(0, array.size, width):
            yield "    " + ", ".join(map(str, array[start : start + width].astype(np.int64).tolist())) + ","
        return
    texts = [number_text(value) for value in array.tolist()]
    width = max((WIDTH - 4) // (max(len(text) for text in texts) + 2), 1)
    for start in range(0, len(texts), width):
        yield "    " + ", ".join(texts[start : start + width]) + ","


def initialiser(fields: Mapping[str, Value]) -> str:
    """Of a struct, by the names of its fields; lines of a block."""
    texts = [f".{name} = {_value(value)}," for name, value in fields.items()]
    return "\n".join(filled(texts))


def filled(parts: Iterable[str], indent: str = "    ") -> list[str]:
    """Lines of C that are not too long, which break between parts alone."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + 1 + len(part) <= WIDTH:
            lines[-1] += f" {part}"
        else:
            lines.append(indent + part)
    return lines


def _value(value: Value) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, Constant):
        return value.name
    if isinstance(value, tuple):
        return f"{{{', '.join(map(number_text, value))}}}"
    return number_text(value)


@functools.cache
def header_text(name: str) -> str:
    """A header as it is exported: ``ember_<name>.h``. That of ``cmsis_nn_conv2d`` is ``conv2d.h`` of ``cmsis_nn``."""
    library = next((prefix for prefix in _LIBRARIES if name.startswith(f"{prefix}_")), None)
    path = _HERE / "kernels" / name if library is None else _HERE / library / name[len(library) + 1 :]
    return path.with_suffix(".h").read_text(encoding="utf-8")


def headers_of(kernels: Iterable[Kernel]) -> tuple[str, ...]:
    """What these kernels are declared in and all that it includes, without the prefix: each after what it needs."""
    found: dict[str, None] = {"common": None}

    def add(name: str) -> None:
        for inner in _INCLUDED.findall(header_text(name)):
            add(inner)
        found.setdefault(name)

    for kernel in kernels:
        add(kernel.header)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a struct.

    Attributes:
        name: with those of the structs that it is in: ``within.name``.
        type: in C: ``int32_t``, ``const int8_t *``.
        count: of an array; 1 otherwise.
    """

    name: str
    type: str
    count: int


@functools.cache
def struct_fields(struct: str, header: str) -> tuple[Field, ...]:
    """The fields of ``struct ember_<struct>``, in order, those of structs within it one by one."""
    headers = headers_of([Kernel(struct, header, 0)])
    for name in headers:
        found = re.search(rf"^struct ember_{struct} {{(.*?)^}};", header_text(name), re.DOTALL | re.MULTILINE)
        if found:
            return tuple(_fields(re.sub(r"/\*.*?\*/", "", found[1], flags=re.DOTALL), header))
    raise KeyError(struct)


def _fields(declarations: str, header: str) -> Iterator[Field]:
    for declaration in filter(None, (part.strip() for part in declarations.split(";"))):
        within = re.fullmatch(r"struct ember_(\w+) ([\w, ]+)", declaration)
        if within:
            for name in within[2].split(","):
                for inner in struct_fields(within[1], header):
                    yield Field(f"{name.strip()}.{inner.name}", inner.type, inner.count)
            continue
        type_, rest = re.fullmatch(r"((?:const )?\w+ \*?)(.*)", declaration, re.DOTALL).groups()  # type: ignore[union-attr]
        for name in rest.split(","):
            one, count = re.fullmatch(r"(\w+)(?:\[(\d+)\])?", name.strip()).groups()  # type: ignore[union-attr]
            yield Field(one, type_.strip(), int(count or 1))
