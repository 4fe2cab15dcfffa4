"""The functions of one number that kernels compute in fixed point, against core's on whole arrays."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core.fixed_point import Int64Array
from ember_infer_core.logarithm import logarithm
from ember_infer_core.quantization import INT32_MAX
from ember_infer_core.transcendental import inverse_square_root, reciprocal_of_half
from ember_infer_firmware.c_source import header_text, headers_of
from ember_infer_firmware.host import compiled
from ember_infer_firmware.step import Kernel
from ember_infer_native.cache import LibraryCache
from ember_infer_native.toolchain import Compiler

_SOURCE = """\
#include "ember_l2_normalization.h"
#include "ember_log_softmax.h"

#define EACH(NAME, RESULT) \\
    void NAME(const int32_t *x, int32_t count, int32_t *results, int32_t *shifts) { \\
        for (int32_t i = 0; i < count; i++) { \\
            shifts[i] = 0; \\
            results[i] = RESULT; \\
        } \\
    }

EACH(reciprocals, ember_one_over_one_plus(x[i]))
EACH(logarithms, ember_logarithm(x[i]))
EACH(inverse_square_roots, ember_inverse_square_root(x[i], shifts + i))
"""


@pytest.fixture(scope="module")
def library(compiled_models: Path, c_compiler: Compiler) -> ctypes.CDLL:
    headers = headers_of([Kernel("", name, 0) for name in ("l2_normalization", "log_softmax")])
    sources = {f"ember_{name}.h": header_text(name) for name in headers} | {"functions.c": _SOURCE}
    return compiled(LibraryCache(compiled_models), c_compiler, sources, "functions.c", "functions")


def of_each(library: ctypes.CDLL, function: str, values: Int64Array) -> tuple[Int64Array, Int64Array]:
    """The C function's results, and its shifts."""
    x: npt.NDArray[np.int32] = values.astype(np.int32)
    results, shifts = np.empty_like(x), np.empty_like(x)
    addresses = [ctypes.c_void_p(array.ctypes.data) for array in (x, results, shifts)]
    getattr(library, function)(addresses[0], ctypes.c_int32(x.size), *addresses[1:])
    return results.astype(np.int64), shifts.astype(np.int64)


def numbers(least: int, count: int = 200_000) -> Int64Array:
    """Of every magnitude, the ends and their neighbours among them."""
    random = np.random.default_rng(0)
    anywhere = np.exp2(random.uniform(0, 31, count)).astype(np.int64)
    ends = np.concatenate([2 ** np.arange(1, 32) + offset for offset in (-2, -1, 0, 1)])
    everything: Int64Array = np.concatenate([anywhere, ends, random.integers(0, INT32_MAX, count)])
    return everything[(everything >= least) & (everything <= INT32_MAX)]


def test_reciprocals_are_cores_for_odd_numbers_too(library: ctypes.CDLL) -> None:
    values = numbers(0)
    results, _ = of_each(library, "reciprocals", values)
    expected = np.minimum(reciprocal_of_half(values + INT32_MAX + 1 >> 1) << 1, INT32_MAX)
    np.testing.assert_array_equal(results, expected)


def test_logarithms_are_cores(library: ctypes.CDLL) -> None:
    values = numbers(1 << 19)  # 1: a row's greatest element adds it to the sum
    results, _ = of_each(library, "logarithms", values)
    np.testing.assert_array_equal(results, logarithm(values))


def test_inverse_square_roots_are_cores(library: ctypes.CDLL) -> None:
    values = numbers(0)
    multiplier, shift = inverse_square_root(values)
    results, shifts = of_each(library, "inverse_square_roots", values)
    np.testing.assert_array_equal(results, multiplier)
    np.testing.assert_array_equal(shifts, shift)
