"""CAST."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.cases import Definition, OperatorCases, Params
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.lookup import LOOKUP
from ember_infer_core.ops.cast import prepare
from ember_infer_core.ops.lookup import LookupParams
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]

_TYPES = ("int8", "float32", "int16", "int32", "bool")


def _define(params: LookupParams) -> AnyArray:
    """Integers keep their low bits, floats are cut off and saturate. Source: TFLM ``cast.cc``."""
    if params.input_dtype != np.float32 or params.output_dtype.kind != "i":
        return params.input.astype(params.output_dtype)
    limits = np.iinfo(params.output_dtype.str)
    exact = [min(max(int(value), int(limits.min)), int(limits.max)) for value in params.input.ravel().tolist()]
    return np.array(exact, params.output_dtype).reshape(params.output_shape)


def _calls(drawer: CaseDrawer) -> LookupParams:
    shape = drawer.shape(0, 5)
    return prepare(
        input_shape=shape,
        output_shape=shape,
        input_dtype=drawer.dtype(*_TYPES),
        output_dtype=np.dtype(drawer.one_of(*_TYPES)),
    )


def _rounded(define: Definition, params: Params) -> AnyArray | None:
    if params.input_dtype != np.float32 or params.output_dtype.kind != "i":
        return None
    return np.asarray(np.rint(params.input).astype(np.int64).astype(params.output_dtype))


def _wrapped(define: Definition, params: Params) -> AnyArray | None:
    if params.input_dtype != np.float32 or params.output_dtype.kind != "i":
        return None
    return np.asarray(np.trunc(params.input).astype(np.int64).astype(params.output_dtype))


CASES: Mapping[str, OperatorCases] = {
    "cast": OperatorCases(
        define=_define,
        calls=_calls,
        mistakes={
            **LOOKUP,
            "floats are rounded instead of cut off": _rounded,
            "floats beyond the type wrap instead of saturating": _wrapped,
        },
    )
}
