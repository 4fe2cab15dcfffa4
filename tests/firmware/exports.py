"""Models for tests of exports: with state, with several inputs and outputs, of floats."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ember_infer_core import Program
from ember_infer_macros import load_program
from ember_infer_tools.tflite_writer import ModelWriter
from tests.conftest import REPOSITORY
from tests.support.stateful_models import running_sum, two_variables

__all__ = ["EXPORTED", "mixed", "sine"]


def sine() -> Program:
    return load_program(REPOSITORY / "models" / "sine.tflite")


def mixed() -> Program:
    """float32 and int16 in, float32, int8 and uint8 out."""
    writer = ModelWriter()
    real = writer.tensor("real", (2, 3), "float32")
    wide = writer.tensor("wide", (2, 3), "int16", scale=0.5)
    quantized, narrow, sum_ = (
        writer.tensor(name, (2, 3), scale=0.5, zero_point=-3) for name in ("quantized", "narrow", "sum")
    )
    answer = writer.tensor("answer", (2, 3), "float32")
    unsigned = writer.tensor("unsigned", (2, 3), "uint8", scale=0.5, zero_point=125)
    writer.operator("QUANTIZE", [real], [quantized])
    writer.operator("QUANTIZE", [wide], [narrow])
    writer.add(quantized, narrow, sum_)
    writer.operator("DEQUANTIZE", [sum_], [answer])
    writer.operator("QUANTIZE", [sum_], [unsigned])
    return load_program(writer.finish([real, wide], [answer, sum_, unsigned]))


EXPORTED: Mapping[str, Callable[[], Program]] = {
    "sine": sine,
    "digits": lambda: load_program(REPOSITORY / "models" / "digits.tflite"),
    "mixed": mixed,
    "running_sum": lambda: load_program(running_sum(initial=5)),
    "two_variables": lambda: load_program(two_variables()),
}
