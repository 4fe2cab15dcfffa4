"""What a recording keeps: tensors, times, scratch; and that it changes nothing."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core import (
    Conv2dParams,
    FallbackBackend,
    KeepsState,
    KernelBackend,
    Program,
    RecordedRun,
    RecordingBackend,
    Role,
    ScratchTooSmall,
)
from ember_infer_core.conformance.expected import output_size
from ember_infer_core.conformance.programs import last_call, one_call, random_inputs
from ember_infer_core.conformance.strategies import drawn
from ember_infer_core.ops import OPERATORS
from ember_infer_core.slots import Shape4
from ember_infer_macros import QuantizedModel, ember_model, load_program
from ember_infer_ref import RefBackend
from tests.conftest import REPOSITORY

DIGITS = REPOSITORY / "models" / "digits.tflite"
ASKED, TOUCHED = 1000, 137


@ember_model(DIGITS)
class Digits(QuantizedModel): ...


class Sloppy(RefBackend):
    """Asks for more scratch than it uses, and takes its time in one operator."""

    @classmethod
    def conv2d_scratch_size(cls, input_shape: Shape4, weights_shape: Shape4, output_shape: Shape4) -> int:
        return ASKED

    def conv2d(self, params: Conv2dParams) -> None:
        params.scratch[TOUCHED - 1] ^= 0xFF
        super().conv2d(params)

    def softmax(self, params: Any) -> None:
        time.sleep(0.02)
        super().softmax(params)


class Failing(RefBackend):
    def fully_connected(self, params: Any) -> None:
        raise ZeroDivisionError("a fault in a kernel")


@pytest.fixture
def digits() -> Program:
    return load_program(DIGITS)


def image(seed: int) -> npt.NDArray[np.int8]:
    return np.random.default_rng(seed).integers(-128, 128, 64, np.int8)


def predict(backend: KernelBackend, seed: int = 0) -> list[int]:
    output = np.empty(Digits.output_len(), np.int8)
    Digits.predict_quantized(backend, image(seed), output)
    return output.tolist()


def test_recording_changes_no_answer() -> None:
    assert predict(RecordingBackend(RefBackend())) == predict(RefBackend())


def test_every_layer_is_kept_by_name_in_order(digits: Program) -> None:
    recording = RecordingBackend(RefBackend())
    predict(recording)
    assert recording.last.program == "digits"
    assert [(layer.layer, layer.operator) for layer in recording.last.layers] == [
        (call.name, call.method) for call in digits.calls
    ]
    assert recording.last["conv1"] is recording.last.layers[0]
    with pytest.raises(KeyError, match="'conv7' is none of conv1"):
        recording.last["conv7"]


def test_the_tensors_are_those_that_flow_from_layer_to_layer() -> None:
    recording = RecordingBackend(RefBackend())
    answer = predict(recording, seed=5)
    written: dict[int, npt.NDArray[Any]] = {}
    first = recording.last.layers[0]
    assert first.inputs["input"].reshape(-1).tolist() == image(5).tolist()
    for layer in recording.last.layers:
        assert layer.call is not None
        for name, tensor in layer.inputs.items():
            source = Digits.program.storage(layer.call.operands[name])
            if source in written:
                np.testing.assert_array_equal(tensor.reshape(-1), written[source].reshape(-1))
        for name, tensor in layer.outputs.items():
            written[Digits.program.storage(layer.call.operands[name])] = tensor
    assert recording.last.layers[-1].outputs["output"].reshape(-1).tolist() == answer
    assert len(written) == len(recording.last.layers)


def test_kept_tensors_are_copies() -> None:
    recording = RecordingBackend(RefBackend(), keep=2)
    predict(recording, seed=1)
    kept = recording.last["conv1"].outputs["output"].copy()
    predict(recording, seed=2)
    np.testing.assert_array_equal(recording.runs[0]["conv1"].outputs["output"], kept)
    assert (recording.runs[1]["conv1"].outputs["output"] != kept).any()


def test_times_are_those_of_the_kernels() -> None:
    recording = RecordingBackend(Sloppy())
    predict(recording)
    assert recording.last["probabilities"].seconds >= 0.02
    assert all(layer.seconds > 0 for layer in recording.last.layers)


def test_scratch_asked_for_and_scratch_touched_are_told_apart() -> None:
    recording = RecordingBackend(Sloppy())
    assert Digits.scratch_len[type(recording)]() == ASKED
    assert RecordingBackend.over(Sloppy) is type(recording)
    predict(recording)
    for layer in recording.last.layers:
        expected = (ASKED, TOUCHED) if layer.operator == "conv2d" else (0, 0)
        assert (layer.scratch_asked, layer.scratch_used) == expected, layer.layer


def test_the_callers_scratch_is_used_and_a_short_one_refused(digits: Program) -> None:
    recording = RecordingBackend(Sloppy())
    executable = recording.compile(digits)
    with pytest.raises(ScratchTooSmall):
        executable.run(np.zeros(ASKED - 1, np.uint8))
    assert recording.runs == ()
    scratch = np.zeros(ASKED, np.uint8)
    executable.run(scratch)
    assert scratch.any()


def test_no_more_runs_are_kept_than_asked_for() -> None:
    recording = RecordingBackend(RefBackend(), keep=3)
    answers = [predict(recording, seed) for seed in range(5)]
    assert [run.layers[-1].outputs["output"].reshape(-1).tolist() for run in recording.runs] == answers[-3:]
    recording.clear()
    assert recording.runs == ()
    with pytest.raises(LookupError, match="has recorded nothing yet"):
        _ = recording.last


def test_a_run_that_fails_is_kept_up_to_the_layer_that_failed(digits: Program) -> None:
    recording = RecordingBackend(Failing())
    with pytest.raises(ZeroDivisionError):
        predict(recording)
    before = [call.name for call in digits.calls]
    failed = next(index for index, call in enumerate(digits.calls) if call.method == "fully_connected")
    assert [layer.layer for layer in recording.last.layers] == before[:failed]


def test_a_second_run_that_fails_does_not_show_the_first(digits: Program) -> None:
    recording = RecordingBackend(Failing(), keep=2)
    executable = recording.compile(digits)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            executable.run()
    first, second = ([layer.layer for layer in run.layers] for run in recording.runs)
    assert first == second


def test_threads_do_not_mix_their_runs(digits: Program) -> None:
    recording = RecordingBackend(RefBackend(), keep=64)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda seed: predict(recording, seed), range(32)))
    assert len(recording.runs) == 32

    def seed_of(run: RecordedRun) -> int:
        pixels = run.layers[0].inputs["input"].reshape(-1)
        return next(seed for seed in range(32) if (image(seed) == pixels).all())

    assert sorted(map(seed_of, recording.runs)) == list(range(32))
    for run in recording.runs:
        assert len(run.layers) == len(digits.calls)
        assert run.layers[-1].outputs["output"].reshape(-1).tolist() == answers[seed_of(run)]


def test_a_kernel_called_without_a_program_is_a_run_of_one_layer(digits: Program) -> None:
    recording = RecordingBackend(RefBackend())
    call = digits.calls[0]
    params: Any = call.params
    for operand, index in call.operands.items():
        tensor = digits.tensors[index]
        setattr(params, operand, tensor.data if tensor.data is not None else np.zeros(tensor.shape, np.int8))
    recording.conv2d(params)
    assert [(layer.layer, layer.call) for layer in recording.last.layers] == [("conv2d", None)]
    assert list(recording.last.layers[0].outputs) == [
        operand.name for operand in call.params.OPERANDS if operand.role is Role.OUTPUT
    ]


def test_it_records_what_a_fallback_sends_where() -> None:
    class Mine:
        def softmax(self, params: Any) -> None:
            params.output[...] = 77

    recording = RecordingBackend(FallbackBackend(Mine(), RefBackend()))
    assert predict(recording) == [77] * 10
    assert set(recording.last["probabilities"].outputs["output"].reshape(-1).tolist()) == {77}


def test_every_operator_of_the_contract_is_recorded() -> None:
    recording = RecordingBackend(RefBackend())
    assert recording.operators() == RefBackend.operators() == set(OPERATORS)


def test_what_cannot_be_recorded_is_refused() -> None:
    with pytest.raises(TypeError, match="takes an instance of a KernelBackend"):
        RecordingBackend(RefBackend)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="keep must be 1 or more"):
        RecordingBackend(RefBackend(), keep=0)


def test_a_state_is_recorded_as_it_was_before_the_call_and_after_it() -> None:
    params = max(drawn("svdf", 10), key=output_size)
    program = one_call("svdf", params)
    recording = RecordingBackend(RefBackend(), keep=2)
    executable = recording.compile(program)
    assert isinstance(executable, KeepsState)
    inputs = random_inputs(program, 0)
    executable.inputs[0][...] = inputs[0]
    for _ in range(2):
        executable.run()
    first, second = (run.layers[0] for run in recording.runs)
    assert list(first.inputs) == ["input", "state"]
    assert list(first.outputs) == ["output", "state"]
    np.testing.assert_array_equal(first.inputs["state"], program.variables[0].initial)
    assert last_call(program, inputs)[1].met_by(first.outputs)
    np.testing.assert_array_equal(second.inputs["state"], first.outputs["state"])
    np.testing.assert_array_equal(executable.save_state()[0], second.outputs["state"])
    executable.load_state([first.inputs["state"]])
    executable.run()
    assert last_call(program, inputs)[1].met_by(recording.last.layers[0].outputs)
