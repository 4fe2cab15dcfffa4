"""VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE, CALL_ONCE: variables with initial content, and copies from and to them.

A variable is a name, which the main subgraph and those that CALL_ONCE runs have in common. Source of the rules: TFLM
``read_variable.cc``, ``assign_variable.cc``, ``call_once.cc`` and ``micro_resource_variable.cc``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from ember_infer_core.errors import UnsupportedModelError
from ember_infer_core.ops.common import element_count
from ember_infer_core.ops.reshape import prepare
from ember_infer_core.program import Tensor, Variable
from ember_infer_core.slots import AnyArray, DType, Shape
from ember_infer_macros.lower.common import DTYPES, Lowered, OperatorSource, Refusal
from ember_infer_macros.tflite.graph import Graph, GraphTensor, shortened
from ember_infer_macros.tflite.options import VarHandleOptions
from ember_infer_macros.tflite.schema import BuiltinOperator

__all__ = [
    "Held",
    "VariableName",
    "Variables",
    "check_state_size",
    "handles",
    "lower",
    "variable_names",
    "variable_tensors",
]

# What variables hold is there from the start, in the program and in every executable, and a few bytes of a file can ask
# for as much as it likes.
MAX_STATE_BYTES = 1 << 27

# Container and name; and what the variables hold, by their names.
VariableName: TypeAlias = tuple[str, str]
Held: TypeAlias = Mapping[VariableName, AnyArray]


def lower(source: OperatorSource) -> Lowered | None:
    """The copy that a READ_VARIABLE or an ASSIGN_VARIABLE is. The others are done with before a run."""
    if source.operator.code in (BuiltinOperator.VAR_HANDLE, BuiltinOperator.CALL_ONCE):
        return None
    writes = source.operator.code is BuiltinOperator.ASSIGN_VARIABLE
    source.input_count((2 if writes else 1,))
    index, variable = source.variable(source.input(0))
    if writes:
        value, operands = source.input(1), {"input": source.input(1).index, "output": index}
    else:
        source.one_output()
        value, operands = source.output(), {"input": index, "output": source.output().index}
    if (value.elements, source.dtype(value)) != (element_count(variable.shape), variable.dtype):
        raise Refusal(
            f"{value.describe()} has another size or type than the variable {shortened(variable.name)!r}, "
            f"{variable.dtype} {list(variable.shape)}; TensorFlow Lite Micro does not check that"
        )
    shapes = (value.shape, variable.shape) if writes else (variable.shape, value.shape)
    params = source.prepare(prepare, input_shape=shapes[0], output_shape=shapes[1], dtype=variable.dtype)
    return Lowered("reshape", params, operands)


class Variables:
    """The variables of a model, by name.

    What a variable is like, its first ASSIGN_VARIABLE says: that of the main subgraph, or else of the next.
    """

    def __init__(self, graph: Graph) -> None:
        self._values: dict[VariableName, GraphTensor] = {}
        for part in (graph, *graph.initialisers.values()):
            names = variable_names(part)
            for operator in part.operators:
                if operator.code is BuiltinOperator.ASSIGN_VARIABLE and len(operator.inputs) == 2:
                    handle, value = operator.inputs
                    if handle in names and value >= 0:
                        self._values.setdefault(names[handle], part.tensors[value])

    def first_assigned(self) -> Mapping[VariableName, GraphTensor]:
        """The tensor that is first assigned to each."""
        return self._values

    def defaults(self) -> dict[VariableName, AnyArray]:
        """What each holds when it is made, and after a reset."""
        return {name: _content_of_named(value) for name, value in self._values.items()}

    def place(self, graph: Graph, tensors: list[Tensor], contents: Held | None = None) -> dict[VariableName, int]:
        """Adds a tensor for each variable that a graph names, and says where.

        Args:
            graph: one of the model's.
            tensors: where they are added.
            contents: what they hold, where that is known; they are constants then.
        """
        placed: dict[VariableName, int] = {}
        for name in dict.fromkeys(variable_names(graph).values()):
            value = self._values.get(name)
            if value is not None:
                placed[name] = len(tensors)
                data = None if contents is None else contents[name]
                tensors.append(Tensor(name[1], value.shape, DTYPES[value.type], data=data))
        return placed

    def of_program(self, placed: Mapping[VariableName, int], initial: Held) -> tuple[Variable, ...]:
        """Those that :meth:`place` added to the main subgraph, with what they hold at first."""
        defaults = self.defaults()
        return tuple(Variable(index, initial[name], defaults[name]) for name, index in placed.items())


def check_state_size(graph: Graph, variables: Variables) -> None:
    """Checks how much a model keeps from run to run, before any of it is made.

    Raises:
        UnsupportedModelError: it is too much.
    """
    size = sum(map(_bytes, (*variables.first_assigned().values(), *_kept_tensors(graph))))
    if size > MAX_STATE_BYTES:
        problem = f"it keeps {size:,} bytes from run to run: at most {MAX_STATE_BYTES:,} are supported"
        raise UnsupportedModelError(graph.source, [problem])


def variable_tensors(graph: Graph) -> tuple[Variable, ...]:
    """The tensors of a graph that are marked as variable, and in use."""
    contents = [(tensor.index, _content_of_tensor(tensor)) for tensor in _kept_tensors(graph)]
    return tuple(Variable(index, initial=content, default=content) for index, content in contents)


def _kept_tensors(graph: Graph) -> list[GraphTensor]:
    used = {index for operator in graph.operators for index in (*operator.inputs, *operator.outputs)}
    used.update(graph.outputs)
    return [tensor for tensor in graph.tensors if tensor.is_variable and tensor.index in used]


def _bytes(tensor: GraphTensor) -> int:
    return tensor.elements * DTYPES[tensor.type].itemsize


def handles(graph: Graph, placed: Mapping[VariableName, int]) -> dict[int, int]:
    """For each handle of a graph the tensor that :meth:`Variables.place` added."""
    return {handle: placed[name] for handle, name in variable_names(graph).items() if name in placed}


def _content_of_named(tensor: GraphTensor) -> AnyArray:
    """What TFLM fills a named variable with: every byte is the zero point of the value first assigned, as an int8."""
    return _filled(tensor.shape, DTYPES[tensor.type], _zero_point(tensor))


def _content_of_tensor(tensor: GraphTensor) -> AnyArray:
    """What TFLM fills a variable tensor with: int8 with its zero point, every other type with 0."""
    dtype = DTYPES[tensor.type]
    return _filled(tensor.shape, dtype, _zero_point(tensor) if dtype == np.int8 else 0)


def _zero_point(tensor: GraphTensor) -> int:
    return tensor.quantization.zero_points[0] if tensor.quantization is not None else 0


def _filled(shape: Shape, dtype: DType, byte: int) -> AnyArray:
    content = np.full(element_count(shape) * dtype.itemsize, byte & 0xFF, np.uint8).view(dtype).reshape(shape)
    content.flags.writeable = False
    return content


def variable_names(graph: Graph) -> dict[int, VariableName]:
    """The variable of each handle of a graph."""
    return {
        operator.outputs[0]: (operator.options.container or "", operator.options.shared_name or "")
        for operator in graph.operators
        if operator.code is BuiltinOperator.VAR_HANDLE
        and isinstance(operator.options, VarHandleOptions)
        and operator.outputs
    }
