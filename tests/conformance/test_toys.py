"""The suite catches each class of published bug in a toy backend, names it, and lets clean ones pass."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from tests.conformance.toys import Bugs
from tests.conftest import REPOSITORY

TOYS = "tests.conformance.toys"


@dataclass(frozen=True)
class Sign:
    """How a bug shows: in which test, and what the report of it says."""

    test: str
    said: str


DEFINITION = "test_a_call_gives_what_the_definition_says"
REGRESSION = "test_the_bug_is_not_here"
SIGNS: Mapping[str, tuple[Sign, ...]] = {
    "larger_padding_first": (
        Sign(f"{REGRESSION}[*-asymmetric SAME at stride 2, conv2d]", "esp-nn issue 31"),
        Sign(f"{REGRESSION}[*-asymmetric SAME at stride 2, depthwise_conv2d]", "larger half before the image"),
        Sign(f"{DEFINITION}[*-max_pool]", "an odd SAME padding has its larger half before the image"),
    ),
    "four_outputs_at_a_time": (
        Sign(f"{REGRESSION}[*-fully connected with out_ch 2]", "esp-nn issue 34"),
        Sign(f"{DEFINITION}[*-fully_connected]", "never written"),
        Sign(f"{DEFINITION}[*-fully_connected]", "output channels that are no multiple of 4"),
    ),
    "input_read_from_aligned_address": (
        Sign("test_misaligned_inputs_of_fully_connected[*]", "esp-nn issue 34"),
        Sign("test_misaligned_buffers_do_no_harm[*-fully_connected]", "misaligned buffers: the call is right where"),
        Sign("test_misaligned_buffers_do_no_harm[*-fully_connected]", "beyond a multiple of 16: input +"),
    ),
    "wraps_results": (
        Sign(f"{REGRESSION}[*-clamp at -128, conv2d]", "wraps to 8 bits instead of saturating"),
        Sign(f"{REGRESSION}[*-clamp at -128, fully_connected]", "wraps to 8 bits instead of saturating"),
    ),
    "saturates_accumulators": (
        Sign(f"{REGRESSION}[*-accumulators at the edge of int32]", "accumulators saturate at the edge of int32"),
    ),
    "shift_modulo_64": (
        Sign(f"{REGRESSION}[*-shifts beyond 62]", "a total shift beyond 62 taken modulo 64"),
        Sign(f"{DEFINITION}[*-conv2d]", "a total shift beyond 62 taken modulo 64"),
    ),
    "add_with_one_scale": (
        Sign(f"{REGRESSION}[*-residual add]", "CMSIS-NN issue 66"),
        Sign(f"{DEFINITION}[*-add]", "the first input's scale used for both inputs"),
    ),
    "rounds_once": (
        Sign(f"{REGRESSION}[*-mixed rounding, conv2d]", "CMSIS-NN issue 214"),
        Sign(f"{DEFINITION}[*-conv2d]", "rounding `single`"),
        Sign(f"{REGRESSION}[*-mixed rounding, fully_connected]", "rounding `single`"),
    ),
    "no_nudge": (
        Sign(f"{REGRESSION}[*-skipped nudge in 1x1 convolutions]", "SKIP_NUDGE"),
        Sign(f"{DEFINITION}[*-conv2d]", "rounding `no-nudge`"),
    ),
    "no_clamp_at_minus_128": (
        Sign(f"{REGRESSION}[*-clamp at -128, conv2d]", "esp-nn issue 23"),
        Sign(f"{REGRESSION}[*-clamp at -128, depthwise_conv2d]", "no lower clamp (at -128"),
    ),
    "scratch_bytes_beyond": (
        Sign(f"{REGRESSION}[*-scratch of depthwise 3x3]", "esp-nn issue 30"),
        Sign(f"{DEFINITION}[*-depthwise_conv2d]", "wrote outside its scratch"),
    ),
    "counts_on_clean_scratch": (
        Sign("test_what_scratch_holds_before_a_call_does_not_matter[*-depthwise_conv2d]", "if its scratch holds zeros"),
    ),
    "output_bytes_beyond": (Sign(f"{DEFINITION}[*-conv2d]", "wrote outside its output"),),
    "ignores_dilation": (
        Sign(f"{REGRESSION}[*-dilation, conv2d]", "dilation ignored"),
        Sign(f"{DEFINITION}[*-depthwise_conv2d]", "dilation ignored: as if it were 1"),
    ),
    "padding_is_zero": (Sign(f"{DEFINITION}[*-conv2d]", "padding filled with 0 instead of the input's zero point"),),
    "max_pool_wants_four_channels": (
        Sign(f"{REGRESSION}[*-channels of max_pool]", "never written"),
        Sign(f"{DEFINITION}[*-max_pool]", "channels that are no multiple of 4"),
    ),
    "average_rounds_up": (Sign(f"{REGRESSION}[*-halves of avg_pool]", "half up instead of half away from zero"),),
    "halves_go_to_zero": (
        Sign(f"{DEFINITION}[*-fully_connected]", "ties of the second rounding go toward zero instead of away from it"),
        Sign(f"{DEFINITION}[*-conv2d]", "ties of the second rounding go toward zero instead of away from it"),
        Sign(f"{DEFINITION}[*-add]", "ties of the second rounding go toward zero instead of away from it"),
        Sign(f"{DEFINITION}[*-avg_pool]", "rounds half toward zero instead of half away from zero"),
    ),
    "division_cuts": (
        Sign(f"{DEFINITION}[*-fully_connected]", "each rounding adds a half and divides, which cuts toward zero"),
    ),
    "static_memory": (Sign("test_threads_do_not_meet[*-conv2d-single]", "not re-entrant"),),
    "keeps_weights": (Sign("test_a_single_call_keeps_nothing[*-conv2d]", "state: "),),
    "keeps_first_answer_in_cache": (
        Sign("test_a_prepared_call_follows_its_inputs[*-conv2d]", "right with a new cache"),
        Sign("test_an_executable_of_one_call_follows_its_inputs[*-conv2d]", "first run of a new executable"),
    ),
    "changes_input": (Sign(f"{DEFINITION}[*-max_pool]", "changed its input"),),
    "accepts_any_activation": (
        Sign("test_an_activation_that_is_no_clamp_is_refused[*-conv2d-TANH]", "must raise UnsupportedActivation"),
    ),
    "writes_before_checking": (
        Sign("test_a_wrong_buffer_is_an_invalid_shape[*-conv2d-wrong dtype]", "was written before InvalidShape"),
    ),
}


def conformance(*arguments: str) -> str:
    """What pytest prints when the suite is run as a user would run it."""
    command = [sys.executable, "-m", "pytest", "--pyargs", "ember_infer_core.conformance", "-p", "no:cacheprovider"]
    result = subprocess.run(
        [*command, "-q", "--color=no", *arguments], capture_output=True, text=True, check=False, cwd=REPOSITORY
    )
    return result.stdout + result.stderr


def failures(folder: Path, tests: Iterable[str], backends: Iterable[str]) -> Mapping[str, str]:
    """The report of each test that fails, by its name, of one run of these tests of the suite.

    Args:
        folder: of the run.
        tests: their names.
        backends: as ``--backend`` takes them.
    """
    chosen = folder / "tests.txt"
    chosen.write_text("\n".join(tests))
    chosen_backends = [f"--backend={backend}" for backend in backends]
    printed = conformance("-p", "tests.conformance.only", f"--only={chosen}", *chosen_backends)
    reported, _, _ = printed.partition(" short test summary info ")  # which, under CI, says everything again
    parts = re.split(r"^_+ (test_.*?) _+$", reported, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The report of each failed test, from one run over all broken toys, of the tests that their signs name."""
    wanted = {(toy, sign.test) for toy, signs in SIGNS.items() for sign in signs}
    tests = [test.replace("*", toy) for toy, test in sorted(wanted)]
    return failures(tmp_path_factory.mktemp("toys"), tests, [f"{TOYS}:{toy}" for toy in SIGNS])


@pytest.mark.parametrize(
    ("toy", "sign"),
    [(toy, sign) for toy, signs in SIGNS.items() for sign in signs],
    ids=lambda one: getattr(one, "said", one),
)
def test_a_bug_is_caught_and_named(reports: Mapping[str, str], toy: str, sign: Sign) -> None:
    test = sign.test.replace("*", toy)
    assert test in reports, f"{toy} passes {test}"
    assert sign.said in reports[test], reports[test]


def test_every_bug_has_its_signs() -> None:
    assert set(SIGNS) | {"refuses_misaligned"} == {one.name for one in fields(Bugs)}


def test_clean_backends_conform() -> None:
    """Without MUL, with it, with what the contract does by itself, and one that refuses misaligned buffers by the right
    error. All take int8 alone, and say nothing of types."""
    toys = ("Toy", "WithMul", "Defaulting", "refuses_misaligned")
    printed = conformance("--examples=4", *(f"--backend={TOYS}:{toy}" for toy in toys))
    summaries = dict(re.findall(rf"^{TOYS}:(\w+): (.*)$", printed, flags=re.MULTILINE))
    assert {toy: summary.split(",")[0] for toy, summary in summaries.items()} == dict.fromkeys(toys, "conforms"), (
        printed
    )
    missing = {
        toy: re.findall(r"\w+", summary.partition("not implemented: ")[2].partition("not taken: ")[0])
        for toy, summary in summaries.items()
    }
    assert {toy for toy, names in missing.items() if "mul" in names} == {"Toy", "Defaulting", "refuses_misaligned"}
    assert all("not taken: add of float32, add of int32" in summary for summary in summaries.values()), summaries
