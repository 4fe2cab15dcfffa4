"""Tables of 256 bytes, looked up in whole vectors: every instruction set, and every way that it has of doing so."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest

from ember_infer_native.backend import compile_flags
from ember_infer_native.targets import TARGETS, Target
from ember_infer_native.toolchain import Compiler, build_library, host_isa
from tests.conftest import REPOSITORY

NATIVE = REPOSITORY / "ember_infer_native"
RUNNABLE = [target for target in TARGETS if target.needs <= host_isa()]
KERNEL = "const struct lookup p = {1, count, count, count}; lookup(1, &p, from, to, table);"
# What a processor without VBMI does, whatever this one has.
SHUFFLES = (
    "int i = lookup_shuffles(to, from, count, table); "
    "if (i != count / CHUNK * CHUNK) return; "
    "for (; i < count; i++) to[i] = table[from[i]];"
)
WAYS = [pytest.param(target, KERNEL, id=target.name) for target in RUNNABLE] + [
    pytest.param(target, SHUFFLES, id=f"{target.name} without VBMI")
    for target in RUNNABLE
    if target.name == "avx512vnni"
]
BEYOND = 256  # bytes that kernels may read, and none may write


@pytest.mark.parametrize(("target", "body"), WAYS)
def test_every_byte_of_rows_of_any_length_is_looked_up(
    target: Target, body: str, c_compiler: Compiler, tmp_path: Path
) -> None:
    source = "".join(f'#include "{name}.h"\n' for name in ("common", target.header, "lookup")) + (
        '__attribute__((visibility("default"))) '
        "void probe(const uint8_t *table, const uint8_t *from, uint8_t *to, int count) "
        f"{{ {body} }}\n"
    )
    folders = [argument for folder in ("kernels", "targets") for argument in ("-I", str(NATIVE / folder))]
    flags = *compile_flags(target), *folders
    build_library(c_compiler, {"probe.c": source}, flags, tmp_path / "probe.so", main="probe.c")
    probe = ctypes.CDLL(str(tmp_path / "probe.so")).probe
    random = np.random.default_rng(1)
    everything = np.arange(256, dtype=np.uint8)
    for length in (*range(1, 200), 256, 1000):
        table = random.integers(0, 256, 256, np.uint8)
        values = np.resize(np.roll(everything, -length), length + BEYOND)
        found = np.full(length + BEYOND, 77, np.uint8)
        probe(table.ctypes, values.ctypes, found.ctypes, ctypes.c_int(length))
        np.testing.assert_array_equal(found[:length], table[values[:length]])
        assert (found[length:] == 77).all()
