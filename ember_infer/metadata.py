"""What interpreters tell of a .tflite file, word for word: signatures, shapes that the converter did not know, and
quantisation of tensors whether anybody can use it or not.

A graph holds what makes sense and no more. So this is read apart: a second, shallow walk over the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ember_infer_core.errors import ModelError
from ember_infer_macros.tflite.flatbuffer import (
    FlatBufferError,
    read_root,
    scalar,
    string,
    table,
    tables,
    unread,
    vector,
)
from ember_infer_macros.tflite.schema import QuantizationParameters

__all__ = ["Metadata", "Signature", "TensorMetadata", "read_metadata"]


@dataclass(eq=False, repr=False)
class _Tensor:
    shape: object = unread()
    type: object = unread()
    buffer: object = unread()
    name: object = unread()
    quantization: QuantizationParameters | None = table(QuantizationParameters)
    is_variable: object = unread()
    sparsity: object = unread()
    shape_signature: tuple[int, ...] | None = vector("int32")


@dataclass(eq=False, repr=False)
class _SubGraph:
    tensors: tuple[_Tensor, ...] | None = tables(_Tensor)


@dataclass(eq=False, repr=False)
class _TensorMap:
    name: str | None = string()
    tensor_index: int = scalar("uint32")


@dataclass(eq=False, repr=False)
class _SignatureDef:
    inputs: tuple[_TensorMap, ...] | None = tables(_TensorMap)
    outputs: tuple[_TensorMap, ...] | None = tables(_TensorMap)
    signature_key: str | None = string()
    deprecated_tag: object = unread()
    subgraph_index: int = scalar("uint32")


@dataclass(eq=False, repr=False)
class _Model:
    version: object = unread()
    operator_codes: object = unread()
    subgraphs: tuple[_SubGraph, ...] | None = tables(_SubGraph)
    description: object = unread()
    buffers: object = unread()
    metadata_buffer: object = unread()
    metadata: object = unread()
    signature_defs: tuple[_SignatureDef, ...] | None = tables(_SignatureDef)


@dataclass(frozen=True, slots=True)
class Signature:
    """Names for the inputs and outputs of a subgraph, each with its tensor's number; sorted, as in LiteRT."""

    subgraph: int
    inputs: Mapping[str, int]
    outputs: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TensorMetadata:
    """Of one tensor.

    Attributes:
        shape_signature: its shape, with -1 for a size that is known at run time; None where it is the shape.
        scales, zero_points: as many of the one as of the other; none where it is not quantised.
        quantized_dimension: along which there are several.
    """

    shape_signature: tuple[int, ...] | None
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = ()
    quantized_dimension: int = 0


@dataclass(frozen=True, slots=True)
class Metadata:
    """Of one file: signatures by their keys, in the file's order, and the tensors of its first subgraph."""

    signatures: Mapping[str, Signature]
    tensors: tuple[TensorMetadata, ...]


def read_metadata(source: str, content: bytes) -> Metadata:
    """Reads it from a file whose graph has been read.

    Raises:
        ModelError: a part is damaged, or a signature names a tensor that is not there.
    """
    try:
        model = read_root(_Model, content)
    except FlatBufferError as error:
        raise ModelError(source, f"damaged or truncated file: {error}") from None
    subgraphs = model.subgraphs or ()
    signatures = {}
    for raw in model.signature_defs or ():
        key, number = raw.signature_key or "", raw.subgraph_index
        known = len(subgraphs[number].tensors or ()) if number < len(subgraphs) else 0
        ends = [{one.name or "": one.tensor_index for one in end or ()} for end in (raw.inputs, raw.outputs)]
        for index in (*ends[0].values(), *ends[1].values()):
            if index >= known:
                raise ModelError(source, f"signature {key!r}: tensor {index} of subgraph {number} does not exist")
        signatures[key] = Signature(number, *(dict(sorted(end.items())) for end in ends))
    tensors = subgraphs[0].tensors or () if subgraphs else ()
    return Metadata(signatures, tuple(map(_tensor, tensors)))


def _tensor(raw: _Tensor) -> TensorMetadata:
    signature, quantization = raw.shape_signature or None, raw.quantization
    if quantization is None or not quantization.scale:
        return TensorMetadata(signature)
    scales, zero_points = quantization.scale, quantization.zero_point or (0,)
    if len(zero_points) != len(scales):
        zero_points = zero_points[:1] * len(scales)
    return TensorMetadata(signature, scales, zero_points, quantization.quantized_dimension)
