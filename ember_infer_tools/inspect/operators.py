"""What each operator of the file is, costs and asks of backends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ember_infer_core.activation import FusedActivation
from ember_infer_core.backend import KernelBackend
from ember_infer_core.ops import DEFAULTS
from ember_infer_core.ops.batch_matmul import BatchMatMulParams
from ember_infer_core.ops.common import element_count
from ember_infer_core.ops.conv2d import Conv2dParams
from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
from ember_infer_core.ops.fully_connected import FullyConnectedParams
from ember_infer_core.ops.svdf import SvdfParams
from ember_infer_core.ops.transpose_conv import TransposeConvParams
from ember_infer_core.ops.unidirectional_sequence_lstm import GATES, LstmParams
from ember_infer_core.program import Program
from ember_infer_core.slots import OperatorParams
from ember_infer_macros.lower.common import Lowered
from ember_infer_macros.lower.names import identifier, layer_names
from ember_infer_macros.lower.variables import VariableName, variable_names
from ember_infer_macros.tflite.graph import Graph, GraphOperator
from ember_infer_macros.tflite.options import CallOnceOptions
from ember_infer_macros.tflite.schema import NO_TENSOR
from ember_infer_tools.inspect.results import OperatorReport
from ember_infer_tools.inspect.subject import Subject
from ember_infer_tools.inspect.tensors import constant_bytes

__all__ = ["multiplications", "report_operators"]


def report_operators(
    graph: Graph,
    subjects: Sequence[Subject],
    program: Program | None,
    backends: Mapping[str, type[KernelBackend]],
) -> tuple[OperatorReport, ...]:
    """A report on each operator, with its scratch on each of the named backends."""
    names = _layer_names(graph, subjects, program)
    variables = variable_names(graph)
    return tuple(
        OperatorReport(
            index=operator.index,
            operator=operator.name,
            layer=name,
            inputs=operator.inputs,
            outputs=operator.outputs,
            method=None if lowered is None else lowered.method,
            problem=subject.problem,
            details=_state_details(operator, variables) or ("" if lowered is None else _details(lowered.params)),
            activation=None if lowered is None else _activation(lowered.params),
            macs=None if lowered is None else multiplications(lowered.params),
            weights_bytes=constant_bytes(graph, operator.inputs),
            scratch={} if lowered is None else _scratch(lowered, backends),
        )
        for name, subject in zip(names, subjects, strict=True)
        for operator, lowered in [(subject.operator, subject.lowered)]
    )


def _layer_names(graph: Graph, subjects: Sequence[Subject], program: Program | None) -> list[str]:
    first = [next(iter(operator.outputs), NO_TENSOR) for operator in graph.operators]
    outputs = ["" if index == NO_TENSOR else graph.tensors[index].name for index in first]
    methods = [identifier(operator.name, "operator") for operator in graph.operators]
    names = layer_names(outputs, methods)
    for call in program.calls if program is not None else ():
        if call.operator < len(names):  # a copy that no operator of the file asks for comes after them
            names[call.operator] = call.name
    return names


def _state_details(operator: GraphOperator, variables: Mapping[int, VariableName]) -> str:
    """Which variable, or subgraph; empty for operators that name neither."""
    if isinstance(operator.options, CallOnceOptions):
        return f"subgraph {operator.options.init_subgraph_index}"
    named = [variables[index] for index in (*operator.inputs, *operator.outputs) if index in variables]
    return "/".join(filter(None, named[0])) if named else ""


def _details(params: OperatorParams) -> str:
    """Filter, stride, dilation, padding, groups and activation, as far as the operator has them and they say something.

    Such as ``3x3 stride 2 SAME RELU6``.
    """
    words = []
    if isinstance(params, Conv2dParams | DepthwiseConv2dParams | TransposeConvParams):
        words.append(_pair(params.weights_shape[1], params.weights_shape[2]))
    height, width = getattr(params, "filter_height", None), getattr(params, "filter_width", None)
    if height is not None and width is not None:
        words.append(_pair(height, width))
    for word, names in (("stride", "stride_{}"), ("dilation", "dilation_{}_factor")):
        factors = [getattr(params, names.format(axis), 1) for axis in "hw"]
        if factors != [1, 1]:
            words.append(f"{word} {factors[0] if factors[0] == factors[1] else _pair(*factors)}")
    if hasattr(params, "padding"):
        words.append(params.padding.name)
    for name, usual in (("groups", 1), ("depth_multiplier", 1), ("beta", 1.0)):
        value = getattr(params, name, usual)
        if value != usual:
            words.append(f"{name.replace('_', ' ')} {value:g}")
    words += [
        name for name in ("adj_x", "adj_y", "align_corners", "half_pixel_centers") if getattr(params, name, False)
    ]
    return " ".join(filter(None, (*words, _activation(params))))


def _activation(params: OperatorParams) -> str | None:
    activation = getattr(params, "fused_activation", FusedActivation.NONE)
    return None if activation is FusedActivation.NONE else activation.name


def _pair(first: int, second: int) -> str:
    return f"{first}x{second}"


def multiplications(params: OperatorParams) -> int | None:
    """Products that one inference sums up, counting those with padding; None for operators that sum no products."""
    if isinstance(params, Conv2dParams):  # each output element sees a whole filter, whose depth is that of its group
        return element_count(params.output_shape) * element_count(params.weights_shape[1:])
    if isinstance(params, DepthwiseConv2dParams):
        return element_count(params.output_shape) * element_count(params.weights_shape[1:3])
    if isinstance(params, FullyConnectedParams):
        return element_count(params.output_shape) * params.weights_shape[1]
    if isinstance(params, BatchMatMulParams):
        return element_count(params.output_shape) * params.depth
    if isinstance(params, SvdfParams):
        filters, memory = params.weights_time_shape
        return params.input_shape[0] * filters * (params.input_shape[1] + memory)
    if isinstance(params, LstmParams):
        gates = element_count(params.output_shape) * len(GATES)
        return gates * (params.depth + params.units)
    if isinstance(params, TransposeConvParams):  # each input element meets every tap of every filter
        return element_count(params.input_shape) * element_count(params.weights_shape[:3])
    return None


def _scratch(lowered: Lowered, backends: Mapping[str, type[KernelBackend]]) -> dict[str, int]:
    return {name: backend.scratch_size(lowered.params) for name, backend in backends.items() if _runs(backend, lowered)}


def _runs(backend: type[KernelBackend], lowered: Lowered) -> bool:
    """Whether a backend class has a kernel that takes the call, or the contract itself can do it."""
    if lowered.method in backend.operators():
        return backend.takes(lowered.method, lowered.params)
    return lowered.method in DEFAULTS
