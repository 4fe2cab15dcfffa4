"""Several samples at once: ``resize_tensor_input`` on the first axis."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ember_infer.litert import Interpreter
from ember_infer_tools.tflite_writer import ModelWriter
from tests.interpreters.originals import DIGITS, assert_same, first, infer, ready


def resized(model: Path, count: int, **options: Any) -> Interpreter:
    interpreter = Interpreter(model, **options)
    interpreter.resize_tensor_input(first(interpreter), [count, *interpreter.get_input_details()[0]["shape"][1:]])
    interpreter.allocate_tensors()
    return interpreter


@pytest.mark.usefixtures("c_compiler")
@pytest.mark.parametrize("backend", ["ref", "native"])
def test_each_sample_has_its_own_answer(backend: str) -> None:
    batch, single = resized(DIGITS, 5, backend=backend), ready(DIGITS)
    (together,) = infer(batch)
    images = batch.get_tensor(first(batch))
    output = single.get_output_details()[0]["index"]
    for image, answer in zip(images, together, strict=True):
        single.set_tensor(first(single), image[None])
        single.invoke()
        assert_same(single.get_tensor(output)[0], answer)
    assert len({answer.tobytes() for answer in together}) > 1


def test_details_follow_as_in_litert(litert: Any, shared: Path) -> None:
    path = str(shared / "models" / "rock_paper_scissors.tflite")
    interpreters = Interpreter(path), litert.Interpreter(path)
    for count in (3, 1, 2):
        for interpreter in interpreters:
            interpreter.resize_tensor_input(first(interpreter), [count, 84, 84, 1], strict=True)
            assert interpreter.get_input_details()[0]["shape"].tolist() == [count, 84, 84, 1]
            interpreter.allocate_tensors()
        ours, theirs = interpreters
        assert_same(ours.get_input_details(), theirs.get_input_details())
        assert_same(ours.get_output_details(), theirs.get_output_details())
        assert ours.get_tensor(ours.get_output_details()[0]["index"]).shape == (count, 4)


def test_intermediates_hold_every_sample() -> None:
    batch = resized(DIGITS, 4, experimental_preserve_all_tensors=True)
    single = ready(DIGITS, experimental_preserve_all_tensors=True)
    infer(batch)
    single.set_tensor(first(single), batch.get_tensor(first(batch))[2:3])
    single.invoke()
    shown = [index for index in batch._file.between if batch._has_batch(index)]
    assert len(shown) > 2
    for index in shown:
        assert_same(batch.get_tensor(index)[2:3], single.get_tensor(index))


def test_scripts_may_resize_the_output_as_well(litert: Any, shared: Path) -> None:
    path = str(shared / "models" / "rock_paper_scissors.tflite")
    for interpreter in (Interpreter(path), litert.Interpreter(path)):
        output = interpreter.get_output_details()[0]["index"]
        interpreter.resize_tensor_input(first(interpreter), (3, 84, 84, 1))
        interpreter.resize_tensor_input(output, (3, 4))
        interpreter.allocate_tensors()
        assert infer(interpreter)[0].shape == (3, 4)


def test_a_resized_input_must_be_allocated_again() -> None:
    interpreter = ready(DIGITS)
    interpreter.resize_tensor_input(first(interpreter), [2, 8, 8, 1])
    with pytest.raises(RuntimeError, match="allocate_tensors"):
        interpreter.invoke()
    interpreter.resize_tensor_input(first(interpreter), [1, 8, 8, 1])
    interpreter.allocate_tensors()
    assert infer(interpreter)[0].shape == (1, 10)


@pytest.mark.parametrize("size", [[1, 9, 8, 1], [0, 8, 8, 1], [-1, 8, 8, 1], [8, 8, 1], [1, 8, 8, 1, 1]])
def test_other_axes_cannot_change(size: list[int]) -> None:
    interpreter = ready(DIGITS)
    for kind in (ValueError, RuntimeError):  # LiteRT promises the one and raises the other
        with pytest.raises(kind, match=r"only the number of samples can change here, \[N, 8, 8, 1\]; convert"):
            interpreter.resize_tensor_input(first(interpreter), size)
    assert infer(interpreter)[0].shape == (1, 10)


def test_a_batch_of_the_model_s_own_is_kept_whole(tflm_wheel: None) -> None:
    writer = ModelWriter()
    x, y = (writer.tensor(name, (2, 3), scale=0.5, zero_point=0) for name in "xy")
    writer.operator("RELU", [x], [y])
    interpreter = ready(writer.finish([x], [y]))
    with pytest.raises(ValueError, match=r"\[N x 2, 3\]"):
        interpreter.resize_tensor_input(x, [3, 3])
    interpreter.resize_tensor_input(x, [4, 3])
    interpreter.allocate_tensors()
    interpreter.set_tensor(x, np.arange(-6, 6, dtype=np.int8).reshape(4, 3))
    interpreter.invoke()
    assert interpreter.get_tensor(y).ravel().tolist() == [0] * 6 + list(range(6))


def test_several_inputs_are_resized_alike(tflm_wheel: None) -> None:
    writer = ModelWriter()
    a, b, total = (writer.tensor(name, (1, 2), scale=0.5, zero_point=0) for name in "abt")
    writer.add(a, b, total)
    interpreter = ready(writer.finish([a, b], [total]))
    interpreter.resize_tensor_input(a, [3, 2])
    with pytest.raises(RuntimeError, match="different numbers of samples"):
        interpreter.allocate_tensors()
    interpreter.resize_tensor_input(b, [3, 2])
    interpreter.allocate_tensors()
    for index in (a, b):
        interpreter.set_tensor(index, np.arange(6, dtype=np.int8).reshape(3, 2))
    interpreter.invoke()
    assert interpreter.get_tensor(total).tolist() == [[0, 2], [4, 6], [8, 10]]


def test_a_model_with_state_takes_one_sample_after_the_other(shared: Path) -> None:
    interpreter = ready(shared / "models" / "keyword_scrambled_8bit.tflite")
    with pytest.raises(ValueError, match="the model keeps state"):
        interpreter.resize_tensor_input(first(interpreter), [2, 96])


def test_an_output_without_samples_stands_in_the_way(tflm_wheel: None) -> None:
    writer = ModelWriter()
    x, y = writer.tensor("x", (1, 4), scale=0.5, zero_point=0), writer.tensor("y", (4,), scale=0.5, zero_point=0)
    axes = writer.tensor("axes", (1,), "int32", data=np.zeros(1, np.int32))
    writer.operator("REDUCE_MAX", [x, axes], [y], keep_dims=False)
    with pytest.raises(ValueError, match="has no axis for several samples"):
        ready(writer.finish([x], [y])).resize_tensor_input(x, [2, 4])


def test_more_samples_than_details_can_say_are_refused() -> None:
    interpreter = ready(DIGITS)
    with pytest.raises(ValueError, match="sizes are of 32 bits"):
        interpreter.resize_tensor_input(first(interpreter), [2**31, 8, 8, 1])
    assert interpreter.get_input_details()[0]["shape"].tolist() == [1, 8, 8, 1]
