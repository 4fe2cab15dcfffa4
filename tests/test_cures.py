"""What to do about a refused model is told with the refusal, and on a page of the documentation."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ember_infer_macros import cures
from ember_infer_macros.tflite.schema import BuiltinOperator
from ember_infer_tools.tflite_writer import ModelWriter, load_schema, pack_model
from tests.conftest import REPOSITORY
from tests.test_unsupported_models import add_tensor, graph, one_operator, refused

pytestmark = pytest.mark.usefixtures("tflm_wheel")


@pytest.mark.parametrize("code", cures.OPERATOR_CURES)
def test_operator_comes_with_its_cure(code: BuiltinOperator) -> None:
    error = refused(pack_model(one_operator(code.name)))
    assert f"{code.name}: {cures.OPERATOR_CURES[code]}" in error.advice
    assert f"\n  - {code.name}: {cures.OPERATOR_CURES[code]}" in str(error)


def dense(input_type: str, weights_type: str = "int8") -> Any:
    writer = ModelWriter()
    input, output = writer.tensor("input", (1, 2), input_type), writer.tensor("output", (1, 2), input_type)
    weights = writer.tensor("weights", (2, 2), weights_type, scale=0.5, data=np.ones((2, 2), weights_type))
    writer.fully_connected(input, weights, None, output)
    return writer.model([input], [output])


def half_precision_weights() -> Any:
    model = one_operator("DEQUANTIZE")
    graph(model).operators[0].inputs = [add_tensor(model, type=1)]
    return model


def sparse_weights() -> Any:
    writer = ModelWriter()
    input, output = writer.tensor("input", (1, 2), scale=1.0), writer.tensor("output", (1, 2), scale=1.0)
    writer.fully_connected(input, writer.tensor("w", (2, 2), scale=1.0, data=np.ones((2, 2), np.int8)), None, output)
    model = writer.model([input], [output])
    graph(model).tensors[2].sparsity = load_schema().SparsityParametersT()
    return model


def no_elements() -> Any:
    writer = ModelWriter()
    input, output = writer.tensor("input", (0, 2), scale=1.0), writer.tensor("output", (0, 2), scale=1.0)
    writer.add(input, input, output)
    return writer.model([input], [output])


MODELS_TO_CURE: dict[str, Callable[[], Any]] = {
    cures.FLOAT_MODEL: lambda: dense("float32", "float32"),
    cures.FLOAT16: half_precision_weights,
    cures.DYNAMIC_RANGE: lambda: dense("float32"),
    cures.INT16_ACTIVATIONS: lambda: dense("int16"),
    cures.UINT8_MODEL: lambda: dense("uint8", "uint8"),
    cures.EDGES: lambda: dense("int64"),
    cures.DYNAMIC_SHAPES: no_elements,
    cures.SPARSE_WEIGHTS: sparse_weights,
    cures.CONTROL_FLOW: lambda: one_operator("WHILE"),
    cures.TENSORFLOW_OPERATORS: lambda: one_operator("CUSTOM", "FlexErf"),
    cures.CUSTOM_OPERATORS: lambda: one_operator("CUSTOM", "Mine"),
    cures.STABLEHLO: lambda: one_operator("STABLEHLO_ADD"),
}


@pytest.mark.parametrize("kind", cures.MODEL_CURES)
def test_kind_of_model_comes_with_its_cure(kind: str) -> None:
    assert f"{kind}: {cures.MODEL_CURES[kind]}" in refused(pack_model(MODELS_TO_CURE[kind]())).advice


def test_each_cure_is_told_once() -> None:
    writer = ModelWriter()
    tensors = [writer.tensor(f"t{index}", (4,), scale=1.0) for index in range(9)]
    for before, after in itertools.pairwise(tensors):
        writer.operator("GELU", [before], [after])
    assert len(refused(writer.finish(tensors[:1], tensors[-1:])).advice) == 1


def test_page_names_every_cure() -> None:
    page = (REPOSITORY / "docs" / "getting-a-model-that-runs.md").read_text()
    for code in cures.OPERATOR_CURES:
        assert f"`{code.name}`" in page, code.name
    for kind in cures.MODEL_CURES:
        assert kind in page.lower().replace("tensorflow", "TensorFlow").replace("stablehlo", "StableHLO"), kind
