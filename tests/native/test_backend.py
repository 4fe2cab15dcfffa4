"""The backend class: what it asks for, what it refuses, and how it is used from a model class."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ember_infer_core import CompilerNotFound, KernelBackend, KernelError, Program, UnsupportedActivation
from ember_infer_core.activation import FusedActivation
from ember_infer_macros import QuantizedModel, ember_model, load_program
from ember_infer_native import NativeBackend
from ember_infer_native.targets import TARGETS, choose_target
from ember_infer_native.toolchain import Compiler, host_isa
from ember_infer_tools.tflite_writer import ModelWriter, pack_model
from tests.conftest import REPOSITORY
from tests.native.running import (
    assert_equals_reference,
    doubling_program,
    every_operator_program,
    random_inputs,
    reference,
    run,
    two_branches_program,
)
from tests.support.samples import two_branches


@ember_model(REPOSITORY / "models" / "sine.tflite")
class Sine(QuantizedModel): ...


@ember_model(pack_model(two_branches()))
class Branches(QuantizedModel): ...


@pytest.mark.parametrize("make", [every_operator_program, two_branches_program, doubling_program])
def test_programs_equal_the_reference(native: NativeBackend, make: object) -> None:
    assert callable(make)
    assert_equals_reference(native, make())


def test_the_best_target_of_this_processor_is_the_default(native: NativeBackend) -> None:
    assert native.target == choose_target(host_isa()).name
    assert repr(native) == f"NativeBackend(target='{native.target}')"


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda backend: pickle.loads(pickle.dumps(backend))])
def test_a_copy_and_one_sent_to_another_process_are_as_the_first(
    native_cache: Path, copied: Callable[[NativeBackend], NativeBackend]
) -> None:
    backend = NativeBackend("portable", threads=1, cache=native_cache)
    assert_equals_reference(backend, doubling_program())
    again = copied(backend)
    assert again is not backend
    assert again.target == "portable"
    assert_equals_reference(again, doubling_program())


@pytest.mark.parametrize("target", [target.name for target in TARGETS if target.needs <= host_isa()])
def test_a_target_is_taken_by_name(target: str, native_cache: Path) -> None:
    backend = NativeBackend(target, cache=native_cache)
    assert backend.target == target
    assert backend.library(doubling_program()).target == target


def test_an_unknown_target_is_refused_by_name(native_cache: Path) -> None:
    with pytest.raises(ValueError, match=r"unknown target 'pdp11'; there are avx512vnni"):
        NativeBackend("pdp11", cache=native_cache)


def test_a_target_that_this_processor_lacks_is_refused(native_cache: Path) -> None:
    missing = [target for target in TARGETS if not target.needs <= host_isa()]
    assert missing  # x86-64 lacks Arm's, and the other way round
    with pytest.raises(ValueError, match=f"this processor cannot run target '{missing[0].name}': it lacks"):
        NativeBackend(missing[0].name, cache=native_cache)


@pytest.mark.parametrize("threads", [0, -1])
def test_there_is_at_least_one_thread(threads: int) -> None:
    with pytest.raises(ValueError, match=f"threads must be a whole number from 1 up, not {threads}"):
        NativeBackend(threads=threads)


# Without a compiler


@pytest.mark.parametrize("environment", [{"CC": "/nonexistent/cc"}, {"CC": "false"}], ids=["no file", "no compiler"])
def test_without_a_working_compiler_it_says_so_at_once(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CompilerNotFound, match=environment["CC"]):
        NativeBackend(cache=tmp_path)
    assert not list(tmp_path.iterdir())


def test_with_nothing_on_the_path_it_says_what_to_install(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "sys.modules['ziglang'] = None\n"
        "from ember_infer_core import CompilerNotFound\n"
        "from ember_infer_native import NativeBackend\n"
        "try:\n    NativeBackend(cache=sys.argv[1])\n"
        "except CompilerNotFound as error:\n    print(error)\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "CC"} | {"PATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, env=environment, check=True
    )
    if not done.stdout:
        pytest.skip("the ziglang wheel is found all the same")
    assert "apt install gcc" in done.stdout
    assert "ember-infer[native]" in done.stdout


# From a model class


def test_a_model_needs_no_scratch(native: NativeBackend) -> None:
    assert Sine.scratch_len[NativeBackend]() == 0
    output = np.zeros(1, np.int8)
    for scratch in (np.zeros(0, np.uint8), np.zeros(64, np.uint8), bytearray(3)):
        Sine.predict_quantized_with_scratch(native, np.array([50], np.int8), output, scratch)
        assert output == reference(Sine.program, [[np.full((1, 1), 50, np.int8)]])[0][0]


def test_floats_go_in_and_out(native: NativeBackend) -> None:
    assert float(Sine.predict(native, np.pi / 2)) == pytest.approx(1.0, abs=0.05)


def test_several_inputs_and_outputs_keep_their_order(native: NativeBackend) -> None:
    inputs = random_inputs(Branches.program, 3)[0]
    outputs = [np.zeros(6, np.int8), np.zeros(6, np.int8)]
    for _ in range(2):  # the second time by the quick way
        Branches.predict_quantized(native, inputs, outputs)
        for output, expected in zip(outputs, reference(Branches.program, [inputs])[0], strict=True):
            np.testing.assert_array_equal(output, expected.ravel())
            output[...] = 0


def test_more_inputs_than_the_stack_should_hold(native: NativeBackend) -> None:
    """A model may have 100,000; only the quick way keeps them on the stack, and leaves so many alone."""
    writer = ModelWriter()
    given = [writer.tensor(f"input_{number}", (4,), scale=0.5) for number in range(1500)]
    output = writer.tensor("output", (4,), scale=0.5)
    writer.add(given[0], given[-1], output)

    @ember_model(pack_model(writer.model(given, [output], "many inputs")))
    class Many(QuantizedModel): ...

    inputs = random_inputs(Many.program, 1)[0]
    for _ in range(2):  # the second time by the quick way, were it one
        result = np.zeros(4, np.int8)
        Many.predict_quantized(native, inputs, result)
        np.testing.assert_array_equal(result, reference(Many.program, [inputs])[0][0])


# What no kernel does


def conv2d_with(activation: FusedActivation) -> Program:
    program = every_operator_program()
    for call in program.calls:
        if hasattr(call.params, "fused_activation"):
            call.params.fused_activation = activation
    return program


@pytest.mark.parametrize("activation", [FusedActivation.TANH, FusedActivation.SIGN_BIT, FusedActivation.SIGMOID])
def test_an_activation_that_is_no_clamp_is_refused(activation: FusedActivation, native: NativeBackend) -> None:
    program = conv2d_with(activation)
    with pytest.raises(UnsupportedActivation, match=f"the fused activation {activation.name} is not a clamp"):
        native.compile(program)
    executable = KernelBackend.compile(native, program)
    with pytest.raises(UnsupportedActivation, match=activation.name):
        executable.run()
    assert not any(output.any() for output in executable.outputs)


def test_a_program_without_calls_copies(native: NativeBackend) -> None:
    """A model of nothing but a reshape."""
    writer = ModelWriter()
    input, output = writer.tensor("input", (2, 3), scale=0.5), writer.tensor("output", (6,), scale=0.5)
    writer.reshape(input, output, new_shape=(6,))
    program = load_program(writer.finish([input], [output]))
    assert_equals_reference(native, program)


def test_one_program_runs_on_all_targets_at_once(native_cache: Path) -> None:
    program = every_operator_program()
    inputs = random_inputs(program, 4)
    expected = reference(program, inputs)[0]
    names = [target.name for target in TARGETS if target.needs <= host_isa()]
    executables = [NativeBackend(name, cache=native_cache).compile(program) for name in names]
    for executable in executables:
        np.testing.assert_array_equal(run(executable, inputs[0])[0], expected[0])


def test_a_failed_compilation_can_be_tried_again(
    c_compiler: Compiler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = NativeBackend(cache=tmp_path / "cache")
    program = doubling_program()
    with monkeypatch.context() as patch:
        patch.setattr("ember_infer_native.codegen.generate", lambda plan: {"model.c": "#error no\n"})
        with pytest.raises(KernelError, match="cannot compile"):
            backend.compile(program)
    assert_equals_reference(backend, program)
