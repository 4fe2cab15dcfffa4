"""Trains, quantises and writes ``models/sine.tflite``: y = sin(x) for x in [0, 2π], in three fully connected layers.

Run from the root of the repository: ``python -m models.train_sine`` (needs the extra ``train``).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import nn

from ember_infer_core.quantization import QuantParam, dequantize
from ember_infer_tools.tflite_writer import ModelWriter
from models.evaluate import run_tflm
from models.quantise import add_activation, add_fully_connected, calibrate, quant_of_range
from models.reproducible import make_deterministic, publish

# The one of the seeds 0 to 15 whose INT8 file has the smallest mean error; all of [0, 2π] is seen in training anyway.
SEED = 5
STEPS = 6000
LEARNING_RATE = 1e-2
TRAINING_POINTS = 1024
WIDTH = 16

INPUT = quant_of_range(0.0, 2 * math.pi)
# A sine never leaves [-1, 1], so neither may the output: what the network overshoots is cut off by saturation.
OUTPUT = QuantParam(scale=float(np.float32(1 / 127)), zero_point=0)


def build_layers() -> Any:
    return nn.ModuleDict(
        {"dense1": nn.Linear(1, WIDTH), "dense2": nn.Linear(WIDTH, WIDTH), "sine": nn.Linear(WIDTH, 1)}
    )


def activations(layers: Any, x: Any) -> dict[str, Any]:
    """The value of every layer for ``x`` of shape [N, 1], by the name that it has in the file."""
    dense1 = torch.relu(layers["dense1"](x))
    dense2 = torch.relu(layers["dense2"](dense1))
    return {"dense1": dense1, "dense2": dense2, "sine": layers["sine"](dense2)}


def train(layers: Any, x: Any) -> None:
    """Fits the layers to sin(x) by least squares on all points at once."""
    target = torch.sin(x)
    optimiser = torch.optim.Adam(layers.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss: Any = nn.functional.mse_loss(activations(layers, x)["sine"], target)
        loss.backward()
        optimiser.step()
        schedule.step()


def convert(layers: Any, x: Any) -> bytes:
    """The INT8 file of trained layers, with the ranges that their activations take for ``x``."""
    with torch.no_grad():
        quants = {name: calibrate(values.numpy()) for name, values in activations(layers, x).items()}
    writer = ModelWriter()
    source = add_activation(writer, "x", (1, 1), INPUT)
    dense1 = add_fully_connected(writer, "dense1", source, layers["dense1"], quants["dense1"], activation="RELU")
    dense2 = add_fully_connected(writer, "dense2", dense1, layers["dense2"], quants["dense2"], activation="RELU")
    sine = add_fully_connected(writer, "sine", dense2, layers["sine"], OUTPUT)
    return writer.finish([source.index], [sine.index], "Ember Infer: sin(x) for x in [0, 2 pi]")


def report(layers: Any, model: bytes) -> str:
    """The errors of the float network and of the INT8 file at all 256 inputs that int8 can express."""
    q = np.arange(-128, 128, dtype=np.int8)[:, np.newaxis]
    x = dequantize(q, INPUT)
    expected = np.sin(x.astype(np.float64))
    with torch.no_grad():
        float_error = np.abs(activations(layers, torch.from_numpy(x))["sine"].numpy() - expected)
    int8_error = np.abs(dequantize(run_tflm(model, q), OUTPUT) - expected)
    return "\n".join(
        f"{name}: absolute error at the 256 inputs: mean {error.mean():.4f}, largest {error.max():.4f}"
        for name, error in (("float", float_error), ("INT8 ", int8_error))
    )


def main() -> None:
    make_deterministic(SEED)
    x = torch.linspace(0, 2 * math.pi, TRAINING_POINTS)[:, None]
    layers = build_layers()
    train(layers, x)
    model = convert(layers, x)
    print(report(layers, model))
    print(publish("sine.tflite", model))


if __name__ == "__main__":
    main()
