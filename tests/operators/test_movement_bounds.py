"""However large the tensors that a small file speaks of, reading it takes little time and memory."""

from __future__ import annotations

import time
import tracemalloc
from typing import Any

import pytest

from ember_infer_macros import load_program
from tests.support.draws import whole
from tests.support.one_operator import Tensor, constant, one_operator, tensor

# The reader refuses tensors beyond this.
MOST = 2**30
HALF = 2**29
QUARTER = 2**28

SECONDS = 1.0
BYTES = 2_000_000

MODELS: dict[str, tuple[str, list[Tensor], list[Tensor], dict[str, Any]]] = {
    "broadcast": ("BROADCAST_TO", [tensor((1, 1)), whole([HALF, 2])], [tensor((HALF, 2))], {}),
    "broadcast of a constant": ("BROADCAST_TO", [constant([[1]]), whole([HALF, 2])], [tensor((HALF, 2))], {}),
    "concatenation": ("CONCATENATION", [tensor((QUARTER,)), tensor((HALF,))], [tensor((3 * QUARTER,))], {"axis": 0}),
    "crops": (
        "BATCH_TO_SPACE_ND",
        [tensor((HALF, 2, 1)), whole([HALF]), whole([[HALF - 1, HALF - 1]])],
        [tensor((1, 2, 1))],
        {},
    ),
    "depth": ("DEPTH_TO_SPACE", [tensor((1, 1, 1, QUARTER))], [tensor((1, 2**14, 2**14, 1))], {"block_size": 2**14}),
    "fill": ("FILL", [whole([MOST]), constant(7)], [tensor((MOST,))], {}),
    "gather": ("GATHER", [tensor((HALF, 1)), tensor((QUARTER,), "int32")], [tensor((QUARTER, 1))], {"axis": 0}),
    "mirror": (
        "MIRROR_PAD",
        [tensor((2**26, 3)), whole([[2**26 - 1, 2**26 - 1], [1, 1]])],
        [tensor((3 * 2**26 - 2, 5))],
        {"mode": "REFLECT"},
    ),
    "pad": ("PAD", [tensor((1, 1)), whole([[MOST - 1, 0], [0, 0]])], [tensor((MOST, 1))], {}),
    "resize": ("RESIZE_NEAREST_NEIGHBOR", [tensor((1, 1, 1, 1)), whole([MOST, 1])], [tensor((1, MOST, 1, 1))], {}),
    "reverse": ("REVERSE_V2", [tensor((QUARTER, 3)), whole([0])], [tensor((QUARTER, 3))], {}),
    "select": ("SELECT_V2", [tensor((), "bool"), tensor((QUARTER, 3)), tensor((1, 1))], [tensor((QUARTER, 3))], {}),
    "slice": ("SLICE", [tensor((2**15, 2**15)), whole([5, 5]), whole([1, 1])], [tensor((1, 1))], {}),
    "split": ("SPLIT", [whole(0), tensor((QUARTER, 2))], [tensor((2**27, 2)), tensor((2**27, 2))], {"num_splits": 2}),
    "stride": (
        "STRIDED_SLICE",
        [tensor((MOST,)), whole([MOST - 1]), whole([-MOST - 1]), whole([-MOST])],
        [tensor((1,))],
        {},
    ),
    "transpose": ("TRANSPOSE", [tensor((2**27, 2, 2)), whole([2, 1, 0])], [tensor((2, 2, 2**27))], {}),
    "zeros": ("ZEROS_LIKE", [tensor((HALF,))], [tensor((HALF,))], {}),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_small_file_about_large_tensors_is_read_quickly(name: str) -> None:
    operator, inputs, outputs, options = MODELS[name]
    content = one_operator(operator, inputs, outputs, **options)
    load_program(one_operator("RESHAPE", [tensor((2,))], tensor((1, 2))))  # imports are no part of this
    start = time.thread_time()
    tracemalloc.start()
    try:
        load_program(content)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert time.thread_time() - start < SECONDS
    assert peak < BYTES
