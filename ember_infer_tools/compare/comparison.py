"""Two ways of running a model, layer by layer: where they differ, by how much, and which rounding explains it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np

from ember_infer_core.backend import KernelBackend
from ember_infer_core.errors import ComparisonError
from ember_infer_core.program import Call
from ember_infer_core.samples import Inputs
from ember_infer_core.slots import AnyArray, Role, Shape
from ember_infer_macros.tflite.read import ModelSource
from ember_infer_tools.compare.contents import Contents
from ember_infer_tools.compare.dialects import Dialects
from ember_infer_tools.compare.difference import Difference, Element, Tally
from ember_infer_tools.compare.model import Model, Tensors, load_model
from ember_infer_tools.compare.samples import chosen_inputs, random_count
from ember_infer_tools.compare.shown import comparison_html
from ember_infer_tools.compare.sides import DumpSide, Side, open_side

__all__ = ["Comparison", "Difference", "Element", "LayerComparison", "SideDialect", "compare", "compare_on"]

Mode: TypeAlias = Literal["layer_by_layer", "end_to_end"]
Progress = Callable[[int, int], None]
# Told of each pair of tensors: layer by layer or end to end, the tensor's index in the model file, what A and B gave.
Watch = Callable[[Mode, int, AnyArray, AnyArray], None]


@dataclass(frozen=True, slots=True)
class SideDialect:
    """Which rounding reproduces what one side gave for a layer.

    Attributes:
        exact: the dialects that reproduce every element of every sample in which the sides differ.
        shares: for each dialect, the share of the differing elements that it reproduces.
    """

    exact: tuple[str, ...]
    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class LayerComparison:
    """One layer in one mode: one of its outputs where it has several, or the state that it leaves.

    Attributes:
        layer: its name, with the number of the output where it has several; with the slot's name for a state.
        operator: name of the method of :class:`KernelBackend`.
        index: of the operator in the model file.
        tensor: index of its output in the model file.
        shape: of its output.
        difference: None where one side has nothing to compare, as a dump that was not made.
        a, b: what explains each side's result; None where nothing differs, or no dialect of the operator is known.
    """

    layer: str
    operator: str
    index: int
    tensor: int
    shape: Shape
    difference: Difference | None
    a: SideDialect | None = None
    b: SideDialect | None = None

    @property
    def differs(self) -> bool:
        """Whether any element does."""
        return self.difference is not None and self.difference.different > 0

    @property
    def first_sample(self) -> int:
        """The first sample, or step, in which any element differs; -1 where none does."""
        first = None if self.difference is None else self.difference.first
        return -1 if first is None else first.sample


@dataclass(frozen=True, slots=True)
class Comparison:
    """What :func:`compare` found.

    Attributes:
        model: its file's name.
        a, b: what the sides are.
        samples: how many inputs were run; of a model with state, the steps of one sequence.
        inputs: where they come from.
        notes: what a reader should know, of either side.
        fed_by: whose tensors each layer was fed in ``layer_by_layer``: "a", or "b" where b are dumps; None where
            neither side can be run.
        layer_by_layer: each layer fed the same tensors and the same state on both sides, so that what differs is the
            kernel.
        end_to_end: each side fed its own tensors, so that differences spread.
        outputs: the model's outputs in an ordinary run, in which nothing else is read; empty where a side has none.
        is_stateful: whether the model keeps state. Then each sample is a step, and each side starts it from the state
            that its own step before has left.
    """

    model: str
    a: str
    b: str
    samples: int
    inputs: str
    notes: tuple[str, ...]
    fed_by: str | None
    layer_by_layer: tuple[LayerComparison, ...]
    end_to_end: tuple[LayerComparison, ...]
    outputs: tuple[Difference, ...] = field(default=())
    is_stateful: bool = False

    @property
    def equal(self) -> bool:
        """Whether everything that was compared is equal."""
        layers = any(layer.differs for layer in (*self.layer_by_layer, *self.end_to_end))
        return not layers and not any(output.different for output in self.outputs)

    @property
    def first_faulty(self) -> LayerComparison | None:
        """The first layer that gives something else for the same input; of a model with state, in the first step in
        which one does.
        """
        return self._first(self.layer_by_layer)

    @property
    def first_different(self) -> LayerComparison | None:
        """The first layer that differs from end to end; of a model with state, in the first step in which one does."""
        return self._first(self.end_to_end)

    def _first(self, layers: Iterable[LayerComparison]) -> LayerComparison | None:
        """In the order of steps, because a layer that comes later may have spoilt the state of an earlier one."""
        different = [layer for layer in layers if layer.differs]
        return min(different, key=lambda layer: layer.first_sample if self.is_stateful else 0, default=None)

    def dialects(self, side: str) -> tuple[str, ...]:
        """The roundings that explain all of what "a" or "b" gave in ``layer_by_layer``, wherever the sides differ there
        and the operator has dialects; none where that is nowhere.
        """
        found = (layer.a if side == "a" else layer.b for layer in self.layer_by_layer)
        exact = [explained.exact for explained in found if explained is not None]
        return tuple(name for name in exact[0] if all(name in others for others in exact)) if exact else ()

    def _repr_html_(self) -> str:
        """For notebooks: a table of the layers."""
        return comparison_html(self)

    def to_json(self) -> dict[str, Any]:
        """All of it as a dictionary for ``json.dumps``, with the two first layers by name, and their steps where the
        model has state.
        """
        faulty, different = self.first_faulty, self.first_different
        return {
            "equal": self.equal,
            "first_faulty": None if faulty is None else faulty.layer,
            "first_different": None if different is None else different.layer,
            "first_faulty_step": faulty.first_sample if faulty is not None and self.is_stateful else None,
            "first_different_step": different.first_sample if different is not None and self.is_stateful else None,
            "dialects": {side: list(self.dialects(side)) for side in ("a", "b")},
            **asdict(self),
        }


def compare(
    model: ModelSource,
    a: str | KernelBackend,
    b: str | KernelBackend,
    inputs: Inputs | None = None,
    *,
    samples: int | None = None,
    steps: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    watch: Watch | None = None,
) -> Comparison:
    """Runs a model on two sides and compares every layer: fed the same input, and from end to end.

    A model that keeps state is compared over one sequence: each side goes on from what its own step before has left,
    and a layer on its own is fed the reference's state, too.

    Args:
        model: a path, or the bytes of a .tflite file.
        a: the reference: a backend, or text: ``module:Class``, ``tflm``, ``litert``, ``dumps:FOLDER``.
        b: what is compared with it.
        inputs: of the model's own types, ``(N, ...)`` with a whole input in each row, a step of the sequence where the
            model keeps state; a sequence of these where the model has several inputs. Without it, what dumps hold;
            without dumps, random ones.
        samples: how many random inputs, for a model without state; 4 by default.
        steps: how many random inputs, for a model with state; 64 by default.
        seed: of the random inputs.
        progress: called with steps done and steps in all.
        watch: called with each two tensors that are compared, which it must not change or keep: ``"layer_by_layer"``
            or ``"end_to_end"``, the tensor's index in the model file, that of A, that of B.

    Raises:
        ModelError: the model cannot be read.
        ValueError: a side is not there or cannot run the model, or inputs or dumps do not fit it
            (:class:`ComparisonError`).
    """
    lowered = load_model(model)
    count = random_count(lowered, samples, steps)
    with contextlib.ExitStack() as stack:
        side_a, side_b = (_opened(stack, spec, lowered) for spec in (a, b))
        dumps = [side for side in (side_a, side_b) if isinstance(side, DumpSide)]
        arrays, origin = chosen_inputs(lowered, dumps, inputs, count, seed)
        return _compared(lowered, side_a, side_b, arrays, origin, progress, watch)


def compare_on(
    model: Model,
    a: str | KernelBackend,
    b: str | KernelBackend,
    arrays: Sequence[AnyArray],
    origin: str,
    watch: Watch | None = None,
) -> Comparison:
    """As :func:`compare`, for who has lowered the model and chosen the samples already.

    Args:
        model, a, b, watch: see there.
        arrays, origin: see :func:`ember_infer_tools.compare.samples.chosen_inputs`.

    Raises:
        ValueError: a side is not there or cannot run the model.
    """
    with contextlib.ExitStack() as stack:
        side_a, side_b = (_opened(stack, spec, model) for spec in (a, b))
        return _compared(model, side_a, side_b, arrays, origin, None, watch)


def _compared(
    model: Model,
    a: Side,
    b: Side,
    arrays: Sequence[AnyArray],
    origin: str,
    progress: Progress | None,
    watch: Watch | None,
) -> Comparison:
    run = _Run(model, a, b, watch)
    for sample in range(len(arrays[0])):
        run.add(sample, [array[sample] for array in arrays])
        if progress is not None:
            progress(sample + 1, len(arrays[0]))
    return run.result(len(arrays[0]), origin)


def _opened(stack: contextlib.ExitStack, spec: str | KernelBackend, model: Model) -> Side:
    side = open_side(spec, model)
    stack.callback(side.close)
    return side


class _Run:
    """Goes through the samples one by one and counts; never more than one sample's tensors in memory."""

    def __init__(self, model: Model, a: Side, b: Side, watch: Watch | None = None) -> None:
        self._model, self._a, self._b, self._watch = model, a, b, watch
        self._fed_by = "a" if b.can_run else "b" if a.can_run else None
        self._layer_by_layer = {i: _LayerTally(model, layer, i) for layer in model.layers for i in model.outputs(layer)}
        self._end_to_end = {index: Tally() for index in self._layer_by_layer}
        self._outputs = [Tally() for _ in model.program.outputs]
        self._observed_differs: dict[str, int] = {}
        self._contents = Contents(model)
        self._layers = frozenset(model.layers)

    def add(self, sample: int, inputs: Sequence[AnyArray]) -> None:
        """Compares one sample in both modes."""
        both_run = self._a.can_run and self._b.can_run
        outputs_a, outputs_b = (side.outputs(inputs) if both_run else () for side in (self._a, self._b))
        given = dict(zip(self._model.program.inputs, inputs, strict=True))
        tensors_a = {**self._a.tensors(sample, inputs), **given}
        tensors_b = {**self._b.tensors(sample, inputs), **given}
        reference, other = (tensors_b, self._a) if self._fed_by == "b" else (tensors_a, self._b)
        computed = set(self._model.program.inputs)
        for call, met in self._contents.step(reference):
            computed.update(self._model.program.storage(i) for i in call.tensors(Role.OUTPUT, Role.STATE))
            if call in self._layers:
                self._add_whole(sample, call, tensors_a, tensors_b)
                if self._fed_by is not None:
                    self._add_layer(sample, call, met, reference, other)
        if both_run:
            # Of a run that ends early what comes later is left from before, or nobody's.
            valid = [self._model.program.storage(index) in computed for index in self._model.program.outputs]
            self._note_observation(self._a, valid, outputs_a, tensors_a)
            self._note_observation(self._b, valid, outputs_b, tensors_b)
            for tally, array_a, array_b, is_valid in zip(self._outputs, outputs_a, outputs_b, valid, strict=True):
                if is_valid:
                    tally.add(sample, array_a, array_b)

    def result(self, samples: int, origin: str) -> Comparison:
        """What came out."""
        fed_tallies = self._layer_by_layer.values()
        grown = zip(fed_tallies, self._end_to_end.values(), strict=True)
        end_to_end = [layer.named(tally.difference()) for layer, tally in grown]
        fed = [] if self._fed_by is None else [tally.result() for tally in fed_tallies]
        outputs = [found for tally in self._outputs if (found := tally.difference()) is not None]
        if not outputs and not any(layer.difference for layer in (*end_to_end, *fed)):
            raise ComparisonError(f"{self._a.name} and {self._b.name} have no tensor in common")
        units = "steps" if self._model.is_stateful else "samples"
        observed = [
            f"reading every tensor changes the outputs of {side} in {count} of {samples} {units}"
            for side, count in self._observed_differs.items()
        ]
        return Comparison(
            model=self._model.name,
            a=self._a.name,
            b=self._b.name,
            samples=samples,
            inputs=origin,
            notes=tuple(dict.fromkeys((*self._a.notes, *self._b.notes, *observed))),
            fed_by=self._fed_by,
            layer_by_layer=tuple(fed),
            end_to_end=tuple(end_to_end),
            outputs=tuple(outputs),
            is_stateful=self._model.is_stateful,
        )

    def _add_whole(self, sample: int, layer: Call, tensors_a: Tensors, tensors_b: Tensors) -> None:
        """One layer as it came out from end to end."""
        for index in self._model.outputs(layer):
            if index in tensors_a and index in tensors_b:
                self._end_to_end[index].add(sample, tensors_a[index], tensors_b[index])
                if self._watch is not None:
                    self._watch("end_to_end", index, tensors_a[index], tensors_b[index])

    def _add_layer(self, sample: int, layer: Call, met: Tensors, reference: Tensors, other: Side) -> None:
        """One layer on what the reference's met: the reference has its output already, the other side makes it."""
        outputs = self._model.outputs(layer)
        read = [self._model.program.storage(index) for index in self._model.inputs(layer)]
        if not any(index in reference for index in outputs) or not all(index in met for index in read):
            return
        made = other.layer(layer, met)
        for index in outputs:
            if index in reference:
                pair = (reference[index], made[index]) if self._fed_by == "a" else (made[index], reference[index])
                self._layer_by_layer[index].add(sample, met, *pair)
                if self._watch is not None:
                    self._watch("layer_by_layer", index, *pair)

    def _note_observation(
        self, side: Side, valid: Sequence[bool], outputs: Sequence[AnyArray], tensors: Tensors
    ) -> None:
        """Keeping every tensor can change what a runtime computes."""
        roots = [self._model.program.storage(index) for index in self._model.program.outputs]
        pairs = [(array, tensors[i]) for array, i, ok in zip(outputs, roots, valid, strict=True) if ok and i in tensors]
        if any(not np.array_equal(array.ravel(), observed.ravel()) for array, observed in pairs):
            self._observed_differs[side.name] = self._observed_differs.get(side.name, 0) + 1


class _LayerTally:
    """Counts one output of a layer on equal input, and where it differs, how far each dialect explains either side."""

    def __init__(self, model: Model, layer: Call, output: int) -> None:
        self._model, self._layer, self._output = model, layer, output
        self._tally = Tally()
        self._dialects: Dialects | None = None
        self._inexact: dict[str, set[str]] = {"a": set(), "b": set()}
        self._explained: dict[str, dict[str, int]] = {"a": {}, "b": {}}

    def add(self, sample: int, tensors: Tensors, a: AnyArray, b: AnyArray) -> None:
        """Counts one sample."""
        different = self._tally.add(sample, a, b)
        if not different.any():
            return
        if self._dialects is None:
            self._dialects = Dialects(self._model.program, self._layer)
        for name, output in self._dialects.outputs(tensors).items():
            for side, found in (("a", a), ("b", b)):
                same = output.reshape(a.shape) == found.reshape(a.shape)
                explained = self._explained[side]
                explained[name] = explained.get(name, 0) + int(same[different].sum())
                if not same.all():
                    self._inexact[side].add(name)

    def result(self) -> LayerComparison:
        """What came out."""
        difference = self._tally.difference()
        different = 0 if difference is None else difference.different
        return self.named(difference, *(self._explained_by(side, different) for side in ("a", "b")))

    def named(self, difference: Difference | None, *sides: SideDialect | None) -> LayerComparison:
        """This difference as the layer's."""
        name, shape = self._model.written()[self._output], self._model.program.tensors[self._output].shape
        layer = self._layer
        return LayerComparison(name, layer.method, layer.operator, self._output, shape, difference, *sides)

    def _explained_by(self, side: str, different: int) -> SideDialect | None:
        counts = self._explained[side]
        if not counts:
            return None
        exact = tuple(name for name in counts if name not in self._inexact[side])
        return SideDialect(exact, {name: count / different for name, count in counts.items()})
