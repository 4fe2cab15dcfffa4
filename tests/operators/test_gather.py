from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from ember_infer_core import KernelError
from tests.operators.movement import check_moves, refusal
from tests.support.against_tflm import REFUSED_BY_BOTH, assert_equals_tflm, compare_with_tflm, run_on
from tests.support.backends import every_backend
from tests.support.contents import random_batches
from tests.support.draws import Draws, whole
from tests.support.one_operator import Tensor, one_operator, tensor
from tests.support.tflm import Tflm

TYPES = ("int8", "float32")


def indices(draws: Draws, shape: tuple[int, ...], sizes: Sequence[int]) -> Tensor:
    """Constant indices into axes of these sizes, or the model's second input."""
    if draws.flag():
        draws.ranges[1] = (0, min(sizes) - 1)
        return tensor(shape, "int32")
    random = np.random.default_rng(draws.integer(0, 2**32 - 1))
    return whole(random.integers(0, sizes, shape) if len(sizes) > 1 else random.integers(0, sizes[0], shape))


def random_gather(draws: Draws) -> bytes:
    dtype, shape = draws.one_of(TYPES), draws.shape(1, 5)
    axis, written = draws.axis(len(shape))
    batches = draws.integer(0, axis)
    indices_shape = (*shape[:batches], *draws.shape(0, 2))
    output = draws.tensor((*shape[:axis], *indices_shape[batches:], *shape[axis + 1 :]), dtype)
    said = batches - len(indices_shape) if draws.flag() and batches < len(indices_shape) else batches
    inputs = [draws.tensor(shape, dtype), indices(draws, indices_shape, [shape[axis]])]
    return one_operator("GATHER", inputs, output, axis=written, batch_dims=said)


def random_gather_nd(draws: Draws) -> bytes:
    dtype, shape = draws.one_of(TYPES), draws.shape(1, 6, 4)
    indexed = draws.integer(1, min(5, len(shape)))
    outer = draws.shape(0, 3, 3)
    inputs = [draws.tensor(shape, dtype), indices(draws, (*outer, indexed), shape[:indexed])]
    return one_operator("GATHER_ND", inputs, draws.tensor((*outer, *shape[indexed:]), dtype))


def random_embedding_lookup(draws: Draws) -> bytes:
    dtype, shape, count = draws.one_of(TYPES), draws.shape(2, 4), draws.integer(1, 6)
    ids = [draws.integer(0, shape[0] - 1) for _ in range(count)]
    chosen = whole(ids)
    if draws.flag():
        chosen, draws.ranges[0] = tensor((count,), "int32"), (0, shape[0] - 1)
    inputs = [chosen, draws.tensor(shape, dtype)]
    return one_operator("EMBEDDING_LOOKUP", inputs, draws.tensor((count, *shape[1:]), dtype))


@pytest.mark.parametrize("make", [random_gather, random_gather_nd, random_embedding_lookup])
def test_random_choices_equal_tflm(make: Callable[[Draws], bytes], tflm: Tflm) -> None:
    check_moves(make, tflm)


@pytest.mark.parametrize(
    ("name", "chosen", "why"),
    [
        ("GATHER", [0, 4], "index 4 of an axis of size 4"),
        ("GATHER", [-1, 0], "index -1 of an axis of size 4"),
        ("GATHER_ND", [[0, 0], [3, 5]], "indices of place 14 among 12"),
        ("GATHER_ND", [[0, -1], [3, 2]], "indices of place -1 among 12"),
    ],
)
def test_what_is_not_there_is_refused_or_an_error_when_it_comes(
    name: str, chosen: list[Any], why: str, tflm: Tflm
) -> None:
    output = tensor((2, 3) if name == "GATHER" else (2,))
    model = one_operator(name, [tensor((4, 3)), whole(chosen)], output)
    assert compare_with_tflm(model, random_batches(model), tflm) == REFUSED_BY_BOTH
    assert f"{why}, at which TensorFlow Lite Micro stops" in refusal(model)
    computed = one_operator(name, [tensor((4, 3)), tensor(np.shape(chosen), "int32")], output)
    batches: list[list[Any]] = [[np.zeros((4, 3), np.int8), np.array(chosen, np.int32)]]
    for backend in every_backend():
        with pytest.raises(KernelError, match=f"{why}|an index is out of range"):
            run_on([backend], computed, batches)


def test_an_index_may_leave_its_own_axis_as_long_as_the_place_exists(tflm: Tflm) -> None:
    model = one_operator("GATHER_ND", [tensor((4, 3)), whole([[0, 4], [1, -1]])], tensor((2,)))
    assert_equals_tflm(model, random_batches(model), tflm)


@pytest.mark.parametrize(
    ("options", "output", "why"),
    [
        ({"axis": 2}, (2, 3), "has no axis 2"),
        ({"axis": 0, "batch_dims": 1}, (2, 3), "batch_dims is 1, with axis 0"),
        ({"axis": 1, "batch_dims": 1}, (4, 3), "the first 1 axes of input and indices"),
        ({"axis": 0}, (2, 4), "the output has shape [2, 4], not [2, 3]"),
    ],
)
def test_options_that_do_not_fit_are_an_error(options: dict[str, Any], output: tuple[int, ...], why: str) -> None:
    assert why in refusal(one_operator("GATHER", [tensor((4, 3)), whole([0, 1])], tensor(output), **options))
