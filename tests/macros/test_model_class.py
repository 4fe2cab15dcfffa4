"""The interface of a model class."""

from __future__ import annotations

import inspect
import threading
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core import InvalidShape, KernelBackend, KernelError, ScratchTooSmall
from ember_infer_macros import QuantizedModel, ember_model
from ember_infer_ref import RefBackend
from ember_infer_tools.tflite_writer import ModelWriter
from tests.conftest import REPOSITORY
from tests.core.test_executable import ScratchBackend

BACKEND = RefBackend()


@ember_model(REPOSITORY / "models" / "sine.tflite")
class SineModel(QuantizedModel): ...


@ember_model(REPOSITORY / "models" / "digits.tflite")
class DigitsModel(QuantizedModel): ...


@pytest.fixture(scope="module")
def two_and_two(tflm_wheel: None) -> type[QuantizedModel]:
    """Inputs a (2, 3) and b (2, 3) of other scales; outputs a + b and a * b."""
    writer = ModelWriter()
    a = writer.tensor("a", (2, 3), scale=0.5, zero_point=-3)
    b = writer.tensor("b", (2, 3), scale=0.25, zero_point=4)
    total = writer.tensor("total", (2, 3), scale=1.0, zero_point=0)
    product = writer.tensor("product", (2, 3), scale=2.0, zero_point=1)
    writer.add(a, b, total)
    writer.mul(a, b, product)

    @ember_model(writer.finish([a, b], [total, product]))
    class TwoAndTwo(QuantizedModel): ...

    return TwoAndTwo


def digit(seed: int = 0) -> npt.NDArray[np.int8]:
    return np.random.default_rng(seed).integers(-128, 128, DigitsModel.input_shape(), np.int8)


def predicted(image: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    output = np.empty(DigitsModel.output_len(), np.int8)
    DigitsModel.predict_quantized(BACKEND, image, output)
    return output


def test_the_example_of_the_readme() -> None:
    x = np.zeros(SineModel.input_len(), np.int8)
    y = np.empty(SineModel.output_len(), np.int8)
    SineModel.predict_quantized(BACKEND, x, y)
    assert float(SineModel.predict(BACKEND, 1.57)) == pytest.approx(1.0, abs=0.05)
    assert SineModel.scratch_len[RefBackend]() == 0


def test_lengths_shapes_and_quantisation() -> None:
    assert (DigitsModel.input_len(), DigitsModel.input_shape()) == (64, (1, 8, 8, 1))
    assert (DigitsModel.output_len(), DigitsModel.output_shape()) == (10, (1, 10))
    assert (DigitsModel.input_zero_point(), DigitsModel.output_zero_point()) == (-128, -128)
    assert DigitsModel.output_scale() == 1 / 256
    assert DigitsModel.input_scale() == pytest.approx(1 / 15)
    assert DigitsModel.arena_len() == DigitsModel.program.arena_len


def test_an_index_picks_an_input_or_output(two_and_two: type[QuantizedModel]) -> None:
    assert [two_and_two.input_zero_point(index) for index in (0, 1)] == [-3, 4]
    assert [two_and_two.output_scale(index) for index in (0, 1)] == [1.0, 2.0]
    assert two_and_two.input_zero_point(-1) == 4


def test_an_index_of_no_input_or_output_is_named_with_how_many_there_are(two_and_two: type[QuantizedModel]) -> None:
    for model, index, inputs, outputs in (
        (two_and_two, 2, "2 inputs", "2 outputs"),
        (SineModel, 1, "1 input", "1 output"),
    ):
        for what in ("len", "shape", "dtype", "scale", "zero_point"):
            with pytest.raises(IndexError, match=f"^{model.program.name} has {inputs}: there is no input {index}$"):
                getattr(model, f"input_{what}")(index)
            with pytest.raises(IndexError, match=f"^{model.program.name} has {outputs}: there is no output {index}$"):
                getattr(model, f"output_{what}")(index)
        with pytest.raises(IndexError, match=f"has {inputs}: there is no input {index}"):
            model.quantize(0.0, index=index)
        with pytest.raises(IndexError, match=f"has {outputs}: there is no output {index}"):
            model.dequantize(np.zeros(1, np.int8), index=index)


def test_several_inputs_and_outputs(two_and_two: type[QuantizedModel]) -> None:
    real = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[2.0, 2.0, 2.0], [1.0, 1.0, 1.0]]
    total, product = two_and_two.predict(BACKEND, real)
    assert total.tolist() == [[3, 4, 5], [5, 6, 7]]
    assert product.tolist() == [[2, 4, 6], [4, 6, 6]]
    q = two_and_two.quantize(real[0]), two_and_two.quantize(real[1], index=1)
    outputs = np.empty((2, 3), np.int8), np.empty(6, np.int8)
    two_and_two.predict_quantized(BACKEND, q, outputs)
    np.testing.assert_array_equal(two_and_two.dequantize(outputs[0]), total)
    np.testing.assert_array_equal(two_and_two.dequantize(outputs[1], index=1), product.reshape(-1))


def test_several_outputs_must_not_overlap(two_and_two: type[QuantizedModel]) -> None:
    inputs = np.zeros((2, 3), np.int8), np.zeros((2, 3), np.int8)
    one = np.zeros(6, np.int8)
    with pytest.raises(InvalidShape, match="output 1 overlaps"):
        two_and_two.predict_quantized(BACKEND, inputs, (one, one))


def test_a_single_array_where_several_are_wanted(two_and_two: type[QuantizedModel]) -> None:
    with pytest.raises(InvalidShape, match="the model has 2 inputs: a sequence"):
        two_and_two.predict_quantized(BACKEND, np.zeros((2, 3), np.int8), np.zeros((2, 3), np.int8))


@pytest.mark.parametrize("shape", [(64,), (8, 8), (1, 8, 8, 1), (64, 1)])
def test_flat_and_shaped_arrays_are_welcome(shape: tuple[int, ...]) -> None:
    image = digit()
    np.testing.assert_array_equal(predicted(image.reshape(shape)), predicted(image))


BAD_INPUTS: dict[str, Any] = {
    "too short": np.zeros(63, np.int8),
    "too long": np.zeros(65, np.int8),
    "empty": np.zeros(0, np.int8),
    "uint8": np.zeros(64, np.uint8),
    "float": np.zeros(64, np.float32),
    "int64": np.zeros(64, np.int64),
    "strided": np.zeros(128, np.int8)[::2],
    "transposed": np.zeros((16, 4), np.int8).T,
    "reversed": np.zeros(64, np.int8)[::-1],
    "list": [0] * 64,
    "bytes": bytes(64),
    "none": None,
}


@pytest.mark.parametrize("kind", BAD_INPUTS)
def test_a_wrong_input_is_refused_before_anything_is_written(kind: str) -> None:
    output = np.full(10, 99, np.int8)
    with pytest.raises(InvalidShape, match=r"^input"):
        DigitsModel.predict_quantized(BACKEND, BAD_INPUTS[kind], output)
    assert output.tolist() == [99] * 10


def test_a_wrong_output_is_refused_before_anything_is_written() -> None:
    read_only = np.zeros(10, np.int8)
    read_only.flags.writeable = False
    wrong: list[Any] = [read_only, np.zeros(9, np.int8), np.zeros(10, np.uint8), np.zeros(20, np.int8)[::2], bytes(10)]
    for output in wrong:
        with pytest.raises(InvalidShape, match=r"^output"):
            DigitsModel.predict_quantized(BACKEND, digit(), output)


def test_an_invalid_shape_is_a_kernel_error() -> None:
    with pytest.raises(KernelError):
        DigitsModel.predict_quantized(BACKEND, np.zeros(1, np.int8), np.zeros(10, np.int8))


def test_input_and_output_may_overlap() -> None:
    image = digit()
    expected = predicted(image)
    memory = image.reshape(-1).copy()
    DigitsModel.predict_quantized(BACKEND, memory, memory[20:30])
    np.testing.assert_array_equal(memory[20:30], expected)


@pytest.mark.parametrize("backend", [RefBackend, None, "RefBackend"])
def test_what_is_no_backend_is_a_type_error(backend: Any) -> None:
    with pytest.raises(TypeError, match="instance of a KernelBackend"):
        DigitsModel.predict_quantized(backend, digit(), np.zeros(10, np.int8))


def test_scratch_of_the_users() -> None:
    backend = ScratchBackend()
    needed = DigitsModel.scratch_len[ScratchBackend]()
    expected = predicted(digit())
    scratches: list[Any] = [bytearray(needed), np.zeros(needed + 5, np.uint8), memoryview(bytearray(needed))]
    for scratch in scratches:
        output = np.empty(10, np.int8)
        DigitsModel.predict_quantized_with_scratch(backend, digit(), output, scratch)
        np.testing.assert_array_equal(output, expected)
        assert bytes(scratch)[:10] == b"\xab" * 10


def test_a_backend_without_scratch_takes_an_empty_one() -> None:
    output = np.empty(10, np.int8)
    DigitsModel.predict_quantized_with_scratch(BACKEND, digit(), output, bytearray())
    np.testing.assert_array_equal(output, predicted(digit()))


def test_the_callers_scratch_is_let_go_after_the_call() -> None:
    scratch = bytearray(DigitsModel.scratch_len[ScratchBackend]())
    DigitsModel.predict_quantized_with_scratch(ScratchBackend(), digit(), np.empty(10, np.int8), scratch)
    scratch.extend(b"more")  # impossible while somebody holds a view


def test_wrong_scratch_is_refused_before_anything_is_written() -> None:
    backend = ScratchBackend()
    needed = DigitsModel.scratch_len[ScratchBackend]()
    wrong: list[tuple[Any, type[Exception]]] = [
        (bytearray(needed - 1), ScratchTooSmall),
        (bytearray(), ScratchTooSmall),
        (bytes(needed), InvalidShape),
        (np.zeros(2 * needed, np.uint8)[::2], InvalidShape),
        (np.zeros(needed, np.int32), InvalidShape),
        ([0] * needed, InvalidShape),
    ]
    for scratch, error in wrong:
        output = np.full(10, 99, np.int8)
        with pytest.raises(error):
            DigitsModel.predict_quantized_with_scratch(backend, digit(), output, scratch)
        assert output.tolist() == [99] * 10


@pytest.mark.parametrize("key", [int, RefBackend(), "RefBackend"])
def test_scratch_len_takes_backend_classes_alone(key: Any) -> None:
    with pytest.raises(TypeError, match="KernelBackend class"):
        DigitsModel.scratch_len[key]


def test_predict_takes_and_gives_real_values() -> None:
    image = np.arange(64).reshape(8, 8) % 17
    real = DigitsModel.predict(BACKEND, image)
    assert (real.shape, real.dtype) == ((1, 10), np.float32)
    np.testing.assert_array_equal(real[0], DigitsModel.dequantize(predicted(DigitsModel.quantize(image))))
    assert SineModel.predict(BACKEND, 0.5).shape == ()
    assert SineModel.predict(BACKEND, [0.5]).shape == (1, 1)
    with pytest.raises(InvalidShape, match="64 values are wanted"):
        DigitsModel.predict(BACKEND, np.zeros(63))
    with pytest.raises(ValueError, match="NaN"):
        SineModel.predict(BACKEND, float("nan"))


@pytest.mark.parametrize("count", [0, 1, 7])
def test_a_batch_is_the_samples_one_by_one(count: int) -> None:
    images = np.random.default_rng(3).integers(-128, 128, (count, 8, 8, 1), np.int8)
    found = DigitsModel.predict_batch(BACKEND, images)
    assert (found.shape, found.dtype) == ((count, 10), np.int8)
    for image, row in zip(images, found, strict=True):
        np.testing.assert_array_equal(row, predicted(image))


def test_a_batch_of_a_model_with_a_batch_of_its_own(two_and_two: type[QuantizedModel]) -> None:
    a, b = np.random.default_rng(4).integers(-50, 50, (2, 6, 3), np.int8)
    total, product = two_and_two.predict_batch(BACKEND, (a, b))
    assert total.shape == product.shape == (6, 3)
    outputs = np.empty((2, 3), np.int8), np.empty((2, 3), np.int8)
    two_and_two.predict_quantized(BACKEND, (a[2:4], b[2:4]), outputs)
    np.testing.assert_array_equal(total[2:4], outputs[0])
    rows = two_and_two.predict_batch(BACKEND, (a.reshape(3, 2, 3), b.reshape(3, 2, 3)))
    np.testing.assert_array_equal(rows[0].reshape(6, 3), total)
    with pytest.raises(InvalidShape, match="divisible by 2"):
        two_and_two.predict_batch(BACKEND, (a[:5], b[:5]))
    with pytest.raises(InvalidShape, match="different numbers of samples"):
        two_and_two.predict_batch(BACKEND, (a[:4], b[:2]))


def test_a_session_is_the_hot_loop() -> None:
    session = DigitsModel.bind(BACKEND)
    for seed in range(3):
        session.input[...] = digit(seed)
        session.run()
        np.testing.assert_array_equal(session.output[0], predicted(digit(seed)))
    before = session.output.copy()
    session.run()
    np.testing.assert_array_equal(session.output, before)
    assert DigitsModel.bind(BACKEND).input is not session.input
    assert "(1, 8, 8, 1)" in repr(session)


def test_an_unwritable_or_strided_batch_is_read_all_the_same() -> None:
    images = np.stack([digit(0), digit(1), digit(2), digit(3)])
    images.flags.writeable = False
    np.testing.assert_array_equal(DigitsModel.predict_batch(BACKEND, images[::2])[1], predicted(images[2]))


def test_eight_threads_share_one_model_and_one_backend() -> None:
    images = [digit(seed) for seed in range(8)]
    expected = [predicted(image) for image in images]
    start = threading.Barrier(8)
    wrong: list[int] = []

    def work(index: int) -> None:
        output = np.empty(10, np.int8)
        start.wait()
        for _ in range(30):
            DigitsModel.predict_quantized(BACKEND, images[index], output)
            if not np.array_equal(output, expected[index]):
                wrong.append(index)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_backends_that_are_used_once_are_not_collected_without_end() -> None:
    compiled = 0

    class Counting(RefBackend):
        def compile(self, program: Any) -> Any:
            nonlocal compiled
            compiled += 1
            return super().compile(program)

    backends: list[KernelBackend] = [Counting() for _ in range(20)]
    output = np.empty(1, np.int8)
    for backend in backends:
        SineModel.predict_quantized(backend, np.zeros(1, np.int8), output)
        SineModel.predict_quantized(backend, np.zeros(1, np.int8), output)
    assert compiled == 20
    SineModel.predict_quantized(backends[0], np.zeros(1, np.int8), output)
    assert compiled == 21


def test_the_generated_source_is_there_for_debuggers() -> None:
    source = inspect.getsource(DigitsModel.predict_quantized)
    assert source.startswith(
        "    @staticmethod\n    def predict_quantized(backend: KernelBackend, input: Arrays[Int8Array]"
    )
    assert DigitsModel.predict_quantized.__qualname__ == "DigitsModel.predict_quantized"
    assert DigitsModel.predict_quantized.__module__ == __name__
    assert "Input 0: int8 [1, 8, 8, 1]" in (DigitsModel.__doc__ or "")
