"""Sessions: what they keep from run to run, and what of them can be kept, sent and copied."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core import (
    InvalidShape,
    KernelBackend,
    ScratchTooSmall,
)
from ember_infer_macros import Session
from ember_infer_ref import RefBackend
from tests.macros.stateful import BACKENDS, Before, FromFive, Sine, Sum, run
from tests.support.stateful_models import running_sum
from tests.support.tflm import Tflm

ONES = np.ones((1, 4), np.int8)


# What is kept


def test_class_says_what_it_keeps() -> None:
    assert (Sum.is_stateful, Sum.state_len()) == (True, 4)
    assert (Before.is_stateful, Before.state_len()) == (True, 6 + 12)
    assert (Sine.is_stateful, Sine.state_len()) == (False, 0)
    assert "State: 4 bytes." in str(Sum.__doc__)
    assert "State" not in str(Sine.__doc__)
    assert Sum.state_len.__doc__ == "Bytes that a session keeps from run to run: 4."


def test_session_goes_on_from_run_to_run(backend: KernelBackend) -> None:
    session = Sum.bind(backend)
    assert run(session, 1, 2, 3) == [1, 3, 6]
    session.reset()
    assert run(session, 1, 2) == [1, 3]
    assert "4 bytes of state" in repr(session)


def test_methods_of_the_class_start_anew_each_time(backend: KernelBackend) -> None:
    output = np.zeros((1, 4), np.int8)
    for _ in range(3):
        Sum.predict_quantized(backend, ONES, output)
        assert output.tolist() == [[1] * 4]
        scratch = bytearray(Sum.scratch_len[type(backend)]())
        Sum.predict_quantized_with_scratch(backend, ONES, output, scratch)
        assert output.tolist() == [[1] * 4]
        assert Sum.predict(backend, [0.5] * 4).tolist() == [[0.5] * 4]
        assert Sum.predict_batch(backend, np.repeat(ONES, 9, axis=0)).tolist() == [[1] * 4] * 9


def test_batches_leave_sessions_alone(backend: KernelBackend) -> None:
    session = Sum.bind(backend)
    run(session, 1)
    Sum.predict_batch(backend, np.repeat(ONES, 9, axis=0))
    assert run(session, 1) == [2]


def test_sequence_goes_through_one_state(backend: KernelBackend) -> None:
    steps = np.arange(8, dtype=np.int8).reshape(8, 1, 1).repeat(4, axis=2)
    wanted = steps.cumsum(axis=0).reshape(8, 4).tolist()
    for _ in range(2):
        assert Sum.predict_sequence(backend, steps).tolist() == wanted
        assert Sum.predict_sequence(backend, steps.reshape(8, 4)).tolist() == wanted
    assert Sum.predict_sequence(backend, steps[:0]).shape == (0, 4)


def test_sequence_of_several_inputs_and_a_batch_keeps_each_step_whole(backend: KernelBackend) -> None:
    random = np.random.default_rng(0)
    small = random.integers(-128, 128, (5, 2, 3)).astype(np.int8)
    wide = random.integers(-32768, 32768, (5, 2, 3)).astype(np.int16)
    first, second = Before.predict_sequence(backend, (small, wide))
    np.testing.assert_array_equal(first[1:], small[:-1])
    np.testing.assert_array_equal(second[1:], wide[:-1])
    assert not first[0].any()
    assert not second[0].any()
    with pytest.raises(InvalidShape, match=r"input 0: shape \(T, 2, 3\) is wanted, T steps of whole inputs"):
        Before.predict_sequence(backend, (small.reshape(10, 3), wide))
    with pytest.raises(InvalidShape, match=r"input: shape \(T, 1, 4\) is wanted, T steps of whole inputs"):
        Sum.predict_sequence(backend, np.zeros((8, 3), np.int8))
    with pytest.raises(InvalidShape, match=r"different numbers of steps: \[4, 5\]"):
        Before.predict_sequence(backend, (small, wide[:4]))


def test_sequence_of_a_model_without_state_is_a_batch(backend: KernelBackend) -> None:
    values = np.arange(-20, 20, dtype=np.int8).reshape(-1, 1)
    np.testing.assert_array_equal(Sine.predict_sequence(backend, values), Sine.predict_batch(backend, values))


# State that is put back


def test_state_can_be_put_back(backend: KernelBackend) -> None:
    session = Sum.bind(backend)
    run(session, 1, 2, 3)
    kept = session.state
    assert kept.dtype == np.uint8
    assert kept.tolist() == [6] * 4
    assert run(session, 10) == [16]
    assert kept.tolist() == [6] * 4  # a copy
    session.state = kept
    kept[...] = 99
    assert run(session, 10) == [16]


@pytest.mark.parametrize("giver", BACKENDS)
def test_state_is_carried_from_backend_to_backend(giver: str, backend: KernelBackend) -> None:
    one, other = Before.bind(BACKENDS[giver]()), Before.bind(backend)
    one.inputs[0][...] = -7
    one.inputs[1][...] = 0x1234
    one.run()
    assert one.state.tobytes() == b"\xf9" * 6 + b"\x34\x12" * 6  # as in a model file, on any machine
    other.state = pickle.loads(pickle.dumps(one.state))
    other.run()
    assert (other.outputs[0] == -7).all()
    assert (other.outputs[1] == 0x1234).all()


@pytest.mark.parametrize(
    "state",
    [
        np.zeros(3, np.uint8),
        np.zeros(5, np.uint8),
        np.zeros((1, 4), np.uint8),
        np.zeros(4, np.int8),
        np.zeros(0, np.uint8),
        b"1234",
        None,
    ],
    ids=str,
)
def test_state_of_something_else_changes_nothing(state: Any, backend: KernelBackend) -> None:
    session = Sum.bind(backend)
    run(session, 1)
    with pytest.raises(InvalidShape, match=r"^state: an array of 4 uint8 is wanted, as \.state gives it, not "):
        session.state = state
    assert run(session, 1) == [2]


def test_state_may_be_read_only_and_strided(backend: KernelBackend) -> None:
    session = Sum.bind(backend)
    state = np.arange(8, dtype=np.uint8)[::2]
    state.flags.writeable = False
    session.state = state
    assert session.state.tolist() == [0, 2, 4, 6]


def test_model_without_state_has_the_empty_state(backend: KernelBackend) -> None:
    session = Sine.bind(backend)
    assert session.state.shape == (0,)
    session.state = np.zeros(0, np.uint8)
    session.reset()
    with pytest.raises(InvalidShape, match="an array of 0 uint8 is wanted"):
        session.state = np.zeros(1, np.uint8)


# Initialised by the model


def test_model_initialises_its_variables_once(backend: KernelBackend, tflm: Tflm) -> None:
    """As TFLM does: CALL_ONCE is for the first run; a reset before it changes nothing, one later sets zero points."""
    inputs = [[ONES * 4]]
    expected = [array[0].ravel()[0] for array in tflm.run(running_sum(3, 5), [*inputs, *inputs, None, *inputs])]
    session = FromFive.bind(backend)
    session.reset()
    assert session.state.tolist() == [5] * 4
    found = run(session, 4, 4)
    session.reset()
    assert session.state.tolist() == [3] * 4
    assert [*found, *run(session, 4)] == expected
    assert expected[0] != expected[2]


def test_state_that_was_put_back_counts_as_a_run(backend: KernelBackend) -> None:
    session = FromFive.bind(backend)
    session.state = session.state
    session.reset()
    assert session.state.tolist() == [3] * 4


class Demanding(RefBackend):
    """Wants scratch for whatever it does."""

    @classmethod
    def scratch_size(cls, params: Any) -> int:
        return 16


def test_run_that_lacks_scratch_is_none() -> None:
    session = FromFive.bind(Demanding())
    with pytest.raises(ScratchTooSmall):
        session.run(np.zeros(8, np.uint8))
    session.reset()
    assert session.state.tolist() == [5] * 4
    session.run(np.zeros(16, np.uint8))
    session.reset()
    assert session.state.tolist() == [3] * 4


def test_methods_of_the_class_start_from_what_the_model_initialises(backend: KernelBackend) -> None:
    steps = np.full((3, 4), 4, np.int8)
    first = run(FromFive.bind(backend), 4)
    assert FromFive.predict_sequence(backend, steps)[0].tolist() == first * 4
    assert FromFive.predict_batch(backend, steps).tolist() == [first * 4] * 3


# Copies


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_copy_is_an_independent_session(copied: Callable[[Session], Session], backend: KernelBackend) -> None:
    session = Sum.bind(backend)
    run(session, 1, 2)
    other = copied(session)
    assert other.output.tolist() == [[3] * 4]
    assert other.input.tolist() == [[2] * 4]
    assert run(session, 10, 10) == [13, 23]
    assert run(other, 1) == [4]
    assert run(session, 1) == [24]


def test_copy_remembers_whether_the_model_has_run(backend: KernelBackend) -> None:
    session = FromFive.bind(backend)
    before = copy.copy(session)
    run(session, 4)
    after = copy.copy(session)
    before.reset()
    after.reset()
    assert before.state.tolist() == [5] * 4
    assert after.state.tolist() == [3] * 4


def test_copy_of_a_session_without_state_answers_for_itself(backend: KernelBackend) -> None:
    session = Sine.bind(backend)
    session.input[...] = 0
    session.run()
    wanted = session.output.copy()
    other = copy.copy(session)
    other.input[...] = 64
    other.run()
    np.testing.assert_array_equal(session.output, wanted)
    assert (other.output != wanted).any()


def test_session_is_not_pickled_but_its_state_is() -> None:
    session = Sum.bind(RefBackend())
    with pytest.raises(TypeError, match=r"pickle its \.state, and bind\(\) the model elsewhere"):
        pickle.dumps(session)
    assert pickle.loads(pickle.dumps(session.state)).tolist() == [0] * 4


@pytest.mark.parametrize("name", ["input", "output", "inputs", "outputs", "run", "reset", "stat"])
def test_nothing_of_a_session_can_be_rebound(name: str, backend: KernelBackend) -> None:
    session = Sum.bind(backend)
    with pytest.raises(AttributeError, match=rf"Session\.{name} cannot be set"):
        setattr(session, name, ONES)
    assert run(session, 1) == [1]


@pytest.mark.parametrize("name", ["input", "outputs", "run", "reset", "state"])
def test_nothing_of_a_session_can_be_deleted(name: str, backend: KernelBackend) -> None:
    session = Sum.bind(backend)
    with pytest.raises(AttributeError, match=rf"Session\.{name} cannot be deleted"):
        delattr(session, name)
    assert run(session, 1) == [1]


def test_who_rebinds_an_array_is_told_to_write_into_it() -> None:
    with pytest.raises(AttributeError, match=r"write into the array, session\.input\[\.\.\.\] = values"):
        setattr(Sum.bind(RefBackend()), "input", ONES)  # noqa: B010 - a checker would not let it pass


# Threads and processes


@pytest.mark.parametrize("kind", ["ref", "native"])
def test_a_hundred_sessions_in_eight_threads_do_not_mix(kind: str) -> None:
    backend = BACKENDS[kind]()
    random = np.random.default_rng(0)
    sequences = random.integers(-3, 4, (100, 60, 1, 4)).astype(np.int8)
    wanted = np.clip(sequences.astype(int).cumsum(axis=1), -128, 127)
    found: npt.NDArray[np.int8] = np.zeros_like(sequences)
    start = threading.Barrier(8)

    def work(first: int) -> None:
        sessions = {number: Sum.bind(backend) for number in range(first, 100, 8)}
        start.wait()
        for step in range(60):
            for number, session in sessions.items():
                session.input[...] = sequences[number, step]
                session.run()
                found[number, step] = session.output

    threads = [threading.Thread(target=work, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("kind", ["ref", "native"])
def test_threads_share_a_class_but_no_state(kind: str) -> None:
    backend = BACKENDS[kind]()
    steps = np.ones((50, 4), np.int8)
    wanted = steps.cumsum(axis=0).tolist()
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda: answers.append(Sum.predict_sequence(backend, steps).tolist())) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [wanted] * 8


def _child(session: Session, connection: Any) -> None:
    connection.send(run(session, 10))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork on this platform")
@pytest.mark.parametrize("kind", ["ref", "native"])
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_child_of_a_fork_goes_on_from_the_same_state_for_itself(kind: str) -> None:
    session = Sum.bind(BACKENDS[kind]())
    run(session, 1, 2)
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=_child, args=(session, theirs))
    child.start()
    assert ours.recv() == [13]
    child.join()
    assert run(session, 1) == [4]
