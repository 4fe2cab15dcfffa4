"""Whether NumPy's arrays lie in memory as its C interface says: then generated code reads them without a buffer."""

from __future__ import annotations

import ctypes
import functools
import platform

import numpy as np

from ember_infer_core.slots import AnyArray

__all__ = ["arrays_are_readable"]


class _Array(ctypes.Structure):
    """``numpy_array`` of kernels/python_call.h."""

    _fields_ = (
        ("references", ctypes.c_ssize_t),
        ("type", ctypes.c_void_p),
        ("memory", ctypes.c_void_p),
        ("dimensions", ctypes.c_int),
        ("shape", ctypes.POINTER(ctypes.c_ssize_t)),
        ("strides", ctypes.POINTER(ctypes.c_ssize_t)),
        ("base", ctypes.c_void_p),
        ("dtype", ctypes.c_void_p),
        ("flags", ctypes.c_int),
    )


@functools.cache
def arrays_are_readable() -> bool:
    """Looks at arrays of this process that differ in every field. Another interpreter, or a build without the GIL, may
    keep objects otherwise.
    """
    if platform.python_implementation() != "CPython" or np.ndarray.__basicsize__ < ctypes.sizeof(_Array):
        return False
    plain = np.zeros((2, 3, 4), np.int8)
    fixed = np.zeros(5, np.float32)
    fixed.flags.writeable = False
    samples: list[AnyArray] = [
        plain,
        plain[:, 1:, ::2],
        fixed,
        np.zeros((), np.int32),
        np.zeros(9, np.uint8)[1:].view(np.int16),
    ]
    return all(map(_says_what_it_is, samples))


def _says_what_it_is(array: AnyArray) -> bool:
    found = _Array.from_address(id(array))
    return (
        found.type == id(np.ndarray)
        and found.memory == array.ctypes.data
        and found.dimensions == array.ndim
        and found.dtype == id(array.dtype)
        and found.flags == array.flags.num
        and tuple(found.shape[: array.ndim]) == array.shape
        and tuple(found.strides[: array.ndim]) == array.strides
    )
