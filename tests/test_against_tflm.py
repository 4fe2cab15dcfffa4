"""Random models, run by RefBackend and by TensorFlow Lite Micro: every output byte equal.

An ordinary run draws about 2,600 models, the same ones each time. ``EMBER_DEEP=1 pytest tests/test_against_tflm.py``
draws 70,000: new ones each time, those altered from known ones with each ``EMBER_SEED``. It prints what reproduces a
failure.

Where TFLM refuses a model or stops at one, this project must refuse it too, when it is read or compiled, and the other
way round. The exceptions, with the reasons, are listed below.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given

from ember_infer_core import ModelError, Program, UnsupportedActivation, UnsupportedModelError
from ember_infer_macros import QuantizedModel, ember_model, load_program
from ember_infer_ref import RefBackend
from tests.support.alter import altered
from tests.support.effort import DEEP, SEED, thorough
from tests.support.models import OPERATORS, Case, graph_models, one_operator_models
from tests.support.samples import every_operator, two_branches
from tests.support.tflm import Tflm, TflmDied, TflmError, TflmRefused

Outputs = list[npt.NDArray[Any]]

# What TFLM runs and this project refuses, as words of our message.
REFUSED_BY_US_ALONE = (
    # The result depends on the compiler: TFLM shifts an int32 by 31 bits or more.
    "what TensorFlow Lite Micro computes then is undefined",
    # TFLM's pools overlook that their own activation range failed, and clamp to memory that nobody wrote.
    "_POOL_2D: the activation bound",
    # TFLM has no kernel for a fused TANH or SIGN_BIT either, and leaves it out without a word.
    "is not a clamp",
)
# What TFLM refuses and this project runs, as words of TFLM's message.
REFUSED_BY_TFLM_ALONE = (
    # An unknown `quantized_bias_type`, an option that no kernel reads.
    "Unsupported data type",
)
# Where the exponentials of a softmax sum up to this or more, an assertion stops TFLM during the inference, in builds
# that have any. The rounded result, 0 or 1 above the zero point, is what this project gives.
SOFTMAX_ASSERTION_CLASSES = 512

# The share of random models that both sides must run, so that refusals cannot hollow the tests out.
WANTED_SHARE = 0.85
WANTED_SHARE_OF_ALTERED = 0.3

ALTERED_MODELS = 20_000 if DEEP else 600
ALTERED_PARTS = 4


def run_ours(model: bytes, batches: Sequence[Outputs]) -> list[Outputs]:
    """Every inference on a fresh model class, through the session; the first through ``predict_quantized`` as well."""

    @ember_model(model)
    class Model(QuantizedModel): ...

    backend = RefBackend()
    session = Model.bind(backend)
    results = []
    for inputs in batches:
        for buffer, array in zip(session.inputs, inputs, strict=True):
            buffer[...] = array
        session.run()
        results.append([output.copy() for output in session.outputs])
    predicted = [np.zeros_like(output) for output in results[0]]
    Model.predict_quantized(backend, batches[0], predicted)
    assert_equal([predicted], results[:1])
    return results


def assert_equal(ours: list[Outputs], theirs: list[Outputs]) -> None:
    """Same shapes and same bytes, for each inference and output."""
    for inference, (our_outputs, their_outputs) in enumerate(zip(ours, theirs, strict=True)):
        for index, (our_output, their_output) in enumerate(zip(our_outputs, their_outputs, strict=True)):
            assert our_output.shape == their_output.shape
            if not np.array_equal(our_output, their_output):
                where = tuple(int(axis) for axis in np.argwhere(our_output != their_output)[0])
                count = int(np.count_nonzero(our_output != their_output))
                pytest.fail(
                    f"inference {inference}, output {index}: {count} of {our_output.size} bytes differ, first at "
                    f"{where}: ours {our_output[where]}, TFLM {their_output[where]}"
                )


def compare(model: bytes, batches: Sequence[Outputs], outputs: int, tflm: Tflm) -> str:
    """Runs the model on both sides; returns how it went, for the tally."""
    try:
        theirs = tflm.run(model, batches, outputs)
    except TflmError as refusal:
        return refused_by_tflm(model, batches, refusal)
    try:
        ours = run_ours(model, batches)
    except (UnsupportedModelError, UnsupportedActivation) as error:
        if not any(words in str(error) for words in REFUSED_BY_US_ALONE):
            raise
        return "refused by us alone"
    assert_equal(ours, theirs)
    return "equal"


def refused_by_tflm(model: bytes, batches: Sequence[Outputs], refusal: TflmError) -> str:
    try:
        run_ours(model, batches)
    except (ModelError, UnsupportedActivation):
        return "refused by both"
    if isinstance(refusal, TflmRefused) and any(words in str(refusal) for words in REFUSED_BY_TFLM_ALONE):
        return "refused by TFLM alone"
    if isinstance(refusal, TflmDied) and has_wide_softmax(load_program(model)):
        return "TFLM's softmax assertion"
    raise AssertionError(f"only TFLM refuses this model: {refusal}") from refusal


def has_wide_softmax(program: Program) -> bool:
    tensors = [program.tensors[call.operands["input"]] for call in program.calls if call.method == "softmax"]
    return any(tensor.shape[-1] >= SOFTMAX_ASSERTION_CLASSES for tensor in tensors)


def assert_mostly_ran(what: str, tally: Counter[str], share: float) -> None:
    if DEEP:
        print(f"{what}: {dict(tally)}", flush=True)  # shown by pytest -s
    total = tally.total()
    assert tally["equal"] >= share * total, f"{what}: only {tally['equal']} of {total} models ran on both sides"


@pytest.mark.parametrize("operator", OPERATORS)
def test_one_operator_equals_tflm(operator: str, tflm: Tflm) -> None:
    tally: Counter[str] = Counter()

    @thorough(ordinary=160, deep=4000)
    @given(case=one_operator_models(operator))
    def check(case: Case) -> None:
        tally[compare(case.model, case.batches(), len(case.output_shapes), tflm)] += 1

    check()
    assert_mostly_ran(operator, tally, WANTED_SHARE)


@pytest.mark.parametrize("operators", range(2, 7))
def test_small_graph_equals_tflm(operators: int, tflm: Tflm) -> None:
    tally: Counter[str] = Counter()

    @thorough(ordinary=120, deep=3000)
    @given(case=graph_models(operators))
    def check(case: Case) -> None:
        tally[compare(case.model, case.batches(), len(case.output_shapes), tflm)] += 1

    check()
    assert_mostly_ran(f"{operators} operators", tally, WANTED_SHARE)


@pytest.mark.filterwarnings("ignore::ember_infer_core.errors.ModelWarning")
@pytest.mark.parametrize("part", range(ALTERED_PARTS))
def test_altered_model_equals_tflm_or_is_refused(part: int, tflm: Tflm) -> None:
    """Models with one or two attributes changed at random: what this project accepts must mean the same to TFLM."""
    tally: Counter[str] = Counter()
    for number in range(part, ALTERED_MODELS, ALTERED_PARTS):
        make = every_operator if number % 3 else two_branches
        model = altered(make(), random.Random(f"{SEED}/{number}"))
        tally[compare_altered(model, number, tflm)] += 1
    assert_mostly_ran(f"altered models, part {part}", tally, WANTED_SHARE_OF_ALTERED)


def compare_altered(model: bytes, number: int, tflm: Tflm) -> str:
    try:
        program = load_program(model)
    except ModelError:
        return "refused by us"  # not given to TFLM, which may read outside its memory
    source = np.random.default_rng(number)
    shapes = [program.tensors[index].shape for index in program.inputs]
    batches = [[source.integers(-128, 128, shape, np.int8) for shape in shapes] for _ in range(3)]
    try:
        return compare(model, batches, len(program.outputs), tflm)
    except (AssertionError, pytest.fail.Exception) as error:
        raise AssertionError(f"altered model {SEED}/{number}: {error}") from error
