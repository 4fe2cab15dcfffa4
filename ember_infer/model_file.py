"""A model file as interpreters want it: its tensors by number, and a program, which may show what lies between."""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass, replace

import numpy as np

from ember_infer.details import element_type
from ember_infer.metadata import Metadata, read_metadata
from ember_infer_core.errors import ModelWarning
from ember_infer_core.program import Program
from ember_infer_core.slots import AnyArray, Role
from ember_infer_macros.lower.program import lower_graph
from ember_infer_macros.lower.tensors import content_of
from ember_infer_macros.port_types import PORT_TYPES
from ember_infer_macros.tflite.graph import Graph, GraphTensor
from ember_infer_macros.tflite.read import ELEMENT_BYTES, ModelSource, read_graph, read_source
from ember_infer_macros.tflite.schema import TensorType

__all__ = ["ModelFile", "read_model_file"]

# From the warning to whoever makes an interpreter: this module's function, a constructor, and what called that.
_TO_CALLER = 3


@dataclass(frozen=True, eq=False)
class ModelFile:
    """A model that runs here.

    Attributes:
        graph: its first subgraph.
        program: what backends run.
        metadata: what is told of it beside.
    """

    graph: Graph
    program: Program
    metadata: Metadata

    @functools.cached_property
    def between(self) -> tuple[int, ...]:
        """Tensors that operators write and that can be shown, beside the model's outputs.

        Not those of types that no model gives out, nor, where a run may end early, those that nothing computes then.
        """
        written = {index for operator in self.graph.operators for index in operator.outputs}
        if self.program.ends_early:
            written &= {index for call in self.program.calls for index in call.tensors(Role.OUTPUT)}
        written -= {*self.graph.inputs, *self.graph.outputs}
        return tuple(index for index in sorted(written) if _may_be_output(self.graph.tensors[index]))

    def observed(self, indices: tuple[int, ...]) -> Program:
        """The same program, which gives these tensors out as well, behind the model's outputs."""
        if not indices:
            return self.program
        return lower_graph(replace(self.graph, outputs=(*self.graph.outputs, *indices)))

    def constant(self, index: int) -> AnyArray | None:
        """A constant's content; None for any other tensor, and for what NumPy has no type for."""
        tensor = self.graph.tensors[index]
        if tensor.data is None or not tensor.is_sound:
            return None
        if tensor.type is TensorType.INT4:
            content = content_of(tensor.data, tensor.type)
        elif tensor.type in ELEMENT_BYTES and not (dtype := np.dtype(element_type(tensor))).hasobject:
            content = np.frombuffer(tensor.data, dtype.newbyteorder("<")).astype(dtype)
        else:
            return None
        return content[: tensor.elements].reshape(tensor.shape)


def _may_be_output(tensor: GraphTensor) -> bool:
    per_tensor = tensor.quantization is None or len(tensor.quantization.scales) == 1
    return tensor.is_sound and tensor.type in PORT_TYPES and per_tensor


def read_model_file(model: ModelSource) -> ModelFile:
    """Reads and lowers a model.

    Raises:
        ModelError: a ValueError; the file is missing, damaged or contradictory.
        UnsupportedModelError: lists every operator and type that stands in the way.
    """
    source, content = read_source(model)
    graph = read_graph(source, content)
    program = lower_graph(graph)
    for warning in graph.warnings:
        warnings.warn(f"{source}: {warning}", ModelWarning, stacklevel=_TO_CALLER)
    return ModelFile(graph, program, read_metadata(source, content))
