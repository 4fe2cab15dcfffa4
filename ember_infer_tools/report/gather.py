"""Makes a report: asks the other tools about a model, and runs it where it can be run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ember_infer_core.backend import KernelBackend
from ember_infer_core.errors import ComparisonError, KernelError
from ember_infer_core.program import Program
from ember_infer_core.quantization import PerChannelQuantParam
from ember_infer_core.samples import Inputs
from ember_infer_core.slots import AnyArray
from ember_infer_macros.tflite.read import ModelSource, read_graph, read_source
from ember_infer_ref import RefBackend
from ember_infer_tools.bench.layers import LayerTimes, time_layers
from ember_infer_tools.compare import Comparison
from ember_infer_tools.compare.comparison import compare_on
from ember_infer_tools.compare.interpreters import RUNTIMES
from ember_infer_tools.compare.model import Model, model_of
from ember_infer_tools.compare.samples import chosen_inputs, random_count
from ember_infer_tools.compare.sides import DUMPS, DumpSide, load_side_backend
from ember_infer_tools.inspect.inspection import inspect_graph
from ember_infer_tools.report.differences import DifferenceMap, Differences
from ember_infer_tools.report.distributions import activations_of, weights_of
from ember_infer_tools.report.results import Report
from ember_infer_tools.specs import full_name

__all__ = ["make_report"]

Progress = Callable[[str], None]
_Maps = Mapping[int, DifferenceMap]

_ROUNDS = 12
# Each layer is compiled alone to be timed, which takes as long as there are layers, for each of them.
_MOST_TIMED = 1000
_REF = "ref"
_NO_MAPS: tuple[_Maps, _Maps] = ({}, {})


def make_report(
    model: ModelSource,
    a: str | None = None,
    b: str | None = None,
    inputs: Inputs | None = None,
    *,
    samples: int | None = None,
    steps: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Report:
    """Everything about a model that a page shows. A model that is not supported is not run, and shown all the same.

    Args:
        model: a path, or the bytes of a .tflite file.
        a: who runs it, whose activations and times are shown: as :func:`ember_infer_tools.compare.compare` takes it;
            RefBackend by default. What is no backend has neither, so that it wants ``b``, and activations are
            RefBackend's.
        b: what is compared with it, if anything.
        inputs, samples, steps, seed: see there.
        progress: called with what is being done.

    Raises:
        ModelError: the model cannot be read.
        ValueError: a side is not there or cannot run the model, or inputs do not fit it.
        KernelError: a backend cannot run it.
    """
    say = progress or (lambda what: None)
    if a is not None and b is None and not _is_backend(a):
        raise ComparisonError(
            f"{a}: activations and times are those of a backend: give one, such as ref or native, or --b (b=) as well, "
            f"to compare {a} with it"
        )
    a = _REF if a is None else a
    sides = [a] if b is None else [a, b]
    say("reading the model")
    source, content = read_source(model)
    graph = read_graph(source, content)
    inspected, program = inspect_graph(graph, len(content))
    if program is None:
        return Report(inspected, notes=("The model is not supported, so that nothing was run.",))
    lowered = model_of(graph, content, program)
    arrays, origin = _samples(lowered, sides, inputs, samples, steps, seed)
    backends = {side: load_side_backend(side) for side in dict.fromkeys(sides) if _is_backend(side)}
    by = full_name(a if a in backends else _REF)
    say("running the model")
    activations, ended = activations_of(backends.get(a, RefBackend()), program, arrays, lowered.tensors)
    comparison, maps, untold = None, _NO_MAPS, []
    if b is not None:
        say("comparing")
        try:
            comparison, maps = _compared(lowered, a, b, arrays, origin)
        except ComparisonError as error:
            if not ended:
                raise
            untold.append(f"Nothing was compared: {error}")
    times, notes = _times(backends, program, [array[0] for array in arrays], say)
    return Report(
        model=inspected,
        inputs=_samples_in_words(lowered, len(arrays[0]), origin),
        activations_by=by,
        activations=activations,
        weights=weights_of(program, inspected.tensors),
        scales=_scales(program, lowered.tensors),
        storage={index: root for index in range(lowered.tensors) if (root := program.storage(index)) != index},
        operators={call.name: call.operator for call in program.calls},
        times=times,
        comparison=comparison,
        same_input=maps[0],
        end_to_end=maps[1],
        notes=(
            *_ended_in_words(ended, len(arrays[0])),
            *untold,
            *notes,
            *(comparison.notes if comparison else ()),
        ),
    )


def _is_backend(side: str) -> bool:
    return side not in RUNTIMES and not side.startswith(DUMPS)


def _samples(
    model: Model, sides: Sequence[str], inputs: Inputs | None, samples: int | None, steps: int | None, seed: int
) -> tuple[list[AnyArray], str]:
    """What is run, and where it comes from: as a comparison of these sides has it."""
    count = random_count(model, samples, steps)
    dumps = [DumpSide(Path(side.removeprefix(DUMPS)), model) for side in sides if side.startswith(DUMPS)]
    return chosen_inputs(model, dumps, inputs, count, seed)


def _samples_in_words(model: Model, count: int, origin: str) -> str:
    unit = "step" if model.is_stateful else "sample"
    by = " by the device" if origin == "dumped" else ""
    return f"{count:,} {unit}{'' if count == 1 else 's'}, {origin}{by}"


def _compared(
    model: Model, a: str, b: str, arrays: Sequence[AnyArray], origin: str
) -> tuple[Comparison, tuple[_Maps, _Maps]]:
    """With maps of what differs on the same input, and from end to end."""
    into = {"layer_by_layer": Differences(), "end_to_end": Differences()}

    def watch(mode: str, tensor: int, of_a: AnyArray, of_b: AnyArray) -> None:
        into[mode].add(tensor, of_a, of_b)

    comparison = compare_on(model, a, b, arrays, origin, watch)
    return comparison, (into["layer_by_layer"].maps(), into["end_to_end"].maps())


def _times(
    backends: Mapping[str, KernelBackend], program: Program, inputs: list[AnyArray], say: Progress
) -> tuple[tuple[LayerTimes, ...], tuple[str, ...]]:
    """Each layer's on each backend whose run does not fail; of a model without end none."""
    if not program.calls:
        return (), ()
    if len(program.calls) > _MOST_TIMED:
        return (), (f"Layers are not timed one by one: there are more than {_MOST_TIMED:,}.",)
    times, notes = [], []
    for name, backend in backends.items():
        say(f"timing {name}")
        try:
            times.append(time_layers(full_name(name), backend, program, inputs, _ROUNDS))
        except KernelError as error:
            notes.append(f"{full_name(name)} was not timed: {error}")
    return tuple(times), tuple(notes)


def _ended_in_words(ended: tuple[str, ...], runs: int) -> list[str]:
    return [f"{len(ended):,} of {runs:,} runs ended early, the first of them so: {ended[0]}"] if ended else []


def _scales(program: Program, tensors: int) -> dict[int, tuple[float, ...]]:
    found = {}
    for index, tensor in enumerate(program.tensors[:tensors]):
        if tensor.data is not None and isinstance(tensor.quant, PerChannelQuantParam):
            found[index] = tuple(float(scale) for scale in tensor.quant.scales)
    return found
