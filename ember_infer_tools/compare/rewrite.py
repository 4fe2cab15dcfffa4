"""Model files made from a model file, so that any tensor can be read from, and any operator run by, any runtime."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from ember_infer_tools.tflite_writer import load_schema, pack_model

__all__ = ["ModelFile"]


class ModelFile:
    """A .tflite file that the reader has accepted, open for rewriting. Tensor and operator indices are the file's.

    Attributes:
        repaired: how many tensors :meth:`repair` has changed.
    """

    def __init__(self, content: bytes) -> None:
        self._schema = load_schema()
        self._model: Any = self._schema.ModelT.InitFromPackedBuf(content, 0)
        self._graph: Any = self._model.subgraphs[0]
        self.repaired: int = 0

    def repair(self) -> None:
        """Sets to 0 each ``quantized_dimension`` that its tensor does not have: LiteRT refuses it, TFLM ignores it."""
        for tensor in (tensor for graph in self._model.subgraphs for tensor in graph.tensors):
            quantization, rank = tensor.quantization, 0 if tensor.shape is None else len(tensor.shape)
            if quantization is not None and quantization.quantizedDimension >= max(1, rank):
                quantization.quantizedDimension = 0
                self.repaired += 1

    def plain(self) -> bytes:
        """The model itself."""
        return self.observed([int(index) for index in self._graph.outputs])

    def observed(self, outputs: Sequence[int]) -> bytes:
        """The model with these tensors as its outputs."""
        graph = copy.copy(self._graph)
        graph.outputs = list(outputs)
        return self._packed([graph, *self._model.subgraphs[1:]], self._model.buffers)  # CALL_ONCE runs one of them

    def one_operator(self, operator: int, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
        """A model of one operator, with these of its activations as inputs and outputs, and its constants.

        Variable tensors stay variable, which operators insist on, and may be among the inputs all the same.
        """
        graph = copy.copy(self._graph)
        only = copy.copy(self._graph.operators[operator])
        intermediates = [] if only.intermediates is None else only.intermediates
        used = sorted({int(index) for index in (*only.inputs, *only.outputs, *intermediates) if index >= 0})
        place = {index: position for position, index in enumerate(used)} | {-1: -1}
        buffers = [self._schema.BufferT()]
        graph.tensors = []
        for index in used:
            tensor = copy.copy(self._graph.tensors[index])
            buffers.append(self._model.buffers[tensor.buffer])
            tensor.buffer = len(buffers) - 1
            graph.tensors.append(tensor)
        only.inputs = [place[int(index)] for index in only.inputs]
        only.outputs = [place[int(index)] for index in only.outputs]
        only.intermediates = [place[int(index)] for index in intermediates] or None
        graph.operators = [only]
        graph.inputs = [place[index] for index in inputs]
        graph.outputs = [place[index] for index in outputs]
        return self._packed([graph], buffers)

    def _packed(self, subgraphs: Sequence[Any], buffers: Sequence[Any]) -> bytes:
        model = copy.copy(self._model)
        model.subgraphs = list(subgraphs)
        model.buffers = list(buffers)
        model.signatureDefs = None  # they would name tensors that are no longer outputs
        model.metadata = model.metadataBuffer = None
        return pack_model(model)
