"""Writes the Keras models as INT8 ``.tflite`` files, by TensorFlow's own converter.

Needs the extra ``corpus-keras``. From the repository's root: ``python -m tests.corpus.make_keras FOLDER [NAME ...]``.
"""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tests.corpus import VOCABULARY, keras_images, keras_others

MODELS = keras_images.MODELS | keras_others.MODELS
EDGES = {"int8": tf.int8, "default": tf.float32, "uint8": tf.uint8}
WITH_UINT8_EDGES = ("mlp", "cnn", "detector", "two_inputs")  # a camera's or a sensor's own numbers
CALIBRATION_SAMPLES = 24

Sample: TypeAlias = dict[str, npt.NDArray[Any]]


def build(name: str) -> keras.Model:
    """The model with its weights, which are the same in every run."""
    keras.backend.clear_session()
    seed = zlib.crc32(name.encode())
    keras.utils.set_random_seed(seed)
    model = MODELS[name]()
    unsettle(model, np.random.default_rng(seed))
    return model


def unsettle(model: keras.Model, random: np.random.Generator) -> None:
    """Random biases, statistics and slopes in place of zeros and ones, which converters leave out."""
    for variable in model.weights:
        if variable.name in ("bias", "beta", "moving_mean"):
            variable.assign(random.normal(0.0, 0.2, variable.shape))
        elif variable.name in ("gamma", "moving_variance"):
            variable.assign(random.uniform(0.5, 1.5, variable.shape))
        elif variable.name == "alpha":
            variable.assign(random.uniform(0.0, 0.5, variable.shape))


def sample(model: keras.Model, random: np.random.Generator) -> Sample:
    """One value of batch size 1 for each input, by name."""
    values: Sample = {}
    for tensor in model.inputs:
        shape = (1, *tensor.shape[1:])
        integers = tensor.dtype == "int32"
        values[tensor.name] = random.integers(0, VOCABULARY, shape, np.int32) if integers else normal(random, shape)
    return values


def normal(random: np.random.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    return random.standard_normal(shape, np.float32)


def convert(model: keras.Model, edge: tf.DType) -> bytes:
    """Full-integer quantisation after training; ``edge`` is the type of inputs and outputs."""

    def representative_dataset() -> Iterator[Sample]:
        random = np.random.default_rng(0)
        for _ in range(CALIBRATION_SAMPLES):
            yield sample(model, random)

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative_dataset
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = edge
    converter.inference_output_type = edge
    content: bytes = converter.convert()
    return content


def main() -> None:
    """Writes every model, or those named, once for each kind of edge."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or MODELS:
        model = build(name)
        for edge, dtype in EDGES.items():
            if edge == "uint8" and name not in WITH_UINT8_EDGES:
                continue
            path = folder / f"{name}_{edge}.tflite"
            path.write_bytes(convert(model, dtype))
            print(f"{path.name}: {path.stat().st_size} bytes", flush=True)


if __name__ == "__main__":
    main()
