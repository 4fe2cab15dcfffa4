"""Random models on NativeBackend and on TensorFlow Lite Micro: every output byte equal.

Whole models are compiled, which takes a compiler half a second each, so that an ordinary run draws few of them, of many
operators; call by call all models run on one library. ``EMBER_DEEP=1`` draws thousands. Golden outputs and the models
that this repository ships are compared, too.
"""

from __future__ import annotations

import shutil
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ember_infer_core import ModelError, ModelWarning, Program, UnsupportedActivation
from ember_infer_macros import load_program
from ember_infer_native import NativeBackend
from ember_infer_native.toolchain import Compiler
from ember_infer_ref import RefBackend
from ember_infer_tools.tflite_writer import ModelWriter, pack_model
from tests.conftest import REPOSITORY
from tests.native.running import Arrays, assert_equal, dispatching, reference, run
from tests.support.effort import DEEP, thorough
from tests.support.models import OPERATORS, Case, graph_models, one_operator_models
from tests.support.tflm import Tflm, TflmError
from tests.test_odd_models import CASES, EQUAL

WANTED_SHARE = 0.85
GOLDEN = ("sine", "speech", "person_detect")


class Comparison:
    """Compares models, and counts how it went."""

    def __init__(self, tflm: Tflm) -> None:
        self._tflm = tflm
        self.tally: Counter[str] = Counter()

    def __call__(self, backend: NativeBackend, case: Case, whole: bool) -> None:
        try:
            program = load_program(case.model)
            RefBackend().compile(program).run()
        except (ModelError, UnsupportedActivation):
            self.tally["refused"] += 1  # whether rightly so is asked in tests/test_against_tflm.py
            return
        batches = case.batches()
        executable = backend.compile(program) if whole else dispatching(backend, program)
        found = [run(executable, inputs) for inputs in batches]
        assert_equal(found, self._expected(case, program, batches))

    def _expected(self, case: Case, program: Program, batches: list[Arrays]) -> list[Arrays]:
        try:
            results = self._tflm.run(case.model, batches, len(case.output_shapes))
        except TflmError:  # a softmax over so many classes that an assertion stops TFLM
            self.tally["TFLM stopped"] += 1
            return reference(program, batches)
        self.tally["equal"] += 1
        return results

    def assert_mostly_ran(self) -> None:
        if DEEP:
            print(dict(self.tally), flush=True)
        assert self.tally["equal"] >= WANTED_SHARE * self.tally.total(), dict(self.tally)


@pytest.mark.parametrize("operator", OPERATORS)
def test_one_operator_equals_tflm_call_by_call(operator: str, native: NativeBackend, tflm: Tflm) -> None:
    compare = Comparison(tflm)

    @thorough(ordinary=40, deep=3000)
    @given(case=one_operator_models(operator))
    def check(case: Case) -> None:
        compare(native, case, whole=False)

    check()
    compare.assert_mostly_ran()


def test_small_graphs_equal_tflm_call_by_call(native: NativeBackend, tflm: Tflm) -> None:
    compare = Comparison(tflm)

    @thorough(ordinary=60, deep=6000)
    @given(case=st.integers(2, 6).flatmap(graph_models))
    def check(case: Case) -> None:
        compare(native, case, whole=False)

    check()
    compare.assert_mostly_ran()


def test_whole_models_equal_tflm(c_compiler: Compiler, tmp_path: Path, tflm: Tflm) -> None:
    compare = Comparison(tflm)
    cache = tmp_path / "cache"
    native = NativeBackend(cache=cache)

    @thorough(ordinary=12, deep=3000)
    @given(case=graph_models(6))
    def check(case: Case) -> None:
        compare(native, case, whole=True)
        if DEEP and compare.tally.total() % 100 == 0:  # thousands of libraries would fill the disk
            shutil.rmtree(cache, ignore_errors=True)

    check()
    compare.assert_mostly_ran()


@pytest.mark.parametrize("operator", OPERATORS)
def test_whole_models_of_one_operator_equal_tflm(operator: str, native: NativeBackend, tflm: Tflm) -> None:
    compare = Comparison(tflm)

    @thorough(ordinary=3, deep=300)
    @given(case=one_operator_models(operator))
    def check(case: Case) -> None:
        compare(native, case, whole=True)

    check()
    assert compare.tally["equal"]


def test_odd_models_equal_tflm_call_by_call(native: NativeBackend, tflm: Tflm) -> None:
    """What no converter writes, but TFLM runs all the same; see tests/test_odd_models.py."""
    compare = Comparison(tflm)
    for build, expected in CASES.values():
        if expected != EQUAL:
            continue
        writer = ModelWriter()
        inputs, outputs = build(writer)
        model = writer.model(inputs, outputs)
        shapes = [
            [tuple(model.subgraphs[0].tensors[index].shape) for index in indices] for indices in (inputs, outputs)
        ]
        case = Case(pack_model(model), tuple(shapes[0]), tuple(shapes[1]), (), 1)
        compare(native, case, whole=False)
    assert compare.tally["equal"] > 30
    compare.assert_mostly_ran()


@pytest.mark.parametrize("name", GOLDEN)
def test_every_golden_output_is_reproduced(shared: Path, name: str, native: NativeBackend) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)
        program = load_program(shared / "models" / f"{name}.tflite")
    with np.load(shared / "golden" / f"{name}.npz") as golden:
        inputs, outputs = golden["inputs"], golden["outputs"]
    assert len(inputs) >= 66
    for executable in (native.compile(program), dispatching(native, program)):
        for sample, expected in zip(inputs, outputs, strict=True):
            found = run(executable, [sample.reshape(executable.inputs[0].shape)])[0]
            np.testing.assert_array_equal(found.ravel(), expected.ravel())


def test_the_digits_equal_tflms_on_held_out_images(native: NativeBackend, tflm: Tflm) -> None:
    model = (REPOSITORY / "models" / "digits.tflite").read_bytes()
    program = load_program(model)
    executable = native.compile(program)
    random = np.random.default_rng(0)
    shape = executable.inputs[0].shape
    batches: list[Arrays] = [[random.integers(-128, 128, shape, np.int8)] for _ in range(60)]
    assert_equal([run(executable, inputs) for inputs in batches], tflm.run(model, batches))


def test_the_sine_equals_tflms_on_every_input(native: NativeBackend, tflm: Tflm) -> None:
    model = (REPOSITORY / "models" / "sine.tflite").read_bytes()
    executable = native.compile(load_program(model))
    batches: list[Arrays] = [[np.full(executable.inputs[0].shape, value, np.int8)] for value in range(-128, 128)]
    assert_equal([run(executable, inputs) for inputs in batches], tflm.run(model, batches))
