"""Executables in many threads, and batches, which are spread over them."""

from __future__ import annotations

import gc
import multiprocessing
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from ember_infer_core import Program
from ember_infer_native import NativeBackend
from ember_infer_tools.tflite_writer import ModelWriter
from tests.native.executable.models import Branches, Digits
from tests.native.running import assert_equal, every_operator_program, random_inputs, reference, run

THREADS = 8
MANY = 3000  # runs, of some ms each: more than a thread ever waits for its turn to count to 20


@pytest.fixture
def impatient_threads() -> Iterator[None]:
    """Threads take turns more often, so that they get in each other's way if they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


def in_threads(work: Callable[[int], None]) -> None:
    """Each thread's own error is the test's."""
    start = threading.Barrier(THREADS)

    def task(number: int) -> None:
        start.wait()
        work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(task, number) for number in range(THREADS)]:
            done.result()


@pytest.mark.usefixtures("impatient_threads")
def test_threads_with_executables_of_their_own_do_not_meet(native: NativeBackend, any_program: Program) -> None:
    batches = [random_inputs(any_program, seed, 30) for seed in range(THREADS)]
    expected = [reference(any_program, some) for some in batches]

    def work(number: int) -> None:
        executable = native.compile(any_program)
        for _ in range(20):
            assert_equal([run(executable, inputs) for inputs in batches[number]], expected[number])

    in_threads(work)


@pytest.mark.usefixtures("impatient_threads")
def test_a_model_class_predicts_from_many_threads(native: NativeBackend) -> None:
    batches = [random_inputs(Digits.program, seed, 20) for seed in range(THREADS)]
    expected = [reference(Digits.program, some) for some in batches]

    def work(number: int) -> None:
        output = np.zeros(Digits.output_len(), np.int8)
        for _ in range(10):
            for [image], [scores] in zip(batches[number], expected[number], strict=True):
                Digits.predict_quantized(native, image, output)
                np.testing.assert_array_equal(output, scores.ravel())

    in_threads(work)


@pytest.mark.usefixtures("impatient_threads")
def test_executables_come_and_go_while_others_run(native: NativeBackend) -> None:
    """Also the program, so that its library is forgotten and found again."""
    inputs = random_inputs(every_operator_program(), 9)[0]
    [expected] = reference(every_operator_program(), [inputs])

    def work(number: int) -> None:
        for _ in range(15):
            assert_equal([run(native.compile(every_operator_program()), inputs)], [expected])
            if number == 0:
                gc.collect()

    in_threads(work)


def test_many_threads_compile_a_program_once(native_cache: Path) -> None:
    backend = NativeBackend(cache=native_cache)
    program = every_operator_program()
    libraries: list[object] = []
    in_threads(lambda number: libraries.append(backend.library(program)))
    assert len(libraries) == THREADS
    assert len(set(map(id, libraries))) == 1


def test_other_threads_go_on_while_a_model_runs(native: NativeBackend) -> None:
    """A heavy model lets go of the GIL: Python counts on in the meantime."""
    executable = native.compile(heavy_program())
    counted_far, runs = threading.Event(), 0

    def background() -> None:
        nonlocal runs
        while not counted_far.is_set() and runs < MANY:
            executable.run()
            runs += 1

    interval = sys.getswitchinterval()
    sys.setswitchinterval(60)  # nobody is asked to let go of the GIL
    try:
        thread = threading.Thread(target=background)
        thread.start()
        for _ in range(20):
            time.sleep(0)
        counted_far.set()
        thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert runs < MANY


def heavy_program() -> Program:
    from ember_infer_macros import load_program

    writer = ModelWriter()
    input = writer.tensor("input", (1, 64, 64, 32), scale=0.5)
    data = np.random.default_rng(0).integers(-127, 128, (64, 3, 3, 32), np.int8)
    weights = writer.tensor("weights", data.shape, scale=0.01, data=data)
    output = writer.tensor("output", (1, 64, 64, 64), scale=10.0)
    writer.conv2d(input, weights, None, output)
    return load_program(writer.finish([input], [output]))


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("count", [0, 1, 3, 5, 9, 1000])
def test_a_batch_equals_its_samples_one_by_one(native_cache: Path, threads: int, count: int) -> None:
    backend = NativeBackend(cache=native_cache, threads=threads)
    random = np.random.default_rng(count)
    inputs = [random.integers(-128, 128, (count, *Branches.input_shape(index)), np.int8) for index in range(2)]
    results = Branches.predict_batch(backend, inputs)
    assert [len(result) for result in results] == [count, count]
    session = Branches.bind(backend)
    for sample in range(count):
        for buffer, array in zip(session.inputs, inputs, strict=True):
            buffer[...] = array[sample]
        session.run()
        for output, result in zip(session.outputs, results, strict=True):
            np.testing.assert_array_equal(output.ravel(), result[sample].ravel())


@pytest.mark.parametrize("count", [0, 1, 3, 5, 1000])
def test_a_batch_of_images_equals_the_reference(native_cache: Path, count: int) -> None:
    backend = NativeBackend(cache=native_cache, threads=3)
    images = np.random.default_rng(count).integers(-128, 128, (count, *Digits.input_shape()[1:]), np.int8)
    found = Digits.predict_batch(backend, images)
    assert found.shape == (count, *Digits.output_shape()[1:])
    expected = reference(Digits.program, [[image.reshape(Digits.input_shape())] for image in images])
    if count:
        np.testing.assert_array_equal(found, np.concatenate([scores for [scores] in expected]))


def test_a_batch_may_lie_anywhere_in_memory(native: NativeBackend) -> None:
    images = np.random.default_rng(1).integers(-128, 128, (20, *Digits.input_shape()[1:]), np.int8)
    expected = Digits.predict_batch(native, images)
    np.testing.assert_array_equal(Digits.predict_batch(native, np.repeat(images, 2, axis=0)[::2]), expected)
    np.testing.assert_array_equal(Digits.predict_batch(native, images[::-1])[::-1], expected)


@pytest.mark.usefixtures("impatient_threads")
def test_batches_from_many_threads_do_not_meet(native_cache: Path) -> None:
    backend = NativeBackend(cache=native_cache, threads=3)
    images = np.random.default_rng(1).integers(-128, 128, (THREADS, 40, *Digits.input_shape()[1:]), np.int8)
    expected = [Digits.predict_batch(backend, some) for some in images]

    def work(number: int) -> None:
        for _ in range(5):
            np.testing.assert_array_equal(Digits.predict_batch(backend, images[number]), expected[number])

    in_threads(work)


@pytest.mark.skipif(sys.platform != "linux", reason="forks")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_batches_go_on_in_a_child_of_fork(native_cache: Path) -> None:
    """No pool of threads outlives a call: a child, in which there are none, makes its own."""
    backend = NativeBackend(cache=native_cache, threads=3)
    images = np.random.default_rng(1).integers(-128, 128, (40, *Digits.input_shape()[1:]), np.int8)
    expected = Digits.predict_batch(backend, images)
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=lambda: answers.put(Digits.predict_batch(backend, images)), daemon=True)
    child.start()
    child.join(30)
    assert child.exitcode == 0
    np.testing.assert_array_equal(answers.get(), expected)
