"""A wake word as a synthesiser says it, as a model's inputs."""

from __future__ import annotations

import subprocess
import wave
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from ember_infer_core.slots import AnyArray
from ember_infer_macros import ember_model
from tests.conftest import skip_or_fail
from tests.support.debian import debian_program

__all__ = ["okay_nabu_file", "spoken_steps"]

_RATE = 16_000
_CHUNK = _RATE // 100


def okay_nabu_file() -> Path:
    """A wake word's model, which the extra ``wake-word`` brings."""
    found = find_spec("pymicro_wakeword")
    if found is None:
        skip_or_fail("pymicro_wakeword is not installed")
    return Path(str(found.origin)).parent / "models" / "okay_nabu.tflite"


def spoken_steps(model: Path, words: str, folder: Path) -> AnyArray:
    """The steps of a recording with a second of silence around, ``(steps, *input shape)``."""
    features = pytest.importorskip("pymicro_features")
    said = folder / "said.wav"
    speaker = debian_program("espeak-ng", "espeak-ng")
    subprocess.run([speaker, "-v", "en-us+m3", "-s", "150", "-w", str(said), words], check=True)
    with wave.open(str(said)) as file:
        rate, samples = file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), "<i2")
    at = np.arange(0, len(samples), rate / _RATE)
    silence = np.zeros(_RATE, np.int16)
    audio = np.concatenate([silence, np.interp(at, np.arange(len(samples)), samples).astype(np.int16), silence])
    frontend = features.MicroFrontend()
    chunks = (audio[start : start + _CHUNK] for start in range(0, len(audio) - _CHUNK + 1, _CHUNK))
    frames = [frame for chunk in chunks if (frame := frontend.process_samples(chunk.tobytes()).features)]

    @ember_model(model)
    class WakeWord: ...

    stride = WakeWord.input_shape()[1]
    steps = np.array(frames[: len(frames) // stride * stride], np.float32).reshape(-1, 1, stride, len(frames[0]))
    return np.stack([WakeWord.quantize(step) for step in steps])
