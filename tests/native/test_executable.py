"""What an executable does with memory, arguments and threads."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import sys
import threading
import time
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core import Executable, InvalidShape, Program
from ember_infer_core.executable import PredictsDirectly, RunsBatches
from ember_infer_macros import QuantizedModel, ember_model
from ember_infer_native import NativeBackend
from ember_infer_native.cache import LibraryCache
from ember_infer_native.library import NativeExecutable
from ember_infer_native.toolchain import Compiler
from ember_infer_tools.tflite_writer import ModelWriter, pack_model
from tests.conftest import REPOSITORY
from tests.native.running import (
    Arrays,
    assert_equal,
    every_operator_program,
    random_inputs,
    reference,
    run,
    two_branches_program,
)
from tests.support.samples import two_branches

THREADS = 8


@ember_model(REPOSITORY / "models" / "digits.tflite")
class Digits(QuantizedModel): ...


@ember_model(pack_model(two_branches()))
class Branches(QuantizedModel): ...


@pytest.fixture(scope="module")
def program() -> Program:
    """Two inputs, two outputs."""
    return two_branches_program()


@pytest.fixture(scope="module", params=["every operator", "two branches"])
def any_program(request: pytest.FixtureRequest) -> Program:
    """One that lets go of the GIL, and one that keeps it."""
    return every_operator_program() if request.param == "every operator" else two_branches_program()


@pytest.fixture
def executable(native: NativeBackend, program: Program) -> NativeExecutable:
    """Two inputs ``(2, 3)`` and ``(2, 1)``, two outputs ``(2, 3)`` and ``(6,)``."""
    return native.compile(program)


# What it is


def test_it_is_what_the_contract_asks_for(executable: NativeExecutable, program: Program) -> None:
    contract: Executable = executable
    assert isinstance(contract, PredictsDirectly)
    assert isinstance(contract, RunsBatches)
    for arrays, indices in ((executable.inputs, program.inputs), (executable.outputs, program.outputs)):
        assert [array.shape for array in arrays] == [program.tensors[index].shape for index in indices]
        assert all(array.dtype == np.int8 and array.flags.writeable for array in arrays)
    assert executable.scratch_len == 0


def test_a_run_leaves_the_inputs_as_they_are(native: NativeBackend, any_program: Program) -> None:
    executable = native.compile(any_program)
    inputs = random_inputs(any_program, 1)[0]
    first = run(executable, inputs)
    executable.run()
    assert_equal([inputs], [list(executable.inputs)])
    assert_equal([list(executable.outputs)], [first])


def test_executables_of_one_program_share_code_and_no_memory(native: NativeBackend, program: Program) -> None:
    one, other = native.compile(program), native.compile(program)
    assert one.library is other.library
    batches = random_inputs(program, 2, 2)
    expected = reference(program, batches)
    for executable, inputs in zip((one, other), batches, strict=True):
        for buffer, array in zip(executable.inputs, inputs, strict=True):
            buffer[...] = array
    one.run()
    other.run()
    assert_equal([list(one.outputs), list(other.outputs)], expected)


# Arguments of run


def test_scratch_may_be_given_or_not(executable: NativeExecutable) -> None:
    scratch = np.zeros(16, np.uint8)
    for buffer in executable.inputs:
        buffer[...] = 3
    executable.run()
    expected = [output.copy() for output in executable.outputs]
    calls: list[Callable[[], None]] = [
        lambda: executable.run(None),
        lambda: executable.run(scratch=None),
        lambda: executable.run(scratch),
        lambda: executable.run(scratch=scratch),
        lambda: executable.run(scratch=scratch[:0]),
    ]
    for call in calls:
        for output in executable.outputs:
            output[...] = 99
        call()
        assert_equal([list(executable.outputs)], [expected])


@pytest.mark.parametrize(
    ("arguments", "keywords"),
    [((None, None), {}), ((None,), {"scratch": None}), ((), {"scrap": None}), ((), {"scratch": None, "scrap": None})],
)
def test_other_arguments_of_run_are_a_type_error(
    executable: NativeExecutable, arguments: tuple[None, ...], keywords: dict[str, None]
) -> None:
    before = [output.copy() for output in executable.outputs]
    for buffer in executable.inputs:
        buffer[...] = 50
    with pytest.raises(TypeError, match=r"run\(\) takes at most one argument: scratch"):
        executable.run(*arguments, **keywords)
    assert_equal([list(executable.outputs)], [before])


@pytest.mark.parametrize("length", [0, 1, 100])
def test_scratch_of_any_length_does_for_a_model(native: NativeBackend, length: int) -> None:
    inputs, outputs = random_inputs(Branches.program, 3)[0], [np.zeros((2, 3), np.int8), np.zeros(6, np.int8)]
    Branches.predict_quantized_with_scratch(native, inputs, outputs, np.zeros(length, np.uint8))
    assert_equal([outputs], reference(Branches.program, [inputs]))
    assert Branches.scratch_len[NativeBackend]() == 0


# Arguments of predict


def fitting(program: Program) -> tuple[Arrays, Arrays]:
    inputs = random_inputs(program, 4)[0]
    return inputs, [np.zeros(program.tensors[index].shape, np.int8) for index in program.outputs]


def test_predict_works_on_the_callers_arrays(executable: NativeExecutable, program: Program) -> None:
    inputs, outputs = fitting(program)
    kept = [array.copy() for array in inputs]
    assert executable.predict(*inputs, *outputs) is True
    assert_equal([outputs], reference(program, [kept]))
    assert_equal([inputs], [kept])


def test_predict_takes_any_shape_of_the_right_length(executable: NativeExecutable, program: Program) -> None:
    inputs, outputs = fitting(program)
    flat = [array.reshape(-1) for array in (*inputs, *outputs)]
    assert executable.predict(*flat) is True
    assert_equal([outputs], reference(program, [inputs]))


def test_predict_reads_arrays_that_are_read_only(executable: NativeExecutable, program: Program) -> None:
    inputs, outputs = fitting(program)
    for array in inputs:
        array.flags.writeable = False
    assert executable.predict(*inputs, *outputs) is True
    assert_equal([outputs], reference(program, [inputs]))


def read_only(array: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    array.flags.writeable = False
    return array


# What may stand for the first input, or the first output, of 6 elements.
MISFITS: dict[str, Callable[[], Any]] = {
    "too long": lambda: np.zeros(7, np.int8),
    "too short": lambda: np.zeros(5, np.int8),
    "empty": lambda: np.zeros(0, np.int8),
    "uint8": lambda: np.zeros((2, 3), np.uint8),
    "bool": lambda: np.zeros((2, 3), np.bool_),
    "float": lambda: np.zeros((2, 3), np.float32),
    "int16 of as many bytes": lambda: np.zeros(3, np.int16),
    "bytes as strings": lambda: np.zeros(6, "S1"),
    "a record": lambda: np.zeros(3, np.dtype([("a", np.int8), ("b", np.int8)])),
    "every second element": lambda: np.zeros(12, np.int8)[::2],
    "backwards": lambda: np.zeros(6, np.int8)[::-1],
    "Fortran's order": lambda: np.zeros((2, 3), np.int8, "F"),
    "broadcast": lambda: np.broadcast_to(np.zeros(1, np.int8), 6),
    "objects": lambda: np.zeros(6, object),
    "a list": lambda: [0] * 6,
    "bytes": lambda: bytes(6),
    "None": lambda: None,
    "a number": lambda: 6,
}


@pytest.mark.parametrize("misfit", MISFITS)
@pytest.mark.parametrize("position", [0, 2], ids=["input", "output"])
def test_what_does_not_fit_is_left_alone(
    executable: NativeExecutable, program: Program, misfit: str, position: int
) -> None:
    inputs, outputs = fitting(program)
    arrays: list[Any] = [*inputs, *outputs]
    arrays[position] = MISFITS[misfit]()
    before = [np.array(array) for array in arrays]
    assert executable.predict(*arrays) is False
    for array, old in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(np.array(array), old)


def test_a_read_only_output_is_left_alone(executable: NativeExecutable, program: Program) -> None:
    inputs, outputs = fitting(program)
    outputs[1].flags.writeable = False
    assert executable.predict(*inputs, *outputs) is False
    assert not outputs[0].any()
    assert not outputs[1].any()


def test_outputs_that_overlap_are_left_alone(executable: NativeExecutable, program: Program) -> None:
    inputs, _ = fitting(program)
    memory = np.zeros(12, np.int8)
    for first in range(12 - 6 + 1):
        for second in range(12 - 6 + 1):
            apart = abs(first - second) >= 6
            memory[...] = 0
            pair = memory[first : first + 6], memory[second : second + 6]
            assert executable.predict(*inputs, *pair) is apart
            assert memory.any() == apart
            if apart:
                assert_equal([[pair[0].reshape(2, 3), pair[1]]], reference(program, [inputs]))


def test_an_output_may_be_an_input(executable: NativeExecutable, program: Program) -> None:
    inputs, outputs = fitting(program)
    expected = reference(program, [inputs])
    assert executable.predict(*inputs, inputs[0], outputs[1]) is True
    assert_equal([[inputs[0], outputs[1]]], expected)


@pytest.mark.parametrize("count", [0, 1, 3, 5, 40])
def test_another_number_of_arrays_is_left_alone(executable: NativeExecutable, count: int) -> None:
    assert executable.predict(*[np.zeros(6, np.int8)] * count) is False


def test_predict_takes_no_keywords(executable: NativeExecutable, program: Program) -> None:
    inputs, outputs = fitting(program)
    predict: Any = executable.predict
    with pytest.raises(TypeError, match="keyword"):
        predict(*inputs, *outputs, scratch=None)
    assert not outputs[0].any()


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((1, 8, 8, 1), np.uint8), np.zeros(63, np.int8), np.zeros((8, 16), np.int8)[:, ::2], [0] * 64],
    ids=["uint8", "short", "not contiguous", "list"],
)
def test_a_model_refuses_what_does_not_fit_by_name(native: NativeBackend, wrong: Any) -> None:
    output = np.zeros(Digits.output_len(), np.int8)
    Digits.predict_quantized(native, np.zeros(Digits.input_len(), np.int8), output)  # now there is a quick way
    output[...] = 0
    with pytest.raises(InvalidShape, match="input"):
        Digits.predict_quantized(native, wrong, output)
    with pytest.raises(InvalidShape, match="output: the array is read-only"):
        Digits.predict_quantized(native, np.zeros(Digits.input_len(), np.int8), read_only(np.zeros(10, np.int8)))
    assert not output.any()


# Memory


def test_run_outlives_its_session(native: NativeBackend) -> None:
    session = Digits.bind(native)
    session.input[...] = 7
    session.run()
    expected, output, call = session.output.copy(), session.output, session.run
    del session
    gc.collect()
    litter = [np.full(size, 0x55, np.uint8) for size in range(64, 6000, 64)]
    output[...] = 99
    call()
    np.testing.assert_array_equal(output, expected)
    assert len(litter) > 1


def test_predict_outlives_everything_else(native: NativeBackend) -> None:
    program = two_branches_program()
    inputs, outputs = fitting(program)
    predict = native.compile(program).predict
    expected = reference(program, [inputs])
    del program
    gc.collect()
    litter = [np.full(size, 0x55, np.uint8) for size in range(64, 6000, 64)]
    assert predict(*inputs, *outputs)
    assert_equal([outputs], expected)
    assert len(litter) > 1


def test_an_executable_that_nobody_holds_is_freed_at_once(native: NativeBackend, program: Program) -> None:
    executable = native.compile(program)
    memory = weakref.ref(executable.inputs[0].base)
    gone = weakref.ref(executable)
    gc.disable()
    try:
        del executable
        assert gone() is None
        assert memory() is None
    finally:
        gc.enable()


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_a_hundred_thousand_calls_leave_nothing_behind(executable: NativeExecutable, program: Program) -> None:
    inputs, outputs = fitting(program)
    scratch = np.zeros(0, np.uint8)
    objects = [*inputs, *outputs, scratch, None, True, False, executable.run, executable.predict]

    def calls(count: int) -> None:
        for _ in range(count):
            executable.run()
            executable.run(scratch)
            executable.run(scratch=scratch)
            executable.predict(*inputs, *outputs)
            executable.predict(*inputs, outputs[0], inputs[0][::2])
            executable.predict(*inputs, outputs[0], outputs[0])

    calls(100)
    tracemalloc.start()
    try:
        before, references = tracemalloc.get_traced_memory()[0], [sys.getrefcount(item) for item in objects]
        calls(100_000 // 6)
        after, counted = tracemalloc.get_traced_memory()[0], [sys.getrefcount(item) for item in objects]
    finally:
        tracemalloc.stop()
    assert after - before < 10_000
    assert max(abs(new - old) for new, old in zip(counted, references, strict=True)) < 50


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_thousand_executables_leave_no_memory_behind(native: NativeBackend, program: Program) -> None:
    for _ in range(200):
        native.compile(program).run()
    before = resident_bytes()
    for _ in range(1000):
        native.compile(program).run()
    assert resident_bytes() - before < 1_000_000


def test_errors_in_calls_leak_nothing(executable: NativeExecutable) -> None:
    before = sys.getrefcount(None)
    for _ in range(2000):
        with pytest.raises(TypeError):
            executable.run(None, None)  # type: ignore[call-arg]
        executable.predict(1, 2, 3, 4)
    assert abs(sys.getrefcount(None) - before) < 100


# Threads


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
    executable.run()
    start = time.perf_counter()
    executable.run()
    seconds = time.perf_counter() - start
    counted = 0
    done = threading.Event()

    def background() -> None:
        for _ in range(max(3, int(0.2 / seconds))):
            executable.run()
        done.set()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(60)  # nobody is asked to let go of the GIL
    try:
        thread = threading.Thread(target=background)
        thread.start()
        while not done.is_set():
            counted += 1
            time.sleep(0)
        thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert counted > 2


def heavy_program() -> Program:
    from ember_infer_macros import load_program

    writer = ModelWriter()
    input = writer.tensor("input", (1, 64, 64, 32), scale=0.5)
    data = np.random.default_rng(0).integers(-127, 128, (64, 3, 3, 32), np.int8)
    weights = writer.tensor("weights", data.shape, scale=0.01, data=data)
    output = writer.tensor("output", (1, 64, 64, 64), scale=10.0)
    writer.conv2d(input, weights, None, output)
    return load_program(writer.finish([input], [output]))


# Batches


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


# What else it tells


def test_layers_are_timed_by_name(native: NativeBackend) -> None:
    program = every_operator_program()
    times = native.compile(program).time_layers(3)
    assert [name for name, _ in times] == [call.name for call in program.calls]
    assert all(0 <= seconds < 1 for _, seconds in times)


def test_timing_layers_does_not_change_results(native: NativeBackend, any_program: Program) -> None:
    executable = native.compile(any_program)
    inputs = random_inputs(any_program, 5)[0]
    first = run(executable, inputs)
    executable.time_layers(2)
    assert_equal([run(executable, inputs)], [first])


@pytest.mark.parametrize("layer", [-1, 10_000, -(2**31)])
def test_a_layer_that_is_not_there_is_not_run(native: NativeBackend, layer: int) -> None:
    library = native.library(every_operator_program())
    arena = library.new_arena()
    library.functions.ember_repeat_layer(layer, ctypes.c_int64(1), ctypes.c_void_p(arena.ctypes.data))


def test_a_loaded_library_needs_its_file_no_more(c_compiler: Compiler, tmp_path: Path) -> None:
    """Another process may clear the cache between two steps of ours."""

    class Cleared(LibraryCache):
        def load(self, *arguments: Any, **keywords: Any) -> ctypes.CDLL:
            loaded = super().load(*arguments, **keywords)
            Path(loaded._name).unlink()
            return loaded

    backend = NativeBackend(cache=tmp_path / "cache")
    backend._cache = Cleared(tmp_path / "cache")
    program = two_branches_program()
    inputs = random_inputs(program, 6)
    assert_equal([run(backend.compile(program), inputs[0])], reference(program, inputs))
