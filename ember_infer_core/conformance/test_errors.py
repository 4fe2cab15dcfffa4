"""What a call must refuse, by the right error and before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from ember_infer_core.activation import FusedActivation
from ember_infer_core.conformance.calls import bind_call, error_in_words
from ember_infer_core.conformance.expected import output_size, written_slots
from ember_infer_core.conformance.ops import cases_of
from ember_infer_core.conformance.strategies import drawn
from ember_infer_core.conformance.subject import Subject, check_outcome
from ember_infer_core.errors import InvalidShape, KernelError, UnsupportedActivation
from ember_infer_core.ops import OPERATORS
from ember_infer_core.slots import AnyArray, bind, bound, content, slots

_NO_CLAMPS = (FusedActivation.TANH, FusedActivation.SIGN_BIT, FusedActivation.SIGMOID)
_ACTIVATED = tuple(operator for operator in OPERATORS if cases_of(operator).activated)
_WRONGS = ("wrong dtype", "wrong shape", "too few elements", "no array", "not contiguous", "read-only")


def _call(subject: Subject, operator: str) -> Any:
    """A call of some size that has every buffer."""
    calls = [one for one in drawn(operator, 40) if not subject.excused(operator, one)]
    if not calls:
        pytest.skip("known exceptions cover every call")
    return max(calls, key=lambda params: (len(bound(params)), output_size(params)))


def _wrong(right: AnyArray, kind: str) -> Iterator[Any]:
    """The array, made wrong in this way, if it can be."""
    if kind == "wrong dtype":
        yield np.zeros_like(right, np.int32 if right.dtype == np.int16 else np.int16)
        yield right.view(f"{'i' if right.dtype.kind == 'u' else 'u'}{right.dtype.itemsize}")
    elif kind == "wrong shape":
        yield right[None]
    elif kind == "too few elements" and right.ndim:
        yield right[:-1].copy()
    elif kind == "no array":
        yield right.tolist()
    elif kind == "not contiguous" and right.ndim and right.shape[-1] > 1:
        yield np.repeat(right, 2, axis=-1)[..., ::2]


def _contents(params: Any) -> list[bytes]:
    """Of the outputs and states, as far as they are arrays."""
    held = [content(params, slot) for slot in written_slots(params)]
    return [array.tobytes() for array in held if isinstance(array, np.ndarray)]


def _refused(subject: Subject, operator: str, params: Any, wanted: type[KernelError], what: str) -> None:
    before = _contents(params)
    raised: Exception | None = None
    try:
        getattr(subject.backend, operator)(params)
    except Exception as error:
        raised = error
    if not isinstance(raised, wanted):
        instead = f"not {error_in_words(raised)}" if raised else "but the call went through"
        pytest.fail(f"{subject.name}.{operator}: {what} must raise {wanted.__name__}, {instead}", False)
    if _contents(params) != before:
        pytest.fail(f"{subject.name}.{operator}: {what}: something was written before {wanted.__name__}", False)


@pytest.mark.parametrize("kind", _WRONGS)
@pytest.mark.parametrize("operator", OPERATORS)
def test_a_wrong_buffer_is_an_invalid_shape(subject: Subject, operator: str, kind: str) -> None:
    subject.require(operator)
    params = _call(subject, operator)
    for slot in slots(params):
        right = content(params, slot)
        if right is None:
            continue
        if kind == "read-only":
            if slot.role.is_written:
                call = bind_call(subject.backend, operator, params)
                call.buffers[slot.name].array.flags.writeable = False
                _refused(subject, operator, call.params, InvalidShape, f"a read-only {slot.name}")
            continue
        for wrong in _wrong(right, kind):
            refused = bind_call(subject.backend, operator, params).params
            bind(refused, {**bound(refused), slot.name: wrong})
            _refused(subject, operator, refused, InvalidShape, f"{slot.name}: {kind}")


@pytest.mark.parametrize("activation", _NO_CLAMPS, ids=lambda one: one.name)
@pytest.mark.parametrize("operator", _ACTIVATED)
def test_an_activation_that_is_no_clamp_is_refused(
    subject: Subject, operator: str, activation: FusedActivation
) -> None:
    subject.require(operator)
    call = bind_call(subject.backend, operator, _call(subject, operator)).params
    call.fused_activation = activation
    _refused(subject, operator, call, UnsupportedActivation, f"fused activation {activation.name}")


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_call_is_right_after_one_that_was_refused(subject: Subject, operator: str) -> None:
    subject.require(operator)
    params = _call(subject, operator)
    alone = subject.make(operator, params)
    call = bind_call(subject.backend, operator, params)
    right, (output, *_) = bound(call.params), written_slots(params)
    call.params.cache = {}
    wrong = next(_wrong(right[output.name], "wrong dtype"))
    bind(call.params, {**right, output.name: wrong})
    _refused(subject, operator, call.params, InvalidShape, f"{output.name}: wrong dtype, with a cache")
    bind(call.params, right)
    outcome = call.run(subject.backend, alone.expected)
    if alone.right:  # or other tests report it
        how = "a call with a cache, after one with the same cache was refused for its output"
        check_outcome(operator, params, alone.expected, outcome, how, notes=("state: what a refused call left behind",))
