"""One model of every operator that INT8 models may need, as its converter would write it: TFLM runs each of them.

So a model that TFLM refuses says something about the model, not about how the tests write it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ember_infer_core import ModelError, UnsupportedModelError
from ember_infer_macros import load_program
from ember_infer_macros.operators import LOWERINGS
from ember_infer_macros.tflite.read import read_graph
from ember_infer_ref import RefBackend
from tests.support.against_tflm import EQUAL, REFUSED_BY_BOTH, REFUSED_BY_US_ALONE, compare_with_tflm
from tests.support.contents import model_ports, random_batches
from tests.support.one_operator import Tensor, constant, one_operator, tensor, variable
from tests.support.stateful_models import running_sum
from tests.support.tflm import Tflm

IMAGE = (1, 4, 4, 8)
FLOAT_UNARY = ("CEIL", "EXP", "FLOOR", "LOG", "NEG", "ROUND", "SQRT", "SQUARE")
UNARY = ("ABS", "ELU", "HARD_SWISH", "L2_NORMALIZATION", "LEAKY_RELU", "RELU", "RELU6", "ZEROS_LIKE")
PAIRS = ("ADD", "MAXIMUM", "MINIMUM", "MUL", "PRELU", "SQUARED_DIFFERENCE", "SUB")
COMPARISONS = ("EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL")
WINDOW: dict[str, Any] = {"padding": "SAME", "stride_h": 2, "stride_w": 2}

# These are of no use alone: `stateful_models` has them all.
OF_VARIABLES = frozenset({"ASSIGN_VARIABLE", "CALL_ONCE", "READ_VARIABLE", "VAR_HANDLE"})

Model = tuple[Sequence[Tensor | None], Tensor | Sequence[Tensor], dict[str, Any]]


def int8(*shape: int, scale: float = 0.1, zero_point: int = 0) -> Tensor:
    return tensor(shape, "int8", scale, zero_point)


def real(*shape: int) -> Tensor:
    return tensor(shape, "float32")


def int32(*shape: int) -> Tensor:
    return tensor(shape, "int32")


def boolean(*shape: int) -> Tensor:
    return tensor(shape, "bool")


def whole(data: Any) -> Tensor:
    return constant(data, "int32")


def lstm_operands(depth: int = 5, units: int = 4) -> list[Tensor | None]:
    """For three time steps."""
    gates = range(4)

    def matrices(columns: int) -> list[Tensor]:
        return [constant([[1] * columns] * units, "int8", scale=0.1) for _ in gates]

    biases = [constant([1] * units, "int32", scale=0.01) for _ in gates]
    states = [variable((1, units), "int8", 0.1), variable((1, units), "int16", 2**-12)]
    peepholes, projection, normalisation = [None] * 3, [None] * 2, [None] * 4
    weights = [*matrices(depth), *matrices(units)]
    return [int8(1, 3, depth), *weights, *peepholes, *biases, *projection, *states, *normalisation]


def weights(*shape: int, dtype: str = "int8") -> Tensor:
    return constant([[[[1] * shape[3]] * shape[2]] * shape[1]] * shape[0], dtype, scale=0.1)


PADDINGS = whole([[0, 0], [1, 1], [1, 2], [0, 0]])

MODELS: dict[str, Model] = {
    **{name: ([real(2, 3)], real(2, 3), {}) for name in FLOAT_UNARY},
    **{name: ([int8(2, 3)], int8(2, 3), {}) for name in UNARY},
    **{name: ([int8(2, 3), int8(2, 3)], int8(2, 3), {}) for name in PAIRS},
    **{name: ([int8(2, 3), int8(2, 3)], boolean(2, 3), {}) for name in COMPARISONS},
    "ADD_N": ([int8(2, 3), int8(2, 3), int8(2, 3)], int8(2, 3), {}),
    "ARG_MAX": ([int8(2, 3), whole([1])], int32(2), {"output_type": "int32"}),
    "ARG_MIN": ([int8(2, 3), whole([1])], int32(2), {"output_type": "int32"}),
    "AVERAGE_POOL_2D": ([int8(*IMAGE)], int8(1, 2, 2, 8), {"filter_height": 2, "filter_width": 2, **WINDOW}),
    "BATCH_MATMUL": ([int8(2, 3, 4), int8(2, 5, 4)], int8(2, 3, 5), {"adj_y": True}),
    "BATCH_TO_SPACE_ND": ([int8(4, 2, 2, 1), whole([2, 2]), whole([[0, 0], [0, 0]])], int8(1, 4, 4, 1), {}),
    "BROADCAST_ARGS": ([whole([2, 1]), whole([1, 3])], int32(2), {}),
    "BROADCAST_TO": ([int8(1, 3), whole([2, 3])], int8(2, 3), {}),
    "CAST": ([real(2, 3)], int32(2, 3), {"in_data_type": "float32", "out_data_type": "int32"}),
    "CONCATENATION": ([int8(2, 3), int8(2, 1), int8(2, 2)], int8(2, 6), {"axis": -1}),
    "CONV_2D": ([int8(*IMAGE), weights(3, 2, 2, 8), whole([1, 2, 3])], int8(1, 2, 2, 3), WINDOW),
    "COS": ([real(2, 3)], real(2, 3), {}),
    "CUMSUM": ([int8(2, 3), whole([1])], int8(2, 3), {"exclusive": True, "reverse": True}),
    "DEPTHWISE_CONV_2D": (
        [int8(*IMAGE), weights(1, 2, 2, 8), whole([1] * 8)],
        int8(1, 2, 2, 8),
        {**WINDOW, "depth_multiplier": 1},
    ),
    "DEPTH_TO_SPACE": ([int8(*IMAGE)], int8(1, 8, 8, 2), {"block_size": 2}),
    "DEQUANTIZE": ([int8(2, 3)], real(2, 3), {}),
    "DIV": ([real(2, 3), real(2, 3)], real(2, 3), {"activation": "RELU6"}),
    "DYNAMIC_UPDATE_SLICE": ([int8(4, 3), int8(2, 3), whole([1, 0])], int8(4, 3), {}),
    "EMBEDDING_LOOKUP": ([whole([1, 0]), int8(2, 3)], int8(2, 3), {}),
    "EXPAND_DIMS": ([int8(2, 3), whole(1)], int8(2, 1, 3), {}),
    "FILL": ([whole([2, 3]), real()], real(2, 3), {}),
    "FLOOR_DIV": ([real(2, 3), real(2, 3)], real(2, 3), {}),
    "FLOOR_MOD": ([real(2, 3), real(2, 3)], real(2, 3), {}),
    "FULLY_CONNECTED": (
        [int8(2, 3), int8(4, 3), constant([1, 2, 3, 4], "int32", scale=0.1 * 0.1)],
        int8(2, 4),
        {"keep_num_dims": True},
    ),
    "GATHER": ([int8(4, 3), whole([3, 0])], int8(2, 3), {"axis": 0}),
    "GATHER_ND": ([int8(4, 3), whole([[3], [0]])], int8(2, 3), {}),
    "LOGICAL_AND": ([boolean(2, 3), boolean(2, 3)], boolean(2, 3), {}),
    "LOGICAL_NOT": ([boolean(2, 3)], boolean(2, 3), {}),
    "LOGICAL_OR": ([boolean(2, 3), boolean(2, 3)], boolean(2, 3), {}),
    "LOGISTIC": ([int8(2, 3)], int8(2, 3, scale=1 / 256, zero_point=-128), {}),
    "LOG_SOFTMAX": ([int8(2, 3)], int8(2, 3, scale=1 / 16, zero_point=127), {}),
    "MAX_POOL_2D": ([int8(*IMAGE)], int8(1, 2, 2, 8), {"filter_height": 2, "filter_width": 2, **WINDOW}),
    "MEAN": ([int8(*IMAGE), whole([1, 2])], int8(1, 1, 1, 8), {"keep_dims": True}),
    "MIRROR_PAD": ([int8(*IMAGE), PADDINGS], int8(1, 6, 7, 8), {"mode": "SYMMETRIC"}),
    "PACK": ([int8(2, 3), int8(2, 3)], int8(2, 2, 3), {"axis": 1, "values_count": 2}),
    "PAD": ([int8(*IMAGE), PADDINGS], int8(1, 6, 7, 8), {}),
    "PADV2": ([int8(*IMAGE), PADDINGS, constant([5], scale=0.1)], int8(1, 6, 7, 8), {}),
    "QUANTIZE": ([real(2, 3)], int8(2, 3), {}),
    "REDUCE_ALL": ([boolean(2, 3), whole([1])], boolean(2), {}),
    "REDUCE_MAX": ([int8(2, 3), whole([1])], int8(2), {}),
    "REDUCE_MIN": ([int8(2, 3), whole([1])], int8(2), {}),
    "RESHAPE": ([int8(2, 3)], int8(6), {"new_shape": [-1]}),
    "RESIZE_BILINEAR": ([int8(*IMAGE), whole([8, 6])], int8(1, 8, 6, 8), {"half_pixel_centers": True}),
    "RESIZE_NEAREST_NEIGHBOR": ([int8(*IMAGE), whole([8, 6])], int8(1, 8, 6, 8), {"align_corners": True}),
    "REVERSE_V2": ([int8(2, 3), whole([1])], int8(2, 3), {}),
    "RSQRT": ([int8(2, 3, zero_point=-128)], int8(2, 3, zero_point=-128), {}),
    "SELECT_V2": ([boolean(2, 3), int8(2, 3), int8(2, 3)], int8(2, 3), {}),
    "SHAPE": ([int8(2, 3)], int32(2), {"out_type": "int32"}),
    "SIN": ([real(2, 3)], real(2, 3), {}),
    "SLICE": ([int8(4, 3), whole([1, 0]), whole([2, -1])], int8(2, 3), {}),
    "SOFTMAX": ([int8(2, 3)], tensor((2, 3), "int16", 2**-16, -(2**15)), {"beta": 1.0}),
    "SPACE_TO_BATCH_ND": ([int8(1, 4, 4, 1), whole([2, 2]), whole([[0, 0], [0, 0]])], int8(4, 2, 2, 1), {}),
    "SPACE_TO_DEPTH": ([int8(*IMAGE)], int8(1, 2, 2, 32), {"block_size": 2}),
    "SPLIT": ([whole(1), int8(2, 4)], [int8(2, 2), int8(2, 2)], {"num_splits": 2}),
    "SPLIT_V": ([int8(2, 4), whole([1, 3]), whole(1)], [int8(2, 1), int8(2, 3)], {"num_splits": 2}),
    "SQUEEZE": ([int8(2, 1, 3)], int8(2, 3), {"squeeze_dims": [1]}),
    "STRIDED_SLICE": ([int8(4, 3), whole([0, 2]), whole([4, 0]), whole([2, -1])], int8(2, 2), {"begin_mask": 1}),
    "SUM": ([int8(2, 3), whole([1])], int8(2), {}),
    "SVDF": (
        [
            int8(2, 3),
            constant([[1] * 3] * 4, scale=0.1),
            constant([[1] * 2] * 4, scale=0.1),
            constant([5, -5], "int32", 0.1 / 16),
            variable((2, 8)),
        ],
        int8(2, 2),
        {"rank": 2},
    ),
    "TANH": ([int8(2, 3)], int8(2, 3, scale=1 / 128), {}),
    "TRANSPOSE": ([int8(1, 2, 3, 4), whole([0, 3, 1, 2])], int8(1, 4, 2, 3), {}),
    "TRANSPOSE_CONV": (
        [whole([1, 8, 8, 3]), weights(3, 2, 2, 8), int8(*IMAGE), whole([1, 2, 3])],
        int8(1, 8, 8, 3),
        {**WINDOW, "activation": "RELU"},
    ),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (lstm_operands(), int8(1, 3, 4), {"activation": "TANH", "cell_clip": 10.0}),
    "UNPACK": ([int8(2, 3)], [int8(3), int8(3)], {"num": 2, "axis": 0}),
}


# What contradicts itself where all options have their defaults.
MODELS_OF_DEFAULTS: dict[str, Model] = {
    "BATCH_MATMUL": ([int8(2, 3, 4), int8(2, 4, 5)], int8(2, 3, 5), {}),
    "CONCATENATION": ([int8(2, 3), int8(1, 3)], int8(3, 3), {}),
}
# What TFLM runs without options: with windows that never move, of no element, or it writes nothing.
MEANINGLESS_WITHOUT_OPTIONS = {
    *("AVERAGE_POOL_2D", "CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "PACK", "TRANSPOSE_CONV", "UNPACK")
}


def why_refused(model: bytes) -> ModelError | None:
    try:
        load_program(model)
    except ModelError as error:
        return error
    return None


def fate(model: bytes, tflm: Tflm) -> str:
    """How it goes on both sides; whatever is refused is refused as a valid model that is not for us."""
    refusal = why_refused(model)
    assert type(refusal) in (type(None), UnsupportedModelError), refusal
    batches = random_batches(model) or [[]]
    excuses = ["are missing; TensorFlow Lite Micro takes 0"]
    return compare_with_tflm(model, batches, tflm, [RefBackend()], ulp=2, only_we_refuse=excuses)


def test_there_is_a_model_of_every_operator() -> None:
    assert {*MODELS, *OF_VARIABLES} == {operator.name for operator in LOWERINGS}


def test_tflm_runs_the_operators_of_variables(tflm: Tflm) -> None:
    model = running_sum(initial=5)
    assert {operator.name for operator in read_graph("", model).operators} >= OF_VARIABLES
    tflm.run(model, random_batches(model))


@pytest.mark.parametrize("operator", sorted(MODELS))
def test_tflm_runs_a_model_of_this_operator(operator: str, tflm: Tflm) -> None:
    inputs, outputs, options = MODELS[operator]
    model = one_operator(operator, inputs, outputs, **options)
    ports = model_ports(model)[1]
    for answers in tflm.run(model, random_batches(model), len(ports)):
        assert [(answer.shape, answer.dtype) for answer in answers] == [(port.shape, port.dtype) for port in ports]


@pytest.mark.parametrize("operator", ["CONV_2D", "DEPTHWISE_CONV_2D"])
def test_tflm_runs_convolutions_with_int4_weights(operator: str, tflm: Tflm) -> None:
    (input, plain, *bias), output, options = MODELS[operator]
    assert plain is not None
    packed = weights(*plain.shape, dtype="int4")
    batches = random_batches(one_operator(operator, [input, plain, *bias], output, **options))
    results = [
        tflm.run(one_operator(operator, [input, filters, *bias], output, **options), batches)
        for filters in (plain, packed)
    ]
    for wide, narrow in zip(*results, strict=True):
        assert (wide[0] == narrow[0]).all()


@pytest.mark.parametrize("operator", sorted(MODELS))
def test_superfluous_inputs_are_passed_over_where_tflm_does_not_count_them(operator: str, tflm: Tflm) -> None:
    inputs, outputs, options = MODELS[operator]
    superfluous = inputs[0] if operator == "PACK" else whole([1, 2])  # no operator but PACK looks at the type
    model = one_operator(operator, [*inputs, superfluous], outputs, **options)
    assert fate(model, tflm) in (EQUAL, REFUSED_BY_BOTH)


@pytest.mark.parametrize("operator", sorted(MODELS))
def test_options_that_are_left_out_are_what_tflm_takes(operator: str, tflm: Tflm) -> None:
    inputs, outputs, _ = MODELS_OF_DEFAULTS.get(operator, MODELS[operator])
    model = one_operator(operator, inputs, outputs, with_options=False)
    if operator in MEANINGLESS_WITHOUT_OPTIONS:
        assert fate(model, tflm) == REFUSED_BY_US_ALONE
    else:
        assert fate(model, tflm) in (EQUAL, REFUSED_BY_BOTH)


@pytest.mark.parametrize("operator", ["ADD", "CONV_2D", "TANH"])
def test_outputs_that_nothing_writes_are_named(operator: str) -> None:
    inputs, output, options = MODELS[operator]
    assert isinstance(output, Tensor)
    refusal = why_refused(one_operator(operator, inputs, [output, int8(2, 3)], **options))
    assert isinstance(refusal, UnsupportedModelError)
    assert "2 outputs, of which nothing writes those after the first" in str(refusal)
