"""What is compared: a program, the file it comes from, and its layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import TypeAlias

from ember_infer_core.program import Call, Program
from ember_infer_core.slots import AnyArray, Role, slots
from ember_infer_macros.decorator import program_of
from ember_infer_macros.tflite.graph import Graph
from ember_infer_macros.tflite.read import ModelSource, read_graph, read_source

__all__ = ["Model", "Tensors", "load_model", "model_of"]

# Tensors by index; what is read, by that of the tensor whose memory it uses.
Tensors: TypeAlias = Mapping[int, AnyArray]


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """What is compared: a program, the file it comes from, and its layers: the calls that the file has too.

    Attributes:
        name: of the file.
        program: what backends run.
        content: of the file.
        layers: calls of the program.
        tensors: how many the file has; the program may have more.
    """

    name: str
    program: Program
    content: bytes
    layers: tuple[Call, ...]
    tensors: int

    @property
    def is_stateful(self) -> bool:
        """Whether samples are steps: each starts from the state that the one before has left."""
        return bool(self.program.variables)

    def outputs(self, layer: Call) -> list[int]:
        """Indices of the file's tensors that a layer writes: its outputs, then its state."""
        return [index for role in (Role.OUTPUT, Role.STATE) for index in layer.tensors(role) if index < self.tensors]

    def written(self) -> dict[int, str]:
        """Every tensor that a layer writes, and its name: the layer's, numbered where it has several outputs; with the
        slot's name where it is state.
        """
        names: dict[int, str] = {}
        for layer in self.layers:
            states = {layer.operands[slot.name]: slot.name for slot in slots(layer.params) if slot.role is Role.STATE}
            outputs = list(layer.tensors(Role.OUTPUT))
            several = len(outputs) > 1
            names |= {index: f"{layer.name}_{k}" if several else layer.name for k, index in enumerate(outputs)}
            names |= {index: f"{layer.name}_{slot}" for index, slot in states.items() if index < self.tensors}
        return names

    def inputs(self, layer: Call) -> list[int]:
        """Indices of the activations that a layer reads, each once: its inputs, then its state."""
        read = (index for role in (Role.INPUT, Role.STATE) for index in layer.tensors(role))
        return list(dict.fromkeys(index for index in read if not self.is_constant(index)))

    def is_constant(self, index: int) -> bool:
        """Whether a tensor's content is in the file."""
        return self.program.tensors[self.program.storage(index)].data is not None


def load_model(model: ModelSource) -> Model:
    """Reads and lowers a model.

    Raises:
        ModelError: it cannot be read, or is not supported.
    """
    source, content = read_source(model)
    return model_of(read_graph(source, content), content, program_of(source, content))


def model_of(graph: Graph, content: bytes, program: Program) -> Model:
    """A model that has been read and lowered already.

    Args:
        graph: what is in the file.
        content: the file's bytes.
        program: what the graph becomes.
    """
    tensors = len(graph.tensors)
    layers = tuple(call for call in program.calls if _is_of_file(call, tensors))
    return Model(PurePath(graph.source).name, program, content, layers, tensors)


def _is_of_file(call: Call, tensors: int) -> bool:
    """Whether a call is a layer of a file with so many tensors: neither a copy of ours, nor one from or to a variable
    that VAR_HANDLE names, for which a file has no tensor.
    """
    if call.method == "reshape":
        return all(index < tensors for index in call.tensors(Role.INPUT, Role.OUTPUT))
    return next(call.tensors(Role.OUTPUT, Role.STATE)) < tensors
