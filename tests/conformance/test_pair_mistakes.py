"""The suite catches mistakes in functions of two tensors, and names them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ember_infer_core import check_buffers
from ember_infer_core.conformance import test_operators
from ember_infer_core.conformance.report import Finding
from ember_infer_core.conformance.subject import Subject
from ember_infer_core.fixed_point import multiply_by_quantized_multiplier
from ember_infer_ref import RefBackend

EXAMPLES = 100


def run_with(params: Any, **fields: Any) -> None:
    """The right kernel with other parameters."""
    changed = dataclasses.replace(params, **fields)
    params.output[...] = changed.elements(changed.input1, changed.input2)


class Mistaken(RefBackend):
    """Each of these operators goes wrong in a way of its own."""

    def sub(self, params: Any) -> None:
        """Subtracts the first from the second."""
        check_buffers(params)
        names = [one.name for one in dataclasses.fields(params) if one.name.startswith("input1")]
        other = {name: name.replace("input1", "input2") for name in names}
        fields = {first: getattr(params, second) for first, second in other.items()}
        run_with(params, **fields, **{second: getattr(params, first) for first, second in other.items()})

    def maximum(self, params: Any) -> None:
        """Lets NaN win."""
        np.maximum(params.input1, params.input2, out=params.output)

    def minimum(self, params: Any) -> None:
        """Takes the larger."""
        run_with(params, largest=True)

    def squared_difference(self, params: Any) -> None:
        """Has one scale for both."""
        run_with(params, input2_multiplier=params.input1_multiplier, input2_shift=params.input1_shift)

    def prelu(self, params: Any) -> None:
        """Has one factor for both sides of zero."""
        run_with(params, output_multiplier_2=params.output_multiplier_1, output_shift_2=params.output_shift_1)

    def less(self, params: Any) -> None:
        """Does not look at scales."""
        np.less(params.input1, params.input2, out=params.output)

    def logical_or(self, params: Any) -> None:
        """Wants both."""
        np.logical_and(params.input1, params.input2, out=params.output)

    def logical_not(self, params: Any) -> None:
        """Copies."""
        np.copyto(params.output, params.input)

    def div(self, params: Any) -> None:
        """Rounds int32 down."""
        if params.dtype == np.float32:
            return super().div(params)
        with np.errstate(all="ignore"):
            params.output[...] = params.clamped(np.floor_divide(params.input1, params.input2))
        return None

    def floor_mod(self, params: Any) -> None:
        """Leaves the remainder its sign."""
        with np.errstate(all="ignore"):
            np.fmod(params.input1, params.input2, out=params.output)

    def add_n(self, params: Any) -> None:
        """Begins at 0."""
        if params.dtype == np.float32:
            return super().add_n(params)
        total = np.zeros(params.output_shape, np.int64)
        for array in params.inputs:
            shifted = (array.astype(np.int64) + params.input_offset) << params.left_shift
            total = total + multiply_by_quantized_multiplier(shifted, params.input_multiplier, params.input_shift)
        result = multiply_by_quantized_multiplier(total, params.output_multiplier, params.output_shift)
        params.output[...] = np.clip(result + params.output_offset, -128, 127)
        return None


def report_on(operator: str, backend: RefBackend) -> str:
    look: Callable[..., None] = test_operators.test_a_call_gives_what_the_definition_says
    with pytest.raises(Finding) as found:
        look(Subject("tests:backend", backend), operator, EXAMPLES)
    return str(found.value)


@pytest.mark.parametrize(
    ("operator", "named"),
    [
        ("sub", "the two inputs taken for one another"),
        ("maximum", "NaN in either input gives NaN"),
        ("minimum", "the smaller taken for the larger"),
        ("squared_difference", "the first input's scale used for both inputs"),
        ("prelu", "the products scaled as what is not negative"),
        ("less", "int8 compared as it is"),
        ("logical_or", "`and` taken for `or`"),
        ("logical_not", "copied"),
        ("div", "int32: rounded down instead of towards zero"),
        ("floor_mod", "the dividend's sign instead of the divisor's"),
        ("add_n", "added up from 0"),
    ],
)
def test_a_mistake_is_caught_and_named(operator: str, named: str) -> None:
    assert named in report_on(operator, Mistaken())
