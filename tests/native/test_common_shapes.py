"""Layers of the shapes that most networks have, which kernels of their own compute, on every instruction set of this
machine: as one program, call by call, and under gcc's sanitizers.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from ember_infer_core.dispatch import DispatchExecutable
from ember_infer_native import NativeBackend
from ember_infer_native.targets import Target
from tests.conftest import skip_or_fail
from tests.native.common_shapes import KINDS, common_layers
from tests.native.random_programs import assert_equal, reference, run
from tests.native.standalone import run_standalone
from tests.native.test_sanitizers import FLAGS
from tests.native.test_targets import RUNNABLE
from tests.support.effort import DEEP, EVERYTHING, SEED, draws, left_to_ci

_LAYERS = 24 if EVERYTHING else 8

of_each_target = pytest.mark.parametrize("target", RUNNABLE, ids=lambda target: target.name)
of_each_kind = pytest.mark.parametrize("kind", KINDS)


@of_each_target
@of_each_kind
def test_common_layers_equal_the_reference(kind: str, target: Target, native_cache: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for seed in range(SEED, SEED + draws(1, 40)):
        backend = NativeBackend(target.name, cache=cache if DEEP else native_cache)
        program, samples = common_layers(kind, seed, _LAYERS)
        wanted = reference(program, samples)
        assert_equal(program, run(backend.compile(program), samples), wanted)
        assert_equal(program, run(DispatchExecutable(backend, program), samples), wanted)
        shutil.rmtree(cache, ignore_errors=True)


@left_to_ci
@pytest.mark.skipif(sys.platform != "linux", reason="for gcc's sanitizers on Linux")
@of_each_target
@of_each_kind
def test_common_layers_stay_within_their_memory(kind: str, target: Target, tmp_path: Path) -> None:
    gcc = shutil.which("gcc")
    if gcc is None:
        skip_or_fail("no gcc: apt-get install gcc")
    program, samples = common_layers(kind, SEED, _LAYERS)
    wanted = reference(program, samples)
    for found in run_standalone(program, samples, target, [str(gcc)], FLAGS, tmp_path):
        assert_equal(program, found, wanted)
