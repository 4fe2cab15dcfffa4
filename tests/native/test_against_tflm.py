"""Random models, compiled as a whole, on NativeBackend and on TensorFlow Lite Micro: every output byte equal.

A compiler takes half a second for a model, so that an ordinary run draws few, of many operators each. Call by call,
where all models run on one library, tests/test_against_tflm.py and tests/operators compare thousands. ``EMBER_DEEP=1``
draws as many here. The models that this repository ships are compared, too.
"""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
from hypothesis import given

from ember_infer_core import ModelError, UnsupportedActivation
from ember_infer_macros import load_program
from ember_infer_native import NativeBackend
from ember_infer_native.toolchain import Compiler
from ember_infer_ref import RefBackend
from tests.conftest import REPOSITORY
from tests.native.random_programs import case_lists, join_programs
from tests.native.running import Arrays, assert_equal, run
from tests.native.test_targets import LONG_EXAMPLES, without_shrinking
from tests.support.effort import DEEP
from tests.support.models import Case
from tests.support.tflm import Tflm, TflmError

WANTED_SHARE = 0.85


@LONG_EXAMPLES
def test_whole_models_equal_tflm(c_compiler: Compiler, tmp_path: Path, tflm: Tflm) -> None:
    """Models of each operator and small graphs, all of a list in one library."""
    tally: Counter[str] = Counter()
    cache = tmp_path / "cache"
    native = NativeBackend(cache=cache)

    @without_shrinking(ordinary=4, deep=400)
    @given(cases=case_lists())
    def check(cases: list[Case]) -> None:
        programs, inputs, expected = [], [], []
        for case in cases:
            try:
                program = load_program(case.model)
                RefBackend().compile(program).run()
                batches = case.batches()
                results = tflm.run(case.model, batches, len(case.output_shapes))
            except (ModelError, UnsupportedActivation, TflmError):
                tally["refused"] += 1  # whether rightly so is asked in tests/test_against_tflm.py
                continue
            tally["compared"] += 1
            programs.append(program)
            inputs.append(batches)
            expected.append(results)
        executable = native.compile(join_programs(programs))
        found = [run(executable, samples) for samples in side_by_side(inputs)]
        assert_equal(found, side_by_side(expected))
        if DEEP:  # hundreds of libraries would fill the disk
            shutil.rmtree(cache, ignore_errors=True)

    check()
    if DEEP:
        print(dict(tally), flush=True)
    assert tally["compared"] >= WANTED_SHARE * tally.total(), dict(tally)


def side_by_side(models: list[list[Arrays]]) -> list[Arrays]:
    """For each inference the arrays of all models."""
    return [[array for arrays in inference for array in arrays] for inference in zip(*models, strict=True)]


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
