"""The models of the typed example. ``models.pyi`` beside this file is written by ``ember-infer stubs examples``."""

from __future__ import annotations

from ember_infer_macros import QuantizedModel, ember_model


@ember_model("../../models/digits.tflite")
class Digits(QuantizedModel): ...


@ember_model("../../models/sine.tflite")
class Sine(QuantizedModel): ...
