"""What the tests of ``ember_infer_tools.inspect`` share: models with one layer, backends, the report as text."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console

from ember_infer_core import KernelBackend
from ember_infer_core.slots import Shape4
from ember_infer_ref import RefBackend
from ember_infer_tools.inspect import ModelReport, inspect_model
from ember_infer_tools.inspect.report import render
from ember_infer_tools.tflite_writer import ModelWriter
from tests.conftest import REPOSITORY

DIGITS = REPOSITORY / "models" / "digits.tflite"


class PlainBackend(KernelBackend):
    """The required operators and no more, with scratch that says which shapes it was asked for."""

    def conv2d(self, params: object) -> None: ...
    def depthwise_conv2d(self, params: object) -> None: ...
    def fully_connected(self, params: object) -> None: ...
    def avg_pool(self, params: object) -> None: ...
    def max_pool(self, params: object) -> None: ...
    def softmax(self, params: object) -> None: ...
    def add(self, params: object) -> None: ...

    @classmethod
    def conv2d_scratch_size(cls, input_shape: Shape4, weights_shape: Shape4, output_shape: Shape4) -> int:
        return 1000 * input_shape[3] + output_shape[3]


def dense_model(
    weights: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    input_scale: float = 0.5,
    scales: Sequence[float] | None = None,
    output_scale: float = 8.0,
    input_zero_point: int = 0,
    activation: str = "NONE",
) -> bytes:
    """One fully connected layer."""
    matrix = np.asarray(weights, np.int8)
    units, depth = matrix.shape
    scales = scales or [0.25] * units
    writer = ModelWriter()
    source = writer.tensor("x", (1, depth), scale=input_scale, zero_point=input_zero_point)
    weight = writer.tensor("w", matrix.shape, scales=scales, data=matrix)
    biases = None
    if bias is not None:
        data = np.asarray(bias, np.int32)
        biases = writer.tensor("b", data.shape, "int32", scales=[input_scale * scale for scale in scales], data=data)
    result = writer.tensor("y", (1, units), scale=output_scale, zero_point=0)
    writer.fully_connected(source, weight, biases, result, activation=activation)
    return writer.finish([source], [result])


def found(model: bytes | Path) -> set[str]:
    return {finding.check for finding in inspect_model(model, [RefBackend]).findings}


def shown(report: ModelReport, width: int = 100, **options: bool) -> str:
    console = Console(file=io.StringIO(), width=width)
    for section in render(report, width=width, **options):
        console.print(section)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert isinstance(text, str)
    return text
