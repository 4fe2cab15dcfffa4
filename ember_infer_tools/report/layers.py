"""Each layer as the page shows it: what all tools know of it, in one place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ember_infer_tools.bench.layers import LayerTime
from ember_infer_tools.inspect import ArenaBlock, OperatorReport, QuantReport, TensorReport
from ember_infer_tools.report.compared import Compared, compared_tensors, mark_of
from ember_infer_tools.report.held import CHART, Held, held
from ember_infer_tools.report.layout import MOST_NODES
from ember_infer_tools.report.results import Report
from ember_infer_tools.report.shapes import bars

__all__ = ["Layer", "Time", "layers_of"]

# Layers with details: those of the graph, and of the rest the first that differ.
_MOST_LAYERS = MOST_NODES
_MOST_DIFFERENT = 30
_MOST_OPERANDS = 12
_MOST_SCALES = 128
_BOUNDED = frozenset(("SOFTMAX", "LOGISTIC", "TANH", "RELU6", "RELU_N1_TO_1", "UNIDIRECTIONAL_SEQUENCE_LSTM"))


@dataclass(frozen=True, slots=True)
class Time:
    """A layer on one side: how long, and which share of all layers."""

    backend: str
    seconds: float
    share: float


@dataclass(frozen=True, slots=True)
class Layer:
    """One operator, with all that is known of it. ``mark`` is as :class:`ember_infer_tools.report.graph.Box` has it."""

    operator: OperatorReport
    reads: Sequence[tuple[TensorReport, int | None]]
    constants: Sequence[TensorReport]
    writes: Sequence[tuple[TensorReport, Sequence[int]]]
    operands_left_out: int
    macs_share: float
    times: Sequence[Time]
    block: ArenaBlock | None
    output: TensorReport | None
    output_quant: QuantReport | None
    weights_quant: QuantReport | None
    activations: Held | None
    weights: Held | None
    scales: str
    compared: Sequence[Compared]
    mark: str


def layers_of(report: Report) -> tuple[list[Layer], dict[int, str]]:
    """The layers that are shown, and the marks of all operators that differ."""
    compared = compared_tensors(report)
    marks = {index: mark for index, found in compared.items() if (mark := mark_of(found))}
    operators = report.model.operators
    differing = [operator for operator in operators[_MOST_LAYERS:] if operator.index in marks]
    shown = [*operators[:_MOST_LAYERS], *differing[:_MOST_DIFFERENT]]
    maker = _Maker(report)
    return [maker.layer(one, compared.get(one.index, []), marks.get(one.index, "")) for one in shown], marks


class _Maker:
    """What is looked up for each layer, once for all."""

    def __init__(self, report: Report) -> None:
        self._report = report
        model = report.model
        self._written_by: dict[int, int] = {}
        self._read_by: dict[int, list[int]] = defaultdict(list)
        for operator in model.operators:
            for tensor in dict.fromkeys(operator.inputs):
                self._read_by[tensor].append(operator.index)
            self._written_by.update(dict.fromkeys(operator.outputs, operator.index))
        self._blocks = {block.tensor: block for block in model.arena.blocks}
        self._times = [_by_operator(report.operators, times.layers) for times in report.times]

    def layer(self, operator: OperatorReport, compared: Sequence[Compared], mark: str) -> Layer:
        """One layer."""
        report, tensors = self._report, self._report.model.tensors
        read = [tensors[index] for index in dict.fromkeys(operator.inputs) if index >= 0]
        constants = [tensor for tensor in read if tensor.constant]
        computed = [tensor for tensor in read if not tensor.constant]
        written = [tensors[index] for index in operator.outputs if index >= 0]
        output = written[0] if written else None
        weights = next((tensor for tensor in constants if tensor.type in ("int8", "int4") and tensor.shape), None)
        root = None if output is None else report.storage.get(output.index, output.index)
        activations = None
        if output is not None and root is not None:
            found = report.activations.get(output.index, report.activations.get(root))
            activations = None if found is None else held(found, output.quant, _has_ends(operator))
        stored = None if weights is None else report.weights.get(weights.index)
        scales = () if weights is None else report.scales.get(weights.index, ())
        return Layer(
            operator=operator,
            reads=[(one, self._written_by.get(one.index)) for one in computed[:_MOST_OPERANDS]],
            constants=constants[:_MOST_OPERANDS],
            writes=[(one, self._read_by.get(one.index, [])[:_MOST_OPERANDS]) for one in written[:_MOST_OPERANDS]],
            operands_left_out=sum(max(len(some) - _MOST_OPERANDS, 0) for some in (computed, constants, written)),
            macs_share=(operator.macs or 0) / max(report.model.macs, 1),
            times=self._times_of(operator.index),
            block=None if root is None else self._blocks.get(root),
            output=output,
            output_quant=None if output is None else output.quant,
            weights_quant=None if weights is None else weights.quant,
            activations=activations,
            weights=None if stored is None or weights is None else held(stored, weights.quant, True),
            scales=bars(scales[:_MOST_SCALES], *CHART) if len(scales) > 1 else "",
            compared=compared,
            mark="problem" if operator.problem is not None else mark,
        )

    def _times_of(self, operator: int) -> list[Time]:
        found = []
        for times, by_operator in zip(self._report.times, self._times, strict=True):
            if operator in by_operator:
                whole = sum(by_operator.values()) or 1.0
                found.append(Time(times.backend, by_operator[operator], by_operator[operator] / whole))
        return found


def _has_ends(operator: OperatorReport) -> bool:
    """Whether what an operator gives lies in a range of its own, so that much may stand at its ends."""
    return not _BOUNDED.isdisjoint((operator.operator, operator.activation))


def _by_operator(operators: Mapping[str, int], layers: Iterable[LayerTime]) -> dict[int, float]:
    found: dict[int, float] = defaultdict(float)
    for layer in layers:
        found[operators[layer.layer]] += layer.seconds
    return found
