"""CIRCULAR_BUFFER against TFLM, over sequences with resets: what it keeps, and the runs that end with it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from flatbuffers import flexbuffers
from hypothesis import strategies as st

from ember_infer_core import (
    FallbackBackend,
    KernelBackend,
    KernelError,
    ModelError,
    RecordingBackend,
    UnsupportedModelError,
)
from ember_infer_macros import QuantizedModel, ember_model, load_program
from ember_infer_native import NativeBackend, codegen
from ember_infer_ref import RefBackend
from ember_infer_tools.tflite_writer import ModelWriter
from tests.support.against_tflm import EQUAL
from tests.support.contents import with_resets
from tests.support.tally import compare_drawn
from tests.support.tflm import Tflm

Array = npt.NDArray[Any]
SCALE = 0.5


def cycles(number: int, name: str = "cycles_max") -> bytes:
    """Options as the converter writes them."""
    builder = flexbuffers.Builder()
    with builder.Map():
        builder.Key(name)
        builder.Int(number)
    return bytes(builder.Finish())


@dataclass
class Stream:
    """A model of buffers one behind the other, each followed by the largest of its rows.

    Its outputs are the first input doubled, which every run computes, and what stands behind each buffer.

    Attributes:
        rows: of each buffer.
        cycles_max: of each buffer.
        width, channels: of a row.
        zero_point: of all tensors.
    """

    rows: Sequence[int] = (3,)
    cycles_max: Sequence[int] = (2,)
    width: int = 1
    channels: int = 2
    zero_point: int = 5

    def model(self) -> bytes:
        writer = ModelWriter()

        def tensor(name: str, rows: int, is_variable: bool = False) -> int:
            shape = (1, rows, self.width, self.channels)
            return writer.tensor(name, shape, scale=SCALE, zero_point=self.zero_point, is_variable=is_variable)

        input, row = tensor("input", 1), tensor("doubled", 1)
        writer.add(input, input, row)
        outputs = [row]
        for number, (rows, cycles_max) in enumerate(zip(self.rows, self.cycles_max, strict=True)):
            state, row = tensor(f"state{number}", rows, is_variable=True), tensor(f"largest{number}", 1)
            code, options = "CIRCULAR_BUFFER", cycles(cycles_max)
            writer.operator("CUSTOM", outputs[-1:], [state], custom_code=code, custom_options=options)
            writer.max_pool_2d(state, row, filter_height=rows, filter_width=1)
            outputs.append(row)
        return writer.finish([input], outputs)

    def steps(self, seed: int, count: int) -> list[list[Array]]:
        """Random inputs."""
        random = np.random.default_rng(seed)
        return [[random.integers(-128, 128, (1, 1, self.width, self.channels), np.int8)] for _ in range(count)]

    def reached(self, count: int, resets: Collection[int] = ()) -> list[int]:
        """For so many runs, how many of the outputs each computes."""
        counters, found = [0] * len(self.rows), []
        for run in range(count):
            if run in resets:
                counters = [0] * len(self.rows)
            reached = 1
            for number, cycles_max in enumerate(self.cycles_max):
                counters[number] = (counters[number] + 1) % cycles_max
                if counters[number]:
                    break
                reached += 1
            found.append(reached)
        return found


def last_answers(theirs: list[list[Array]], reached: list[int]) -> list[list[Array]]:
    """TFLM's outputs, where those that a run does not come to are the last answer, or zeros before the first."""
    kept = [np.zeros_like(output) for output in theirs[0]]
    found = []
    for outputs, count in zip(theirs, reached, strict=True):
        kept = [*outputs[:count], *kept[count:]]
        found.append(kept)
    return found


def in_session(
    model: type[QuantizedModel], backend: KernelBackend, steps: Sequence[list[Array]], resets: Collection[int] = ()
) -> list[list[Array]]:
    session, found = model.bind(backend), []
    for run, inputs in enumerate(steps):
        if run in resets:
            session.reset()
        session.input[...] = inputs[0]
        session.run()
        found.append([output.copy() for output in session.outputs])
    return found


def check(
    stream: Stream, steps: Sequence[list[Array]], tflm: Tflm, backends: Sequence[KernelBackend], resets: Collection[int]
) -> None:
    content = stream.model()
    theirs = tflm.run(content, with_resets(steps, resets), len(stream.rows) + 1)
    wanted = last_answers(theirs, stream.reached(len(steps), resets))

    @ember_model(content)
    class Model(QuantizedModel): ...

    for backend in backends:
        for step, pair in enumerate(zip(in_session(Model, backend, steps, resets), wanted, strict=True)):
            for output, (ours, wanted_here) in enumerate(zip(*pair, strict=True)):
                assert np.array_equal(ours, wanted_here), f"{backend!r}, step {step}, output {output}"


@pytest.mark.parametrize("backend", [RefBackend(), NativeBackend()], ids=repr)
def test_session_tells_a_new_answer_from_an_old_one(backend: KernelBackend) -> None:
    stream = Stream(rows=(2, 3), cycles_max=(3, 2), width=1, channels=2, zero_point=5)

    @ember_model(stream.model())
    class Model(QuantizedModel): ...

    session, told = Model.bind(backend), []
    for step in stream.steps(0, 13):
        session.input[...] = step[0]
        session.run()
        told.append(session.answered)
    assert told == [count == len(stream.rows) + 1 for count in stream.reached(13)]
    assert sum(told) == 2


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    count = draw(st.integers(1, 3))
    return Stream(
        rows=[draw(st.integers(1, 6)) for _ in range(count)],
        cycles_max=[draw(st.integers(1, 3)) for _ in range(count)],
        width=draw(st.integers(1, 3)),
        channels=draw(st.integers(1, 20)),
        zero_point=draw(st.integers(-128, 127)),
    )


def test_every_run_that_goes_on_equals_tflm(tflm: Tflm) -> None:
    def compare(case: tuple[Stream, int, set[int]]) -> str:
        stream, seed, resets = case
        backends = [RefBackend(), FallbackBackend(NativeBackend()), RecordingBackend(RefBackend())]
        check(stream, stream.steps(seed, 14), tflm, backends, resets)
        return EQUAL

    drawn = st.tuples(streams(), st.integers(0, 2**32 - 1), st.sets(st.integers(0, 13), max_size=3))
    compare_drawn(drawn, compare, ordinary=60, deep=2000, wanted_share=1.0)


@pytest.mark.parametrize(
    "stream",
    [Stream(), Stream(cycles_max=(1,)), Stream((2, 3), (3, 2), 2, 9, -128), Stream((1, 4, 2), (1, 2, 2), channels=70)],
    ids=repr,
)
def test_machine_code_ends_runs_where_tflm_does(stream: Stream, tflm: Tflm) -> None:
    """Outputs that are there by then are given; they are TFLM's in every run."""
    check(stream, stream.steps(1, 40), tflm, [NativeBackend()], resets={11, 12, 30})


def test_runs_end_in_the_same_place_where_steps_are_a_table(
    tflm: Tflm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codegen, "MANY", 0)
    stream = Stream((2, 3), (3, 2), 2, 9, -128)
    check(stream, stream.steps(1, 40), tflm, [NativeBackend(cache=tmp_path)], resets={11, 12, 30})


@pytest.mark.parametrize("backend", [RefBackend(), NativeBackend()], ids=repr)
def test_a_sequence_gives_zeros_and_then_the_last_answer_again(backend: KernelBackend, tflm: Tflm) -> None:
    """However often it is asked: an earlier sequence's last answer is not this one's."""
    stream = Stream(cycles_max=(3,))
    steps = [[np.full((1, 1, 1, 2), value, np.int8)] for value in range(7)]
    wanted = last_answers(tflm.run(stream.model(), steps, 2), stream.reached(len(steps)))

    @ember_model(stream.model())
    class Model(QuantizedModel): ...

    for _ in range(2):
        doubled, largest = Model.predict_sequence(backend, np.stack([inputs[0] for inputs in steps]))
        assert np.array_equal(doubled, np.concatenate([outputs[0] for outputs in wanted]))
        assert np.array_equal(largest, np.concatenate([outputs[1] for outputs in wanted]))
    assert not largest[:2].any()
    assert largest[2:].all()


@pytest.mark.parametrize("backend", [RefBackend(), NativeBackend()], ids=repr)
def test_a_single_sample_has_no_answer(backend: KernelBackend) -> None:
    @ember_model(Stream().model())
    class Model(QuantizedModel): ...

    row = np.zeros((1, 1, 1, 2), np.int8)
    outputs = [row.copy(), row.copy()]
    for ask in (
        lambda: Model.predict_quantized(backend, row, outputs),
        lambda: Model.predict_quantized_with_scratch(backend, row, outputs, bytearray(64)),
        lambda: Model.predict(backend, np.zeros(2)),
        lambda: Model.predict_batch(backend, row),
    ):
        with pytest.raises(KernelError, match=r"one sample has no answer.* use bind\(\) or predict_sequence\(\)"):
            ask()


def test_where_no_run_ends_early_a_single_sample_has_its_answer(tflm: Tflm) -> None:
    stream = Stream(cycles_max=(1, 1), rows=(2, 3))

    @ember_model(stream.model())
    class Model(QuantizedModel): ...

    row = np.full((1, 1, 1, 2), 9, np.int8)
    theirs = tflm.run(stream.model(), [[row]], 3)[0]
    for backend in (RefBackend(), NativeBackend()):
        for ours, wanted in zip(Model.predict_batch(backend, row), theirs, strict=True):
            assert np.array_equal(ours, wanted)


@pytest.mark.parametrize("backend", [RefBackend(), NativeBackend()], ids=repr)
def test_the_state_that_a_session_gives_takes_another_one_to_the_same_place(backend: KernelBackend) -> None:
    @ember_model(Stream(cycles_max=(3,)).model())
    class Model(QuantizedModel): ...

    random = np.random.default_rng(0)
    first, second = Model.bind(backend), Model.bind(RefBackend())
    for _ in range(4):
        first.input[...] = random.integers(-128, 128, first.input.shape, np.int8)
        first.run()
    second.state = first.state
    for _ in range(2):  # of which the second run goes on, in both
        second.input[...] = first.input[...] = random.integers(-128, 128, first.input.shape, np.int8)
        first.run()
        second.run()
    assert np.array_equal(first.state, second.state)
    assert np.array_equal(first.outputs[1], second.outputs[1])


def one_buffer(
    input: Sequence[int] = (1, 1, 1, 2),
    output: Sequence[int] = (1, 3, 1, 2),
    options: bytes | None = None,
    *,
    is_variable: bool = True,
    shown: bool = False,
    dtype: str = "int8",
) -> bytes:
    """A model of one buffer and, unless the buffer is the output, a RELU behind it."""
    writer = ModelWriter()
    row = writer.tensor("row", input, dtype, scale=SCALE)
    state = writer.tensor("state", output, dtype, scale=SCALE, is_variable=is_variable)
    end = writer.tensor("end", output, dtype, scale=SCALE)
    writer.operator("CUSTOM", [row], [state], custom_code="CIRCULAR_BUFFER", custom_options=options)
    writer.operator("RELU", [state], [end])
    return writer.finish([row], [state if shown else end])


@pytest.mark.parametrize("options", [None, b"", cycles(0), cycles(-3)], ids=["none", "empty", "0", "-3"])
def test_a_number_of_cycles_that_tflm_guesses_is_refused(options: bytes | None) -> None:
    with pytest.raises(
        UnsupportedModelError, match=r"cycles_max is (0|-3); .*guesses it, from how many such operators"
    ):
        load_program(one_buffer(options=options))


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (one_buffer(options=cycles(1), is_variable=False), "tensor 1 'state' .* is not marked as variable"),
        (one_buffer((2, 1, 1, 2), (2, 3, 1, 2), cycles(1)), "a batch of 2, of which TensorFlow Lite Micro moves the f"),
        (one_buffer(options=cycles(2), shown=True), "output tensor 1 'state' .* in a model whose runs may end before"),
        (one_buffer(options=cycles(1), dtype="int16"), "input 0 is int16, not int8"),
        (one_buffer(options=cycles(2, "aaa")), "its options begin with 'aaa', which TensorFlow Lite Micro takes for"),
    ],
)
def test_what_tflm_refuses_or_nobody_has_defined_is_refused(model: bytes, reason: str) -> None:
    with pytest.raises(UnsupportedModelError, match=reason):
        load_program(model)


@pytest.mark.parametrize("shapes", [((1, 2, 1, 2), (1, 3, 1, 2)), ((1, 1, 2, 1), (1, 3, 1, 2)), ((1, 2), (3, 2))])
def test_shapes_that_are_no_row_and_no_buffer_are_refused(shapes: tuple[Sequence[int], Sequence[int]]) -> None:
    with pytest.raises(ModelError, match=r"is no row of a buffer|4 axes each are wanted"):
        load_program(one_buffer(*shapes, cycles(1)))


def test_the_buffer_itself_may_be_the_output_where_no_run_ends_early(tflm: Tflm) -> None:
    content = one_buffer(options=cycles(1), shown=True)
    steps = [[np.array([[[[value, -value]]]], np.int8)] for value in range(5)]
    theirs = tflm.run(content, with_resets(steps, {3}))

    @ember_model(content)
    class Model(QuantizedModel): ...

    for backend in (RefBackend(), NativeBackend()):
        assert np.array_equal(np.stack(in_session(Model, backend, steps, {3})), np.stack(theirs))


def test_two_operators_that_write_one_buffer_are_refused() -> None:
    writer = ModelWriter()
    row = writer.tensor("row", (1, 1, 1, 2), scale=SCALE)
    state = writer.tensor("state", (1, 3, 1, 2), scale=SCALE, is_variable=True)
    end = writer.tensor("end", (1, 3, 1, 2), scale=SCALE)
    for _ in range(2):
        writer.operator("CUSTOM", [row], [state], custom_code="CIRCULAR_BUFFER", custom_options=cycles(1))
    writer.operator("RELU", [state], [end])
    with pytest.raises(UnsupportedModelError, match=r"operator 1 CUSTOM.*writes tensor 1 'state'.*already has a value"):
        load_program(writer.finish([row], [end]))


def test_what_is_assigned_behind_the_end_of_a_run_is_not_assigned(tflm: Tflm) -> None:
    """Computed before the buffer, assigned after it: only a run that goes on leaves it to the next."""
    stream = Stream()
    writer = ModelWriter()
    row = writer.tensor("row", (1, 1, 1, 2), scale=SCALE)
    state = writer.tensor("state", (1, 3, 1, 2), scale=SCALE, is_variable=True)
    read, doubled, end = (writer.tensor(name, (1, 1, 1, 2), scale=SCALE) for name in ("read", "doubled", "end"))
    handle = writer.tensor("handle", (), "resource")
    writer.operator("VAR_HANDLE", [], [handle], shared_name="memory")
    writer.operator("READ_VARIABLE", [handle], [read])
    writer.add(read, row, end)
    writer.add(row, row, doubled)
    writer.operator("CUSTOM", [row], [state], custom_code="CIRCULAR_BUFFER", custom_options=cycles(2))
    writer.operator("ASSIGN_VARIABLE", [handle, doubled], [])
    content = writer.finish([row], [end])
    steps = stream.steps(3, 12)
    theirs = tflm.run(content, with_resets(steps, {5}))

    @ember_model(content)
    class Model(QuantizedModel): ...

    for backend in (RefBackend(), NativeBackend()):
        assert np.array_equal(np.stack(in_session(Model, backend, steps, {5})), np.stack(theirs))
