"""Small models by the converters of TensorFlow and of PyTorch (litert-torch, ai-edge-quantizer): equal to TFLM.

Only ``EMBER_DEEP=1 pytest tests/test_corpus.py`` runs them, because the converters' packages are large. The models are
made in a temporary folder by this Python, if it has the extras ``corpus-keras`` and ``corpus-torch``; or they are read
from the folder that ``EMBER_CORPUS`` names, from keras/*.tflite and torch/*.tflite. ``make corpus`` fills such a folder
from environments of its own. Shown by ``pytest -s``: what TFLM does not run, and why.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ember_infer_native import NativeBackend
from ember_infer_ref import RefBackend
from tests.conftest import REPOSITORY, skip_or_fail
from tests.corpus.exactness import complaints, refusal
from tests.corpus.ports import output_count, random_inputs
from tests.support.effort import DEEP, SEED
from tests.support.tflm import Tflm, TflmError

INFERENCES = 8
SECONDS_TO_MAKE = 1200
# What TFLM runs without a defined answer, and the operator that the refusal has to name: a division whose shift exceeds
# its type, padding with bytes that nobody wrote.
UNDEFINED = {"softsign": "DIV", "dilated_with_padding": "SPACE_TO_BATCH_ND"}


@dataclass(frozen=True, slots=True)
class Converter:
    """How models come about, and how many of them TFLM runs at the least."""

    name: str
    package: str
    least: int


CONVERTERS = (Converter("keras", "tensorflow", 20), Converter("torch", "litert_torch", 10))


@pytest.mark.filterwarnings("ignore::ember_infer_core.errors.ModelWarning")
@pytest.mark.parametrize("converter", CONVERTERS, ids=lambda converter: converter.name)
def test_every_model_that_tflm_runs_is_exact(
    converter: Converter, tflm: Tflm, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if not DEEP:
        pytest.skip("only in the deep profile (EMBER_DEEP=1): the converters' packages are large")
    backends = {"RefBackend": RefBackend(), "NativeBackend": NativeBackend()}
    failed: list[str] = []
    ran: set[str] = set()
    for path in model_files(converter, tmp_path_factory):
        model, file = path.stem.rpartition("_")[0], f"{converter.name}/{path.name}"
        content = path.read_bytes()
        if model in UNDEFINED:
            failed += [f"{file}: {line}" for line in not_refused_for(UNDEFINED[model], content)]
            continue
        source = np.random.default_rng([SEED, zlib.crc32(file.encode())])
        batches = [random_inputs(content, source) for _ in range(INFERENCES)]
        try:
            expected = tflm.run(content, batches, output_count(content))
        except TflmError as error:
            print(f"{file}: left out, TFLM does not run it: {' / '.join(str(error).splitlines())}", flush=True)
            continue
        ran.add(model)
        failed += [f"{file}: {line}" for line in complaints(content, batches, expected, backends)]
    assert len(ran) >= converter.least, f"TFLM runs only {len(ran)} models: {sorted(ran)}"
    if failed:
        pytest.fail("\n".join([f"{len(failed)} complaints:", *failed]), pytrace=False)


def not_refused_for(operator: str, content: bytes) -> list[str]:
    """A line if the model is taken, or refused for something else than the operator."""
    words = refusal(content)
    if words is None:
        return [f"taken, though TFLM's {operator} has no defined answer in it"]
    return [] if operator in words else [f"refused without a word of {operator}: {' '.join(words.split())}"]


def model_files(converter: Converter, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The models of one converter, made now unless ``EMBER_CORPUS`` says where they are."""
    given = os.environ.get("EMBER_CORPUS")
    folder = Path(given) / converter.name if given else make_models(converter, tmp_path_factory.mktemp("corpus"))
    files = sorted(folder.glob("*.tflite"))
    assert files, f"no models in {folder}: make corpus fills the folder .corpus"
    return files


def make_models(converter: Converter, folder: Path) -> Path:
    if importlib.util.find_spec(converter.package) is None:
        skip_or_fail(
            f"{converter.package} is not installed: pip install 'ember-infer[corpus-{converter.name}]', or make the "
            "models elsewhere and set EMBER_CORPUS (make corpus)"
        )
    made = subprocess.run(
        [sys.executable, "-m", f"tests.corpus.make_{converter.name}", str(folder)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=SECONDS_TO_MAKE,
        check=False,
    )
    assert made.returncode == 0, f"tests.corpus.make_{converter.name}:\n{made.stdout[-500:]}\n{made.stderr[-3000:]}"
    return folder


class TestComplaints:
    """What the verdict rests on: a model that is known to be exact, and what is made of it."""

    content = (REPOSITORY / "models" / "sine.tflite").read_bytes()
    batches = tuple([np.full((1, 1), value, np.int8)] for value in (-100, 3, 90))

    def test_there_are_none_about_a_model_that_is_exact(self, tflm: Tflm) -> None:
        expected = tflm.run(self.content, self.batches)
        assert complaints(self.content, self.batches, expected, {"RefBackend": RefBackend()}) == []

    def test_a_single_wrong_value_is_one_line_for_each_backend(self, tflm: Tflm) -> None:
        expected: list[Any] = tflm.run(self.content, self.batches)
        expected[1][0][0, 0] += 1
        lines = complaints(self.content, self.batches, expected, {"first": RefBackend(), "second": RefBackend()})
        assert [line.partition(" values")[0] for line in lines] == [
            "first: inference 1, output 0: 1 of 1",
            "second: inference 1, output 0: 1 of 1",
        ]

    def test_another_type_is_a_difference(self, tflm: Tflm) -> None:
        expected = [
            [output.astype(np.float32) for output in outputs] for outputs in tflm.run(self.content, self.batches)
        ]
        (line,) = complaints(self.content, self.batches, expected, {"RefBackend": RefBackend()})
        assert line == "RefBackend: inference 0, output 0: ours is int8[1, 1], TFLM's float32[1, 1]"

    def test_a_damaged_file_is_one_line(self) -> None:
        (line,) = complaints(self.content[:100], self.batches, [], {"RefBackend": RefBackend()})
        assert line.startswith("ModelError: ")
        assert "\n" not in line
