"""What tensors hold: counted, not sampled, where elements are bytes."""

from __future__ import annotations

import numpy as np
import pytest

from ember_infer_core.slots import AnyArray
from ember_infer_macros import load_program
from ember_infer_ref import RefBackend
from ember_infer_tools.inspect import QuantReport, inspect_model
from ember_infer_tools.report.distributions import BINS, Distribution, Values, activations_of, weights_of
from ember_infer_tools.report.held import held
from ember_infer_tools.tflite_writer import ModelWriter
from tests.tools.comparing import DIGITS


def gathered(*arrays: AnyArray) -> Distribution:
    values = Values(arrays[0].dtype)
    for array in arrays:
        values.add(array)
    found = values.distribution()
    assert found is not None
    return found


def test_every_byte_is_counted_and_the_ends_apart() -> None:
    found = gathered(np.array([-128, -128, -1, 0], np.int8), np.array([[127, 5]], np.int8))
    assert (found.elements, found.at_low, found.at_high) == (6, 2, 1)
    assert (found.least, found.greatest, found.ends) == (-128, 127, (-128, 127))
    assert (found.bins[0], found.bins[31], found.bins[32], found.bins[33], found.bins[63]) == (2, 1, 1, 1, 1)
    assert sum(found.bins) == 6
    assert found.low_share == pytest.approx(1 / 3)


def test_unsigned_bytes_begin_at_0_and_truth_values_are_two() -> None:
    assert gathered(np.array([0, 255], np.uint8)).bins == (1, *[0] * 62, 1)
    assert gathered(np.array([True, False, True])).bins == (1, 2)


def test_wide_elements_are_binned_between_the_least_and_the_greatest() -> None:
    found = gathered(np.linspace(-3, 5, 6400, dtype=np.float32))
    assert (found.start, found.stop, found.ends) == (-3, 5, None)
    assert set(found.bins) <= {49, 50, 51}  # every second one is sampled, evenly
    assert len(found.bins) == BINS


def test_int16_has_ends_too() -> None:
    found = gathered(np.array([-32768, 7, 32767, 32767], np.int16))
    assert (found.at_low, found.at_high) == (1, 2)


@pytest.mark.parametrize("value", [0.0, -2.5, 3e38])
def test_one_value_alone_is_a_histogram_of_one_bin(value: float) -> None:
    found = gathered(np.full(9, value, np.float32))
    assert sorted(found.bins)[-2:] == [0, 9]


def test_numbers_as_far_apart_as_can_be_are_no_overflow() -> None:
    ends = np.finfo(np.float32)
    assert sum(gathered(np.array([ends.min, 0, ends.max], np.float32)).bins) == 3


def test_what_is_not_finite_is_left_out() -> None:
    found = gathered(np.array([np.nan, np.inf, 1.0], np.float32))
    assert (found.least, found.greatest, found.elements) == (1.0, 1.0, 3)
    nothing = gathered(np.array([np.nan], np.float32))
    assert (nothing.least, sum(nothing.bins)) == (None, 0)
    assert held(nothing, None).range == "no finite value"


def test_a_tensor_that_nothing_was_written_to_has_none() -> None:
    assert Values(np.dtype(np.int8)).distribution() is None


def test_activations_are_those_of_every_sample() -> None:
    program = load_program(DIGITS)
    samples = np.random.default_rng(0).integers(-128, 128, (3, 8, 8, 1), np.int8)
    found, ended = activations_of(RefBackend(), program, [samples], len(program.tensors))
    assert ended == ()
    index = program.inputs[0]
    assert found[index].elements == samples.size
    assert found[index].bins == gathered(samples).bins
    assert {call.operands["output"] for call in program.calls} < found.keys()


def test_weights_are_the_constants_of_int8() -> None:
    program = load_program(DIGITS)
    found = weights_of(program, inspect_model(DIGITS, []).tensors)
    filters = {call.operands["weights"] for call in program.calls if "weights" in call.operands}
    assert found.keys() == filters
    assert all(found[index].elements == program.tensors[index].size for index in filters)


def weights(values: list[int], zero_point: int = 0) -> Distribution:
    """Of a model of one layer, which multiplies by these."""
    writer = ModelWriter()
    source, result = (writer.tensor(name, (1, len(values)), scale=1.0) for name in ("in", "out"))
    factors = writer.tensor("w", (1, len(values)), scale=0.5, zero_point=zero_point, data=np.array(values, np.int8))
    writer.operator("MUL", [source, factors], [result])
    model = writer.finish([source], [result])
    return weights_of(load_program(model), inspect_model(model, []).tensors)[factors]


def test_symmetric_weights_end_at_minus_127() -> None:
    found = weights([-127, -127, 0, 127])
    assert (found.ends, found.at_low, found.at_high) == ((-127, 127), 2, 1)
    assert held(found, None).low_words == "50.0 % at -127"
    assert found.bins == gathered(np.array([-127, -127, 0, 127], np.int8)).bins


@pytest.mark.parametrize(("values", "zero_point"), [([-128, -127, 127], 0), ([-128, -127, 127], 3)])
def test_weights_that_reach_minus_128_end_there(values: list[int], zero_point: int) -> None:
    found = weights(values, zero_point)
    assert (found.ends, found.at_low, found.at_high) == ((-128, 127), 1, 1)


QUANT = QuantReport(1, 0.5, 0.5, -128, -128, None)


def test_an_end_that_stands_for_0_is_no_saturation() -> None:
    shown = held(gathered(np.array([-128] * 90 + [127] * 10, np.int8)), QUANT)
    assert shown.low_words == "90.0 % at -128, which stands for 0"
    assert not shown.low_crowded
    assert shown.high_crowded
    assert (shown.real_start, shown.real_stop) == ("0", "127.5")


def test_an_end_is_expected_where_the_operator_has_one() -> None:
    found = gathered(np.array([127] * 10 + [0] * 10, np.int8))
    assert held(found, QUANT).high_crowded
    assert not held(found, QUANT, ends_there=True).high_crowded
