"""Who is timed: this project's backends through both of their doors, and other runtimes as their users call them."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ember_infer_core.backend import KernelBackend
from ember_infer_core.errors import ModelWarning
from ember_infer_core.program import Program
from ember_infer_core.slots import AnyArray
from ember_infer_macros import QuantizedModel, load
from ember_infer_macros.tflite.read import ModelSource
from ember_infer_tools.compare.interpreter_worker import litert_interpreter
from ember_infer_tools.compare.interpreters import RUNTIMES, InterpreterProcess, tflm_arena_size
from ember_infer_tools.compare.rewrite import ModelFile

if TYPE_CHECKING:
    from ember_infer_macros.session import Session

__all__ = ["TFLM", "Contestant", "Steps", "backend_contestants", "litert", "model_class", "tflm"]

TFLM = "TFLM"

# For each step of a sequence the model's inputs; a model without state has one step.
Steps: TypeAlias = Sequence[Sequence[AnyArray]]


@dataclass(frozen=True, slots=True, eq=False)
class Contestant:
    """One way of running a model, on one input or through a sequence.

    Attributes:
        name: for tables.
        how: what one call does.
        run: one inference; of a sequence the next one, the first again after the last.
        answer: runs each step once, and gives all outputs. Of a model with state they are those of the initial state
            only if nothing has run before.
        note: what a reader should know; empty where nothing.
    """

    name: str
    how: str
    run: Callable[[], object]
    answer: Callable[[], Sequence[AnyArray]]
    note: str = ""


def model_class(source: ModelSource) -> type[QuantizedModel]:
    """:func:`load`, without a word on oddities of the file that change no result."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)
        return load(source)


def backend_contestants(
    name: str, backend: KernelBackend, model: type[QuantizedModel], steps: Steps
) -> tuple[Contestant, ...]:
    """A backend through ``predict_quantized`` and through a bound session whose input is in place; of a model with
    state through a session alone, to which each step's input is copied.

    Raises:
        KernelError: the backend cannot run the model.
    """
    session = model.bind(backend)
    if model.is_stateful:
        return (_sequence(name, session, steps),)
    (inputs,) = steps
    outputs = [np.zeros_like(array) for array in session.outputs]
    given, taken = (arrays[0] if len(arrays) == 1 else list(arrays) for arrays in (inputs, outputs))
    for buffer, array in zip(session.inputs, inputs, strict=True):
        buffer[...] = array

    def predict() -> None:
        model.predict_quantized(backend, given, taken)

    def predicted() -> Sequence[AnyArray]:
        predict()
        return [array.copy() for array in outputs]

    def ran() -> Sequence[AnyArray]:
        session.run()
        return [array.copy() for array in session.outputs]

    return (
        Contestant(f"{name}, predict", "predict_quantized(backend, input, output)", predict, predicted),
        Contestant(f"{name}, session", "session.run(), input and output in place", session.run, ran),
    )


def _sequence(name: str, session: Session, steps: Steps) -> Contestant:
    """As an application would: the usual one input without a loop over inputs."""
    upcoming = itertools.cycle(steps).__next__

    def step() -> None:
        for buffer, array in zip(session.inputs, upcoming(), strict=True):
            buffer[...] = array
        session.run()

    if len(session.inputs) == 1:
        upcoming_only = itertools.cycle([array for (array,) in steps]).__next__

        def step() -> None:
            session.input[...] = upcoming_only()
            session.run()

    def answer() -> Sequence[AnyArray]:
        found: list[AnyArray] = []
        for _ in steps:
            step()
            found += [array.copy() for array in session.outputs]
        return found

    return Contestant(f"{name}, session", "session.input[...] = step, session.run()", step, answer)


def tflm(content: bytes, program: Program, steps: Steps) -> Contestant:
    """TensorFlow Lite Micro's interpreter in this process, once it has run the model in another.

    Raises:
        ComparisonError: it is not installed, or cannot run the model.
    """
    count = len(program.outputs)
    _try_elsewhere("tflm", content, program, steps)
    from tflite_micro import runtime

    with _quiet():
        interpreter = runtime.Interpreter.from_bytes(content, arena_size=tflm_arena_size(program))
    upcoming = itertools.cycle(steps).__next__

    def run() -> list[AnyArray]:
        for position, array in enumerate(upcoming()):
            interpreter.set_input(array, position)
        interpreter.invoke()
        return [interpreter.get_output(position) for position in range(count)]

    return Contestant(TFLM, "set_input, invoke, get_output", run, _answer(run, steps))


def litert(content: bytes, program: Program, steps: Steps) -> Contestant:
    """LiteRT's interpreter on one thread in this process, once it has run the model in another; with XNNPACK, if that
    takes the model.

    Raises:
        ComparisonError: it is not installed, or cannot run the model.
    """
    note = ""
    RUNTIMES["litert"].check_installed()
    file = ModelFile(content)
    file.repair()
    if file.repaired:
        content = file.plain()
        note = "LiteRT refuses the file as it is: it runs a copy with quantized_dimension set to 0 where out of range"
    _try_elsewhere("litert", content, program, steps)
    with _quiet():
        interpreter, has_xnnpack = litert_interpreter(content)
        places = [detail["index"] for detail in interpreter.get_input_details()]
        results = [detail["index"] for detail in interpreter.get_output_details()]
    if not has_xnnpack:
        note = "; ".join(filter(None, (note, "XNNPACK refuses the model: LiteRT runs it on its own kernels")))
    upcoming = itertools.cycle(steps).__next__

    def run() -> list[AnyArray]:
        for place, array in zip(places, upcoming(), strict=True):
            interpreter.set_tensor(place, array)
        interpreter.invoke()
        return [interpreter.get_tensor(place) for place in results]

    return Contestant(RUNTIMES["litert"].describe(), "set_tensor, invoke, get_tensor", run, _answer(run, steps), note)


def _answer(run: Callable[[], Sequence[AnyArray]], steps: Steps) -> Callable[[], Sequence[AnyArray]]:
    return lambda: [np.array(array) for _ in steps for array in run()]


def _try_elsewhere(kind: str, content: bytes, program: Program, steps: Steps) -> None:
    """On some models a runtime stops its process by signal, which must not be this one."""
    process = InterpreterProcess(RUNTIMES[kind])
    try:
        process.load("the model", content, len(program.outputs), tflm_arena_size(program))
        for inputs in steps:
            process.run("the model", inputs)
    finally:
        process.close()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Lets nothing through to stderr that a runtime says while it loads a model."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
