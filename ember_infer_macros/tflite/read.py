"""From the bytes of a .tflite file to a checked :class:`Graph`."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from ember_infer_core.errors import ModelError, UnsupportedModelError
from ember_infer_macros.limits import check_size
from ember_infer_macros.tflite import schema
from ember_infer_macros.tflite.archive import Resource, read_archived, read_resource
from ember_infer_macros.tflite.beginning import SMALLEST_FILE, check_beginning
from ember_infer_macros.tflite.flatbuffer import FlatBufferError, TooManyTables, read_root
from ember_infer_macros.tflite.graph import CALLERS, Graph, GraphOperator, GraphTensor, shortened
from ember_infer_macros.tflite.options import CallOnceOptions
from ember_infer_macros.tflite.schema import BuiltinOperator
from ember_infer_macros.tflite.tensors import ELEMENT_BYTES, TensorReader

__all__ = ["ELEMENT_BYTES", "ModelSource", "read_graph", "read_source"]

ModelSource: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | Resource

# The largest file that a FlatBuffer can be.
MAX_FILE_BYTES = 2**31 - 1


def read_source(model: ModelSource) -> tuple[str, bytes]:
    """``(name for messages, content)`` of a path (which may lead into a zip archive), of a package's file, or of the
    bytes themselves.

    Raises:
        ModelError: the file is missing, cannot be read, or is no file.
    """
    if isinstance(model, bytes | bytearray | memoryview):
        return "<bytes>", bytes(model)
    if not isinstance(model, str | os.PathLike):
        return str(model), read_resource(model)
    path = Path(model)
    try:
        return str(path), _read_file(path)
    except (FileNotFoundError, NotADirectoryError):
        archived = read_archived(path)
        if archived is not None:
            return str(path), archived
        raise ModelError(str(path), f"no such file (absolute: {path.absolute()})") from None
    except OSError as error:
        raise ModelError(str(path), f"cannot be read: {error.strerror or error}") from None
    except ModelError:
        raise
    except ValueError as error:  # a NUL in the path
        raise ModelError(str(path), f"cannot be read: {error}") from None


def _read_file(path: Path) -> bytes:
    """The content of a model file: of no other kind of file, which may have no end or no beginning."""
    source = str(path)
    with open(path, "rb", opener=_open_without_waiting) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ModelError(source, "cannot be read: it is a device, a pipe or a socket, and no regular file")
        if status.st_size > MAX_FILE_BYTES:
            raise ModelError(source, "the file is larger than 2 GiB: not a TensorFlow Lite model")
        beginning = file.read(SMALLEST_FILE)
        check_beginning(source, beginning)
        return beginning + file.read(status.st_size - len(beginning))


def _open_without_waiting(path: str, flags: int) -> int:
    """Opens a file; a pipe, too, at once, whether somebody writes to it or not."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_graph(source: str, content: bytes) -> Graph:
    """Reads a whole model: every part is where, and what, the format says, and every number refers to something.

    Whether a model can be run is the next question (:func:`ember_infer_macros.support.check_supported`): what is odd or
    contradictory about a tensor matters only if an operator that runs uses it.

    Args:
        source: name of the file, for messages.
        content: its bytes.

    Raises:
        ModelError: the file is damaged, with the place; UnsupportedModelError where it is of another schema version.
    """
    model = _read_model(source, content)
    if not model.subgraphs:
        raise ModelError(source, "the model has no subgraph")
    called = _called_subgraphs(model)
    check_size(source, [model.subgraphs[number] for number in (0, *called)])
    tensor_reader = TensorReader(content, model)  # one for all: what they share counts once
    graph = _read_subgraph(source, model, 0, tensor_reader)
    initialisers = {
        number: _read_subgraph(f"{source}, subgraph {number}", model, number, tensor_reader) for number in called
    }
    return replace(
        graph,
        initialisers=initialisers,
        warnings=(
            *_uncalled_subgraphs(len(model.subgraphs), graph.operators),
            *graph.warnings,
            *(warning for initialiser in initialisers.values() for warning in initialiser.warnings),
        ),
    )


def _called_subgraphs(model: schema.Model) -> list[int]:
    """The subgraphs that the CALL_ONCE operators of the main one run, as far as there are such."""
    assert model.subgraphs is not None
    codes = [_operator_code(code)[0] for code in model.operator_codes or ()]
    wanted = {
        operator.builtin_options.init_subgraph_index
        for operator in model.subgraphs[0].operators or ()
        if isinstance(operator.builtin_options, CallOnceOptions)
        and operator.opcode_index < len(codes)
        and codes[operator.opcode_index] is BuiltinOperator.CALL_ONCE
    }
    return [number for number in sorted(wanted) if 0 < number < len(model.subgraphs)]


def _read_subgraph(source: str, model: schema.Model, number: int, tensor_reader: TensorReader) -> Graph:
    """One subgraph by itself."""
    assert model.subgraphs is not None
    subgraph = model.subgraphs[number]
    tensor_reader.stored_outside.clear()
    tensors = tuple(tensor_reader.read(index, tensor) for index, tensor in enumerate(subgraph.tensors or ()))
    reader = _GraphReader(source, model, tensors)
    operators = tuple(reader.operator(index, item) for index, item in enumerate(subgraph.operators or ()))
    owner = "the model" if number == 0 else "the subgraph"
    inputs = reader.tensor_indices(subgraph.inputs, f"{owner}'s inputs")
    outputs = reader.tensor_indices(subgraph.outputs, f"{owner}'s outputs")
    used = {*inputs, *outputs}
    for operator in operators:
        used.update(operator.inputs, operator.outputs)
    return Graph(
        source=source,
        description=model.description or "",
        subgraphs=len(model.subgraphs),
        tensors=tensors,
        operators=operators,
        inputs=inputs,
        outputs=outputs,
        warnings=(
            *_stored_outside([tensors[index] for index in tensor_reader.stored_outside if index in used]),
            *_meaningless_axes([tensor for tensor in tensors if tensor.index in used]),
        ),
    )


def _read_model(source: str, content: bytes) -> schema.Model:
    check_beginning(source, content)
    try:
        model = read_root(schema.Model, content)
    except TooManyTables as error:
        raise UnsupportedModelError(source, [str(error)]) from None
    except FlatBufferError as error:
        raise ModelError(source, f"damaged or truncated file: {error}") from None
    if model.version != schema.VERSION:
        raise UnsupportedModelError(source, [f"schema version {model.version}: only version {schema.VERSION} is known"])
    return model


class _GraphReader:
    """Checks the parts of one model; every complaint names the file and the part."""

    def __init__(self, source: str, model: schema.Model, tensors: Sequence[GraphTensor]) -> None:
        self.source = source
        self.codes: Sequence[schema.OperatorCode] = model.operator_codes or ()
        self.tensors = tensors

    def fail(self, reason: str) -> ModelError:
        return ModelError(self.source, reason)

    def operator(self, index: int, raw: schema.Operator) -> GraphOperator:
        where = f"operator {index}"
        if raw.opcode_index >= len(self.codes):
            raise self.fail(f"{where}: opcode {raw.opcode_index} does not exist (there are {len(self.codes)})")
        kind = self.codes[raw.opcode_index]
        code, name = _operator_code(kind)
        is_custom = code is BuiltinOperator.CUSTOM
        return GraphOperator(
            index=index,
            code=code,
            name=name,
            inputs=self.tensor_indices(raw.inputs, f"{where} {name} inputs", optional=True),
            outputs=self.tensor_indices(raw.outputs, f"{where} {name} outputs", optional=True),
            options=raw.builtin_options,
            custom_code=kind.custom_code or "" if is_custom else None,
            custom_options=None if raw.custom_options is None else bytes(raw.custom_options) if is_custom else b"",
            intermediates=self.tensor_indices(raw.intermediates, f"{where} {name} intermediates", optional=True),
        )

    def tensor_indices(self, indices: Iterable[int] | None, where: str, *, optional: bool = False) -> tuple[int, ...]:
        checked = tuple(indices or ())
        lowest = schema.NO_TENSOR if optional else 0
        for index in checked:
            if not lowest <= index < len(self.tensors):
                raise self.fail(f"{where}: tensor {index} does not exist (there are {len(self.tensors)})")
        return checked


def _operator_code(raw: schema.OperatorCode) -> tuple[BuiltinOperator | None, str]:
    """Which operator, and its name for messages."""
    number = max(raw.builtin_code, raw.deprecated_builtin_code)
    try:
        code = BuiltinOperator(number)
    except ValueError:
        return None, f"unknown operator {number}"
    return code, f"CUSTOM {shortened(raw.custom_code or '')!r}" if code is BuiltinOperator.CUSTOM else code.name


def _uncalled_subgraphs(count: int, operators: Iterable[GraphOperator]) -> tuple[str, ...]:
    if count == 1 or any(operator.code in CALLERS for operator in operators):
        return ()
    return (f"the model has {count} subgraphs; the first calls none of the others, and runs alone",)


def _stored_outside(tensors: Sequence[GraphTensor]) -> tuple[str, ...]:
    if not tensors:
        return ()
    count = f"{len(tensors)} constants are" if len(tensors) > 1 else "a constant is"
    return (
        f"{count} stored behind the FlatBuffer, at a buffer offset (first: {tensors[0].describe()}); TensorFlow Lite "
        "Micro does not read them there, so that its answers differ from those of Ember Infer and of LiteRT: for a "
        "device, write the constants inside the FlatBuffer",
    )


def _meaningless_axes(tensors: Iterable[GraphTensor]) -> tuple[str, ...]:
    odd = [
        (tensor, tensor.quantization.quantized_dimension)
        for tensor in tensors
        if tensor.quantization is not None
        and not 0 <= tensor.quantization.quantized_dimension < max(len(tensor.shape), 1)
    ]
    if not odd:
        return ()
    first, dimension = odd[0]
    count = f"{len(odd)} tensors have" if len(odd) > 1 else "a tensor has"
    return (
        f"{count} a quantized_dimension that the shape does not have "
        f"(first: {first.describe()}, dimension {dimension}); "
        "it means nothing for a vector or a single scale, and is ignored",
    )
