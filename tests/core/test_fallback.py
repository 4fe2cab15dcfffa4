"""Several backends as one: which kernel runs, what is refused and when, how much scratch."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from ember_infer_core import (
    Conv2dParams,
    FallbackBackend,
    KernelBackend,
    MulParams,
    Program,
    UnsupportedActivation,
    UnsupportedOperator,
)
from ember_infer_core.ops import OPERATORS
from ember_infer_core.ops.mul import prepare as prepare_mul
from ember_infer_core.slots import OperatorParams, Shape4
from ember_infer_macros import QuantizedModel, ember_model, load_program
from ember_infer_ref import RefBackend
from tests.conftest import REPOSITORY

DIGITS = REPOSITORY / "models" / "digits.tflite"


@ember_model(DIGITS)
class Digits(QuantizedModel): ...


class OnlySoftmax:
    """A bring-up with one operator written: an answer that nobody else gives."""

    def __init__(self) -> None:
        self.calls = 0

    def softmax(self, params: Any) -> None:
        self.calls += 1
        params.output[...] = 77


class PickyConvolution:
    """Takes no convolution of more than one input channel."""

    def __init__(self, error: Callable[[str], Exception] = UnsupportedOperator) -> None:
        self.taken: list[Shape4] = []
        self.refused = 0
        self._error = error

    def conv2d(self, params: Conv2dParams) -> None:
        if params.input_shape[3] > 1:
            self.refused += 1
            raise self._error("more than one channel")
        self.taken.append(params.input_shape)
        RefBackend().conv2d(params)

    @classmethod
    def conv2d_scratch_size(cls, input_shape: Shape4, weights_shape: Shape4, output_shape: Shape4) -> int:
        return 100 * weights_shape[0]


class Hungry(RefBackend):
    @classmethod
    def conv2d_scratch_size(cls, input_shape: Shape4, weights_shape: Shape4, output_shape: Shape4) -> int:
        return 700

    @classmethod
    def softmax_scratch_size(cls, num_classes: int) -> int:
        return num_classes


@pytest.fixture
def digits() -> Program:
    return load_program(DIGITS)


def predict(backend: KernelBackend) -> list[int]:
    output = np.empty(Digits.output_len(), np.int8)
    Digits.predict_quantized(backend, np.arange(64, dtype=np.int8), output)
    return output.tolist()


def test_bring_up_starts_with_one_operator() -> None:
    mine = OnlySoftmax()
    assert predict(FallbackBackend(mine, RefBackend())) == [77] * 10
    assert mine.calls == 1


def test_the_first_backend_that_has_an_operator_gets_it() -> None:
    mine = OnlySoftmax()
    assert predict(FallbackBackend(RefBackend(), mine)) == predict(RefBackend())
    assert mine.calls == 0


@pytest.mark.parametrize("error", [UnsupportedOperator, UnsupportedActivation])
def test_a_kernel_that_refuses_its_parameters_hands_the_call_on_and_is_not_asked_again(
    digits: Program, error: Callable[[str], Exception]
) -> None:
    mine = PickyConvolution(error)
    executable = FallbackBackend(mine, RefBackend()).compile(digits)
    expected = RefBackend().compile(digits)
    shapes = [call.params.input_shape for call in digits.calls if isinstance(call.params, Conv2dParams)]
    for run in (1, 2, 3):
        executable.run()
        expected.run()
        np.testing.assert_array_equal(executable.outputs[0], expected.outputs[0])
        assert mine.taken == [shape for shape in shapes if shape[3] == 1] * run
        assert mine.refused == sum(shape[3] > 1 for shape in shapes) > 0


def test_any_other_error_of_a_kernel_is_the_callers() -> None:
    with pytest.raises(ZeroDivisionError):
        predict(FallbackBackend(PickyConvolution(ZeroDivisionError), RefBackend()))


def test_operators_that_nobody_has_are_all_named_when_the_model_is_compiled(digits: Program) -> None:
    with pytest.raises(UnsupportedOperator) as caught:
        FallbackBackend(OnlySoftmax(), PickyConvolution()).compile(digits)
    assert str(caught.value).startswith("digits: none of OnlySoftmax, PickyConvolution implements ")
    for call in digits.calls:
        named = f"{call.name} ({call.method})" in str(caught.value)
        assert named == (call.method not in ("softmax", "conv2d")), call.name


def test_parameters_that_nobody_takes_are_refused_with_every_reason(digits: Program) -> None:
    class AlsoPicky(RefBackend):
        def conv2d(self, params: Conv2dParams) -> None:
            raise UnsupportedActivation("no activation here")

    convolutions = [call.params for call in digits.calls if isinstance(call.params, Conv2dParams)]
    wide = next(params for params in convolutions if params.input_shape[3] > 1)
    with pytest.raises(UnsupportedActivation, match="more than one channel; no activation here"):
        FallbackBackend(PickyConvolution(), AlsoPicky()).conv2d(wide)


def test_what_a_backend_inherits_from_the_contract_does_not_count_as_its_own() -> None:
    kernels = {name: lambda self, params: None for name in KernelBackend.__abstractmethods__}
    today = type("Today", (KernelBackend,), kernels)()

    class OnlyMul:
        def mul(self, params: MulParams) -> None:
            raise LookupError("mul of the second")

    params = prepare_mul(input1_shape=(), input2_shape=(), output_shape=())
    with pytest.raises(LookupError):
        FallbackBackend(today, OnlyMul()).mul(params)
    with pytest.raises(UnsupportedOperator, match="none of Today implements 'mul'"):
        FallbackBackend(today).mul(params)


def test_scratch_is_the_largest_that_a_backend_which_has_the_operator_asks_for() -> None:
    scratch_len = Digits.scratch_len
    composed = FallbackBackend.over(PickyConvolution, Hungry)
    widest = max(call.params.weights_shape[0] for call in Digits.program.calls if isinstance(call.params, Conv2dParams))
    assert scratch_len[composed]() == max(100 * widest, 700)
    assert scratch_len[FallbackBackend.over(OnlySoftmax, RefBackend)]() == 0
    assert composed.softmax_scratch_size(10) == 10
    assert composed.depthwise_conv2d_scratch_size((1, 1, 1, 1), (1, 1, 1, 1), (1, 1, 1, 1)) == 0
    assert type(FallbackBackend(PickyConvolution(), Hungry())) is composed

    class SizeWithoutKernel(OnlySoftmax):
        conv2d_scratch_size = PickyConvolution.conv2d_scratch_size

    assert scratch_len[FallbackBackend.over(SizeWithoutKernel, RefBackend)]() == 0


def test_every_kernel_is_given_the_scratch_that_its_class_asks_for() -> None:
    given: list[int] = []

    class Measures(PickyConvolution):
        def conv2d(self, params: Conv2dParams) -> None:
            given.append(
                params.scratch.size
                - self.conv2d_scratch_size(params.input_shape, params.weights_shape, params.output_shape)
            )
            RefBackend().conv2d(params)

    predict(FallbackBackend(Measures(), Hungry()))
    assert given
    assert min(given) >= 0


def test_backends_nest() -> None:
    mine, picky = OnlySoftmax(), PickyConvolution()
    inner = FallbackBackend(mine, picky)
    backend = FallbackBackend(inner, Hungry())
    assert predict(backend) == [77] * 10
    assert predict(backend) == [77] * 10
    assert (mine.calls, len(picky.taken)) == (2, 2)
    assert Digits.scratch_len[type(backend)]() >= 100 * picky.taken[0][3]


def test_one_instance_serves_many_threads() -> None:
    backend = FallbackBackend(PickyConvolution(), RefBackend())
    expected = predict(RefBackend())
    with ThreadPoolExecutor(4) as threads:
        assert all(answer == expected for answer in threads.map(lambda _: predict(backend), range(32)))


def test_a_copy_and_a_pickle_keep_the_scratch_sizes() -> None:
    backend = FallbackBackend(PickyConvolution(), Hungry())
    for again in (copy.copy(backend), pickle.loads(pickle.dumps(backend))):
        assert type(again) is type(backend)
        assert predict(again) == predict(backend)


def test_every_operator_of_the_contract_is_routed() -> None:
    asked: list[str] = []

    def kernel(name: str) -> Callable[[object, OperatorParams], None]:
        return lambda self, params: asked.append(name)

    backend = FallbackBackend(type("Everything", (), {name: kernel(name) for name in OPERATORS})())
    for name in OPERATORS:
        getattr(backend, name)(OperatorParams())
    assert asked == list(OPERATORS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "one backend or more"),
        ((RefBackend,), r"did you mean RefBackend\(\)\?"),
        ((RefBackend(), object()), "has no operator"),
    ],
)
def test_what_is_no_backend_is_refused_at_once(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        FallbackBackend(*arguments)
