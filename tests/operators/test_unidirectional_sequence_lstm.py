"""UNIDIRECTIONAL_SEQUENCE_LSTM against TFLM: sequences after sequences, with resets between."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from ember_infer_core import ModelError, UnsupportedModelError
from ember_infer_core.int16_functions import logistic_int16, tanh_int16
from ember_infer_macros import load_program
from ember_infer_macros.lower.common import OperatorSource, Refusal
from ember_infer_macros.lower.unidirectional_sequence_lstm import lower
from ember_infer_macros.tflite.read import read_graph
from ember_infer_native import NativeBackend
from tests.support.against_tflm import REFUSED_BY_BOTH, Arrays, assert_equals_tflm, compare_with_tflm
from tests.support.contents import random_batches
from tests.support.lstm_models import LstmModel
from tests.support.one_operator import one_operator, tensor
from tests.support.tally import compare_drawn
from tests.support.targets import TARGETS_AS_PARAMETERS
from tests.support.tflm import Tflm

FIRST_GATES = (1, 5, 12)  # operands of the input gate: weights, recurrent weights, bias


def with_resets(batches: Sequence[Arrays], seed: int) -> list[Arrays | None]:
    """Twice the same sequences, with a reset before about every third."""
    random = np.random.default_rng(seed)
    found: list[Arrays | None] = [batches[0]]
    for batch in (*batches[1:], *batches):
        found += [None, batch] if random.integers(3) == 0 else [batch]
    return found


zero_points = st.sampled_from((0, -128, 127)) | st.integers(-128, 127)


@st.composite
def models(draw: st.DrawFn) -> tuple[LstmModel, int]:
    wide = draw(st.booleans())
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    finer = 2.0**-8 if wide else 1.0

    def scale(low: float, high: float) -> float:
        return float(np.float32(2.0 ** random.uniform(low, high)))

    model = LstmModel(
        batch=draw(st.integers(1, 3)),
        steps=draw(st.integers(1, 5)),
        depth=draw(st.integers(1, 9) | st.integers(10, 70)),
        units=draw(st.integers(1, 9) | st.integers(10, 40)),
        wide=wide,
        time_major=draw(st.booleans()),
        scales={
            "data": scale(-9, -4) * finer,
            "hidden": scale(-9, -6) * finer,
            "cell": draw(st.integers(-15, -6).map(lambda power: 2.0**power) | st.just(scale(-15, 1))),
        },
        zero_points={name: draw(zero_points) for name in ("data", "hidden")},
        input_scales=tuple(scale(-12, -4) for _ in range(4)),
        recurrent_scales=tuple(scale(-10, -4) for _ in range(4)),
        bias_limit=draw(st.sampled_from((0, 200, 2**13, 2**24, 2**30))) * (2**7 if wide else 1),
        seed=int(random.integers(2**31)),
        options={
            "activation": draw(st.sampled_from(("TANH", "TANH", "NONE", "RELU"))),
            "cell_clip": draw(st.sampled_from((0.0, 10.0)) | st.floats(-1, 4, width=32)),
        },
    )
    if draw(st.integers(1, 4)) == 1:
        model.changes[draw(st.integers(1, 8))] = {"zero_point": draw(st.integers(-128, 127))}
    return model, int(random.integers(2**31))


def test_any_model_equals_tflm_over_sequences_with_resets(tflm: Tflm) -> None:
    def compare(drawn: tuple[LstmModel, int]) -> str:
        content, seed = drawn[0].finish(), drawn[1]
        return compare_with_tflm(content, with_resets(random_batches(content, seed), seed), tflm)

    compare_drawn(models(), compare, ordinary=100, wanted_share=1.0)


@pytest.mark.parametrize("target", TARGETS_AS_PARAMETERS)
@pytest.mark.parametrize(("wide", "units", "batch"), [(False, 20, 1), (False, 33, 3), (True, 7, 2)])
def test_compiled_models_equal_tflm_on_every_target(
    wide: bool, units: int, batch: int, target: str, tflm: Tflm
) -> None:
    finer = 2.0**-8 if wide else 1.0
    scales = {"data": 2.0**-7 * finer, "hidden": 2.0**-7 * finer, "cell": 2.0**-12}
    zero_points = {"data": -11, "hidden": 3}
    model = LstmModel(
        batch=batch, steps=9, depth=13, units=units, wide=wide, scales=scales, zero_points=zero_points
    ).finish()
    batches = with_resets(random_batches(model), 0)
    assert_equals_tflm(model, batches, tflm, [NativeBackend(target=target)])


# The neighbours, among float32, of powers of two and a half.
HALF_POWERS = [
    float.fromhex(f"0x1.6a09{bits}p{power}") for power in (-1, -8, -12, -15) for bits in ("e4", "e6", "e8", "ec", "f2")
]


@pytest.mark.parametrize("scale", [*HALF_POWERS, 1.0, 4.0, 2.0**-20])
def test_tanh_of_the_cell_takes_its_scale_for_the_nearest_power_of_two(scale: float, tflm: Tflm) -> None:
    model = LstmModel(units=8, scales={"data": 1 / 64, "hidden": 1 / 128, "cell": scale}).finish()
    assert_equals_tflm(model, random_batches(model), tflm)


@pytest.mark.parametrize("clip", [1e-6, 0.1, 7.999, 8.0, 1e9, -3.0, float("inf"), float("nan")])
def test_any_cell_clip_equals_tflm(clip: float, tflm: Tflm) -> None:
    model = LstmModel(units=8, options={"cell_clip": clip}).finish()
    assert_equals_tflm(model, random_batches(model), tflm)


@pytest.mark.parametrize("activation", ["NONE", "RELU", "RELU_N1_TO_1", "RELU6", "SIGN_BIT"])
def test_another_activation_than_tanh_leaves_the_cell_gate_as_it_is(activation: str, tflm: Tflm) -> None:
    model = LstmModel(units=8, options={"activation": activation}).finish()
    assert_equals_tflm(model, random_batches(model), tflm)


@pytest.mark.parametrize(
    "harmless",
    [
        LstmModel(options={"proj_clip": 0.01, "asymmetric_quantize_inputs": True, "diagonal_recurrent_tensors": True}),
        LstmModel(output_changes={"scale": 0.5, "zero_point": 7}),
        LstmModel(changes={12: {"scale": None}}),
        LstmModel(changes={19: {"shape": (3,)}}),
        LstmModel(changes={18: {"shape": (1, 3, 1)}}),
    ],
    ids=["other options", "output's quantisation", "bias without a scale", "flat cell", "hidden state of rank 3"],
)
def test_what_tflm_does_not_look_at_changes_nothing(harmless: LstmModel, tflm: Tflm) -> None:
    model = harmless.finish()
    assert_equals_tflm(model, random_batches(model), tflm)


def peephole(count: int = 3) -> dict[str, Any]:
    return {"shape": (count,), "dtype": "int16", "scale": 0.1, "data": np.ones(count, np.int16)}


def square(units: int = 3) -> dict[str, Any]:
    return {"shape": (units, units), "dtype": "int8", "scale": 0.1, "data": np.ones((units, units), np.int8)}


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (LstmModel(changes=dict.fromkeys(FIRST_GATES)), "the input gate has no weights; TensorFlow Lite Micro refuses"),
        (LstmModel(changes={13: None}), "the forget gate has no bias; TensorFlow Lite Micro refuses"),
        (LstmModel(changes={9: peephole()}), "it has peephole weights; TensorFlow Lite Micro refuses"),
        (LstmModel(changes={16: square()}), "it has a projection; TensorFlow Lite Micro refuses"),
        (LstmModel(changes={20: peephole()}), "it has layer normalisation; TensorFlow Lite Micro refuses"),
        (LstmModel(changes={18: {"is_variable": False}}), "before it is written|is no variable"),
        (LstmModel(changes={19: {"dtype": "int8"}}), "input 19 is int8, not int16|it takes"),
        (LstmModel(changes={18: {"shape": (3,)}}), "does not say how many units there are"),
        (LstmModel(changes={19: {"shape": (1, 4)}}), "cell state of shape .1, 4. does not hold 1 times 3 units"),
        (LstmModel(output_changes={"shape": (1, 5, 3)}), "does not hold 3 units for each time step"),
        (LstmModel(changes={1: square()}), "input weights of the input gate: shape .3, 5. is wanted, not .3, 3."),
        (LstmModel(changes={6: {"shape": (3, 3, 1), "data": np.ones((3, 3, 1), np.int8)}}), "of the forget gate"),
        (LstmModel(changes={14: {"shape": (1, 3), "data": np.ones((1, 3), np.int32)}}), "bias of the cell gate"),
    ],
)
def test_what_tflm_refuses_is_refused_by_name(model: LstmModel, reason: str, tflm: Tflm) -> None:
    content = model.finish()
    with pytest.raises((ModelError, UnsupportedModelError), match=reason):
        load_program(content)
    assert compare_with_tflm(content, [[np.zeros((1, 4, 5), np.int8)]], tflm) == REFUSED_BY_BOTH


TINY = {"data": 2.0**-12, "hidden": 2.0**-15, "cell": 2.0**-12}


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (LstmModel(changes={0: {"shape": (1, 4, 5, 1)}}), "of which TensorFlow Lite Micro reads three sizes"),
        (LstmModel(changes={1: {"scale": None, "scales": [0.01, 0.02, 0.03]}}), "have 3 scales"),
        (LstmModel(changes={1: {"data": None, "is_variable": True}}), "only constants are supported there"),
        (LstmModel(scales=TINY | {"cell": 2.0**-32}), "the cell state's scale .* products of gates leave 32 bits"),
        (LstmModel(scales=TINY | {"hidden": 2.0**-32}), "the hidden state's scale .* products of gates leave 32 bits"),
        (LstmModel(scales=TINY | {"cell": 8.0}), "the cell state's scale 8 is so large"),
        (LstmModel(scales=TINY, input_scales=(2.0**32,) * 4), "2.*30 or more"),
        (LstmModel(wide=True, scales=TINY, input_scales=(2.0**15,) * 4), "input scales give a multiplier of 2..14"),
        (LstmModel(wide=True, scales=TINY, bias_limit=2**48), "so large that sums leave 48 bits"),
        (LstmModel(changes={1: {"scale": None}}), "is not quantised"),
    ],
)
def test_what_tflm_leaves_undefined_is_refused_by_name(model: LstmModel, reason: str) -> None:
    with pytest.raises(UnsupportedModelError, match=reason):
        load_program(model.finish())


@pytest.mark.parametrize(("position", "shared"), [(0, 18), (18, 19)])
def test_one_tensor_in_two_places_that_a_step_reads_and_writes_is_refused(position: int, shared: int) -> None:
    graph = read_graph("lstm", LstmModel(depth=3, steps=1, wide=True).finish())
    (operator,) = graph.operators
    inputs = list(operator.inputs)
    inputs[position] = inputs[shared]
    with pytest.raises(Refusal, match="one tensor is two of its input, hidden state and cell state"):
        lower(OperatorSource(graph, dataclasses.replace(operator, inputs=tuple(inputs))))


@pytest.mark.parametrize("data", [np.int32, np.int64])
def test_biases_of_the_other_width_which_tflm_would_misread_are_refused(data: type[np.generic]) -> None:
    bias = {"dtype": data.__name__, "data": np.zeros(3, data)}
    changes: dict[int, dict[str, Any] | None] = dict.fromkeys(range(12, 16), bias)
    with pytest.raises(UnsupportedModelError, match="these types are not supported"):
        load_program(LstmModel(wide=data is np.int32, changes=changes).finish())


@pytest.mark.parametrize(("name", "function"), [("LOGISTIC", logistic_int16), ("TANH", tanh_int16)])
def test_the_functions_of_int16_equal_tflms_in_every_element(name: str, function: Any, tflm: Tflm) -> None:
    every = np.arange(-(2**15), 2**15).astype(np.int16).reshape(1, -1)
    model = one_operator(name, [tensor(every.shape, "int16", 2.0**-12)], tensor(every.shape, "int16", 2.0**-15))
    ((theirs,),) = tflm.run(model, [[every]])
    np.testing.assert_array_equal(function(every.astype(np.int64)), theirs)
