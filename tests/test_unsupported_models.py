"""Valid models that are not for this project: the operator is named, whatever its tensors are, and in few words."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ember_infer_core import UnsupportedModelError
from ember_infer_macros import load_program
from ember_infer_macros.support import check_supported
from ember_infer_macros.tflite.micro import MICRO_OPERATORS
from ember_infer_macros.tflite.read import read_graph
from ember_infer_macros.tflite.schema import BuiltinOperator
from ember_infer_tools.tflite_writer import ModelWriter, load_schema, pack_model
from tests.support.tflm import Tflm, TflmError

pytestmark = pytest.mark.usefixtures("tflm_wheel")


def refused(content: bytes) -> UnsupportedModelError:
    with pytest.raises(UnsupportedModelError) as caught:
        load_program(content)
    return caught.value


def one_operator(name: str, custom_code: str | None = None) -> Any:
    """A ``ModelT``: an int8 tensor, the operator, another one."""
    writer = ModelWriter()
    input, output = writer.tensor("input", (1, 4), scale=0.5), writer.tensor("output", (1, 4), scale=0.5)
    writer.operator(name, [input], [output], custom_code=custom_code)
    return writer.model([input], [output])


def graph(model: Any) -> Any:
    return model.subgraphs[0]


def add_tensor(model: Any, **fields: Any) -> int:
    tensor = load_schema().TensorT()
    tensor.name, tensor.shape, tensor.type = "extra", [4], load_schema().TensorType.INT8
    for name, value in fields.items():
        setattr(tensor, name, value)
    graph(model).tensors.append(tensor)
    return len(graph(model).tensors) - 1


# Operators


ODD_TENSORS: dict[str, dict[str, Any]] = {
    "shape [0]": {"shape": [0]},
    "a size below 0": {"shape": [-1, 4]},
    "rank 9": {"shape": [1] * 9},
    "an unknown type": {"type": 99},
    "type RESOURCE": {"type": 13, "shape": []},
    "type VARIANT": {"type": 14, "shape": []},
    "a sparse encoding": {"sparsity": load_schema().SparsityParametersT},
    "state": {"isVariable": True},
    "a buffer that does not exist": {"buffer": 1000},
}


@pytest.mark.parametrize("place", ["inputs", "outputs"])
@pytest.mark.parametrize("oddity", ODD_TENSORS)
def test_unsupported_operator_is_named_whatever_its_tensors_are(oddity: str, place: str) -> None:
    model = one_operator("CUSTOM", "ethos-u")
    fields = {name: value() if callable(value) else value for name, value in ODD_TENSORS[oddity].items()}
    getattr(graph(model).operators[0], place).append(add_tensor(model, **fields))
    (problem,) = refused(pack_model(model)).problems
    assert re.match(r"operator 0 CUSTOM 'ethos-u' \(int8.*\): this operator is not supported$", problem)


def test_custom_operator_may_leave_results_out() -> None:
    model = one_operator("CUSTOM", "Mine")
    graph(model).operators[0].outputs.append(-1)
    assert "CUSTOM 'Mine' (int8 -> int8, none)" in refused(pack_model(model)).problems[0]


def test_unsupported_operator_may_write_what_others_write() -> None:
    model = one_operator("CUSTOM", "Mine")
    graph(model).operators[0].outputs = []
    graph(model).outputs = [0]
    assert refused(pack_model(model)).problems == (
        "operator 0 CUSTOM 'Mine' (int8 -> ): this operator is not supported",
    )


def state_written_by_an_addition(writer: ModelWriter) -> tuple[int, int]:
    input, state = writer.tensor("input", (4,), scale=1.0), writer.tensor("state", (4,), scale=1.0, is_variable=True)
    writer.add(input, state, state)
    return input, state


def test_variable_is_named_with_the_operator_that_writes_it() -> None:
    writer = ModelWriter()
    input, output = state_written_by_an_addition(writer)
    error = refused(writer.finish([input], [output]))
    assert error.problems == (
        "operator 0 ADD (int8, int8 -> int8): tensor 1 'state' (int8 [4]) is a variable, "
        "which only operators that keep state may write",
    )


def test_list_of_operators_of_the_wheel(tflm: Tflm) -> None:
    """The wheel is asked for each operator of the schema."""
    found = set()
    for code in BuiltinOperator:
        try:
            tflm.run(pack_model(one_operator(code.name, "Mine")), [[np.zeros((1, 4), np.int8)]])
        except TflmError as error:
            if "Didn't find op for builtin opcode" in str(error):
                continue
        found.add(code)
    assert found == set(MICRO_OPERATORS)


# Control flow


def choice(writer: ModelWriter) -> bytes:
    """IF: one branch passes its operand on, the other doubles it."""
    flag = writer.tensor("flag", (1,), "bool")
    input, output = writer.tensor("input", (4,), scale=0.5), writer.tensor("output", (4,), scale=0.5)
    branches = [writer.subgraph(), writer.subgraph()]
    for number, branch in enumerate(branches):
        start, end = branch.tensor("start", (4,), scale=0.5), branch.tensor("end", (4,), scale=0.5)
        branch.add(start, start, end)
        branch.inputs, branch.outputs = [start], [end if number else start]
    then, other = branches[0].number, branches[1].number
    writer.operator("IF", [flag, input], [output], then_subgraph_index=then, else_subgraph_index=other)
    return writer.finish([flag, input], [output])


def loop(writer: ModelWriter) -> bytes:
    """WHILE: doubles its operand until it is large."""
    input, output = writer.tensor("input", (1,), "int32"), writer.tensor("output", (1,), "int32")
    condition, body = writer.subgraph(), writer.subgraph()
    value, large = (
        condition.tensor("value", (1,), "int32"),
        condition.tensor("limit", (1,), "int32", data=[np.int32(9)]),
    )
    less = condition.tensor("less", (1,), "bool")
    condition.operator("LESS", [value, large], [less])
    condition.inputs, condition.outputs = [value], [less]
    before, after = body.tensor("before", (1,), "int32"), body.tensor("after", (1,), "int32")
    body.add(before, before, after)
    body.inputs, body.outputs = [before], [after]
    writer.operator("WHILE", [input], [output], cond_subgraph_index=condition.number, body_subgraph_index=body.number)
    return writer.finish([input], [output])


@pytest.mark.parametrize(
    ("model", "inputs", "answer", "why"),
    [
        (choice, [np.array([False]), np.arange(4, dtype=np.int8)], [0, 2, 4, 6], "which of its two subgraphs runs"),
        (loop, [np.array([3], np.int32)], [12], "how often its subgraph runs"),
    ],
)
def test_control_flow_that_tflm_runs_is_refused_with_the_reason_and_a_way_out(
    model: Callable[[ModelWriter], bytes], inputs: list[Any], answer: list[int], why: str, tflm: Tflm
) -> None:
    content = model(ModelWriter())
    assert tflm.run(content, [inputs])[0][0].tolist() == answer
    error = refused(content)
    (problem,) = [problem for problem in error.problems if problem.startswith("operator 0")]
    assert f"{why} depends on the data, and a program here is one list of calls for every run" in problem
    assert any(cure.startswith("control flow: compute both branches") for cure in error.advice)


def test_a_caller_that_tflm_has_not_is_refused_as_such() -> None:
    (problem,) = refused(pack_model(one_operator("CALL"))).problems
    assert problem.endswith("this operator is not supported, and TensorFlow Lite Micro does not have it")


# Bounds


def chain(operator: str, length: int, name: str = "same") -> bytes:
    """So many operators one after the other, all results of one name."""
    writer = ModelWriter()
    tensors = [writer.tensor(name, (1,), scale=2.0**-index if index < 2 else 0.5) for index in range(length + 1)]
    for before, after in itertools.pairwise(tensors):
        writer.operator(operator, [before], [after])
    return writer.finish(tensors[:1], tensors[-1:])


def test_message_stays_short_however_many_problems_there_are() -> None:
    error = refused(chain("GELU", 500, "n" * 3000))
    assert len(error.problems) == 500
    assert "\n  - and 460 more" in str(error)
    assert len(str(error)) < 10_000


@pytest.mark.parametrize("place", ["tensor", "custom operator"])
def test_long_names_are_shortened_to_their_end(place: str) -> None:
    name = "x" * 100_000 + "the_end"
    model = one_operator("CUSTOM", name if place == "custom operator" else "Mine")
    graph(model).tensors[0].name = name
    graph(model).tensors[0].type = load_schema().TensorType.INT64
    error = refused(pack_model(model))
    assert "xxx" in str(error)
    assert "the_end" in str(error)
    assert len(str(error)) < 2000


def test_operator_with_many_operands_is_described_in_a_line() -> None:
    model = one_operator("GELU")
    graph(model).operators[0].inputs = [0] * 5000
    (problem,) = refused(pack_model(model)).problems
    assert len(problem) < 500
    assert "... 5000 in all" in problem


def test_long_shape_is_described_in_a_line() -> None:
    model = one_operator("PACK")
    graph(model).tensors[0].shape = [1] * 5000
    (about_input, _) = refused(pack_model(model)).problems
    assert about_input == "input 0, tensor 0 'input': rank 5000 is above 8"


def seconds(action: Callable[[], object]) -> float:
    start = time.thread_time()
    action()
    return time.thread_time() - start


def test_reading_and_checking_grow_with_the_file_alone() -> None:
    """20,000 operators on tensors of one name: quadratic work would take minutes."""
    content = chain("GELU", 20_000)
    read = read_graph("<bytes>", content)

    def check() -> None:
        with pytest.raises(UnsupportedModelError):
            check_supported(read)

    assert seconds(lambda: read_graph("<bytes>", content)) < 10
    assert seconds(check) < 5
