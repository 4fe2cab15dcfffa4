"""Programs of very many calls, images, inputs or outputs: what is made of them grows no faster than they do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core import InvalidShape, KeepsState, Program
from ember_infer_core.ops.pairs import PairParams
from ember_infer_core.program import Tensor
from ember_infer_core.quantization import QuantParam
from ember_infer_macros import load_program
from ember_infer_native import NativeBackend, codegen
from ember_infer_native.codegen import MAIN, generate
from ember_infer_native.kernels import linear_pairs, pairs
from ember_infer_native.kernels.context import Context
from ember_infer_native.planner import plan_program
from ember_infer_native.targets import TARGETS
from ember_infer_ref import RefBackend
from ember_infer_tools.tflite_writer import ModelWriter
from tests.conftest import REPOSITORY
from tests.native.nets import Net
from tests.native.running import (
    assert_equal,
    assert_equals_reference,
    every_operator_program,
    extreme_inputs,
    random_inputs,
    reference,
    run,
    two_branches_program,
)
from tests.support.stateful_models import running_sum

PORTABLE = TARGETS[-1]
ONE_ARRAY_EACH = """
import sys, threading
import numpy as np
from ember_infer_native import NativeBackend
from tests.native.test_very_large_programs import copies

def use():
    program = copies(int(sys.argv[1]))
    executable = NativeBackend(cache=sys.argv[2], threads=1).compile(program)
    for number, input in enumerate(executable.inputs):
        input[...] = number % 100
    executable.run()
    outputs = [np.zeros((2, 1), np.int8) for _ in executable.outputs]
    executable.run_batch([np.stack([input, input + 1]) for input in executable.inputs], outputs)
    for number, (output, rows) in enumerate(zip(executable.outputs, outputs)):
        assert output == number % 100 and rows.tolist() == [[number % 100], [number % 100 + 1]]
    print(executable.predict(*executable.inputs, *executable.outputs))

threading.stack_size(int(sys.argv[3]))
thread = threading.Thread(target=use)
thread.start()
thread.join()
"""


def additions(count: int, scales: Sequence[float] = (0.5,)) -> Program:
    """Calls of ADD, one after the other."""
    writer = ModelWriter()
    first = last = writer.tensor("input", (4,), scale=0.5)
    for number in range(count):
        output = writer.tensor(f"sum {number}", (4,), scale=scales[number % len(scales)])
        writer.add(last, first, output)
        last = output
    return load_program(writer.finish([first], [last]))


def copies(count: int) -> Program:
    """So many inputs of one element, each of them an output."""
    quant = QuantParam(0.5, 0)
    tensors = tuple(Tensor(f"tensor {number}", (1,), np.dtype(np.int8), quant) for number in range(count))
    return Program("copies", tensors, tuple(range(count)), tuple(range(count)), ())


def reshapes(count: int) -> Program:
    """RESHAPEs, one after the other, between two layers that compute."""
    net = Net()
    x = net.add(net.input(2, 2), net.constant(2, 2))
    for number in range(count):
        x = net.reshape(x, *((4,), (2, 2))[number % 2])
    net.output(net.add(x, net.constant(1)))
    return load_program(net.finish())


def looked_up(images: int) -> Program:
    """LOGISTIC, a table, and CONV_2D, whose input gets borders."""
    net = Net()
    x = net.operator("LOGISTIC", [net.input(images, 2, 3, 2)], images, 2, 3, 2, quant=(1 / 256, -128))
    net.output(net.conv2d(x, 3))
    return load_program(net.finish())


def text(program: Program) -> str:
    source = generate(plan_program(program, PORTABLE))[MAIN]
    assert isinstance(source, str)
    return source


def test_code_does_not_grow_with_the_batch() -> None:
    assert abs(len(text(looked_up(100_000))) - len(text(looked_up(10)))) < 200


def test_images_with_borders_are_looked_up_one_by_one(native: NativeBackend) -> None:
    assert "time < 5" in text(looked_up(5))
    assert_equals_reference(native, looked_up(5))


def test_code_does_not_grow_with_very_many_layers() -> None:
    scales = 0.5, 0.6, 0.7
    assert abs(len(text(additions(2400, scales))) - len(text(additions(1200, scales)))) < 200


def test_very_many_layers_compute_what_they_should(native: NativeBackend) -> None:
    program = additions(1200, (0.5, 0.6, 0.7))
    inputs = random_inputs(program, 1, 3)
    assert_equal([run(native.compile(program), one) for one in inputs], reference(program, inputs))


def test_calls_of_one_function_are_planned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    planned: list[PairParams] = []
    tables = pairs.pair_table

    def noted(context: Context, params: PairParams) -> npt.NDArray[np.uint8]:
        planned.append(params)
        return tables(context, params)

    monkeypatch.setattr(linear_pairs, "pair_table", noted)
    plan_program(additions(50, (0.5, 0.7)), PORTABLE)
    assert len(planned) <= 3


@pytest.mark.parametrize("make", [every_operator_program, two_branches_program, lambda: looked_up(3)])
def test_steps_as_a_table_are_the_same_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[], Program]
) -> None:
    monkeypatch.setattr(codegen, "MANY", 0)
    program = make()
    assert "take_steps" in text(program)
    executable = NativeBackend(cache=tmp_path).compile(program)
    inputs = random_inputs(program, 1, 3) + extreme_inputs(program)
    assert_equal([run(executable, one) for one in inputs], reference(program, inputs))
    assert [name for name, _ in executable.time_layers(1)] == [call.name for call in program.calls]


def test_state_survives_steps_as_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codegen, "MANY", 0)
    program = load_program(running_sum())
    ours, theirs = NativeBackend(cache=tmp_path).compile(program), RefBackend().compile(program)
    for (given,) in random_inputs(program, 1, 4):
        assert_equal([run(ours, [given])], [run(theirs, [given])])
    assert isinstance(ours, KeepsState)
    assert isinstance(theirs, KeepsState)
    ours.load_state([state + 1 for state in ours.save_state()])
    assert_equal([list(ours.save_state())], [[state + 1 for state in theirs.save_state()]])


def test_a_long_chain_of_reshapes_compiles(native: NativeBackend) -> None:
    assert_equals_reference(native, reshapes(1200))


def test_a_batch_goes_into_arrays_that_can_be_written_to(native: NativeBackend) -> None:
    executable = native.compile(copies(1))
    outputs = np.zeros((3, 1), np.int8)
    outputs.flags.writeable = False
    with pytest.raises(InvalidShape, match="can be written to"):
        executable.run_batch([np.ones((3, 1), np.int8)], [outputs])
    assert not outputs.any()


@pytest.mark.parametrize("rows", [(3, 2), (2, 3)])
def test_a_batch_of_unequal_lengths_is_refused(native: NativeBackend, rows: tuple[int, int]) -> None:
    inputs, outputs = (np.zeros((count, 1), np.int8) for count in rows)
    with pytest.raises(InvalidShape, match="contiguous arrays"):
        native.compile(copies(1)).run_batch([inputs], [outputs])


def test_very_many_inputs_and_outputs_run_where_the_stack_is_small(native_cache: Path) -> None:
    arguments = ["20000", str(native_cache), str(256 << 10)]
    done = subprocess.run(
        [sys.executable, "-c", ONE_ARRAY_EACH, *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "False\n", "")
