"""Listens for a wake word with a microWakeWord model, as an ESPHome device does, and draws what it hears.

    python examples/wake_word.py recording.wav
    python examples/wake_word.py --word alexa --microphone

Needs ``ember-infer[wake-word]``, and ``ember-infer[microphone]`` for the second. Ctrl-C ends the listening.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import wave
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pymicro_features import MicroFrontend
from rich.console import Console

from ember_infer_core import CompilerNotFound, KernelBackend
from ember_infer_macros import QuantizedModel, ember_model
from ember_infer_native import NativeBackend
from ember_infer_ref import RefBackend

RATE = 16_000
CHUNK = RATE // 100  # samples; the features of 30 ms of audio come every 10 ms
HEIGHT = 8
BLOCKS = " ▁▂▃▄▅▆▇█"
KEPT_STEPS = 10_000  # of a microphone, which has no end: five minutes
WORDS = ("okay_nabu", "alexa", "hey_jarvis", "hey_mycroft")


@dataclass(frozen=True)
class WakeWord:
    """A model of the package ``pymicro-wakeword``, and how its author wants it to be used.

    Attributes:
        name: what people say.
        model: takes the features of ``input_shape()[1]`` frames of 10 ms, and gives a probability.
        cutoff: the mean of the last ``window`` probabilities that counts as a detection.
        window: see ``cutoff``.
    """

    name: str
    model: type[QuantizedModel]
    cutoff: float
    window: int

    @property
    def stride(self) -> int:
        """Frames of features in one step."""
        return self.model.input_shape()[1]


@dataclass(frozen=True)
class Step:
    """What the model says of one step: when it ended in the audio, its probability, whether the word was heard then."""

    seconds: float
    probability: float
    detected: bool


class Detector:
    """Turns audio into steps. What the model remembers is in the session's state; the rest is a few numbers."""

    def __init__(self, word: WakeWord, backend: KernelBackend) -> None:
        self.word = word
        self.session = word.model.bind(backend)
        self._frontend = MicroFrontend()
        self._frames: list[list[float]] = []
        self._last: deque[float] = deque(maxlen=word.window)
        self._rest = np.zeros(0, np.int16)
        self._armed = True
        self._chunks = 0

    def listen(self, audio: npt.NDArray[np.int16]) -> Iterator[Step]:
        """The steps that end in the next piece of audio, of any length: one channel at 16 kHz."""
        audio = np.concatenate([self._rest, audio])
        whole = len(audio) - len(audio) % CHUNK
        self._rest = audio[whole:]
        for start in range(0, whole, CHUNK):
            self._chunks += 1
            features = self._frontend.process_samples(audio[start : start + CHUNK].tobytes()).features
            if not features:  # the first chunks fill the window
                continue
            self._frames.append(features)
            if len(self._frames) == self.word.stride:
                yield self._step(np.array(self._frames, np.float32))
                self._frames.clear()

    def _step(self, frames: npt.NDArray[np.float32]) -> Step:
        """One run of the model, which goes on from the state that the last one left."""
        model, session = self.word.model, self.session
        session.input[...] = model.quantize(frames).reshape(session.input.shape)
        session.run()
        probability = float(model.dequantize(session.output).reshape(-1)[0])
        self._last.append(probability)
        heard = len(self._last) == self.word.window and sum(self._last) / len(self._last) > self.word.cutoff
        detected, self._armed = heard and self._armed, not heard  # one word is one detection
        return Step(self._chunks * CHUNK / RATE, probability, detected)


def model_path(name: str) -> Path:
    """Where the package has a model."""
    return Path(str(resources.files("pymicro_wakeword"))) / "models" / f"{name}.tflite"


def wake_word(name: str) -> WakeWord:
    """One of the package's models, by the name of its file."""
    path = model_path(name)
    settings = json.loads(path.with_suffix(".json").read_text())

    @ember_model(path)  # type: ignore[ember-model]  # found when it runs: checkers know no shapes
    class Model(QuantizedModel): ...

    micro = settings["micro"]
    return WakeWord(settings["wake_word"], Model, micro["probability_cutoff"], micro["sliding_window_size"])


def read_wav(path: Path) -> npt.NDArray[np.int16]:
    """A recording as one channel at 16 kHz; another rate is brought there by linear interpolation.

    Raises:
        ValueError: it is no WAV file of 16-bit samples.
    """
    try:
        with wave.open(str(path)) as file:
            if file.getsampwidth() != 2:
                raise ValueError(f"{path}: samples of 16 bits are wanted, not of {8 * file.getsampwidth()}")
            rate, channels = file.getframerate(), file.getnchannels()
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, channels)
    except (wave.Error, EOFError) as error:
        raise ValueError(f"{path}: not a WAV file ({error})") from None
    mono = samples.mean(axis=1)
    if rate != RATE and len(mono):
        mono = np.interp(np.arange(len(mono) * RATE // rate) * (rate / RATE), np.arange(len(mono)), mono)
    return np.asarray(mono, np.int16)


def microphone() -> Iterator[npt.NDArray[np.int16]]:
    """Audio as it comes in, without end.

    Raises:
        ValueError: the extra for it is not installed, or there is no microphone.
    """
    try:
        import sounddevice  # type: ignore[import-not-found,unused-ignore]
    except (ImportError, OSError) as error:  # OSError: PortAudio itself is missing
        raise ValueError(f"no microphone: {error}; pip install 'ember-infer[microphone]'") from None
    try:
        with sounddevice.InputStream(samplerate=RATE, channels=1, dtype="int16") as stream:
            while True:
                yield stream.read(8 * CHUNK)[0][:, 0]
    except sounddevice.PortAudioError as error:
        raise ValueError(f"no microphone: {error}") from None


def draw(console: Console, steps: list[Step], word: WakeWord) -> None:
    """Probability over time, in as many columns as fit, and the moments of detection below."""
    width = max(10, min(console.width - 6, len(steps)))
    columns = [list(part) for part in np.array_split(np.array(steps, object), width)]
    highest = [max(step.probability for step in column) for column in columns]
    cutoff_row = math.ceil(word.cutoff * HEIGHT) - 1
    for row in reversed(range(HEIGHT)):
        bars = "".join(BLOCKS[round(8 * min(max(value * HEIGHT - row, 0), 1))] for value in highest)
        label = "1.0" if row == HEIGHT - 1 else "cut" if row == cutoff_row else "0.0" if row == 0 else ""
        console.print(f"{label:>4} {bars}", highlight=False)
    marks = "".join("^" if any(step.detected for step in column) else "-" for column in columns)
    console.print(f"     [bold]{marks}[/bold]", highlight=False)
    first, last = steps[0].seconds, steps[-1].seconds
    console.print(f"     {first:.1f} s{f'{last:.1f} s':>{max(width - 6, 7)}}", highlight=False)


def report(console: Console, steps: Iterable[Step], word: WakeWord) -> list[Step]:
    """Says each detection when it comes, and keeps the steps."""
    kept = []
    for step in steps:
        kept.append(step)
        if step.detected:
            console.print(f"[bold green]{word.name}[/bold green] at {step.seconds:.2f} s", highlight=False)
    return kept


def main(arguments: list[str] | None = None) -> int:
    """Listens to a recording or to the microphone. Returns 0 where the word was heard, 1 where it was not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("wav", nargs="?", type=Path, help="a recording")
    source.add_argument("--microphone", action="store_true", help="listen until Ctrl-C")
    parser.add_argument("--word", choices=WORDS, default=WORDS[0])
    options = parser.parse_args(arguments)
    console = Console()
    word = wake_word(options.word)
    detector = Detector(word, _backend(console))
    steps: deque[Step] = deque(maxlen=KEPT_STEPS if options.microphone else None)
    try:
        if options.wav is not None:
            steps.extend(report(console, detector.listen(read_wav(options.wav)), word))
        else:
            console.print(f"say [bold]{word.name}[/bold]; Ctrl-C ends", highlight=False)
            for audio in microphone():
                steps.extend(report(console, detector.listen(audio), word))
    except KeyboardInterrupt:
        console.print()
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    if not steps:
        print("too short: not one step of audio", file=sys.stderr)
        return 2
    draw(console, list(steps), word)
    return 0 if any(step.detected for step in steps) else 1


def _backend(console: Console) -> KernelBackend:
    try:
        return NativeBackend()
    except CompilerNotFound as error:
        console.print(f"on RefBackend: {error}")
        return RefBackend()


if __name__ == "__main__":
    sys.exit(main())
