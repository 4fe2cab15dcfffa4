"""Models with a stub."""

from ember_infer_macros import ember_model


@ember_model("digits.tflite")
class Digits:
    threshold = 0.5


@ember_model("sine.tflite")
class Sine: ...
