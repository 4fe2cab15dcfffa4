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

import pytest
from hypothesis import strategies as st

from ember_infer_core import ModelError, Program
from ember_infer_macros import load_program
from tests.support.against_tflm import Arrays, OnlyTflmRefuses, compare_with_tflm
from tests.support.alter import altered
from tests.support.contents import random_batches
from tests.support.effort import SEED, draws
from tests.support.models import OPERATORS, Case, graph_models, one_operator_models
from tests.support.samples import every_operator, two_branches
from tests.support.tally import assert_mostly_ran, compare_drawn
from tests.support.tflm import Tflm, TflmDied

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

ALTERED_MODELS = draws(ordinary=600, deep=20_000)
ALTERED_PARTS = 4


def compare(model: bytes, batches: Sequence[Arrays], tflm: Tflm) -> str:
    """Runs the model on both sides; returns how it went, for the tally."""
    try:
        return compare_with_tflm(
            model, batches, tflm, only_we_refuse=REFUSED_BY_US_ALONE, only_tflm_refuses=REFUSED_BY_TFLM_ALONE
        )
    except OnlyTflmRefuses as error:
        if isinstance(error.refusal, TflmDied) and has_wide_softmax(load_program(model)):
            return "TFLM's softmax assertion"
        raise


def has_wide_softmax(program: Program) -> bool:
    tensors = [program.tensors[call.operands["input"]] for call in program.calls if call.method == "softmax"]
    return any(tensor.shape[-1] >= SOFTMAX_ASSERTION_CLASSES for tensor in tensors)


@pytest.mark.parametrize("operator", OPERATORS)
def test_one_operator_equals_tflm(operator: str, tflm: Tflm) -> None:
    compare_cases(one_operator_models(operator), tflm, ordinary=160, deep=4000)


@pytest.mark.parametrize("operators", range(2, 7))
def test_small_graph_equals_tflm(operators: int, tflm: Tflm) -> None:
    compare_cases(graph_models(operators), tflm, ordinary=120, deep=3000)


def compare_cases(cases: st.SearchStrategy[Case], tflm: Tflm, *, ordinary: int, deep: int) -> None:
    def went(case: Case) -> str:
        return compare(case.model, case.batches(), tflm)

    compare_drawn(cases, went, ordinary=ordinary, deep=deep, wanted_share=WANTED_SHARE)


@pytest.mark.filterwarnings("ignore::ember_infer_core.errors.ModelWarning")
@pytest.mark.parametrize("part", range(ALTERED_PARTS))
def test_altered_model_equals_tflm_or_is_refused(part: int, tflm: Tflm) -> None:
    """Models with one or two attributes changed at random: what this project accepts must mean the same to TFLM."""
    tally: Counter[str] = Counter()
    for number in range(part, ALTERED_MODELS, ALTERED_PARTS):
        make = every_operator if number % 3 else two_branches
        model = altered(make(), random.Random(f"{SEED}/{number}"))
        tally[compare_altered(model, number, tflm)] += 1
    assert_mostly_ran(tally, WANTED_SHARE_OF_ALTERED)


def compare_altered(model: bytes, number: int, tflm: Tflm) -> str:
    try:
        load_program(model)
    except ModelError:
        return "refused by us"  # not given to TFLM, which may read outside its memory
    try:
        return compare(model, random_batches(model, number), tflm)
    except AssertionError as error:
        raise AssertionError(f"altered model {SEED}/{number}: {error}") from error
