"""Models that ask for much: they run in no time, or are refused."""

from __future__ import annotations

import numpy as np
import pytest

from ember_infer_tools.tflite_writer import ModelWriter
from tests.support.against_tflm import assert_equals_tflm
from tests.support.contents import random_batches
from tests.support.outcomes import assert_refused, timely_outcome
from tests.support.tflm import Tflm

pytestmark = pytest.mark.usefixtures("limited_memory", "tflm_wheel")


def test_huge_activations_are_not_allocated_when_a_model_is_read() -> None:
    writer = ModelWriter()
    input = writer.tensor("input", (1, 1 << 14, 1 << 14, 1), scale=1.0)
    output = writer.tensor("output", (1, 1 << 14, 1 << 14, 1), scale=1.0)
    writer.max_pool_2d(input, output, filter_height=1, filter_width=1)
    assert timely_outcome(writer.finish([input], [output])) == "too large to run"


def model_with_attribute(attribute: str, size: int) -> bytes:
    """A window, stride or dilation of that size on an image of 3 x 3, with SAME padding."""
    writer = ModelWriter()
    input = writer.tensor("input", (1, 3, 3, 1), scale=1.0)
    output = writer.tensor("output", (1, 1, 1, 1) if attribute == "stride" else (1, 3, 3, 1), scale=1.0)
    if attribute == "window":
        writer.max_pool_2d(input, output, filter_height=size, filter_width=size, padding="SAME")
    elif attribute == "stride":
        writer.max_pool_2d(input, output, filter_height=1, filter_width=1, stride_h=size, stride_w=size, padding="SAME")
    else:
        weights = writer.tensor("weights", (1, 3, 3, 1), scale=1.0, data=np.ones((1, 3, 3, 1), np.int8))
        writer.conv2d(input, weights, None, output, dilation_h_factor=size, dilation_w_factor=size)
    return writer.finish([input], [output])


@pytest.mark.parametrize("size", [1 << 10, (1 << 15) - 1])
@pytest.mark.parametrize("attribute", ["window", "stride", "dilation"])
def test_huge_attribute_runs_in_no_time(attribute: str, size: int) -> None:
    """Rows and columns far outside the image contribute nothing and must cost nothing."""
    assert timely_outcome(model_with_attribute(attribute, size)) == "ran"


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_stride_that_is_never_taken_is_as_good_as_any(padding: str, tflm: Tflm) -> None:
    """NativeBackend refused rows that it would never have gone to, which RefBackend ran."""
    channels, stride = 16, (1 << 15) - 1
    writer = ModelWriter()
    input = writer.tensor("input", (1, 3, 3, channels), scale=1.0)
    weights = writer.tensor("weights", (1, 3, 3, channels), scale=0.1, data=np.ones((1, 3, 3, channels), np.int8))
    output = writer.tensor("output", (1, 1, 1, channels), scale=1.0)
    writer.depthwise_conv2d(input, weights, None, output, stride_h=stride, stride_w=stride, padding=padding)
    model = writer.finish([input], [output])
    assert_equals_tflm(model, random_batches(model), tflm)


@pytest.mark.parametrize("size", [1 << 17, 1 << 29])
@pytest.mark.parametrize("attribute", ["window", "stride", "dilation"])
def test_attribute_that_the_device_has_no_bits_for_is_refused(attribute: str, size: int) -> None:
    assert_refused(model_with_attribute(attribute, size), "in 16 bits")


@pytest.mark.parametrize("attribute", ["window", "stride", "dilation"])
def test_attribute_that_overflows_int32_on_the_device(attribute: str) -> None:
    assert_refused(model_with_attribute(attribute, (1 << 31) - 1), "operator 0 .*overflow")
