"""A model of one operator, said in a few lines.

    model = one_operator(
        "CONCATENATION",
        [tensor((1, 2, 3), scale=0.5, zero_point=3), tensor((1, 2, 5), scale=0.5, zero_point=3)],
        tensor((1, 2, 8), scale=0.5, zero_point=3),
        axis=2,
    )
    assert_equals_tflm(model, random_batches(model), tflm)

    one_operator("PAD", [tensor((1, 4, 4, 2), "float32"), constant([[0, 0], [1, 1], [1, 1], [0, 0]], "int32")],
                 tensor((1, 6, 6, 2), "float32"))

Tensors that are no constants become the model's inputs and outputs, in their order; the same object given twice is one
tensor. Options have the names of the schema's fields; enumerations go by name, such as ``padding="SAME"`` or
``output_type="int32"``. :mod:`tests.support.against_tflm` runs the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_tools.tflite_writer import ModelWriter

__all__ = ["Tensor", "constant", "one_operator", "tensor", "variable", "write_tensor"]


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A tensor of the model: an activation, a constant where it has ``data``, or a variable."""

    shape: tuple[int, ...]
    dtype: str
    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    quantized_dimension: int
    data: npt.NDArray[Any] | None
    is_variable: bool = False


def tensor(
    shape: Sequence[int], dtype: str = "int8", scale: float | Sequence[float] | None = None, zero_point: int = 0
) -> Tensor:
    """An input or output.

    Args:
        shape: sizes, outermost first.
        dtype: NumPy's name of the element type.
        scale: its scale. Without: 1/16 for int8, uint8 and int16, and none for other types.
        zero_point: see ``scale``.
    """
    if scale is None and dtype in ("int8", "uint8", "int16"):
        scale = 1 / 16
    return _tensor(tuple(shape), dtype, scale, zero_point, 0, None)


def constant(
    data: npt.ArrayLike,
    dtype: str = "int8",
    scale: float | Sequence[float] | None = None,
    zero_point: int | Sequence[int] = 0,
    quantized_dimension: int = 0,
) -> Tensor:
    """A constant.

    Args:
        data: its content, cast to ``dtype``; of int4 whole numbers from -8 to 7.
        dtype: NumPy's name of the element type, or ``"int4"``.
        scale: its scale, or one for each index along ``quantized_dimension``; none unless given.
        zero_point: see ``scale``; one for all, or as many.
        quantized_dimension: see ``scale``.
    """
    array = np.asarray(data).astype("int8" if dtype == "int4" else dtype)
    return _tensor(array.shape, dtype, scale, zero_point, quantized_dimension, array)


def variable(shape: Sequence[int], dtype: str = "int8", scale: float = 1 / 16, zero_point: int = 0) -> Tensor:
    """A tensor that keeps its content from one inference to the next."""
    return replace(tensor(shape, dtype, scale, zero_point), is_variable=True)


def one_operator(
    name: str,
    inputs: Sequence[Tensor | None],
    outputs: Tensor | Sequence[Tensor],
    *,
    version: int | None = None,
    with_options: bool = True,
    **options: Any,
) -> bytes:
    """The .tflite file of a model with this one operator.

    Args:
        name: the operator in the schema's ``BuiltinOperator``.
        inputs: its operands; None for an absent one.
        outputs: its output, or all of them.
        version: the converter's unless given.
        with_options: False leaves the table of options out.
        options: by the names of the schema's fields; ``activation`` for ``fused_activation_function``.
    """
    writer = ModelWriter()
    results = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    indices: dict[int, int] = {}
    for number, item in enumerate([*inputs, *results]):
        if item is not None and id(item) not in indices:
            indices[id(item)] = write_tensor(writer, f"t{number}", item)
    operands = [None if item is None else indices[id(item)] for item in inputs]
    produced = [indices[id(item)] for item in results]
    writer.operator(name, operands, produced, version=version, with_options=with_options, **options)
    fed = [indices[id(item)] for item in inputs if item is not None and item.data is None and not item.is_variable]
    return writer.finish(list(dict.fromkeys(fed)), produced, name)


def write_tensor(writer: ModelWriter, name: str, item: Tensor) -> int:
    """Adds the tensor to a model of several operators; returns its index."""
    return writer.tensor(
        name,
        item.shape,
        item.dtype,
        scales=item.scales or None,
        zero_points=item.zero_points,
        quantized_dimension=item.quantized_dimension,
        data=item.data,
        is_variable=item.is_variable,
    )


def _tensor(
    shape: tuple[int, ...],
    dtype: str,
    scale: float | Sequence[float] | None,
    zero_point: int | Sequence[int],
    quantized_dimension: int,
    data: npt.NDArray[Any] | None,
) -> Tensor:
    scales = () if scale is None else tuple(scale) if isinstance(scale, Sequence) else (scale,)
    zero_points = tuple(zero_point) if isinstance(zero_point, Sequence) else (zero_point,) * len(scales)
    return Tensor(shape, dtype, scales, zero_points, quantized_dimension, data)
