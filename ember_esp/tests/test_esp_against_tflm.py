"""Random models on both chips' backends, against TensorFlow Lite Micro: every output byte equal.

The models are those of ``tests/test_against_tflm.py``. Where a kernel has a known fault, the default must refuse the
model by name, and ``faults="ignore"`` must compute what the model says. An ordinary run draws 1,200 models,
``EMBER_DEEP=1`` 16,000, and those of operators that are RefBackend's alone.
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given

from ember_esp import EspBackend
from ember_esp.target import Chip, Driver
from ember_infer_core import Executable, Program, UnsupportedModelError, UnsupportedOperator
from ember_infer_macros import load_program
from tests.support.against_tflm import Arrays, assert_equal
from tests.support.effort import DEEP, thorough
from tests.support.models import OPERATORS, Case, graph_models, one_operator_models
from tests.support.tflm import Tflm, TflmError

# Kernels and rules of ESP-NN's own, and one of those that RefBackend lends; graphs mix them all. (RESHAPE is an alias
# and never reaches a backend.)
OWN = ("conv2d", "depthwise_conv2d", "fully_connected", "average_pool", "max_pool", "softmax", "add", "mul")
CASES = [operator for operator in OPERATORS if operator != "reshape"] if DEEP else [*OWN, "concatenation"]


# The others' kernels are plain C.
CHIPS: tuple[Chip, ...] = ("esp32s3", "esp32p4")


def compare(case: Case, tflm: Tflm, tally: Counter[str]) -> None:
    batches = case.batches()
    try:
        theirs = tflm.run(case.model, batches, len(case.output_shapes))
        program = load_program(case.model)
    except (TflmError, UnsupportedModelError):
        tally["refused by TFLM or the reader"] += 1  # for every backend alike
        return
    for chip in CHIPS:
        executable, how = compiled(program, chip)
        tally[f"{chip} {how}"] += 1
        assert_equal([run(executable, inputs) for inputs in batches], theirs)
    tally["equal"] += 1


def compiled(program: Program, chip: Chip) -> tuple[Executable, str]:
    driver: Driver = "rust" if len(program.calls) % 2 else "tflm"
    try:
        return EspBackend(chip, driver=driver).compile(program), "sound"
    except UnsupportedOperator as error:
        assert "known faults of ESP-NN 1.2.3" in str(error)  # noqa: PT017 - either is right, and this is the other
        return EspBackend(chip, driver=driver, faults="ignore").compile(program), "faulty"


def run(executable: Executable, inputs: Arrays) -> Arrays:
    for buffer, array in zip(executable.inputs, inputs, strict=True):
        buffer[...] = array
    executable.run()
    return [output.copy() for output in executable.outputs]


def assert_mostly_ran(what: str, tally: Counter[str]) -> None:
    if DEEP:
        print(f"{what}: {dict(tally)}", flush=True)  # shown by pytest -s
    drawn = tally["equal"] + tally["refused by TFLM or the reader"]
    assert tally["equal"] >= 0.8 * drawn
    for chip in CHIPS:
        assert tally[f"{chip} sound"] >= 0.05 * drawn


@pytest.mark.parametrize("operator", CASES)
def test_one_operator_equals_tflm(operator: str, tflm: Tflm) -> None:
    tally: Counter[str] = Counter()

    @thorough(ordinary=100, deep=1000)
    @given(case=one_operator_models(operator))
    def check(case: Case) -> None:
        compare(case, tflm, tally)

    check()
    assert_mostly_ran(operator, tally)


@pytest.mark.parametrize("operators", range(2, 6))
def test_small_graph_equals_tflm(operators: int, tflm: Tflm) -> None:
    tally: Counter[str] = Counter()

    @thorough(ordinary=80, deep=2000)
    @given(case=graph_models(operators))
    def check(case: Case) -> None:
        compare(case, tflm, tally)

    check()
    assert_mostly_ran(f"{operators} operators", tally)
