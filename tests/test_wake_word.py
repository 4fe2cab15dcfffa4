"""examples/wake_word.py, on speech that a synthesiser makes, on silence and on noise."""

from __future__ import annotations

import importlib.util
import io
import itertools
import re
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from rich.console import Console

from ember_infer_macros import QuantizedModel
from ember_infer_native import NativeBackend
from ember_infer_ref import RefBackend
from tests.conftest import REPOSITORY, skip_or_fail
from tests.support.debian import debian_program
from tests.support.tflm import Tflm

SPOKEN = {"okay_nabu": "okay nabu", "alexa": "alexa", "hey_jarvis": "hey jarvis", "hey_mycroft": "hey mycroft"}
SECONDS = 3


@pytest.fixture(scope="module")
def example() -> Any:
    """The example, imported."""
    if importlib.util.find_spec("pymicro_wakeword") is None:
        skip_or_fail("pymicro-wakeword is not installed: pip install 'ember-infer[wake-word]'")
    specification = importlib.util.spec_from_file_location("wake_word", REPOSITORY / "examples" / "wake_word.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module  # dataclasses look there
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A recording of each word, said by a machine with a second of silence around."""
    program = debian_program("espeak-ng", "espeak-ng")
    folder = tmp_path_factory.mktemp("a folder with spaces")
    recordings = {}
    for name, text in SPOKEN.items():
        recordings[name] = folder / f"{name}.wav"
        said = folder / f"said {name}.wav"
        subprocess.run([program, "-v", "en-us+m3", "-s", "150", "-w", str(said), text], check=True)
        with wave.open(str(said)) as file:
            rate, samples = file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), np.int16)
        write_wav(recordings[name], np.concatenate([np.zeros(rate, np.int16), samples, np.zeros(rate, np.int16)]), rate)
    return recordings


def write_wav(path: Path, samples: npt.NDArray[np.int16], rate: int = 16_000, channels: int = 1) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())


def silence() -> npt.NDArray[np.int16]:
    return np.zeros(SECONDS * 16_000, np.int16)


def noise() -> npt.NDArray[np.int16]:
    return np.random.default_rng(0).integers(-8000, 8000, SECONDS * 16_000).astype(np.int16)


def steps_of(example: Any, word: Any, audio: npt.NDArray[np.int16], backend: Any) -> tuple[list[Any], list[Any]]:
    """The detector's steps, and the inputs that it gave the model."""
    detector = example.Detector(word, backend)
    inputs: list[npt.NDArray[np.int8]] = []
    steps = []
    for step in detector.listen(audio):
        inputs.append(detector.session.input.copy())
        steps.append(step)
    return steps, inputs


@pytest.mark.parametrize("name", SPOKEN)
def test_probabilities_are_those_of_tflm_step_by_step(
    name: str, example: Any, spoken: dict[str, Path], tflm: Tflm
) -> None:
    word = example.wake_word(name)
    model: type[QuantizedModel] = word.model
    content = Path(example.model_path(name)).read_bytes()
    for audio in (example.read_wav(spoken[name]), silence(), noise()):
        steps, inputs = steps_of(example, word, audio, NativeBackend())
        assert len(steps) > SECONDS * 10
        answers = tflm.run(content, [[step] for step in inputs])
        wanted = [float(model.dequantize(output).reshape(-1)[0]) for (output,) in answers]
        assert [step.probability for step in steps] == wanted
        beginning, _ = steps_of(example, word, audio[:32_000], RefBackend())
        assert [step.probability for step in beginning] == wanted[: len(beginning)]


@pytest.mark.parametrize("name", ["okay_nabu", "alexa"])
def test_word_is_heard_once_where_it_is_said(name: str, example: Any, spoken: dict[str, Path]) -> None:
    word = example.wake_word(name)
    audio = example.read_wav(spoken[name])
    twice = np.concatenate([audio, audio])
    moments = [step.seconds for step in steps_of(example, word, twice, NativeBackend())[0] if step.detected]
    length = len(audio) / 16_000
    assert len(moments) == 2
    assert 1.0 < moments[0] < length < length + 1.0 < moments[1] < 2 * length


@pytest.mark.parametrize("sound", [silence, noise])
@pytest.mark.parametrize("name", SPOKEN)
def test_nothing_is_heard_in_silence_and_noise(name: str, sound: Any, example: Any) -> None:
    steps, _ = steps_of(example, example.wake_word(name), sound(), NativeBackend())
    assert not any(step.detected for step in steps)


def test_audio_may_come_in_pieces_of_any_length(example: Any, spoken: dict[str, Path]) -> None:
    word, audio = example.wake_word("alexa"), example.read_wav(spoken["alexa"])
    whole = steps_of(example, word, audio, NativeBackend())[0]
    detector = example.Detector(word, NativeBackend())
    lengths = itertools.cycle([1, 159, 160, 161, 0, 4000])
    pieces, start = [], 0
    while start < len(audio):
        length = next(lengths)
        pieces.append(audio[start : start + length])
        start += length
    assert [step for piece in pieces for step in detector.listen(piece)] == whole


def test_a_step_ends_with_the_audio_that_completes_it(example: Any) -> None:
    """The first features come with the third piece of 10 ms, and three of them make a step."""
    detector = example.Detector(example.wake_word("okay_nabu"), NativeBackend())
    chunk = silence()[: example.CHUNK]
    ended = [(number / 100, step.seconds) for number in range(1, 21) for step in detector.listen(chunk)]
    assert [heard for heard, _ in ended] == [0.05, 0.08, 0.11, 0.14, 0.17, 0.2]
    assert all(heard == said for heard, said in ended)


def test_probability_and_detection_are_drawn(
    example: Any, spoken: dict[str, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert example.main([str(spoken["okay_nabu"])]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"Okay Nabu at [12]\.\d\d s", shown[0])
    assert all(len(line) <= 80 for line in shown)
    marks = next(line for line in shown if set(line.strip()) <= {"-", "^"})
    assert marks.count("^") == 1
    at = marks.index("^")
    assert "█" in {line[at : at + 1] for line in shown[1:9]}


def test_recording_without_the_word_is_said_so(
    example: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "stereo.wav"
    write_wav(path, np.repeat(silence(), 2), rate=44_100, channels=2)
    assert example.main([str(path)]) == 1
    assert "^" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "not a WAV file"), (b"RIFF\x04\x00\x00\x00WAVE", "not a WAV file"), (None, "No such file")],
)
def test_recordings_that_cannot_be_read_are_named(
    content: bytes | None, words: str, example: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad recording.wav"
    if content is not None:
        path.write_bytes(content)
    assert example.main([str(path)]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert "bad recording.wav" in error


def test_recording_of_less_than_a_step_is_said_so(
    example: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "short.wav"
    write_wav(path, np.zeros(100, np.int16))
    assert example.main([str(path)]) == 2
    assert "too short" in capsys.readouterr().err


def test_drawing_fits_into_narrow_terminals(example: Any) -> None:
    word = example.wake_word("alexa")
    steps = [example.Step(0.03 * number, number / 100, number == 50) for number in range(100)]
    console = Console(width=20, record=True, file=io.StringIO())
    example.draw(console, steps, word)
    assert all(len(line) <= 20 for line in console.export_text().splitlines())
