"""Trains, quantises and writes ``models/digits.tflite``: a small CNN for handwritten digits of 8x8 pixels.

Also writes ``models/digits_heldout.npz``, the images that neither training nor calibration sees.
Run from the root of the repository: ``python -m models.train_digits`` (needs the extra ``train``).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from sklearn.datasets import load_digits
from torch import nn

from ember_infer_core.quantization import QuantParam, quantize
from ember_infer_tools.tflite_writer import ModelWriter
from models.evaluate import run_tflm
from models.quantise import (
    Activation,
    add_activation,
    add_average_pool_2x2,
    add_conv2d,
    add_depthwise_conv2d,
    add_flatten,
    add_fully_connected,
    add_max_pool_2x2,
    add_residual,
    add_softmax,
    calibrate,
)
from models.reproducible import make_deterministic, publish

SEED = 0
EPOCHS = 80
BATCH_SIZE = 64
LEARNING_RATE = 5e-3
WEIGHT_DECAY = 5e-2
LABEL_SMOOTHING = 0.1
HELD_OUT_EVERY = 5

CLASSES = 10
BRIGHTEST = 16
CHANNELS = 16
MORE_CHANNELS = 32

# One pixel step is 15 steps of int8, so that every pixel from 0 to 16 has an exact place: q = 15 * pixel - 128.
INPUT = QuantParam(scale=float(np.float32(1 / 15)), zero_point=-128)


@dataclass(frozen=True, slots=True)
class Digits:
    """Images uint8 [N, 8, 8] with values from 0 to 16, and their labels, uint8 [N] from 0 to 9."""

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint8]


def split(digits: Digits) -> tuple[Digits, Digits]:
    """``(training, held out)``: of each digit's images, the first and every fifth after it is held out.

    Counting in place of drawing keeps the split the same on every machine, and stratified.
    """
    held_out = np.zeros(len(digits.labels), np.bool_)
    for label in range(CLASSES):
        held_out[np.flatnonzero(digits.labels == label)[::HELD_OUT_EVERY]] = True
    return (
        Digits(digits.images[~held_out], digits.labels[~held_out]),
        Digits(digits.images[held_out], digits.labels[held_out]),
    )


def archive(digits: Digits) -> bytes:
    """The bytes of an ``.npz`` file, uncompressed: then they depend on no version of zlib."""
    buffer = io.BytesIO()
    np.savez(buffer, images=digits.images, labels=digits.labels)
    return buffer.getvalue()


def build_layers() -> Any:
    return nn.ModuleDict(
        {
            "conv1": nn.Conv2d(1, CHANNELS, 3, padding="same"),
            "depthwise2": nn.Conv2d(CHANNELS, CHANNELS, 3, padding="same", groups=CHANNELS),
            "pointwise2": nn.Conv2d(CHANNELS, CHANNELS, 1),
            "conv3": nn.Conv2d(CHANNELS, MORE_CHANNELS, 3, padding="same"),
            "depthwise4": nn.Conv2d(MORE_CHANNELS, MORE_CHANNELS, 3, padding="same", groups=MORE_CHANNELS),
            "pointwise4": nn.Conv2d(MORE_CHANNELS, MORE_CHANNELS, 1),
            "logits": nn.Linear(2 * 2 * MORE_CHANNELS, CLASSES),
        }
    )


def activations(layers: Any, pixels: Any) -> dict[str, Any]:
    """The value of every layer for images [N, 1, 8, 8] of pixels from 0 to 16, by the name that it has in the file."""
    values: dict[str, Any] = {}
    values["conv1"] = torch.relu(layers["conv1"](pixels))
    values["depthwise2"] = torch.relu(layers["depthwise2"](values["conv1"]))
    values["pointwise2"] = layers["pointwise2"](values["depthwise2"])
    values["residual_add2"] = torch.relu(values["conv1"] + values["pointwise2"])
    values["max_pool"] = nn.functional.max_pool2d(values["residual_add2"], 2)
    values["conv3"] = torch.relu(layers["conv3"](values["max_pool"]))
    values["depthwise4"] = torch.relu(layers["depthwise4"](values["conv3"]))
    values["pointwise4"] = layers["pointwise4"](values["depthwise4"])
    values["residual_add4"] = torch.relu(values["conv3"] + values["pointwise4"])
    values["average_pool"] = nn.functional.avg_pool2d(values["residual_add4"], 2)
    # TensorFlow Lite keeps channels last, so the flattened order must be that as well.
    values["flatten"] = values["average_pool"].permute(0, 2, 3, 1).flatten(1)
    values["logits"] = layers["logits"](values["flatten"])
    return values


def distort(images: Any, generator: torch.Generator) -> Any:
    """Turns, scales, slants and shifts each image a little, as another hand would have written it."""
    count = len(images)

    def uniform(limit: float) -> Any:
        return (torch.rand(count, generator=generator) * 2 - 1) * limit

    angle, size, slant = uniform(0.2), 1 + uniform(0.1), uniform(0.15)
    right, down = uniform(0.2), uniform(0.15)
    cos, sin = size * torch.cos(angle), torch.sin(angle)
    rows = [torch.stack([cos, slant - sin, right], 1), torch.stack([sin, cos, down], 1)]
    grid = nn.functional.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    return nn.functional.grid_sample(images, grid, align_corners=False)


def train(layers: Any, digits: Digits) -> None:
    """Fits the layers to the labels of freshly distorted images."""
    images, labels = as_tensor(digits.images), torch.from_numpy(digits.labels.astype(np.int64))
    generator = torch.Generator().manual_seed(SEED)
    batches = len(images) // BATCH_SIZE
    optimiser = torch.optim.AdamW(layers.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, LEARNING_RATE, total_steps=EPOCHS * batches, pct_start=0.1
    )
    for _ in range(EPOCHS):
        order: Any = torch.randperm(len(images), generator=generator)
        for batch in order[: batches * BATCH_SIZE].split(BATCH_SIZE):
            optimiser.zero_grad()
            logits = activations(layers, distort(images[batch], generator))["logits"]
            loss: Any = nn.functional.cross_entropy(logits, labels[batch], label_smoothing=LABEL_SMOOTHING)
            loss.backward()
            optimiser.step()
            schedule.step()


def convert(layers: Any, calibration: Digits) -> bytes:
    """The INT8 file of trained layers, with the ranges that their activations take for the calibration images."""
    with torch.no_grad():
        values = activations(layers, as_tensor(calibration.images))
    quants = {name: calibrate(value.numpy()) for name, value in values.items()}
    writer = ModelWriter()

    def conv2d(name: str, source: Activation, activation: str = "RELU") -> Activation:
        return add_conv2d(writer, name, source, layers[name], quants[name], activation=activation)

    def depthwise(name: str, source: Activation) -> Activation:
        return add_depthwise_conv2d(writer, name, source, layers[name], quants[name], activation="RELU")

    image = add_activation(writer, "image", (1, 8, 8, 1), INPUT)
    conv1 = conv2d("conv1", image)
    pointwise2 = conv2d("pointwise2", depthwise("depthwise2", conv1), "NONE")
    residual_add2 = add_residual(writer, "residual_add2", conv1, pointwise2, quants["residual_add2"])
    conv3 = conv2d("conv3", add_max_pool_2x2(writer, "max_pool", residual_add2))
    pointwise4 = conv2d("pointwise4", depthwise("depthwise4", conv3), "NONE")
    residual_add4 = add_residual(writer, "residual_add4", conv3, pointwise4, quants["residual_add4"])
    flatten = add_flatten(writer, "flatten", add_average_pool_2x2(writer, "average_pool", residual_add4))
    logits = add_fully_connected(writer, "logits", flatten, layers["logits"], quants["logits"])
    probabilities = add_softmax(writer, "probabilities", logits)
    return writer.finish([image.index], [probabilities.index], "Ember Infer: handwritten digits of 8x8 pixels")


def report(layers: Any, model: bytes, digits: Digits, name: str) -> str:
    """The shares of images that the float network and the INT8 file tell rightly, and on how many they differ."""
    with torch.no_grad():
        float_answers = activations(layers, as_tensor(digits.images))["logits"].argmax(1).numpy()
    q = quantize(digits.images[..., np.newaxis], INPUT)
    int8_answers = run_tflm(model, q).argmax(1)
    return "; ".join(
        [
            f"{name} ({len(digits.labels)} images): float {_accuracy(float_answers, digits.labels)}",
            f"INT8 {_accuracy(int8_answers, digits.labels)}",
            f"different answers {np.count_nonzero(float_answers != int8_answers)}",
        ]
    )


def as_tensor(images: npt.NDArray[np.uint8]) -> Any:
    """float32 [N, 1, 8, 8], PyTorch's order of dimensions, with the pixels as they are."""
    return torch.from_numpy(images[:, np.newaxis].astype(np.float32))


def load() -> Digits:
    """The 1797 images that ship with scikit-learn."""
    data = load_digits()
    if data.images.max() > BRIGHTEST:
        raise ValueError(f"scikit-learn's digits have pixels above {BRIGHTEST}")
    return Digits(data.images.astype(np.uint8), data.target.astype(np.uint8))


def main() -> None:
    make_deterministic(SEED)
    training, held_out = split(load())
    layers = build_layers()
    train(layers, training)
    model = convert(layers, training)
    print(report(layers, model, training, "training"))
    print(report(layers, model, held_out, "held out"))
    print(publish("digits.tflite", model))
    print(publish("digits_heldout.npz", archive(held_out)))


def _accuracy(answers: npt.NDArray[np.integer], labels: npt.NDArray[np.uint8]) -> str:
    right = np.count_nonzero(answers == labels)
    return f"{right} right, {right / len(labels):.2%}"


if __name__ == "__main__":
    main()
