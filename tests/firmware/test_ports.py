"""Inputs and outputs of models as nobody expects them: shared, constant, kept, empty, many, and in the arena."""

from __future__ import annotations

import ctypes
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ember_infer_core import KernelError, Program
from ember_infer_core.dispatch import aligned_bytes
from ember_infer_core.program import Variable
from ember_infer_firmware import FirmwareBackend
from ember_infer_firmware.host import library_of
from ember_infer_firmware.plan import plan_program
from tests.firmware.nets import SHAPE, reversals, with_constant
from tests.native.random_programs import join_programs
from tests.native.running import assert_equal, random_inputs, reference, run


def assert_as_the_reference(firmware: FirmwareBackend, program: Program) -> None:
    batches = random_inputs(program, 0, 3)
    executable = firmware.compile(program)
    assert_equal([run(executable, inputs) for inputs in batches], reference(program, batches))


def test_one_result_is_two_outputs(firmware: FirmwareBackend) -> None:
    program = reversals()
    last = program.outputs[-1]
    assert_as_the_reference(firmware, replace(program, outputs=(last, program.outputs[0], last)))


def test_a_later_layer_reads_what_is_an_output(firmware: FirmwareBackend) -> None:
    assert_as_the_reference(firmware, reversals(5))


def test_an_input_is_an_output(firmware: FirmwareBackend) -> None:
    program = reversals()
    assert_as_the_reference(firmware, replace(program, outputs=(program.inputs[0], *program.outputs)))


def test_a_constant_is_an_output(firmware: FirmwareBackend) -> None:
    program, constant = with_constant(reversals(), np.arange(4, dtype=np.int16).reshape(2, 2))
    assert_as_the_reference(firmware, replace(program, outputs=(constant, program.outputs[0])))


def test_a_constant_is_an_operand_of_activations(firmware: FirmwareBackend) -> None:
    program, constant = with_constant(reversals(), np.arange(6, dtype=np.int8).reshape(SHAPE))
    first = program.calls[0]
    call = replace(first, operands={**first.operands, "input": constant})
    assert_as_the_reference(firmware, replace(program, calls=(call, *program.calls[1:])))


def test_constants_of_float_are_what_they_are(firmware: FirmwareBackend) -> None:
    values = [np.nan, np.inf, -np.inf, -0.0, 1e-45, np.float32(1) / 3, 3.4028235e38, 16777217]
    program, constant = with_constant(reversals(), np.array(values, np.float32))
    executable = firmware.compile(replace(program, outputs=(constant,)))
    executable.run()
    found, wanted = executable.outputs[0].view(np.uint32), np.array(values, np.float32).view(np.uint32)
    np.testing.assert_array_equal(found, wanted)


def test_a_variable_is_an_output(firmware: FirmwareBackend) -> None:
    program, kept = with_constant(reversals(), np.zeros(3, np.int32))
    tensors = [replace(tensor, data=None) if index == kept else tensor for index, tensor in enumerate(program.tensors)]
    content = np.array([1, -2, 3], np.int32)
    program = replace(program, tensors=tuple(tensors), variables=(Variable(kept, content, content),), outputs=(kept,))
    assert_as_the_reference(firmware, program)


def test_an_output_under_another_shape_is_the_same_bytes(firmware: FirmwareBackend) -> None:
    program = reversals()
    alias = replace(program.tensors[program.outputs[0]], shape=(6, 1), alias_of=program.outputs[0])
    program = replace(program, tensors=(*program.tensors, alias), outputs=(len(program.tensors), *program.outputs))
    assert_as_the_reference(firmware, program)


def test_a_model_without_layers_copies(firmware: FirmwareBackend) -> None:
    program = reversals()
    assert_as_the_reference(firmware, replace(program, calls=(), outputs=program.inputs))


def test_a_model_without_anything_runs(firmware: FirmwareBackend) -> None:
    firmware.compile(Program("nothing", (), (), (), ())).run()


def test_nothing_at_all_is_an_output(firmware: FirmwareBackend) -> None:
    program, empty = with_constant(reversals(), np.zeros((0, 3), np.int8))
    assert_as_the_reference(firmware, replace(program, outputs=(empty, *program.outputs)))


def test_thirty_inputs_are_as_many_parameters(firmware: FirmwareBackend) -> None:
    assert_as_the_reference(firmware, join_programs([reversals(1)] * 30))


def test_more_parameters_than_c_promises_are_refused(firmware: FirmwareBackend) -> None:
    with pytest.raises(KernelError, match="joined: 128 inputs and outputs, of which a function of C takes 126"):
        firmware.compile(join_programs([reversals(1)] * 64))


def test_inputs_and_outputs_may_lie_where_the_header_says(firmware: FirmwareBackend) -> None:
    """For want of memory: a model of one output, which is written last."""
    program = replace(reversals(5), outputs=reversals(5).outputs[-1:])
    plan = plan_program(program, "model", "reference")
    library = library_of(plan, firmware._cache, firmware._compiler)
    arena = aligned_bytes(plan.arena_len)
    (input,) = random_inputs(program, 1)[0]
    ports = [program.offsets[index] for index in (*program.inputs, *program.outputs)]
    arena[ports[0] : ports[0] + 6] = input.reshape(-1).view(np.uint8)
    addresses: list[Any] = [ctypes.c_void_p(arena.ctypes.data + offset) for offset in (*ports, 0)]
    assert library.loaded.model_run(*addresses) == 0
    found = arena[ports[1] : ports[1] + 6].view(np.int8).reshape(SHAPE)
    assert_equal([[found]], reference(program, [[input]]))
