"""Options of custom operators are FlexBuffers: maps from names to values, without a schema.

``flatbuffers.flexbuffers`` reads them, but follows every offset wherever it leads. Here no more than the first entry of
a map is read, and every place is checked against the buffer first, as in :mod:`ember_infer_macros.tflite.flatbuffer`.
Source of the layout: https://flatbuffers.dev/internals/#flexbuffers.
"""

from __future__ import annotations

__all__ = ["FlexBufferError", "first_integer"]

_INT, _UINT, _MAP = 1, 2, 9  # types, in a byte's upper six bits; the lower two are the width of what they are about
_WIDTHS = (1, 2, 4, 8)
_LONGEST_NAME = 100


class FlexBufferError(ValueError):
    """The bytes are no FlexBuffer of a map whose first value is a whole number."""


def first_integer(content: bytes) -> tuple[str, int]:
    """The first entry of a map, which is in the order of names: its name, and its value, a whole number of 32 bits.

    Raises:
        FlexBufferError: says what is wrong.
    """
    # A map is its values, with their types behind them, and in front of them the keys' place and width, and the size.
    end = len(content) - 2
    root_width = _width(_unsigned(content, end + 1, 1))
    kind, width = _kind(_unsigned(content, end, 1))
    if kind != _MAP:
        raise FlexBufferError("a FlexBuffer of a map is wanted")
    values = _target(content, end - root_width, root_width)
    size = _unsigned(content, values - width, width)
    if size == 0:
        raise FlexBufferError("the map is empty")
    key_width = _width(_unsigned(content, values - 2 * width, width))
    keys = _target(content, values - 3 * width, width)
    name = _name(content, _target(content, keys, key_width))
    kind, _ = _kind(_unsigned(content, values + size * width, 1))
    value = _unsigned(content, values, width)
    if kind == _INT and value >= 1 << (8 * width - 1):
        value -= 1 << (8 * width)
    if kind not in (_INT, _UINT) or not -(2**31) <= value < 2**31:
        raise FlexBufferError(f"{name!r} is no whole number of 32 bits")
    return name, value


def _unsigned(content: bytes, at: int, width: int) -> int:
    if at < 0 or at + width > len(content):
        raise FlexBufferError(f"no FlexBuffer: {width} bytes at {at} reach outside its {len(content)}")
    return int.from_bytes(content[at : at + width], "little")


def _target(content: bytes, at: int, width: int) -> int:
    """Where the offset at a place leads: backwards."""
    return at - _unsigned(content, at, width)


def _width(number: int) -> int:
    if number not in _WIDTHS:
        raise FlexBufferError(f"no FlexBuffer: numbers of {number} bytes")
    return number


def _kind(packed: int) -> tuple[int, int]:
    return packed >> 2, _WIDTHS[packed & 3]


def _name(content: bytes, at: int) -> str:
    end = content.find(b"\0", max(at, 0), max(at, 0) + _LONGEST_NAME)
    if at < 0 or end < 0:
        raise FlexBufferError("no FlexBuffer: a name that has no end, or is very long")
    return content[at:end].decode(errors="replace")
