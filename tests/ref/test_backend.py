"""What is RefBackend's own. The conformance suite shows what its operators have in common with every backend's."""

from __future__ import annotations

import copy
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from ember_infer_core import KernelBackend
from ember_infer_core.conformance.strategies import calls_of, drawn
from ember_infer_ref import RefBackend
from ember_infer_ref.requantize import ROUNDINGS, Rounding
from tests.ref.cases import result_of


def example(name: str) -> Any:
    """One call of some size, always the same."""
    return copy.deepcopy(max(drawn(name, 20), key=lambda params: params.output.size))


@pytest.mark.parametrize("name", ["conv2d", "depthwise_conv2d", "fully_connected"])
def test_backends_that_round_differently_share_a_cache_unharmed(name: str) -> None:
    @given(calls_of(name))
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
    params = example("conv2d")
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

    params = example(name)
    monkeypatch.setattr(np, "matmul", matmul)
    getattr(RefBackend(), name)(params)
    assert met
