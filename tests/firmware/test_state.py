"""State in the arena: where it begins, how it goes on, and runs that end before the last layer."""

from __future__ import annotations

import ctypes
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core import InvalidShape, KeepsState, KernelError, Program
from ember_infer_core.conformance.programs import one_call, random_inputs
from ember_infer_core.conformance.strategies import drawn
from ember_infer_core.dispatch import aligned_bytes
from ember_infer_core.program import Variable
from ember_infer_firmware import FirmwareBackend
from ember_infer_firmware.host import library_of
from ember_infer_firmware.plan import plan_program
from ember_infer_firmware.sources import generate
from ember_infer_macros import load_program
from ember_infer_ref import RefBackend
from tests.firmware.unity import STRICT, compiled, models_source
from tests.native.nets import Net
from tests.native.running import random_inputs as random_batches
from tests.native.running import run
from tests.operators.test_circular_buffer import Stream
from tests.support.debian import debian_program

STATEFUL = ("circular_buffer", "svdf", "unidirectional_sequence_lstm")


def stateful(operator: str, *initial: int) -> Program:
    """A call of an operator with state, whose variables begin with these values."""
    program = one_call(operator, drawn(operator, 6)[-1])
    variables = []
    for number, variable in enumerate(program.variables):
        content = np.full_like(variable.initial, initial[number % len(initial)])
        if content.size and len(initial) > 2:
            content.reshape(-1)[0] = 1
        variables.append(Variable(variable.tensor, content, content))
    return replace(program, variables=tuple(variables))


@pytest.mark.parametrize("operator", STATEFUL)
@pytest.mark.parametrize("initial", [(0,), (-1, 0), (5, 0, 3)], ids=["zeros", "one byte", "anything"])
def test_state_begins_goes_on_and_begins_anew(
    firmware: FirmwareBackend, operator: str, initial: tuple[int, ...]
) -> None:
    program = stateful(operator, *initial)
    ours, theirs = firmware.compile(program), RefBackend().compile(program)
    assert isinstance(theirs, KeepsState)
    for step in range(6):
        if step == 4:
            ours.start()
            theirs.start()
        inputs = random_inputs(program, step)
        for found, wanted in zip(run(ours, inputs), run(theirs, inputs), strict=True):
            np.testing.assert_array_equal(found, wanted)
        for found, wanted in zip(ours.save_state(), theirs.save_state(), strict=True):
            np.testing.assert_array_equal(found, wanted)


def test_state_is_put_back(firmware: FirmwareBackend) -> None:
    program = stateful("svdf", 0)
    executable, other = firmware.compile(program), firmware.compile(program)
    run(executable, random_inputs(program, 1))
    kept = executable.save_state()
    wanted = run(executable, random_inputs(program, 2))
    other.load_state(kept)
    np.testing.assert_array_equal(run(other, random_inputs(program, 2))[0], wanted[0])
    with pytest.raises(InvalidShape):
        other.load_state([array[:0] for array in kept])


def test_state_of_one_byte_takes_no_flash() -> None:
    of_one, of_several = (
        "".join(generate(plan_program(stateful("circular_buffer", *initial), "model", "reference")).values())
        for initial in ((-1,), (5, 0, 3))
    )
    assert ", 255, " in of_one
    assert "model__state" not in of_one
    assert "model__state" in of_several


def test_the_header_says_where_a_reset_is_not_tflms() -> None:
    program = stateful("svdf", 0)
    variable = program.variables[0]
    initialised = replace(program, variables=(replace(variable, initial=variable.default + 1),))
    texts = [generate(plan_program(each, "model", "reference"))["model.h"] for each in (program, initialised)]
    assert ["MicroInterpreter::Reset" in text for text in texts] == [False, True]


@pytest.mark.parametrize("stream", [Stream((3,), (2,)), Stream((2, 3), (3, 2)), Stream((4,), (1,))], ids=repr)
def test_runs_that_end_early_leave_later_outputs_as_they_were(firmware: FirmwareBackend, stream: Stream) -> None:
    program = load_program(stream.model())
    ours, theirs = firmware.compile(program), RefBackend().compile(program)
    for step in range(14):
        inputs = random_batches(program, step)[0]
        for found, wanted in zip(run(ours, inputs), run(theirs, inputs), strict=True):
            np.testing.assert_array_equal(found, wanted)
    text = generate(plan_program(program, "model", "reference"))["model.h"]
    assert ("#define MODEL_PENDING 1" in text) == (max(stream.cycles_max) > 1)


def indices(*rows: int) -> npt.NDArray[np.int32]:
    return np.array(rows, np.int32)


@pytest.fixture
def gathers() -> Program:
    """Two layers that have no result for indices beyond the two rows."""
    net = Net()
    for _ in range(2):
        x, rows = net.input(2, 3), net.input(2, dtype="int32")
        net.output(net.operator("GATHER", [x, rows], 2, 3, like=x, axis=0))
    return load_program(net.finish())


@pytest.mark.parametrize("failing", [0, 1])
def test_the_layer_without_a_result_is_named(firmware: FirmwareBackend, gathers: Program, failing: int) -> None:
    executable = firmware.compile(gathers)
    data = np.arange(6, dtype=np.int8).reshape(2, 3)
    wrong = [indices(1, 7 if number == failing else 0) for number in range(2)]
    with pytest.raises(KernelError, match=rf"{gathers.calls[failing].name} \(gather\): "):
        run(executable, [data, wrong[0], data, wrong[1]])
    found = run(executable, [data, indices(1, 0), data, indices(0, 0)])
    assert [output.tolist() for output in found] == [[[3, 4, 5], [0, 1, 2]], [[0, 1, 2], [0, 1, 2]]]


def test_the_header_tells_statuses_from_each_other(gathers: Program, tmp_path: Path) -> None:
    plan = plan_program(gathers, "model", "reference")
    models_source([plan], tmp_path)
    first, second = (layer.name for layer in plan.layers)
    text = (tmp_path / "model.h").read_text()
    assert f"/* -3: {first} has no result */\n/* -4: {second} has no result */" in text
    asked = ("MODEL_OK", "MODEL_ERROR_NULL", "MODEL_ERROR_ALIGNMENT", "MODEL_ERROR_UNDEFINED", "-4", "7")
    prints = "".join(f"puts(MODEL_STRERROR({status}));" for status in asked)
    (tmp_path / "main.c").write_text(
        f'#include <stdio.h>\n#include "model.h"\nint main(void) {{ {prints} return 0; }}\n'
    )
    compiled([debian_program("gcc", "gcc"), *STRICT, str(tmp_path / "main.c"), "-o", str(tmp_path / "main")])
    said = subprocess.run([str(tmp_path / "main")], capture_output=True, text=True, check=True).stdout.splitlines()
    assert said[0] == "the outputs are computed"
    assert said[3] == said[4] == "a layer has no result for these inputs"
    assert said[5] == "no status of model_run"


def test_nothing_runs_without_memory(firmware: FirmwareBackend) -> None:
    program = stateful("svdf", 0)
    plan = plan_program(program, "model", "reference")
    functions = library_of(plan, firmware._code).loaded
    arena = aligned_bytes(plan.arena_len + 16)
    arena[...] = 0x55
    good, odd = ctypes.c_void_p(arena.ctypes.data), ctypes.c_void_p(arena.ctypes.data + 8)
    assert functions.model_run(None, good, good) == functions.model_run(good, None, good) == -1
    assert functions.model_run(good, good, None) == functions.model_reset(None) == -1
    assert functions.model_run(good, good, odd) == functions.model_reset(odd) == -2
    assert (arena == 0x55).all()
