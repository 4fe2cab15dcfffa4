"""Strided copies stay inside their tensors, and views of tensors are what NumPy's are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ember_infer_core import InvalidShape, MovementParams
from ember_infer_core.ops.movement import move, movement
from ember_infer_core.ops.strided import StridedCopy, View

INT8 = np.dtype(np.int8)


def copy_of(**changes: Any) -> StridedCopy:
    """All of 2x3 elements to the other tensor's same places."""
    fields: dict[str, Any] = {
        "source": 0,
        "target": 0,
        "source_start": 0,
        "target_start": 0,
        "sizes": (2, 3),
        "source_steps": (3, 1),
        "target_steps": (3, 1),
    }
    return StridedCopy(**(fields | changes))


def params_of(*copies: StridedCopy, fill: int | None = None) -> MovementParams:
    return MovementParams(inputs_shapes=((2, 3),), outputs_shapes=((2, 3),), dtype=INT8, copies=copies, fill=fill)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"source_start": 1}, "the places 1 to 6 of input 0"),
        ({"source_steps": (-3, 1)}, "the places -3 to 2 of input 0"),
        ({"target_start": -1}, "the places -1 to 4 of output 0"),
        ({"target_steps": (3, 2)}, "the places 0 to 7 of output 0"),
        ({"source": 1}, "there is no input 1"),
        ({"target": -1}, "there is no output -1"),
        ({"target_steps": (0, 1)}, "two elements are copied to one place"),
        ({"sizes": (1, 3)}, "only 3 elements are written"),
        ({"sizes": (2, 0)}, r"a copy of \[2, 0\] elements"),
    ],
)
def test_a_copy_that_reaches_outside_or_leaves_something_out_is_an_error(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidShape, match=why):
        params_of(copy_of(**changes))


def test_a_fill_writes_what_the_copies_leave_out() -> None:
    params = params_of(copy_of(sizes=(1, 3)), fill=7)
    params.inputs, params.outputs = (np.arange(6, dtype=np.int8).reshape(2, 3),), (np.zeros((2, 3), np.int8),)
    move(params)
    assert params.outputs[0].tolist() == [[0, 1, 2], [7, 7, 7]]


def test_buffers_are_checked_before_anything_is_written() -> None:
    params = params_of(copy_of(), fill=7)
    output = np.zeros((2, 3), np.int8)
    params.inputs, params.outputs = (np.zeros((3, 2), np.int8),), (output,)
    with pytest.raises(InvalidShape, match=r"inputs\[0\]: shape \(2, 3\) is wanted"):
        move(params)
    assert not output.any()


@settings(deadline=None, max_examples=200, derandomize=True)
@given(st.data())
def test_views_are_what_numpy_makes_of_the_same_steps(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    array = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    view = View.whole(shape)
    for _ in range(data.draw(st.integers(0, 4))):
        axis = data.draw(st.integers(0, array.ndim - 1))
        size = array.shape[axis]
        what = data.draw(st.sampled_from(("reverse", "part", "transpose", "split", "broadcast")))
        if what == "reverse":
            array, view = np.flip(array, axis), view.part(axis, size - 1, size, -1)
        elif what == "part":
            first = data.draw(st.integers(0, size - 1))
            array, view = array.take(range(first, size, 2), axis), view.part(axis, first, len(range(first, size, 2)), 2)
        elif what == "transpose":
            axes = data.draw(st.permutations(range(array.ndim)))
            array, view = array.transpose(axes), view.transposed(axes)
        elif what == "split":
            inner = data.draw(st.sampled_from([n for n in range(1, size + 1) if size % n == 0]))
            array = array.reshape(*array.shape[:axis], size // inner, inner, *array.shape[axis + 1 :])
            view = view.split(axis, inner)
        else:
            wide = (2, *(3 if size == 1 else size for size in array.shape))
            array, view = np.broadcast_to(array, wide), view.broadcast(wide)
    params = movement((shape,), (array.shape,), np.dtype(np.int32), [(view, View.whole(array.shape))])
    params.inputs = (np.arange(np.prod(shape), dtype=np.int32).reshape(shape),)
    params.outputs = (np.zeros(array.shape, np.int32),)
    move(params)
    assert (params.outputs[0] == array).all()


@pytest.mark.parametrize(("first", "count", "step"), [(0, 4, 1), (3, 1, 1), (-1, 1, 1), (0, 2, -1), (0, -1, 1)])
def test_a_part_that_the_axis_does_not_hold_is_an_error(first: int, count: int, step: int) -> None:
    with pytest.raises(InvalidShape, match="axis 1 of size 3 does not hold"):
        View.whole((2, 3)).part(1, first, count, step)


def test_axes_that_can_be_one_are_one() -> None:
    whole = StridedCopy.between(View.whole((2, 1, 3, 4)), View.whole((2, 1, 3, 4)))
    assert (whole.sizes, whole.source_steps, whole.target_steps) == ((24,), (1,), (1,))
    turned = StridedCopy.between(View.whole((2, 3, 4)).transposed((2, 0, 1)), View.whole((4, 2, 3)))
    assert (turned.sizes, turned.source_steps, turned.target_steps) == ((4, 6), (1, 4), (6, 1))
