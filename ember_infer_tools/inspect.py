"""What a model needs and whether it fits: operators, shapes, quantisation, MACs, memory, scratch, oddities.

A model that is not (wholly) supported is inspected as far as it can be read: each operator is lowered by itself. The
findings come from :mod:`ember_infer_tools.inspect_checks`, the look of it from :mod:`ember_infer_tools.inspect_view`.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, cast

from ember_infer_core.activation import FusedActivation
from ember_infer_core.backend import KernelBackend
from ember_infer_core.errors import ModelError, UnsupportedModelError
from ember_infer_core.memory import Lifetime, plan_arena
from ember_infer_core.ops import DEFAULTS
from ember_infer_core.ops.batch_matmul import BatchMatMulParams
from ember_infer_core.ops.common import element_count
from ember_infer_core.ops.conv2d import Conv2dParams
from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
from ember_infer_core.ops.fully_connected import FullyConnectedParams
from ember_infer_core.ops.transpose_conv import TransposeConvParams
from ember_infer_core.program import Program
from ember_infer_core.quantization import INT8_MAX, INT8_MIN
from ember_infer_core.slots import OperatorParams
from ember_infer_macros.lower.common import Lowered, OperatorSource, Refusal
from ember_infer_macros.lower.folding import Folding
from ember_infer_macros.lower.names import identifier, layer_names
from ember_infer_macros.lower.program import lower_graph, lowering, start_folding
from ember_infer_macros.operators import LOWERINGS
from ember_infer_macros.support import check_supported, why_unsupported
from ember_infer_macros.tflite.graph import Graph, GraphOperator, GraphTensor
from ember_infer_macros.tflite.read import ELEMENT_BYTES, ModelSource, read_graph, read_source
from ember_infer_macros.tflite.schema import NO_TENSOR, BuiltinOperator
from ember_infer_tools.inspect_checks import Finding, Subject, find
from ember_infer_tools.specs import installed_backends

if TYPE_CHECKING:
    from ember_infer_core.slots import Shape

__all__ = [
    "ArenaBlock",
    "ArenaReport",
    "BackendReport",
    "ModelReport",
    "OperatorReport",
    "PortReport",
    "QuantReport",
    "TensorReport",
    "inspect_model",
    "multiplications",
    "to_json",
]

# Optional methods of KernelBackend whose default works, so that no backend lacks them.


@dataclass(frozen=True, slots=True)
class QuantReport:
    """Quantisation of a tensor: ``real = scale * (q - zero_point)``.

    Attributes:
        channels: number of scales; 1 for a tensor with one.
        scale_min, scale_max: the least and the greatest scale.
        zero_point_min, zero_point_max: the same of the zero points.
        dimension: the axis of the channels; None where there is one scale.
    """

    channels: int
    scale_min: float
    scale_max: float
    zero_point_min: int
    zero_point_max: int
    dimension: int | None


@dataclass(frozen=True, slots=True)
class TensorReport:
    """A tensor of the file.

    Attributes:
        index, name, shape: as in the file.
        type: element type, such as ``int8``.
        bytes: of its elements; None where the type has no fixed size.
        constant: whether the file holds its content.
        quant: None where the file gives no scale.
    """

    index: int
    name: str
    shape: Shape
    type: str
    bytes: int | None
    constant: bool
    quant: QuantReport | None


@dataclass(frozen=True, slots=True)
class PortReport:
    """An input or output of the model: its tensor, and the real values that its least and greatest number stand for."""

    tensor: int
    real_min: float | None
    real_max: float | None


@dataclass(frozen=True, slots=True)
class OperatorReport:
    """An operator of the file.

    Attributes:
        index, operator: number and name in the file.
        layer: a Python identifier for it; that of the program's call where the model is supported.
        inputs, outputs: tensor numbers; -1 for an optional input that is left out.
        method: of ``KernelBackend``; None where the project does not run the operator.
        problem: why not; None where it does.
        details: filter, stride, padding, activation in a few words.
        macs: multiply-accumulates of one inference, those with padding included; None where no rule is known.
        weights_bytes: of the constants it reads.
        scratch: bytes of scratch on each backend that has the operator, by the backend's name.
    """

    index: int
    operator: str
    layer: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    method: str | None
    problem: str | None
    details: str
    macs: int | None
    weights_bytes: int
    scratch: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ArenaBlock:
    """An activation in the arena: from byte ``offset`` on, during the steps ``first`` to ``last``, both included."""

    tensor: int
    name: str
    offset: int
    size: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class ArenaReport:
    """Where the activations live.

    Attributes:
        estimated: the model is not supported, so that this is a plan of the file's operators, not of a program.
        steps: the layer's name of each step: a call of the program, or an operator of the file.
        operators: the operator's number in the file of each step.
        blocks: the activations, in the order of their steps.
        length: bytes of the arena.
        unshared: bytes if every activation had memory of its own.
        peak_step: the step during which the most bytes are in use; None for a model without activations.
        peak: how many: no plan can do with less.
    """

    estimated: bool
    steps: tuple[str, ...]
    operators: tuple[int, ...]
    blocks: tuple[ArenaBlock, ...]
    length: int
    unshared: int
    peak_step: int | None
    peak: int


@dataclass(frozen=True, slots=True)
class BackendReport:
    """How a backend fits the model.

    Attributes:
        name: of the class, with its module where two share it.
        module: where the class is.
        lacking: numbers of the supported operators that this backend does not have.
        scratch: bytes of scratch that suffice for the operators it has.
        largest: number of the operator that asks for it; None where none asks for any.
    """

    name: str
    module: str
    lacking: tuple[int, ...]
    scratch: int
    largest: int | None


@dataclass(frozen=True, slots=True)
class ModelReport:
    """Everything that :func:`inspect_model` finds out.

    Attributes:
        source: path of the file, or ``<bytes>``.
        name, description: short name, and the file's own words.
        file_bytes, weights_bytes: of the file, and of the constants that operators read, each counted once.
        subgraphs: how many the file has; the report is on the first.
        supported: whether ``@ember_model`` accepts the model.
        problems: everything that stands in the way.
        macs: multiply-accumulates of all operators with a known count.
        macs_complete: whether that is all of the model, as far as operators that are not supported go.
        tensors, inputs, outputs, operators, arena, backends, findings: see their classes.
    """

    source: str
    name: str
    description: str
    file_bytes: int
    weights_bytes: int
    subgraphs: int
    supported: bool
    problems: tuple[str, ...]
    macs: int
    macs_complete: bool
    tensors: tuple[TensorReport, ...]
    inputs: tuple[PortReport, ...]
    outputs: tuple[PortReport, ...]
    operators: tuple[OperatorReport, ...]
    arena: ArenaReport
    backends: tuple[BackendReport, ...]
    findings: tuple[Finding, ...]


def inspect_model(model: ModelSource, backends: Sequence[type[KernelBackend]] | None = None) -> ModelReport:
    """Inspects a model without running it.

    Args:
        model: a path, relative to the working directory, or the bytes of a .tflite file.
        backends: classes to report on; by default this project's that are installed.

    Raises:
        ModelError: the file is missing, damaged, or contradicts itself so that it cannot be read. A model that can be
            read but not run is no error: see ``problems``.
    """
    source, content = read_source(model)
    graph = read_graph(source, content)
    named = _named(installed_backends() if backends is None else backends)
    subjects = _lower_each(graph)
    program, problems = _lower_whole(graph, subjects)
    operators = _operators(graph, subjects, program, named)
    return ModelReport(
        source=source,
        name=identifier(PurePath(source).stem, "model"),
        description=graph.description,
        file_bytes=len(content),
        weights_bytes=_constant_bytes(graph, (index for operator in graph.operators for index in operator.inputs)),
        subgraphs=graph.subgraphs,
        supported=program is not None,
        problems=problems,
        macs=sum(operator.macs or 0 for operator in operators),
        macs_complete=all(operator.problem is None for operator in operators),
        tensors=tuple(_tensor(tensor) for tensor in graph.tensors),
        inputs=tuple(_port(graph.tensors[index]) for index in graph.inputs),
        outputs=tuple(_port(graph.tensors[index]) for index in graph.outputs),
        operators=operators,
        arena=_graph_arena(graph, operators) if program is None else _program_arena(program),
        backends=tuple(_backend(name, backend, operators) for name, backend in named.items()),
        findings=find(graph, subjects, named),
    )


def to_json(report: ModelReport) -> str:
    """The report as indented JSON: an object for each class, with its attributes' names."""
    return json.dumps(asdict(report), indent=2, allow_nan=False)


def runs(backend: type[KernelBackend], lowered: Lowered) -> bool:
    """Whether a backend class has a kernel that takes the call, or the contract itself can do it."""
    if lowered.method in backend.operators():
        return backend.takes(lowered.method, lowered.params)
    return lowered.method in DEFAULTS


def _lower_each(graph: Graph) -> tuple[Subject, ...]:
    """All operators in order: of a model that is supported, with what is computed from constants."""
    try:
        check_supported(graph)
    except ModelError:
        return tuple(_lower_alone(graph, operator, None) for operator in graph.operators)
    folding = start_folding(graph)
    return tuple(_lower_alone(graph, operator, folding) for operator in graph.operators)


def _lower_alone(graph: Graph, operator: GraphOperator, folding: Folding | None) -> Subject:
    """The operator with its parameters, or with what stands in its way."""
    problem = why_unsupported(operator, graph.tensors)
    if problem is not None:
        return Subject(operator, None, problem)
    code = cast("BuiltinOperator", operator.code)  # or it would not be supported
    lower = lowering(LOWERINGS[code].file)
    try:
        if folding is None:
            return Subject(operator, lower(OperatorSource(graph, operator)), None)
        lowered = lower(OperatorSource(graph, operator, folding.known))
        folding.fold(lowered)
        return Subject(operator, lowered, None)
    except Refusal as refusal:
        return Subject(operator, None, str(refusal))
    except ModelError as error:
        return Subject(operator, None, error.reason.removeprefix(f"{operator.describe()}: "))


def _lower_whole(graph: Graph, subjects: Iterable[Subject]) -> tuple[Program | None, tuple[str, ...]]:
    """The program, or everything that stands in its way."""
    problems: list[str] = []
    try:
        check_supported(graph)
    except UnsupportedModelError as error:
        problems += error.problems
    for subject in subjects:
        if subject.problem is not None and why_unsupported(subject.operator, graph.tensors) is None:
            problems.append(f"{subject.operator.describe()}: {subject.problem}")
    if problems:
        return None, tuple(problems)
    try:
        return lower_graph(graph), ()
    except ModelError as error:
        return None, (error.reason,)


def _operators(
    graph: Graph,
    subjects: Sequence[Subject],
    program: Program | None,
    backends: Mapping[str, type[KernelBackend]],
) -> tuple[OperatorReport, ...]:
    names = _layer_names(graph, subjects, program)
    return tuple(
        OperatorReport(
            index=operator.index,
            operator=operator.name,
            layer=name,
            inputs=operator.inputs,
            outputs=operator.outputs,
            method=None if lowered is None else lowered.method,
            problem=subject.problem,
            details="" if lowered is None else _details(lowered.params),
            macs=None if lowered is None else multiplications(lowered.params),
            weights_bytes=_constant_bytes(graph, operator.inputs),
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
    activation = getattr(params, "fused_activation", FusedActivation.NONE)
    if activation is not FusedActivation.NONE:
        words.append(activation.name)
    return " ".join(words)


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
    if isinstance(params, TransposeConvParams):  # each input element meets every tap of every filter
        return element_count(params.input_shape) * element_count(params.weights_shape[:3])
    return None


def _scratch(lowered: Lowered, backends: Mapping[str, type[KernelBackend]]) -> dict[str, int]:
    return {name: backend.scratch_size(lowered.params) for name, backend in backends.items() if runs(backend, lowered)}


def _named(backends: Iterable[type[KernelBackend]]) -> dict[str, type[KernelBackend]]:
    """Backends by name: the class's own, with its module where another has taken it."""
    named: dict[str, type[KernelBackend]] = {}
    for backend in dict.fromkeys(backends):
        taken = backend.__name__ in named
        named[f"{backend.__module__}:{backend.__qualname__}" if taken else backend.__name__] = backend
    return named


def _backend(name: str, backend: type[KernelBackend], operators: Iterable[OperatorReport]) -> BackendReport:
    supported = [operator for operator in operators if operator.problem is None]
    largest = max(supported, key=lambda operator: operator.scratch.get(name, 0), default=None)
    scratch = 0 if largest is None else largest.scratch.get(name, 0)
    return BackendReport(
        name=name,
        module=backend.__module__,
        lacking=tuple(operator.index for operator in supported if name not in operator.scratch),
        scratch=scratch,
        largest=largest.index if largest is not None and scratch else None,
    )


def _tensor(tensor: GraphTensor) -> TensorReport:
    quantization = tensor.quantization
    quant = None
    if quantization is not None:
        quant = QuantReport(
            channels=len(quantization.scales),
            scale_min=min(quantization.scales),
            scale_max=max(quantization.scales),
            zero_point_min=min(quantization.zero_points),
            zero_point_max=max(quantization.zero_points),
            dimension=quantization.quantized_dimension if len(quantization.scales) > 1 else None,
        )
    constant = tensor.data is not None
    return TensorReport(tensor.index, tensor.name, tensor.shape, _type(tensor), _bytes(tensor), constant, quant)


def _type(tensor: GraphTensor) -> str:
    return tensor.type.name.lower()


def _bytes(tensor: GraphTensor) -> int | None:
    """Bytes of the elements; None where the type has no fixed size, or the tensor makes no sense."""
    each = ELEMENT_BYTES.get(tensor.type)
    if each is None or tensor.damage is not None or tensor.oddity is not None:
        return None
    return math.prod(tensor.shape) * each


def _constant_bytes(graph: Graph, tensors: Iterable[int]) -> int:
    """Bytes of the constants among these tensors; a buffer that several share counts once."""
    contents = {
        id(data): len(data)
        for index in tensors
        if index != NO_TENSOR and (data := graph.tensors[index].data) is not None
    }
    return sum(contents.values())


def _port(tensor: GraphTensor) -> PortReport:
    quantization = tensor.quantization
    if _type(tensor) != "int8" or quantization is None or len(quantization.scales) != 1:
        return PortReport(tensor.index, None, None)
    scale, zero_point = quantization.scales[0], quantization.zero_points[0]
    return PortReport(tensor.index, scale * (INT8_MIN - zero_point), scale * (INT8_MAX - zero_point))


def _program_arena(program: Program) -> ArenaReport:
    """The plan that executables use."""
    names = {root: program.tensors[root].name for root in program.lifetimes}
    steps = {call.operator: call.name for call in program.calls}
    return _arena(False, steps, names, program.lifetimes)


def _graph_arena(graph: Graph, operators: Sequence[OperatorReport]) -> ArenaReport:
    """The plan that a program of all the file's operators would have: reshapes take no memory here either."""
    steps = {operator.index: operator.layer for operator in operators}
    end = max(len(steps) - 1, 0)
    owner: dict[int, int] = {}  # the tensor whose memory each one uses
    spans: dict[int, tuple[int, int]] = {}

    def use(index: int, step: int) -> None:
        root = owner.setdefault(index, index)
        if graph.tensors[root].data is None:
            first, last = spans.get(root, (step, step))
            spans[root] = min(first, step), max(last, step)

    for index in graph.inputs:
        use(index, 0)
    for step, operator in enumerate(graph.operators):
        present = [index for index in operator.inputs if index != NO_TENSOR]
        if operator.code is BuiltinOperator.RESHAPE and present and len(operator.outputs) == 1:
            owner[operator.outputs[0]] = owner.setdefault(present[0], present[0])
        for index in (*present, *operator.outputs):
            if index != NO_TENSOR:
                use(index, step)
    for index in graph.outputs:
        use(index, end)
    for tensor in graph.tensors:
        if tensor.is_variable:  # it keeps its value from one inference to the next
            spans[tensor.index] = 0, end
    lifetimes = {root: Lifetime(_bytes(graph.tensors[root]) or 0, *span) for root, span in spans.items()}
    return _arena(True, steps, {root: graph.tensors[root].name for root in lifetimes}, lifetimes)


def _arena(
    estimated: bool, steps: Mapping[int, str], names: Mapping[int, str], lifetimes: Mapping[int, Lifetime]
) -> ArenaReport:
    plan = plan_arena(tuple(lifetimes.values()))
    blocks = [
        ArenaBlock(root, names[root], offset, lifetime.size, lifetime.first, lifetime.last)
        for (root, lifetime), offset in zip(lifetimes.items(), plan.offsets, strict=True)
    ]
    blocks.sort(key=lambda block: (block.first, block.offset))
    used = _bytes_in_use(blocks, len(steps))
    return ArenaReport(
        estimated=estimated,
        steps=tuple(steps.values()),
        operators=tuple(steps),
        blocks=tuple(blocks),
        length=plan.length,
        unshared=sum(block.size for block in blocks),
        peak_step=used.index(max(used)) if used else None,
        peak=max(used, default=0),
    )


def _bytes_in_use(blocks: Iterable[ArenaBlock], steps: int) -> list[int]:
    """Of each step."""
    changes = [0] * (steps + 1)
    for block in blocks:
        if steps:
            changes[block.first] += block.size
            changes[block.last + 1] -= block.size
    return list(itertools.accumulate(changes[:steps]))
