"""The models that an executable is tried on, and arrays that fit."""

from __future__ import annotations

import numpy as np

from ember_infer_core import Program
from ember_infer_macros import QuantizedModel, ember_model
from ember_infer_tools.tflite_writer import pack_model
from tests.conftest import REPOSITORY
from tests.native.running import Arrays, random_inputs
from tests.support.samples import two_branches


@ember_model(REPOSITORY / "models" / "digits.tflite")
class Digits(QuantizedModel): ...


@ember_model(pack_model(two_branches()))
class Branches(QuantizedModel): ...


def fitting(program: Program) -> tuple[Arrays, Arrays]:
    inputs = random_inputs(program, 4)[0]
    return inputs, [np.zeros(program.tensors[index].shape, np.int8) for index in program.outputs]
