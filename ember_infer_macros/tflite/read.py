"""From the bytes of a .tflite file to a checked :class:`Graph`."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from ember_infer_core.errors import ModelError
from ember_infer_macros.tflite import schema
from ember_infer_macros.tflite.flatbuffer import FlatBufferError, read_root
from ember_infer_macros.tflite.graph import Graph, GraphOperator, GraphTensor, Quantization
from ember_infer_macros.tflite.schema import BuiltinOperator, TensorType

__all__ = ["ELEMENT_BYTES", "ModelSource", "read_graph", "read_source"]

ModelSource: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview

# The largest file, tensor and rank that TensorFlow Lite Micro can index or a FlatBuffer can hold.
MAX_FILE_BYTES = 2**31 - 1
MAX_TENSOR_BYTES = 2**30
MAX_RANK = 8
_SMALLEST_FILE = 12
# How often, on average, each byte of a file may stand in a buffer: buffers may overlap, and each is copied once.
_CONTENT_PER_BYTE = 8

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


def read_source(model: ModelSource) -> tuple[str, bytes]:
    """``(name for messages, content)`` of a path or of the bytes themselves.

    Raises:
        ModelError: the file is missing, cannot be read, or is no file.
    """
    if isinstance(model, bytes | bytearray | memoryview):
        return "<bytes>", bytes(model)
    path = Path(model)
    try:
        if path.is_file() and path.stat().st_size > MAX_FILE_BYTES:
            raise ModelError(str(path), "the file is larger than 2 GiB: not a TensorFlow Lite model")
        return str(path), path.read_bytes()
    except FileNotFoundError:
        raise ModelError(str(path), f"no such file (absolute: {path.absolute()})") from None
    except OSError as error:
        raise ModelError(str(path), f"cannot be read: {error.strerror or error}") from None
    except ValueError as error:  # a NUL in the path
        raise ModelError(str(path), f"cannot be read: {error}") from None


def read_graph(source: str, content: bytes) -> Graph:
    """Reads and checks a whole model.

    Args:
        source: name of the file, for messages.
        content: its bytes.

    Raises:
        ModelError: anything at all that is wrong with it, with the place.
    """
    model = _read_model(source, content)
    if not model.subgraphs:
        raise ModelError(source, "the model has no subgraph")
    subgraph = model.subgraphs[0]
    reader = _GraphReader(source, content, model)
    tensors = tuple(reader.tensor(index, tensor) for index, tensor in enumerate(subgraph.tensors or ()))
    operators = tuple(reader.operator(index, item, tensors) for index, item in enumerate(subgraph.operators or ()))
    inputs = reader.tensor_indices(subgraph.inputs, tensors, "the model's inputs")
    outputs = reader.tensor_indices(subgraph.outputs, tensors, "the model's outputs")
    graph = Graph(
        source=source,
        description=model.description or "",
        subgraphs=len(model.subgraphs),
        tensors=tensors,
        operators=operators,
        inputs=inputs,
        outputs=outputs,
        warnings=_warnings(tensors),
    )
    _check_data_flow(graph)
    return graph


def _read_model(source: str, content: bytes) -> schema.Model:
    if len(content) < _SMALLEST_FILE:
        raise ModelError(source, f"{len(content)} bytes are too few for a TensorFlow Lite model")
    if content[4:8] != schema.FILE_IDENTIFIER:
        found = content[4:8]
        raise ModelError(source, f"not a TensorFlow Lite model: the identifier at byte 4 is {found!r}, not b'TFL3'")
    try:
        model = read_root(schema.Model, content)
    except FlatBufferError as error:
        raise ModelError(source, f"damaged or truncated file: {error}") from None
    if model.version != schema.VERSION:
        raise ModelError(source, f"schema version {model.version}: only version {schema.VERSION} is known")
    return model


class _GraphReader:
    """Checks the parts of one model; every complaint names the file and the part."""

    def __init__(self, source: str, content: bytes, model: schema.Model) -> None:
        self.source = source
        self.content = memoryview(content)
        self.buffers: Sequence[schema.Buffer] = model.buffers or ()
        self.codes: Sequence[schema.OperatorCode] = model.operator_codes or ()
        self.contents: dict[int, memoryview | None] = {}
        self.bytes_left = _CONTENT_PER_BYTE * len(content)

    def fail(self, reason: str) -> ModelError:
        return ModelError(self.source, reason)

    def tensor(self, index: int, raw: schema.Tensor) -> GraphTensor:
        name = raw.name or ""
        where = f"tensor {index} {name!r}"
        try:
            type_ = TensorType(raw.type)
        except ValueError:
            raise self.fail(f"{where}: element type {raw.type} is unknown") from None
        shape = self.shape(raw, type_, where)
        return GraphTensor(
            index=index,
            name=name,
            shape=shape,
            type=type_,
            quantization=self.quantization(raw.quantization, shape, type_, where),
            data=self.data(raw, shape, type_, where),
            is_variable=raw.is_variable,
            is_sparse=raw.sparsity,
        )

    def shape(self, raw: schema.Tensor, type_: TensorType, where: str) -> tuple[int, ...]:
        shape = raw.shape or ()
        if len(shape) > MAX_RANK:
            raise self.fail(f"{where}: rank {len(shape)} is above {MAX_RANK}")
        if any(size < 1 for size in shape):
            raise self.fail(f"{where}: shape {list(shape)} has a size that is not positive")
        if math.prod(shape) * ELEMENT_BYTES.get(type_, 1) > MAX_TENSOR_BYTES:
            raise self.fail(f"{where}: shape {list(shape)} takes more than {MAX_TENSOR_BYTES} bytes")
        return shape

    def data(self, raw: schema.Tensor, shape: tuple[int, ...], type_: TensorType, where: str) -> memoryview | None:
        if raw.buffer >= len(self.buffers):
            raise self.fail(f"{where}: buffer {raw.buffer} does not exist (there are {len(self.buffers)})")
        content = self.content_of(raw.buffer, where)
        if content is None:
            return None
        expected = None if raw.sparsity else _stored_bytes(shape, type_)
        if expected is not None and len(content) != expected:
            found = len(content)
            raise self.fail(f"{where}: buffer {raw.buffer} has {found} bytes, shape {list(shape)} wants {expected}")
        return content

    def content_of(self, index: int, where: str) -> memoryview | None:
        """The content of a buffer, one object for all who share it; None where it is empty."""
        if index not in self.contents:
            buffer = self.buffers[index]
            content = buffer.data
            if buffer.offset > 1:  # 0 and 1 mean: not there
                if buffer.offset + buffer.size > len(self.content):
                    raise self.fail(f"{where}: buffer {index} reaches outside the file")
                content = self.content[buffer.offset : buffer.offset + buffer.size]
            self.bytes_left -= len(content or ())
            if self.bytes_left < 0:
                raise self.fail(f"{where}: the buffers overlap so much that they hold many times the file's length")
            self.contents[index] = content or None
        return self.contents[index]

    def quantization(
        self, raw: schema.QuantizationParameters | None, shape: tuple[int, ...], type_: TensorType, where: str
    ) -> Quantization | None:
        if raw is None or not raw.scale:
            return None
        scales = raw.scale
        if any(not math.isfinite(scale) or scale < 0 for scale in scales):
            raise self.fail(f"{where}: a quantisation scale is negative, infinite or not a number")
        if all(scale == 0 for scale in scales):
            return None  # how some converters write "not quantised"
        zero_points = raw.zero_point or ()
        if len(zero_points) not in (1, len(scales)):
            raise self.fail(f"{where}: {len(scales)} quantisation scales but {len(zero_points)} zero points")
        if len(zero_points) != len(scales):
            zero_points = zero_points * len(scales)
        low, high = _ZERO_POINT_RANGES.get(type_, (-(2**63), 2**63 - 1))
        for zero_point in zero_points:
            if not low <= zero_point <= high:
                raise self.fail(f"{where}: zero point {zero_point} is outside {type_.name.lower()}")
        if len(scales) > 1:
            # A vector has but one axis, whatever the file says.
            axis = 0 if len(shape) == 1 else raw.quantized_dimension
            if not 0 <= axis < len(shape):
                raise self.fail(f"{where}: quantized_dimension {axis} does not exist in shape {list(shape)}")
            if shape[axis] != len(scales):
                raise self.fail(f"{where}: {len(scales)} quantisation scales for {shape[axis]} channels")
        return Quantization(scales, zero_points, raw.quantized_dimension)

    def operator(self, index: int, raw: schema.Operator, tensors: Sequence[GraphTensor]) -> GraphOperator:
        where = f"operator {index}"
        if raw.opcode_index >= len(self.codes):
            raise self.fail(f"{where}: opcode {raw.opcode_index} does not exist (there are {len(self.codes)})")
        opcode = self.codes[raw.opcode_index]
        number = max(opcode.builtin_code, opcode.deprecated_builtin_code)
        code: BuiltinOperator | None = None
        name = f"unknown operator {number}"
        if number in BuiltinOperator.__members__.values():
            code = BuiltinOperator(number)
            name = code.name
        if code is BuiltinOperator.CUSTOM:
            name = f"CUSTOM {opcode.custom_code or ''!r}"
        return GraphOperator(
            index=index,
            code=code,
            name=name,
            inputs=self.tensor_indices(raw.inputs, tensors, f"{where} {name} inputs", optional=True),
            outputs=self.tensor_indices(raw.outputs, tensors, f"{where} {name} outputs"),
            options=raw.builtin_options,
        )

    def tensor_indices(
        self, indices: Iterable[int] | None, tensors: Sequence[GraphTensor], where: str, *, optional: bool = False
    ) -> tuple[int, ...]:
        checked = tuple(indices or ())
        lowest = schema.NO_TENSOR if optional else 0
        for index in checked:
            if not lowest <= index < len(tensors):
                raise self.fail(f"{where}: tensor {index} does not exist (there are {len(tensors)})")
        return checked


def _stored_bytes(shape: tuple[int, ...], type_: TensorType) -> int | None:
    """The length of a constant of this type; None where it depends on more than the shape."""
    if type_ is TensorType.INT4:
        return (math.prod(shape) + 1) // 2  # two elements in a byte, the first in its low half
    element_bytes = ELEMENT_BYTES.get(type_)
    return None if element_bytes is None else math.prod(shape) * element_bytes


def _check_data_flow(graph: Graph) -> None:
    """Every tensor is written before it is read, and once."""

    def fail(reason: str) -> ModelError:
        return ModelError(graph.source, reason)

    if not graph.outputs:
        raise fail("the model has no output")
    written = {tensor.index for tensor in graph.tensors if tensor.data is not None or tensor.is_variable}
    for index in graph.inputs:
        if index in written:
            raise fail(f"input {graph.tensors[index].describe()} is a constant, or an input twice")
        written.add(index)
    for operator in graph.operators:
        for index in operator.inputs:
            if index != schema.NO_TENSOR and index not in written:
                raise fail(f"{operator.describe()} reads {graph.tensors[index].describe()} before it is written")
        for index in operator.outputs:
            if index in written and not graph.tensors[index].is_variable:
                raise fail(f"{operator.describe()} writes {graph.tensors[index].describe()}, which already has a value")
            written.add(index)
    for index in graph.outputs:
        if index not in written:
            raise fail(f"output {graph.tensors[index].describe()} is never written")


def _warnings(tensors: Iterable[GraphTensor]) -> tuple[str, ...]:
    odd = [
        tensor
        for tensor in tensors
        if tensor.quantization is not None
        and not 0 <= tensor.quantization.quantized_dimension < max(len(tensor.shape), 1)
    ]
    if not odd:
        return ()
    first = odd[0]
    assert first.quantization is not None
    count = f"{len(odd)} tensors have" if len(odd) > 1 else "a tensor has"
    return (
        f"{count} a quantized_dimension that the shape does not have "
        f"(first: {first.describe()}, dimension {first.quantization.quantized_dimension}); "
        "it means nothing for a vector or a single scale, and is ignored",
    )
