"""What all of RefBackend's operators have in common."""

from __future__ import annotations

import copy
import functools
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ember_infer_core import FusedActivation, InvalidShape, KernelBackend, UnsupportedActivation
from ember_infer_core.conformance.properties import refill
from ember_infer_core.conformance.strategies import CALLS
from ember_infer_ref import RefBackend
from ember_infer_ref.requantize import ROUNDINGS, Rounding
from tests.ref.cases import result_of

Calls = Callable[[], st.SearchStrategy[Any]]

OPERATORS: dict[str, Calls] = {name: calls for name, calls in CALLS.items() if name != "reshape"}
every_operator = pytest.mark.parametrize(("name", "calls"), OPERATORS.items(), ids=OPERATORS)


@functools.cache
def largest_example(calls: Calls) -> Any:
    found: list[Any] = []

    @settings(max_examples=20, derandomize=True, database=None)
    @given(calls())
    def collect(params: Any) -> None:
        found.append(params)

    collect()
    return max(found, key=lambda params: params.output.size)


def example(calls: Calls) -> Any:
    """One call of some size, always the same."""
    return copy.deepcopy(largest_example(calls))


@every_operator
def test_a_prepared_call_follows_its_inputs(name: str, calls: Calls) -> None:
    method = getattr(RefBackend(), name)

    @given(params=calls(), seed=st.integers(0, 2**32 - 1))
    def check(params: Any, seed: int) -> None:
        random = np.random.default_rng(seed)
        prepared = copy.copy(params)
        prepared.cache = {}
        for _ in range(3):
            refill(params, random)
            prepared.output[...] = 77
            method(prepared)
            np.testing.assert_array_equal(prepared.output, result_of(method, params))

    check()


@every_operator
def test_a_single_call_keeps_nothing(name: str, calls: Calls) -> None:
    params = example(calls)
    method = getattr(RefBackend(), name)
    first = result_of(method, params)
    other = copy.copy(params)
    for operand in params.OPERANDS:
        if operand.name.startswith("input"):
            setattr(other, operand.name, ~getattr(params, operand.name))
    result_of(method, other)
    np.testing.assert_array_equal(result_of(method, params), first)


@every_operator
def test_inputs_and_constants_are_left_alone(name: str, calls: Calls) -> None:
    params = example(calls)
    operands = [operand.name for operand in params.OPERANDS if operand.name != "output"]
    before = {operand: copy.copy(getattr(params, operand)) for operand in operands}
    result_of(getattr(RefBackend(), name), params, runs=2)
    for operand in operands:
        np.testing.assert_array_equal(getattr(params, operand), before[operand])


@every_operator
@pytest.mark.parametrize("cache", [None, {}], ids=["single", "prepared"])
def test_wrong_buffers_are_refused_before_anything_is_written(
    name: str, calls: Calls, cache: dict[str, Any] | None
) -> None:
    params = example(calls)
    params.output[...] = 77
    for operand in params.OPERANDS:
        right = getattr(params, operand.name)
        if right is None:
            continue
        read_only = right.copy()
        read_only.flags.writeable = False
        wrongs = [right.astype(np.int16), right[None], np.repeat(right[None], 2, axis=0), right.tolist()]
        if operand.name == "output":
            wrongs.append(read_only)
        for wrong in wrongs:
            call = copy.copy(params)
            call.cache = copy.copy(cache)
            setattr(call, operand.name, wrong)
            with pytest.raises(InvalidShape, match=operand.name):
                getattr(RefBackend(), name)(call)
            assert (params.output == 77).all()
            assert not call.cache


@pytest.mark.parametrize("name", [name for name in OPERATORS if name != "softmax"])
@pytest.mark.parametrize(
    "activation",
    [FusedActivation.TANH, FusedActivation.SIGN_BIT, FusedActivation.SIGMOID],
    ids=lambda value: value.name,
)
def test_an_activation_that_is_no_clamp_is_refused_before_anything_is_written(
    name: str, activation: FusedActivation
) -> None:
    params = example(OPERATORS[name])
    params.fused_activation = activation
    params.output[...] = 77
    with pytest.raises(UnsupportedActivation, match=activation.name):
        getattr(RefBackend(), name)(params)
    assert (params.output == 77).all()


@pytest.mark.parametrize(("name", "calls"), list(OPERATORS.items())[:3], ids=list(OPERATORS)[:3])
def test_backends_that_round_differently_share_a_cache_unharmed(name: str, calls: Calls) -> None:
    @given(calls())
    def check(params: Any) -> None:
        expected = [result_of(getattr(RefBackend(rounding), name), params) for rounding in ROUNDINGS]
        shared = copy.copy(params)
        shared.cache = {}
        for rounding, result in zip(ROUNDINGS * 2, expected * 2, strict=True):
            getattr(RefBackend(rounding), name)(shared)
            np.testing.assert_array_equal(shared.output, result)

    check()


def test_two_threads_with_parameters_of_their_own_do_not_meet() -> None:
    backend = RefBackend()
    params = example(OPERATORS["conv2d"])
    calls = [copy.copy(params) for _ in range(4)]
    for index, call in enumerate(calls):
        call.input = np.roll(params.input, index)
        call.output = np.empty_like(params.output)
    expected = [result_of(backend.conv2d, call) for call in calls]
    for call in calls:
        call.cache = {}

    def work(call: Any, result: Any) -> None:
        for _ in range(200):
            call.output[...] = 77
            backend.conv2d(call)
            if not np.array_equal(call.output, result):
                failures.append(call)

    failures: list[Any] = []
    threads = [threading.Thread(target=work, args=pair) for pair in zip(calls, expected, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_the_rounding_can_be_read_and_seen_but_not_changed(rounding: Rounding) -> None:
    backend = RefBackend(rounding)
    assert isinstance(backend, KernelBackend)
    assert backend.rounding == rounding
    assert repr(backend) == f"RefBackend(rounding={rounding!r})"
    with pytest.raises(AttributeError):
        backend.rounding = "double"  # type: ignore[misc]


def test_the_default_is_tflm_s_rounding() -> None:
    assert RefBackend().rounding == "double"


@pytest.mark.parametrize("rounding", ["Double", "", None, 1])
def test_an_unknown_rounding_is_refused(rounding: Any) -> None:
    with pytest.raises(ValueError, match="'double', 'single', 'float'"):
        RefBackend(rounding)


@pytest.mark.parametrize("name", ["conv2d", "fully_connected"])
def test_a_flag_that_the_blas_leaves_behind_is_no_warning(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    multiply, met = np.matmul, []

    def matmul(first: Any, second: Any, out: Any) -> None:
        multiply(first, second, out=out)
        met.append(np.subtract(np.inf, np.inf))  # as if the processor's flag were up

    params = example(OPERATORS[name])
    monkeypatch.setattr(np, "matmul", matmul)
    getattr(RefBackend(), name)(params)
    assert met
