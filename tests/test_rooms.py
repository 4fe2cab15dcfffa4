"""Every operator has its place in every room: parameters, contract, lowering, kernels, conformance, tests."""

from __future__ import annotations

import ast
import importlib
import typing
from pathlib import Path

import pytest

import ember_infer_core
from ember_infer_core import KernelBackend
from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.ops import cases_of
from ember_infer_core.ops import DEFAULTS, INT8_AT_FIRST, OPERATORS
from ember_infer_core.slots import OperatorParams
from ember_infer_firmware.kernels import KERNELS as FIRMWARE
from ember_infer_firmware.kernels import planner
from ember_infer_macros.operators import CUSTOM_LOWERINGS, LOWERINGS
from ember_infer_native.kernels import KERNELS as NATIVE
from ember_infer_native.kernels import native_operator
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_ref.kernels import KERNELS as REFERENCE
from ember_infer_ref.kernels import kernel
from tests.conftest import REPOSITORY

# Operators of the contract that do not have their TensorFlow Lite operator's name.
LOWERED_FROM = {
    "avg_pool": "AVERAGE_POOL_2D",
    "conv2d": "CONV_2D",
    "depthwise_conv2d": "DEPTHWISE_CONV_2D",
    "max_pool": "MAX_POOL_2D",
}
LOWERED = {*(operator.name for operator in LOWERINGS), *CUSTOM_LOWERINGS}

every_operator = pytest.mark.parametrize("operator", OPERATORS)


def test_names_are_in_alphabetical_order_so_that_merges_are_trivial() -> None:
    for room in (OPERATORS, REFERENCE, NATIVE, FIRMWARE, DEFAULTS):
        assert list(room) == sorted(room)


def test_no_room_has_an_operator_that_the_contract_has_not() -> None:
    for room in (REFERENCE, NATIVE, FIRMWARE, DEFAULTS, INT8_AT_FIRST):
        assert set(room) <= set(OPERATORS)


@every_operator
def test_its_parameters_are_in_core_and_made_by_prepare(operator: str) -> None:
    module = importlib.import_module(f"ember_infer_core.ops.{OPERATORS[operator]}")
    assert any(name.startswith("prepare") for name in module.__all__)


@every_operator
def test_the_contract_has_a_typed_documented_method(operator: str) -> None:
    method = getattr(KernelBackend, operator)
    assert method.__doc__
    (params,) = [one for name, one in _hints(method).items() if name != "return"]
    assert issubclass(params, OperatorParams)
    assert getattr(ember_infer_core, params.__name__) is params, "public, so that a backend can name it"


def _hints(method: object) -> dict[str, type]:
    """Annotations, whose classes the contract imports for checkers alone."""
    source = Path(ember_infer_core.__file__).with_suffix(".pyi").read_text()
    public = [name.name for node in ast.parse(source).body if isinstance(node, ast.ImportFrom) for name in node.names]
    return typing.get_type_hints(method, {name: getattr(ember_infer_core, name) for name in public})


@every_operator
def test_some_operator_of_tensorflow_lite_becomes_it(operator: str) -> None:
    assert LOWERED_FROM.get(operator, operator.upper()) in LOWERED


def test_every_operator_of_tensorflow_lite_is_lowered_in_a_module() -> None:
    for accepted in (*LOWERINGS.values(), *CUSTOM_LOWERINGS.values()):
        module = importlib.import_module(f"ember_infer_macros.lower.{accepted.file}")
        assert callable(module.lower)


@every_operator
def test_the_reference_has_a_kernel(operator: str) -> None:
    assert callable(kernel(operator))


@every_operator
def test_there_is_a_native_kernel(operator: str) -> None:
    assert operator in NATIVE
    assert isinstance(native_operator(operator), NativeOperator)


@every_operator
def test_there_is_a_firmware_kernel(operator: str) -> None:
    assert operator in FIRMWARE
    assert callable(planner(operator))


@every_operator
def test_the_conformance_suite_has_cases_in_the_file_of_that_name(operator: str) -> None:
    assert isinstance(cases_of(operator), OperatorCases)


@every_operator
def test_whole_models_of_it_are_held_to_tflm(operator: str) -> None:
    """Four of the first version are among the random graphs of ``test_against_tflm.py`` alone."""
    if operator in ("avg_pool", "conv2d", "depthwise_conv2d", "max_pool"):
        return
    assert (REPOSITORY / "tests" / "operators" / f"test_{OPERATORS[operator]}.py").is_file()
