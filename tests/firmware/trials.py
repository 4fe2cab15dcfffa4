"""Random programs of every operator that there is a kernel for, drawn models, and programs that keep state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hypothesis import HealthCheck, Phase, given, settings

from ember_infer_core import ModelError, UnsupportedActivation
from ember_infer_core.conformance.programs import one_call, random_inputs
from ember_infer_core.conformance.strategies import drawn
from ember_infer_firmware.kernels import KERNELS
from ember_infer_macros import load_program
from ember_infer_ref import RefBackend
from tests.firmware.unity import Trial
from tests.native.random_programs import case_lists
from tests.support.contents import random_batches
from tests.support.effort import DEEP
from tests.support.lstm_models import LstmModel
from tests.support.models import Case
from tests.support.stateful_models import running_sum, two_variables

__all__ = ["drawn_cases", "stateful_trials", "trials_of_calls", "trials_of_cases"]

_RUNS = 4


def trials_of_calls(each: int, operators: Sequence[str] = tuple(KERNELS)) -> Iterator[Trial]:
    """Of each operator so many random calls."""
    for operator in operators:
        for params in drawn(operator, each):
            program = one_call(operator, params)
            yield Trial(program, [random_inputs(program, seed) for seed in range(_RUNS)])


def drawn_cases(lists: int) -> list[list[Case]]:
    """So many lists of drawn models, without the first, in which all is as small as can be."""
    found: list[list[Case]] = []

    @settings(
        max_examples=lists + 1,
        derandomize=not DEEP,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases=case_lists())
    def collect(cases: list[Case]) -> None:
        found.append(cases)

    collect()
    return found[1:]


def trials_of_cases(cases: Sequence[Case]) -> Iterator[Trial]:
    """The drawn models that this project takes."""
    for case in cases:
        try:
            program = load_program(case.model)
            RefBackend().compile(program)
        except (ModelError, UnsupportedActivation):
            continue
        yield Trial(program, case.batches())


def stateful_trials() -> Iterator[Trial]:
    """Sequences through everything that keeps state, in every type, initialised and ending early."""
    yield from trials_of_calls(each=12, operators=("circular_buffer", "svdf", "unidirectional_sequence_lstm"))
    models = [
        running_sum(zero_point=-7),
        running_sum(zero_point=3, initial=40),
        two_variables(),
        LstmModel(batch=2, depth=7, units=5, zero_points={"hidden": 3}).finish(),
        LstmModel(batch=2, depth=7, units=5, wide=True, time_major=True).finish(),
    ]
    for model in models:
        yield Trial(load_program(model), 2 * random_batches(model))
