"""What inputs and outputs of a model may be. Needs no NumPy: the mypy plugin asks this too."""

from __future__ import annotations

from collections.abc import Mapping

from ember_infer_macros.tflite.schema import TensorType

__all__ = ["PORT_TYPES", "QUANTIZED_TYPES"]

# Element type -> the name that `arrays` has for arrays of it.
PORT_TYPES: Mapping[TensorType, str] = {
    TensorType.INT8: "Int8Array",
    TensorType.UINT8: "Uint8Array",
    TensorType.INT16: "Int16Array",
    TensorType.INT32: "Int32Array",
    TensorType.FLOAT32: "FloatArray",
    TensorType.BOOL: "BoolArray",
}
# Those whose elements stand for real values where they have a scale. What scale some converters give to floats and
# bools means nothing.
QUANTIZED_TYPES = frozenset({TensorType.INT8, TensorType.UINT8, TensorType.INT16, TensorType.INT32})
