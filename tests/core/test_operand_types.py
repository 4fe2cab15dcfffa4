"""A class written when operators were over int8 alone is not handed operands of other types."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ember_infer_core import (
    FallbackBackend,
    KernelBackend,
    Program,
    RecordingBackend,
    RoutedBackend,
    UnsupportedOperator,
)
from ember_infer_core.conformance.definition import expected_of
from ember_infer_core.conformance.ops import cases_of
from ember_infer_core.conformance.programs import last_call, one_call, random_inputs
from ember_infer_core.conformance.strategies import completed, drawn
from ember_infer_core.ops import INT8_AT_FIRST, OPERATORS
from ember_infer_core.ops.add import prepare
from ember_infer_core.ops.softmax import prepare as prepare_softmax
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import FLOAT32, INT16, OperatorParams, check_buffers
from ember_infer_ref import RefBackend
from tests.conformance.toys import Toy, WithMul


class OnlyAdd:
    """Of no base, and over int8: of other types its sums are wrong."""

    def add(self, params: Any) -> None:
        check_buffers(params)
        params.output[...] = 77


def sum_of(dtype: str) -> Any:
    params = prepare(input1_shape=(2, 3), input2_shape=(3,), output_shape=(2, 3), dtype=np.dtype(dtype))
    return completed(cases_of("add"), params, np.random.default_rng(0))


def program_of(dtype: str) -> Program:
    return one_call("add", sum_of(dtype))


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_a_model_of_other_types_is_refused_by_name(dtype: str) -> None:
    for backend in (Toy(), WithMul(), RecordingBackend(Toy()), FallbackBackend(Toy())):
        with pytest.raises(UnsupportedOperator, match=rf"add_0 \(add of {dtype}\)"):
            backend.compile(program_of(dtype))


@pytest.mark.parametrize(
    ("params", "types"),
    [
        (
            prepare_softmax(input_shape=(2, 3), output_shape=(2, 3), beta=1.0, dtype=FLOAT32, output_dtype=FLOAT32),
            "float32",
        ),
        (
            prepare_softmax(
                input_shape=(2, 3),
                output_shape=(2, 3),
                beta=1.0,
                output_dtype=INT16,
                input_quant=QuantParam(0.1, 0),
                output_quant=QuantParam(2.0**-16, -(2**15)),
            ),
            "int16 and int8",
        ),
    ],
    ids=["float32", "int16"],
)
def test_a_softmax_to_other_types_is_refused_where_it_was_written_for_int8(params: Any, types: str) -> None:
    program = one_call("softmax", completed(cases_of("softmax"), params, np.random.default_rng(0)))
    with pytest.raises(UnsupportedOperator, match=rf"softmax_0 \(softmax of {types}\)"):
        Toy().compile(program)
    FallbackBackend(Toy(), RefBackend()).compile(program).run()


def test_a_model_over_int8_is_not() -> None:
    Toy().compile(program_of("int8")).run()


@pytest.mark.parametrize("first", [Toy(), OnlyAdd()], ids=["KernelBackend", "no base"])
def test_a_fallback_sends_other_types_to_the_next_backend(first: object) -> None:
    program = program_of("float32")
    inputs = random_inputs(program, 0)
    executable = FallbackBackend(first, RefBackend()).compile(program)
    for place, content in zip(executable.inputs, inputs, strict=True):
        place[...] = content
    for _ in range(2):
        executable.run()
        assert last_call(program, inputs)[1].met_by({"output": executable.outputs[0]})


def test_a_subclass_of_a_backend_with_all_types_takes_int8_where_it_overrides() -> None:
    class Mine(RefBackend):
        def add(self, params: Any) -> None:
            super().add(params)

    assert RefBackend.takes("add", sum_of("float32"))
    assert not Mine.takes("add", sum_of("float32"))
    assert Mine.takes("add", sum_of("int8"))
    assert FallbackBackend.over(Mine, RefBackend).takes("add", sum_of("float32"))


def test_a_class_may_say_that_it_takes_more() -> None:
    class Wider(Toy):
        @classmethod
        def takes(cls, operator: str, params: Any) -> bool:
            return True

        def add(self, params: Any) -> None:
            params.output[...] = expected_of("add", params).outputs["output"]

    Wider().compile(program_of("float32")).run()


def test_the_operators_over_int8_at_first_are_those_of_the_contract_s_beginning() -> None:
    assert KernelBackend.__abstractmethods__ <= INT8_AT_FIRST <= set(OPERATORS)


def test_what_only_the_contract_has_runs_on_a_backend_that_routes_its_own() -> None:
    class OnlyConvolutions(RoutedBackend):
        @classmethod
        def operators(cls) -> frozenset[str]:
            return frozenset({"conv2d"})

        def run_operator(self, operator: str, params: OperatorParams) -> None:
            raise UnsupportedOperator(operator)

    params = completed(cases_of("reshape"), drawn("reshape", 1)[0], np.random.default_rng(0))
    params.output[...] = 0
    OnlyConvolutions().reshape(params)
    assert params.output.tobytes() == params.input.tobytes()
    with pytest.raises(UnsupportedOperator, match="softmax"):
        OnlyConvolutions().softmax(drawn("softmax", 1)[0])
