"""Samples that prove something: their answers move, and code that does nothing or skips a loop is found."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from ember_infer_core import KernelError
from ember_infer_core.slots import AnyArray
from ember_infer_firmware import export
from ember_infer_firmware.boards import board_named, check_room
from ember_infer_firmware.golden import golden_vectors, samples_of
from ember_infer_firmware.plan import plan_program
from ember_infer_macros import load_program
from ember_infer_native.toolchain import Compiler
from tests.firmware.exports import EXPORTED, LENIENT, selftest, sine
from tests.firmware.speech import okay_nabu_file, spoken_steps

pytestmark = pytest.mark.filterwarnings("ignore::ember_infer_core.ModelWarning")


@pytest.fixture(scope="module")
def okay_nabu() -> Path:
    return okay_nabu_file()


@pytest.fixture(scope="module")
def spoken(okay_nabu: Path, tmp_path_factory: pytest.TempPathFactory) -> AnyArray:
    return spoken_steps(okay_nabu, "okay nabu", tmp_path_factory.mktemp("speech"))


def without_loops(text: str) -> str:
    """A kernel whose loops end before they begin."""
    changed = re.sub(r"\bfor \(([^;]*;)[^;]*;", r"for (\1 0;", text)
    assert changed != text
    return changed


def test_a_wake_word_model_hears_its_word(okay_nabu: Path, spoken: AnyArray) -> None:
    program = load_program(okay_nabu)
    golden = golden_vectors(program, samples_of(program, spoken, 8))
    assert len(golden) == len(spoken)
    assert golden.distinct > 20


def test_random_steps_move_it_too(okay_nabu: Path) -> None:
    program = load_program(okay_nabu)
    assert golden_vectors(program, samples_of(program, None, 64)).distinct > 4


@pytest.mark.parametrize("kernel", ["conv2d", "depthwise_conv2d", "fully_connected"])
def test_a_kernel_that_skips_its_loops_is_found(
    kernel: str, okay_nabu: Path, spoken: AnyArray, tmp_path: Path, c_compiler: Compiler
) -> None:
    exported = export(load_program(okay_nabu), tmp_path / "out", inputs=spoken)
    assert selftest(exported, c_compiler) == 0
    header = exported.folder / "src" / f"ember_{kernel}.h"
    header.write_text(without_loops(header.read_text()))
    assert selftest(exported, c_compiler, LENIENT) == 1


@pytest.mark.parametrize("model", ["sine", "digits", "okay_nabu"])
def test_a_run_that_does_nothing_is_found_whatever_the_answers(
    model: str, okay_nabu: Path, tmp_path: Path, c_compiler: Compiler
) -> None:
    program = load_program(okay_nabu) if model == "okay_nabu" else EXPORTED[model]()
    low = [np.zeros((1, *program.tensors[index].shape), program.tensors[index].dtype) for index in program.inputs]
    exported = export(program, tmp_path / "out", inputs=low)
    name = exported.plan.name
    code = exported.folder / "src" / f"{name}.c"
    before, body = code.read_text().split(f"int {name}_run(")
    code.write_text(f"{before}int {name}_run({body.replace('{', '{ return 0;', 1)}")
    assert selftest(exported, c_compiler, LENIENT) == 1


def test_all_given_samples_run_and_no_noise_follows_a_recording(tmp_path: Path) -> None:
    given = np.arange(100, dtype=np.int8).reshape(100, 1, 1)
    exported = export(sine(), tmp_path / "sine", inputs=given)
    assert (len(exported.golden), exported.given) == (100, 100)
    assert len(samples_of(sine(), given[:3], 5)[0]) == 5
    stream = EXPORTED["running_sum"]()
    steps = [np.zeros((3, *stream.tensors[index].shape), stream.tensors[index].dtype) for index in stream.inputs]
    assert len(samples_of(stream, steps, 64)[0]) == 3


def test_weights_without_room_are_told_before_anything_is_compiled(shared: Path) -> None:
    plan = plan_program(load_program(shared / "models" / "person_detect.tflite"), "model", "reference")
    with pytest.raises(KernelError, match=r"does not fit on cortex-m0 \(microbit\): .*its arena of \d+ bytes"):
        check_room(board_named("cortex-m0"), plan)
