"""Variables against TFLM: whatever is read and assigned in whatever order, over runs with resets between."""

from __future__ import annotations

import time

import numpy as np
import pytest

from ember_infer_core import KernelBackend, UnsupportedModelError
from ember_infer_macros import load_program
from ember_infer_native import NativeBackend
from ember_infer_ref import RefBackend
from ember_infer_tools.tflite_writer import ModelWriter
from tests.support.against_tflm import assert_equals_tflm, compare_with_tflm
from tests.support.backends import every_backend
from tests.support.contents import random_batches, with_resets
from tests.support.tally import compare_drawn
from tests.support.tflm import Tflm
from tests.support.variable_models import VariableModel, variable_models

RUNS = 6


@pytest.mark.parametrize(
    ("backends", "ordinary", "deep"),
    [(every_backend(), 500, 10_000), ([NativeBackend()], 30, 300)],
    ids=["call by call", "machine code"],
)
def test_programs_of_reads_and_assignments_in_any_order_equal_tflm(
    backends: list[KernelBackend], ordinary: int, deep: int, tflm: Tflm
) -> None:
    def compare(drawn: VariableModel) -> str:
        batches = random_batches(drawn.model, drawn.seed)
        assert len(batches) == RUNS
        return compare_with_tflm(drawn.model, with_resets(batches, drawn.resets), tflm, backends)

    compare_drawn(variable_models(RUNS), compare, ordinary=ordinary, deep=deep, wanted_share=1.0)


def tensor(writer: ModelWriter, name: str, is_variable: bool = False) -> int:
    return writer.tensor(name, (6,), scale=0.5, zero_point=5, is_variable=is_variable)


def handle(writer: ModelWriter, name: str = "memory") -> int:
    index = writer.tensor(f"handle of {name}", (), "resource")
    writer.operator("VAR_HANDLE", [], [index], shared_name=name)
    return index


def check(model: bytes, tflm: Tflm) -> None:
    assert_equals_tflm(model, with_resets(random_batches(model), {3}), tflm, [RefBackend(), NativeBackend()])


def test_a_variable_that_is_assigned_itself_in_another_order_is_not_overwritten_while_it_is_read(tflm: Tflm) -> None:
    writer = ModelWriter()
    input, memory = tensor(writer, "input"), handle(writer)
    read, turned, mixed = (tensor(writer, name) for name in ("read", "turned", "mixed"))
    axis = writer.tensor("axis", (1,), "int32", data=np.array([0], np.int32))
    writer.operator("READ_VARIABLE", [memory], [read])
    writer.operator("REVERSE_V2", [read, axis], [turned])
    writer.operator("ASSIGN_VARIABLE", [memory, turned], [])
    again, last = tensor(writer, "again"), tensor(writer, "last")
    writer.operator("READ_VARIABLE", [memory], [again])
    writer.add(again, input, mixed)
    writer.operator("REVERSE_V2", [mixed, axis], [last])
    writer.operator("ASSIGN_VARIABLE", [memory, mixed], [])
    check(writer.finish([input], [last]), tflm)


def test_what_was_assigned_is_still_read_after_another_assignment(tflm: Tflm) -> None:
    writer = ModelWriter()
    input, memory = tensor(writer, "input"), handle(writer)
    read, first, second, output = (tensor(writer, name) for name in ("read", "first", "second", "output"))
    writer.operator("READ_VARIABLE", [memory], [read])
    writer.add(input, input, first)
    writer.operator("ASSIGN_VARIABLE", [memory, first], [])
    writer.operator("RELU", [input], [second])
    writer.operator("ASSIGN_VARIABLE", [memory, second], [])
    writer.add(first, second, output)
    check(writer.finish([input], [read, output]), tflm)


@pytest.mark.parametrize("is_read", [False, True], ids=["by nothing else", "by an addition, too"])
def test_a_variable_tensor_is_an_output_like_any_other(is_read: bool, tflm: Tflm) -> None:
    """Nothing writes it: it holds its zero point."""
    writer = ModelWriter()
    input, output, memory = tensor(writer, "input"), tensor(writer, "sum"), tensor(writer, "memory", is_variable=True)
    writer.add(input, memory if is_read else input, output)
    check(writer.finish([input], [output, memory]), tflm)


def initialised(number: int | None, times: int = 1, with_input: bool = False) -> bytes:
    """A model that calls a subgraph; the one that it has, 1, assigns a constant."""
    writer = ModelWriter()
    part = writer.subgraph()
    value = part.tensor("value", (6,), scale=0.5, zero_point=5, data=np.arange(6, dtype=np.int8))
    part.operator("ASSIGN_VARIABLE", [handle(part), value], [])
    part.inputs = [tensor(part, "given")] if with_input else []
    for _ in range(times):
        if number is None:
            writer.operator("CALL_ONCE", [], [], with_options=False)
        else:
            writer.operator("CALL_ONCE", [], [], init_subgraph_index=number)
    input, read, output = (tensor(writer, name) for name in ("input", "read", "output"))
    writer.operator("READ_VARIABLE", [handle(writer)], [read])
    writer.add(input, read, output)
    return writer.finish([input], [output])


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (initialised(None), "subgraph 0 is none that it can run"),
        (initialised(0), "subgraph 0 is none that it can run"),
        (initialised(-1), "subgraph -1 is none that it can run"),
        (initialised(2), r"subgraph 2 is none that it can run \(there are 2\)"),
        (initialised(2**31 - 1), "subgraph 2147483647 is none that it can run"),
        (initialised(1, times=2), "it runs subgraph 1 a second time"),
        (initialised(1, with_input=True), "it has inputs, which CALL_ONCE does not give it"),
    ],
    ids=["no options", "itself", "-1", "beyond", "far beyond", "twice", "with an input"],
)
def test_an_odd_call_of_a_subgraph_is_refused(model: bytes, reason: str) -> None:
    with pytest.raises(UnsupportedModelError, match=reason):
        load_program(model)


def test_a_variable_is_what_a_subgraph_assigned_until_the_first_reset(tflm: Tflm) -> None:
    check(initialised(1), tflm)


@pytest.mark.parametrize("kind", ["variables", "reads"])
def test_thousands_of_variables_and_reads_are_lowered_in_time_that_grows_with_them_alone(kind: str) -> None:
    """Quadratic work on four times as many would take sixteen times as long."""

    def model(count: int) -> bytes:
        writer = ModelWriter()
        value = tensor(writer, "input")
        input = value
        for number in range(count):
            memory = handle(writer, f"v{number if kind == 'variables' else 0}")
            read, following = tensor(writer, f"read{number}"), tensor(writer, f"sum{number}")
            writer.operator("READ_VARIABLE", [memory], [read])
            writer.add(read, value, following)
            if kind == "variables" or not number:
                writer.operator("ASSIGN_VARIABLE", [memory, following], [])
            value = following
        return writer.finish([input], [value])

    def seconds(content: bytes) -> float:
        start = time.process_time()
        load_program(content)
        return time.process_time() - start

    small, large = model(500), model(2000)
    assert min(seconds(large) for _ in range(3)) < 9 * min(seconds(small) for _ in range(3))
