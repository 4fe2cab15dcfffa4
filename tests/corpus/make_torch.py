"""Writes the PyTorch models as INT8 ``.tflite`` files, by litert-torch and ai-edge-quantizer.

Needs the extra ``corpus-torch``. From the repository's root: ``python -m tests.corpus.make_torch FOLDER [NAME ...]``.
"""

from __future__ import annotations

import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any, TypeAlias

import litert_torch
import numpy as np
import numpy.typing as npt
import torch
from ai_edge_litert.interpreter import Interpreter
from ai_edge_quantizer import algorithm_manager, qtyping, quantizer, recipe
from torch import nn

from tests.corpus.torch_models import MODELS, Shape

CALIBRATION_SAMPLES = 24
SIGNATURE = "serving_default"
EDGES = ("int8", "default")
Sample: TypeAlias = dict[str, npt.NDArray[np.float32]]


def build(name: str) -> tuple[nn.Module, tuple[Shape, ...]]:
    """The model with its weights, which are the same in every run, and its inputs' shapes."""
    torch.manual_seed(zlib.crc32(name.encode()))
    model, shapes = MODELS[name]()
    unsettle(model)
    return model.eval(), shapes


def unsettle(model: nn.Module) -> None:
    """Random statistics and scales in place of the zeros and ones of an untrained normalisation."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.LayerNorm):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0.0, 0.2)
        for name, statistic in module.named_buffers(recurse=False):
            if name == "running_mean":
                nn.init.normal_(statistic, 0.0, 0.2)
            elif name == "running_var":
                nn.init.uniform_(statistic, 0.5, 1.5)


def convert(model: nn.Module, shapes: tuple[Shape, ...]) -> bytes:
    """The model as a float ``.tflite``."""
    converted = litert_torch.convert(model, tuple(torch.randn(shape) for shape in shapes))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "float.tflite"
        converted.export(str(path))
        return path.read_bytes()


def quantise(content: bytes, edge: str) -> bytes:
    """Static quantisation after training, int8 activations and weights; the edges are int8 or stay float32."""
    tool = quantizer.Quantizer(bytearray(content), recipe.static_wi8_ai8())
    if edge == "default":
        for name in (qtyping.TFLOperationName.INPUT, qtyping.TFLOperationName.OUTPUT):
            tool.update_quantization_recipe(".*", name, algorithm_key=algorithm_manager.AlgorithmName.NO_QUANTIZE)
    calibration = tool.calibrate({SIGNATURE: samples(content)})
    quantised = tool.quantize(calibration, enable_progress_report=False).quantized_model
    return bytes(quantised)


def samples(content: bytes) -> list[Sample]:
    """What the model is calibrated with, by the names of its inputs."""
    random = np.random.default_rng(0)
    inputs: dict[str, Any] = Interpreter(model_content=content).get_signature_runner(SIGNATURE).get_input_details()
    return [
        {name: random.standard_normal(tuple(detail["shape"]), np.float32) for name, detail in inputs.items()}
        for _ in range(CALIBRATION_SAMPLES)
    ]


def main() -> None:
    """Writes every model, or those named, once for each kind of edge."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or MODELS:
        content = convert(*build(name))
        for edge in EDGES:
            path = folder / f"{name}_{edge}.tflite"
            path.write_bytes(quantise(content, edge))
            print(f"{path.name}: {path.stat().st_size} bytes", flush=True)


if __name__ == "__main__":
    main()
