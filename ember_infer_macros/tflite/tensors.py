"""The tensors of a file: shape, content and quantisation, and what is wrong with each."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ember_infer_macros.tflite import schema
from ember_infer_macros.tflite.graph import GraphTensor, Quantization, shape_text
from ember_infer_macros.tflite.schema import TensorType

__all__ = ["ELEMENT_BYTES", "TensorReader"]

# The largest tensor and rank that TensorFlow Lite Micro can index.
MAX_TENSOR_BYTES = 2**30
MAX_RANK = 8
# How often, on average, each byte of a file may stand in a buffer: buffers may overlap, and each is copied once.
_CONTENT_PER_BYTE = 2

ELEMENT_BYTES = {
    TensorType.FLOAT32: 4,
    TensorType.FLOAT16: 2,
    TensorType.INT32: 4,
    TensorType.UINT8: 1,
    TensorType.INT64: 8,
    TensorType.BOOL: 1,
    TensorType.INT16: 2,
    TensorType.COMPLEX64: 8,
    TensorType.INT8: 1,
    TensorType.FLOAT64: 8,
    TensorType.COMPLEX128: 16,
    TensorType.UINT64: 8,
    TensorType.UINT32: 4,
    TensorType.UINT16: 2,
    TensorType.BFLOAT16: 2,
}
_ZERO_POINT_RANGES = {
    TensorType.INT8: (-128, 127),
    TensorType.UINT8: (0, 255),
    TensorType.INT16: (-32768, 32767),
    TensorType.INT32: (-(2**31), 2**31 - 1),
}


class _Damage(Exception):
    """The tensor contradicts the file or itself."""


class _Oddity(Exception):
    """Valid in a file, and more than an operator here can use."""


class TensorReader:
    """Reads the tensors of one model. Nothing is refused here: a tensor that nobody uses may be anything.

    Attributes:
        stored_outside: numbers of the tensors whose content lies at a buffer offset, outside the FlatBuffer; to be
            cleared before the next subgraph.
    """

    def __init__(self, content: bytes, model: schema.Model) -> None:
        self.stored_outside: list[int] = []
        self._content = memoryview(content)
        # A model without constants may leave the vector out, of which all tensors name the first, empty, entry.
        self._buffers: Sequence[schema.Buffer] = model.buffers or (schema.Buffer(),)
        self._contents: dict[int, memoryview | None] = {}
        # Of each table and type, for tensors may share a table of many scales; the model keeps the tables.
        self._quantizations: dict[tuple[int, TensorType], Quantization | str | None] = {}
        self._bytes_left = _CONTENT_PER_BYTE * len(content)

    def read(self, index: int, raw: schema.Tensor) -> GraphTensor:
        """The tensor with what is wrong with it; of several things the first."""
        type_ = TensorType(raw.type)
        shape = raw.shape or ()
        data = quantization = damage = oddity = None
        try:
            _check_shape(shape, type_)
            data = self._data(index, raw, shape, type_)
            quantization = self._quantization_of(raw.quantization, shape, type_)
        except _Damage as found:
            damage = str(found)
        except _Oddity as found:
            oddity = str(found)
        return GraphTensor(
            index=index,
            name=raw.name or "",
            shape=shape,
            type=type_,
            quantization=quantization,
            data=data,
            is_variable=raw.is_variable,
            is_sparse=raw.sparsity,
            damage=damage,
            oddity=oddity,
        )

    def _data(self, index: int, raw: schema.Tensor, shape: tuple[int, ...], type_: TensorType) -> memoryview | None:
        if raw.buffer >= len(self._buffers):
            raise _Damage(f"buffer {raw.buffer} does not exist (there are {len(self._buffers)})")
        if raw.sparsity:
            raise _Oddity("its content is stored in a sparse encoding")
        content = self._content_of(raw.buffer)
        if content is None:
            return None
        if self._buffers[raw.buffer].offset > 1:
            self.stored_outside.append(index)
        wanted = _stored_bytes(shape, type_)
        if wanted is None:
            return content
        found = f"buffer {raw.buffer} has {len(content)} bytes, shape {shape_text(shape)} wants {wanted}"
        if len(content) < wanted:
            raise _Damage(found)
        if len(content) > wanted:
            raise _Oddity(found)
        return content

    def _quantization_of(
        self, raw: schema.QuantizationParameters | None, shape: tuple[int, ...], type_: TensorType
    ) -> Quantization | None:
        key = id(raw), type_
        if key not in self._quantizations:
            self._quantizations[key] = _quantization(raw, type_)
        found = self._quantizations[key]
        if isinstance(found, str):
            raise _Oddity(found)
        return None if found is None else _along_channels(found, shape)

    def _content_of(self, index: int) -> memoryview | None:
        """The content of a buffer, one object for all who share it; None where it is empty."""
        if index in self._contents:
            return self._contents[index]
        buffer = self._buffers[index]
        content = buffer.data
        if buffer.offset > 1:  # 0 and 1 mean: not there
            if buffer.offset + buffer.size > len(self._content):
                raise _Damage(f"buffer {index} reaches outside the file")
            content = self._content[buffer.offset : buffer.offset + buffer.size]
        if len(content or ()) > self._bytes_left:
            raise _Oddity("the buffers overlap so much that they hold many times the file's length")
        self._bytes_left -= len(content or ())
        self._contents[index] = content or None
        return self._contents[index]


def _stored_bytes(shape: tuple[int, ...], type_: TensorType) -> int | None:
    """The length of a constant of this type; None where it depends on more than the shape."""
    if type_ is TensorType.INT4:
        return (math.prod(shape) + 1) // 2  # two elements in a byte, the first in its low half
    element_bytes = ELEMENT_BYTES.get(type_)
    return None if element_bytes is None else math.prod(shape) * element_bytes


def _check_shape(shape: tuple[int, ...], type_: TensorType) -> None:
    if type_.name not in TensorType.__members__:
        raise _Oddity(f"element type {type_.value} is unknown")
    if len(shape) > MAX_RANK:
        raise _Oddity(f"rank {len(shape)} is above {MAX_RANK}")
    if any(size < 0 for size in shape):
        raise _Damage(f"shape {shape_text(shape)} has a size that is not positive")
    if 0 in shape:
        raise _Oddity(
            f"shape {shape_text(shape)} has a size that is not positive: it is empty, or known only at run time"
        )
    if math.prod(shape) * ELEMENT_BYTES.get(type_, 1) > MAX_TENSOR_BYTES:
        raise _Oddity(f"shape {shape_text(shape)} takes more than {MAX_TENSOR_BYTES} bytes")


def _along_channels(quantization: Quantization, shape: tuple[int, ...]) -> Quantization:
    """The same, whose scales a tensor of this shape has channels for."""
    count = len(quantization.scales)
    if count > 1:
        # A vector has but one axis, whatever the file says.
        axis = 0 if len(shape) == 1 else quantization.quantized_dimension
        if not 0 <= axis < len(shape):
            raise _Oddity(f"quantized_dimension {axis} does not exist in shape {shape_text(shape)}")
        if shape[axis] != count:
            raise _Oddity(f"{count} quantisation scales for {shape[axis]} channels")
    return quantization


def _quantization(raw: schema.QuantizationParameters | None, type_: TensorType) -> Quantization | str | None:
    """None where the file gives no scale; some converters write that as a scale of 0. Text says what makes no sense.

    TensorFlow Lite Micro looks at a quantisation only where an operator needs it, and then hardly checks it. So
    what makes no sense is odd, not damaged.
    """
    if raw is None or not raw.scale:
        return None
    scales = raw.scale
    if any(not math.isfinite(scale) or scale < 0 for scale in scales):
        return "a quantisation scale is negative, infinite or not a number"
    if all(scale == 0 for scale in scales):
        return None
    zero_points = raw.zero_point or ()
    if len(zero_points) not in (1, len(scales)):
        return f"{len(scales)} quantisation scales but {len(zero_points)} zero points"
    if len(zero_points) != len(scales):
        zero_points = zero_points * len(scales)
    low, high = _ZERO_POINT_RANGES.get(type_, (-(2**63), 2**63 - 1))
    for zero_point in zero_points:
        if not low <= zero_point <= high:
            return f"zero point {zero_point} is outside {type_.name.lower()}"
    return Quantization(scales, zero_points, raw.quantized_dimension)
