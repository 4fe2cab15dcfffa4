"""Names of layers: unique, and found in time that grows with the names alone."""

from __future__ import annotations

import time

import pytest

from ember_infer_macros.lower.names import layer_names


def test_equal_names_are_numbered() -> None:
    assert layer_names(["a", "a", "a_2", "a", "a_3"], ["add"] * 5) == ["a", "a_2", "a_2_2", "a_3", "a_3_2"]


def test_a_long_name_loses_whole_words() -> None:
    cut = "model_1/depthwise_conv2d/with_a_name_of_many_more_words"
    assert layer_names([f"{cut}", "x/y"], ["add"] * 2) == ["depthwise_conv2d_with_a_name_of_many_more_words", "x_y"]
    assert layer_names(["a/" + "b" * 60, "x/y"], ["add"] * 2) == ["b" * 48, "x_y"]


@pytest.mark.parametrize(
    "names",
    [
        ["same"] * 20_000,
        [*(f"a_{number}" for number in range(10_000)), *["a"] * 10_000],
        ["long/" * 20_000] * 20_000,
    ],
    ids=["equal", "numbered already", "long"],
)
def test_naming_takes_no_quadratic_time(names: list[str]) -> None:
    start = time.thread_time()
    found = layer_names(names, ["add"] * len(names))
    assert time.thread_time() - start < 10
    assert len(set(found)) == len(names)
