"""Runs that end in an error leave the state as TFLM does: what comes before the error has happened, and no more."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core import FallbackBackend, KernelBackend, KernelError, RecordingBackend
from ember_infer_firmware import FirmwareBackend
from ember_infer_macros import QuantizedModel, ember_model
from ember_infer_native import NativeBackend
from ember_infer_ref import RefBackend
from ember_infer_tools.tflite_writer import ModelWriter
from tests.support.tflm import Tflm, TflmRefused

BACKENDS: list[Callable[[], KernelBackend]] = [
    RefBackend,
    NativeBackend,
    FirmwareBackend,
    lambda: FallbackBackend(RefBackend()),
    lambda: RecordingBackend(NativeBackend()),
]
NAMES = ["ref", "native", "firmware", "fallback", "recording"]
FAILING = (-20, -50)  # RSQRT has no result below the zero point
VALUES = (5, -20, 3, 3, -50, 1)


class Sketch:
    """A model of tensors that are all alike, with one variable."""

    def __init__(self) -> None:
        self.writer = ModelWriter()
        self.input, self.read, self.sum, self.root, self.output = (
            self.writer.tensor(name, (1, 4), scale=0.5, zero_point=0)
            for name in ("input", "read", "sum", "root", "output")
        )
        self.handle = self.writer.tensor("handle", (), "resource")
        self.writer.operator("VAR_HANDLE", [], [self.handle], shared_name="memory")

    def read_variable(self) -> None:
        self.writer.operator("READ_VARIABLE", [self.handle], [self.read])

    def assign(self, value: int) -> None:
        self.writer.operator("ASSIGN_VARIABLE", [self.handle, value], [])

    def fail(self) -> None:
        self.writer.operator("RSQRT", [self.input], [self.root])

    def finish(self, *outputs: int) -> bytes:
        return self.writer.finish([self.input], outputs)


def computed_before() -> bytes:
    """What is assigned is there before the error, and could have been computed in the variable's memory."""
    sketch = Sketch()
    sketch.read_variable()
    sketch.writer.add(sketch.input, sketch.input, sketch.sum)
    sketch.fail()
    sketch.assign(sketch.sum)
    sketch.writer.add(sketch.read, sketch.root, sketch.output)
    return sketch.finish(sketch.read, sketch.output)


def copied_after() -> bytes:
    """What is assigned is an output too, so that it is copied, after the error."""
    sketch = Sketch()
    sketch.read_variable()
    sketch.writer.add(sketch.read, sketch.input, sketch.sum)
    sketch.fail()
    sketch.assign(sketch.sum)
    return sketch.finish(sketch.sum, sketch.root)


def failing_last() -> bytes:
    """What has no result is what would be assigned."""
    sketch = Sketch()
    sketch.read_variable()
    sketch.writer.add(sketch.read, sketch.input, sketch.output)
    sketch.fail()
    sketch.assign(sketch.root)
    return sketch.finish(sketch.output)


def unread() -> bytes:
    """Nothing reads what has no result."""
    sketch = Sketch()
    sketch.read_variable()
    sketch.writer.add(sketch.read, sketch.input, sketch.sum)
    sketch.fail()
    sketch.assign(sketch.sum)
    return sketch.finish(sketch.sum)


def inputs(values: tuple[int, ...]) -> list[npt.NDArray[np.int8]]:
    return [np.full((1, 4), value, np.int8) for value in values]


def answers(model: bytes, backend: KernelBackend, values: tuple[int, ...]) -> list[list[list[int]] | None]:
    """For each run all outputs, or None where it ends in an error."""

    @ember_model(model)
    class Model(QuantizedModel): ...

    session = Model.bind(backend)
    found: list[list[list[int]] | None] = []
    for value in inputs(values):
        session.input[...] = value
        try:
            session.run()
        except KernelError as error:
            assert "not defined below 0" in str(error)  # noqa: PT017 - other runs are well
            found.append(None)
        else:
            found.append([output.ravel().tolist() for output in session.outputs])
    return found


@pytest.mark.parametrize("model", [computed_before, copied_after, failing_last, unread])
@pytest.mark.parametrize("backend", BACKENDS, ids=NAMES)
def test_a_run_that_fails_before_an_assignment_leaves_the_variable(
    backend: Callable[[], KernelBackend], model: Callable[[], bytes], tflm: Tflm
) -> None:
    """So the others are as if it had not been."""
    content = model()
    outputs = 1 if model in (failing_last, unread) else 2
    with pytest.raises(TflmRefused):
        tflm.run(content, [inputs(FAILING[:1])])
    well = tuple(value for value in VALUES if value not in FAILING)
    wanted = [
        [array.ravel().tolist() for array in run] for run in tflm.run(content, [[x] for x in inputs(well)], outputs)
    ]
    found = answers(content, backend(), VALUES)
    assert [run is None for run in found] == [value in FAILING for value in VALUES]
    assert [run for run in found if run is not None] == wanted


@pytest.mark.parametrize("backend", BACKENDS, ids=NAMES)
def test_a_run_that_fails_after_an_assignment_has_made_it(backend: Callable[[], KernelBackend]) -> None:
    """As TFLM's interpreter does, which goes on with the next invoke."""
    sketch = Sketch()
    sketch.read_variable()
    sketch.assign(sketch.input)
    sketch.fail()
    found = answers(sketch.finish(sketch.read, sketch.root), backend(), VALUES)
    assert [None if run is None else run[0][0] for run in found] == [0, None, -20, 3, None, -50]
