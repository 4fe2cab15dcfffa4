"""Files built to hurt by what they share, repeat and list: each is refused or bound in time, with a short message.

A developer's run draws 6,000 tiny files and CI 20,000, the same ones each time; the deep profile a million, times
``EMBER_DEEP``.
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ember_infer_core import KernelBackend, KernelError, ModelError, UnsupportedModelError, quantization
from ember_infer_macros import ember_model, load_program
from ember_infer_macros.limits import MAX_OPERATORS
from ember_infer_macros.lower import budget
from ember_infer_macros.tflite.schema import BuiltinOperator as Op
from ember_infer_macros.tflite.schema import TensorType
from ember_infer_native.codegen import generate
from ember_infer_native.planner import plan_program
from ember_infer_native.targets import TARGETS
from ember_infer_native.toolchain import Compiler
from ember_infer_ref import RefBackend
from tests.conftest import REPOSITORY
from tests.support.drawn_structure import drawn_structure
from tests.support.effort import DEEP, IN_CI, SEED, draws, left_to_ci
from tests.support.flat_file import Int
from tests.support.hostile_models import FAMILIES, Family
from tests.support.outcomes import check_message, timely_outcome
from tests.support.shared_parts import Options, SharedModel

pytestmark = [
    pytest.mark.filterwarnings("ignore::ember_infer_core.errors.ModelWarning"),
]

DRAWN = draws(ordinary=20_000 if IN_CI else 6_000, deep=1_000_000)
PARTS = 10
# What the families have to stay within at this size: before there were bounds, half of them took from 5 seconds to
# hours. It leaves room for a loaded machine. Some have as much of everything at a smaller one.
COUNT = 1000
COUNTS = {
    "lookups_beyond_the_table": 300,
    "mirrored_in_many_axes": 100,
    "operators_of_one_wide_list": 300,
    "subgraphs_that_initialise": 100,
}
SECONDS = 2.0
PROMISED_SECONDS, MEGABYTES = 10, 1500


def bound_or_refused(content: bytes, backend: KernelBackend | None = None) -> str:
    """Everything from the bytes to a bound session of a class; on RefBackend unless another is given."""
    try:

        @ember_model(content)
        class Model: ...

    except ModelError as error:
        check_message(error)
        return type(error).__name__
    try:
        Model.bind(backend or RefBackend())
    except KernelError as error:
        return f"refused by the backend: {error}"
    return "bound"


@pytest.mark.parametrize("family", FAMILIES)
def test_family_is_bound_or_refused_in_time(family: str, limited_memory: None) -> None:
    content = FAMILIES[family](COUNTS.get(family, COUNT))
    start = time.thread_time()
    found = bound_or_refused(content)
    elapsed = time.thread_time() - start
    assert elapsed < SECONDS, f"{elapsed:.1f} s for {len(content)} bytes ({found})"


@pytest.mark.parametrize("family", FAMILIES)
def test_family_is_planned_or_refused_in_time(family: str, limited_memory: None) -> None:
    """What NativeBackend does of itself; how long its compiler takes is looked at where files are at their worst."""
    content = FAMILIES[family](COUNTS.get(family, COUNT))
    try:
        program = load_program(content)
    except ModelError:
        return
    start = time.thread_time()
    generate(plan_program(program, TARGETS[0]))
    elapsed = time.thread_time() - start
    assert elapsed < SECONDS, f"{elapsed:.1f} s for {len(content)} bytes"


REFUSED_FOR_SIZE: dict[str, tuple[Family, int, str]] = {
    "operators": (FAMILIES["chain_of_reshapes"], MAX_OPERATORS, r"20,001 operators: at most 20,000"),
    "tables": (FAMILIES["empty_tables"], 1 << 18, "more than 262144 tables"),
    "operands": (FAMILIES["wide_sum"], 100_000, "inputs and outputs of operators: at most 100,000"),
    "weights": (
        FAMILIES["dense_layers_of_one_constant"],
        1_700,
        "bytes of weights in its operators: at most 67,108,864",
    ),
    "numbers": (FAMILIES["shapes_read_from_one_large_constant"], 1000, "scales, axes, sizes, indices and bytes"),
}


@pytest.mark.parametrize("what", REFUSED_FOR_SIZE)
def test_more_than_any_model_needs_is_refused_by_name(what: str, limited_memory: None) -> None:
    family, count, reason = REFUSED_FOR_SIZE[what]
    with pytest.raises(UnsupportedModelError, match=reason):
        load_program(family(count))


def test_operators_that_consist_of_very_many_copies_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """MIRROR_PAD of rank 5 is 243 copies; making more of them than there may be takes seconds."""
    monkeypatch.setattr(budget, "MAX_COPIES", 1000)
    load_program(FAMILIES["mirrored_in_many_axes"](4))
    with pytest.raises(UnsupportedModelError, match="make more than 1,000 copies"):
        load_program(FAMILIES["mirrored_in_many_axes"](6))


def model_of_variables(count: int, size: int) -> bytes:
    model = SharedModel()
    for number in range(count):
        value, read = model.tensor((1, size)), model.tensor((1, size))
        handle = model.tensor((), TensorType.RESOURCE, scale=None)
        options: Options = (111, {1: model.shared_string(str(number))})
        model.operator(Op.VAR_HANDLE, [], [handle], options)
        model.operator(Op.READ_VARIABLE, [handle], [read])
        model.operator(Op.ADD, [read, read], [value], (11, {}))
        model.operator(Op.ASSIGN_VARIABLE, [handle, value], [])
    return model.finish([], [0])


def test_state_of_gigabytes_is_refused_before_it_is_made(limited_memory: None) -> None:
    """A kilobyte that asks for two gigabytes, which executables would hold from the start."""
    with pytest.raises(UnsupportedModelError, match=r"keeps 2,147,483,648 bytes .* at most 134,217,728"):
        load_program(model_of_variables(2, 1 << 30))


def test_results_are_folded_within_one_budget_for_all_subgraphs(limited_memory: None) -> None:
    """200 subgraphs, each of which fills a megabyte: what is beyond the budget is no constant, and refused."""
    model = SharedModel()
    sizes = model.tensor((2,), TensorType.INT32, data=np.array([1, 2], np.int32))
    for _ in range(200):
        start, number = model.subgraph()
        large = start.tensor((1,), TensorType.INT32, data=np.array([1 << 20], np.int32))
        one = start.tensor((), data=np.int8(1))
        handle, filled = start.tensor((), TensorType.RESOURCE, scale=None), start.tensor((1 << 20,))
        start.operator(Op.VAR_HANDLE, [], [handle], (111, {1: model.shared_string("filled")}))
        start.operator(Op.FILL, [large, one], [filled])
        start.operator(Op.ASSIGN_VARIABLE, [handle, filled], [])
        model.operator(Op.CALL_ONCE, [], [], (103, {0: Int(number)}))
    with pytest.raises(UnsupportedModelError, match="does not work on constants alone"):
        load_program(model.finish([], [sizes]))


def test_one_scale_for_all_channels_is_one_multiplier(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four layers of 1,000 channels each."""
    found: list[float] = []
    truth = quantization.quantize_multiplier

    def noted(real_multiplier: float) -> tuple[int, int]:
        found.append(real_multiplier)
        return truth(real_multiplier)

    monkeypatch.setattr(quantization, "quantize_multiplier", noted)
    load_program(FAMILIES["very_many_channels"](1))
    assert len(found) == 4


# At their worst: near 10 MB, in a process of their own, which has the limits of docs/security.md

WORST: dict[str, int] = {
    "one_operator_many_times": 20_000,
    "one_output_many_times": 100_000,
    "one_odd_output_many_times": 100_000,
    "dense_layers_of_one_constant": 20_000,
    "tensors_of_one_name": 20_000,
    "names_that_collide_when_numbered": 20_000,
    "reshapes_of_one_tensor": 19_999,
    "chain_of_reshapes": 19_999,
    "many_inputs": 99_000,
    "many_outputs": 20_000,
    "inputs_as_outputs": 49_000,
    "alive_together": 20_000,
    "functions_that_all_differ": 20_000,
    "layers_that_all_differ": 18_000,
    "very_many_channels": 9_000,
    "empty_tables": 2_000_000,
    "overlapping_tables": 800_000,
    "wide_pack": 99_000,
    "wide_unpack": 49_000,
    "slices_of_one_large_constant": 9_000,
    "mirrored_in_many_axes": 20_000,
    "with_variables": 5_000,
    "one_variable_many_times": 6_600,
    "reads_of_one_variable": 9_990,
    "subgraphs_that_initialise": 140,
}


@pytest.mark.skipif(sys.platform == "win32", reason="limits of time and memory are POSIX's")
@pytest.mark.parametrize("family", WORST if DEEP else ["many_inputs", "tensors_of_one_name"])
def test_family_at_its_worst_stays_within_the_promised_limits(family: str, tmp_path: Path) -> None:
    check_limits(family, tmp_path, "ember_infer_ref", "RefBackend()")


@pytest.mark.skipif(sys.platform == "win32", reason="limits of time and memory are POSIX's")
@left_to_ci
@pytest.mark.parametrize("family", WORST if DEEP else ["functions_that_all_differ"])
def test_family_at_its_worst_is_compiled_within_the_promised_limits(
    family: str, tmp_path: Path, c_compiler: Compiler
) -> None:
    check_limits(family, tmp_path, "ember_infer_native", f"NativeBackend(cache={str(tmp_path / 'cache')!r})")


def check_limits(family: str, tmp_path: Path, package: str, backend: str) -> None:
    """From a file's bytes to a bound session on the backend, its compiler included, in a process of its own."""
    path = tmp_path / "hostile.tflite"
    path.write_bytes(FAMILIES[family](WORST[family]))
    assert path.stat().st_size < 10_000_000
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    code = (
        "import resource, sys\n"
        f"resource.setrlimit(resource.RLIMIT_AS, ({MEGABYTES} << 20, {MEGABYTES} << 20))\n"
        "from pathlib import Path\n"
        f"from {package} import {backend.partition('(')[0]}\n"
        "from tests.test_hostile_structure import bound_or_refused\n"
        f"print(bound_or_refused(Path(sys.argv[1]).read_bytes(), {backend}))\n"
    )
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=REPOSITORY, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < PROMISED_SECONDS, done.stdout


# Drawn


@pytest.mark.parametrize("part", range(PARTS))
def test_drawn_structure_is_refused_or_runs(part: int, limited_memory: None) -> None:
    tally: Counter[str] = Counter()
    for number in range(part, DRAWN, PARTS):
        content = drawn_structure(random.Random(f"{SEED}/structure/{number}"))
        try:
            tally[timely_outcome(content)] += 1
        except Exception as error:
            raise AssertionError(f"structure {SEED}/structure/{number}: {error!r}") from error
    if DEEP:
        print(f"part {part}: {dict(tally)}", flush=True)
    assert tally["ModelError"] > 0.2 * tally.total(), tally
    assert tally["ran"] > 0.2 * tally.total(), tally


# Files that are no files


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_fifo_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.tflite")
    refused: list[str] = []

    def load() -> None:
        with pytest.raises(ModelError) as caught:
            load_program(tmp_path / "model.tflite")
        refused.append(caught.value.reason)

    thread = threading.Thread(target=load, daemon=True)
    thread.start()
    thread.join(20)
    assert refused == ["cannot be read: it is a device, a pipe or a socket, and no regular file"]


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no devices here")
def test_device_is_refused(limited_memory: None) -> None:
    with pytest.raises(ModelError, match="/dev/zero: cannot be read: it is a device"):
        load_program("/dev/zero")


def test_only_the_beginning_of_another_file_is_read(tmp_path: Path, limited_memory: None) -> None:
    """Of a file of two gigabytes, which memory is too small for."""
    path = tmp_path / "film.mp4"
    with path.open("wb") as file:
        file.truncate((1 << 31) - 1)
    with pytest.raises(ModelError, match="not a TensorFlow Lite model: the identifier"):
        load_program(path)
