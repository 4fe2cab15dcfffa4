from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core import KernelBackend, KernelError, UnsupportedModelError
from ember_infer_macros import QuantizedModel, ember_model
from ember_infer_ref import RefBackend
from tests.operators.pairs import PairModel, check_pairs, pair_models
from tests.support.against_tflm import assert_equals_tflm, compare_with_tflm
from tests.support.one_operator import one_operator, tensor
from tests.support.tally import compare_drawn
from tests.support.tflm import Tflm, TflmError

Arrays = list[npt.NDArray[Any]]


def of(dtype: str, operator: str = "DIV", **options: Any) -> bytes:
    return one_operator(operator, [tensor((3,), dtype), tensor((3,), dtype)], tensor((3,), dtype), **options)


def divided(model: bytes, values: list[float], divisors: list[float]) -> list[Arrays]:
    @ember_model(model)
    class Model(QuantizedModel): ...

    dtype = Model.input_dtype()
    return [[np.array(values, dtype), np.array(divisors, dtype)]]


def without_zeros(batches: list[Arrays]) -> list[Arrays]:
    """The same inputs with divisors that TFLM takes, if they are no constants."""
    for inputs in batches:
        for divisors in inputs:
            divisors[divisors == 0] = 3
            if divisors.dtype == np.int32:
                divisors[divisors == -1] = -2  # what -2**31 must not be divided by
    return batches


@pytest.mark.parametrize("operator", ["DIV", "FLOOR_MOD"])
def test_of_float32_it_equals_tflm_whatever_the_divisors(operator: str, tflm: Tflm) -> None:
    check_pairs(tflm, pair_models(operator, ("float32",), activated=operator == "DIV"))


@pytest.mark.parametrize(("operator", "dtype"), [("DIV", "int32"), ("FLOOR_DIV", "float32")])
def test_where_zero_stops_tflm_it_equals_tflm_for_other_divisors(operator: str, dtype: str, tflm: Tflm) -> None:
    def compare(case: PairModel) -> str:
        return compare_with_tflm(case.model, without_zeros(case.batches()), tflm)

    models = pair_models(operator, (dtype,), activated=operator == "DIV")
    compare_drawn(models, compare, ordinary=120, wanted_share=2 / 3)


@pytest.mark.parametrize("divisor", [1, -1, 2, -2, 7, -7])
def test_int32_quotients_are_cut_off(divisor: int, tflm: Tflm) -> None:
    model = of("int32")
    assert_equals_tflm(model, divided(model, [7, -7, 2**31 - 1], [divisor] * 3), tflm)


@pytest.mark.parametrize(
    ("model", "values", "divisors", "reason"),
    [
        (of("int32"), [1, 2, 3], [1, 0, 1], "division by zero"),
        (of("float32", "FLOOR_DIV"), [1, 2, 3], [1, 1, -0.0], "division by zero"),
        (of("int32"), [1, -(2**31), 3], [1, -1, 1], "has no int32 result"),
    ],
)
def test_what_stops_tflm_is_an_error_before_anything_is_written(
    model: bytes, values: list[float], divisors: list[float], reason: str, tflm: Tflm
) -> None:
    @ember_model(model)
    class Model(QuantizedModel): ...

    batches = divided(model, values, divisors)
    with pytest.raises(TflmError):
        tflm.run(model, batches)
    backend: KernelBackend = RefBackend()
    output = np.full(3, 9, Model.output_dtype())
    with pytest.raises(KernelError, match=reason):
        Model.predict_quantized(backend, batches[0], output)
    assert (output == 9).all()


def test_int8_is_refused_by_name_with_the_reason_and_a_cure() -> None:
    with pytest.raises(
        UnsupportedModelError, match=r"operator 0 DIV: of int8.*other results on every processor.*float32"
    ):
        ember_model(of("int8"))(type("Model", (), {}))
