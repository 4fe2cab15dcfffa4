"""Inspects a model: reads it, lowers what can be lowered, and asks the other modules what they make of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath

from ember_infer_core.backend import KernelBackend
from ember_infer_core.errors import ModelError, UnsupportedModelError
from ember_infer_core.program import Program
from ember_infer_macros.limits import check_numbers
from ember_infer_macros.lower.budget import Budget
from ember_infer_macros.lower.common import Lowered, OperatorSource, Refusal
from ember_infer_macros.lower.names import identifier
from ember_infer_macros.lower.operators import OperatorLowering, lowering
from ember_infer_macros.lower.program import lower_graph
from ember_infer_macros.lower.variables import Variables
from ember_infer_macros.operators import accepted
from ember_infer_macros.support import check_supported, why_unsupported
from ember_infer_macros.tflite.graph import Graph, GraphOperator
from ember_infer_macros.tflite.read import ModelSource, read_graph, read_source
from ember_infer_tools.inspect.arena import graph_arena, program_arena
from ember_infer_tools.inspect.checks import find
from ember_infer_tools.inspect.operators import report_operators
from ember_infer_tools.inspect.results import BackendReport, ModelReport, OperatorReport
from ember_infer_tools.inspect.state import graph_state, program_state
from ember_infer_tools.inspect.subject import Subject
from ember_infer_tools.inspect.tensors import constant_bytes, report_port, report_tensor
from ember_infer_tools.specs import installed_backends

__all__ = ["inspect_graph", "inspect_model"]


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
    return inspect_graph(read_graph(source, content), len(content), backends)[0]


def inspect_graph(
    graph: Graph, file_bytes: int, backends: Sequence[type[KernelBackend]] | None = None
) -> tuple[ModelReport, Program | None]:
    """As :func:`inspect_model`, of a file that has been read already.

    Args:
        graph: what is in it.
        file_bytes: its length.
        backends: see there.

    Returns:
        the report, and the program that it is about; None where the model is not supported.
    """
    named = _named(installed_backends() if backends is None else backends)
    subjects = _lower_each(graph)
    program, problems = _lower_whole(graph, subjects)
    operators = report_operators(graph, subjects, program, named)
    state = graph_state(graph) if program is None else program_state(program, graph)
    sizes = [variable.bytes for variable in state]
    report = ModelReport(
        source=graph.source,
        name=identifier(PurePath(graph.source).stem, "model"),
        description=graph.description,
        file_bytes=file_bytes,
        weights_bytes=constant_bytes(graph, (index for operator in graph.operators for index in operator.inputs)),
        subgraphs=graph.subgraphs,
        supported=program is not None,
        problems=problems,
        macs=sum(operator.macs or 0 for operator in operators),
        macs_complete=all(operator.problem is None for operator in operators),
        tensors=tuple(report_tensor(tensor) for tensor in graph.tensors),
        inputs=tuple(report_port(graph.tensors[index]) for index in graph.inputs),
        outputs=tuple(report_port(graph.tensors[index]) for index in graph.outputs),
        operators=operators,
        arena=graph_arena(graph, operators) if program is None else program_arena(program, len(operators)),
        state_bytes=None if None in sizes else sum(filter(None, sizes)),
        state=state,
        backends=tuple(_backend(name, backend, operators) for name, backend in named.items()),
        findings=find(graph, subjects, named, state),
    )
    return report, program


def _lower_each(graph: Graph) -> tuple[Subject, ...]:
    """All operators in order: of a model that is supported, with what is computed from constants."""
    try:
        check_supported(graph)
    except ModelError:
        return _lower_alone(graph)
    operators = OperatorLowering(graph, Variables(graph), Budget.of(graph))

    def lower(graph: Graph, operator: GraphOperator) -> Lowered | None:
        lowered = operators.lower(operator)
        if lowered is not None:
            operators.folding.fold(lowered)
        return lowered

    return tuple(_subject(graph, operator, lower) for operator in graph.operators)


def _lower_alone(graph: Graph) -> tuple[Subject, ...]:
    """The operators of a model that is refused, each without what others give: of variables nothing can be said then,
    and of nothing where so much is asked for that it is not even looked at.
    """
    budget = Budget.of(graph)

    def lower(graph: Graph, operator: GraphOperator) -> Lowered | None:
        entry = accepted(operator)
        assert entry is not None  # or it would not be supported
        if entry.file == "variables" or too_much:
            return None
        budget.check(graph.source)
        lowered = lowering(entry.file)(OperatorSource(graph, operator))
        if lowered is not None:
            budget.charge(lowered.params)
        return lowered

    try:
        check_numbers(graph)
        too_much = False
    except UnsupportedModelError:
        too_much = True
    return tuple(_subject(graph, operator, lower) for operator in graph.operators)


def _subject(graph: Graph, operator: GraphOperator, lower: Callable[[Graph, GraphOperator], Lowered | None]) -> Subject:
    """The operator with its parameters, or with what stands in its way."""
    problem = why_unsupported(operator, graph.tensors)
    if problem is not None:
        return Subject(operator, None, problem)
    try:
        return Subject(operator, lower(graph, operator), None)
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


def _named(backends: Iterable[type[KernelBackend]]) -> dict[str, type[KernelBackend]]:
    """Backends by name: the class's own, with its module where another has taken it."""
    named: dict[str, type[KernelBackend]] = {}
    for backend in dict.fromkeys(backends):
        taken = backend.__name__ in named
        named[f"{backend.__module__}:{backend.__qualname__}" if taken else backend.__name__] = backend
    return named


def _backend(name: str, backend: type[KernelBackend], operators: Iterable[OperatorReport]) -> BackendReport:
    supported = [operator for operator in operators if operator.method is not None]
    largest = max(supported, key=lambda operator: operator.scratch.get(name, 0), default=None)
    scratch = 0 if largest is None else largest.scratch.get(name, 0)
    return BackendReport(
        name=name,
        module=backend.__module__,
        lacking=tuple(operator.index for operator in supported if name not in operator.scratch),
        scratch=scratch,
        largest=largest.index if largest is not None and scratch else None,
    )
