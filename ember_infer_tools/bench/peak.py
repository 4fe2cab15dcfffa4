"""The machine's own speed limit: how many int8 products a second its instructions sum up, and nothing else done."""

from __future__ import annotations

import ctypes
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ember_infer_native.toolchain import build_library, find_compiler

__all__ = ["Peak", "known_targets"]

_MAIN = "peak.c"
_TURN_SECONDS = 1e-3
_SUMS = 12  # accumulators: more than latency times throughput of any of these instructions, and no more than registers


@dataclass(frozen=True, slots=True)
class _Instructions:
    """How a target of ``NativeBackend`` sums up products.

    Attributes:
        flag: for the compiler.
        header: that declares ``vector``.
        vector: C type of a register.
        register: the letter by which inline assembly asks for one.
        products: summed up by one ``step``.
        step: C that adds products of ``x`` and ``w`` to ``a``; volatile, or the compiler would take it out of the loop.
    """

    flag: str
    header: str
    vector: str
    register: str
    products: int
    step: str


_INSTRUCTIONS: Mapping[str, _Instructions] = {
    "avx512vnni": _Instructions(
        "-mavx512f",
        "immintrin.h",
        "__m512i",
        "v",
        64,
        '__asm__ volatile("vpdpbusd %2, %1, %0" : "+v"(a) : "v"(x), "v"(w));',
    ),
    "avxvnni": _Instructions(
        "-mavx2",
        "immintrin.h",
        "__m256i",
        "x",
        32,
        '__asm__ volatile("%{vex%} vpdpbusd %2, %1, %0" : "+x"(a) : "x"(x), "x"(w));',
    ),
    # Exact sums of int8 products need 16-bit factors here: vpmaddubsw saturates.
    "avx2": _Instructions(
        "-mavx2",
        "immintrin.h",
        "__m256i",
        "x",
        16,
        '{ __m256i t; __asm__ volatile("vpmaddwd %2, %1, %0" : "=x"(t) : "x"(x), "x"(w)); '
        "a = _mm256_add_epi32(a, t); }",
    ),
    "neon_dot": _Instructions(
        "-march=armv8.2-a+dotprod",
        "arm_neon.h",
        "int32x4_t",
        "w",
        16,
        '__asm__ volatile("sdot %0.4s, %1.16b, %2.16b" : "+w"(a) : "w"(x), "w"(w));',
    ),
}


def known_targets() -> tuple[str, ...]:
    """Targets of ``NativeBackend`` whose instructions are known here."""
    return tuple(_INSTRUCTIONS)


class Peak:
    """A loop of independent multiply-and-add instructions over registers.

    Args:
        target: one of :func:`known_targets`, which this processor has.

    Raises:
        CompilerNotFound, CompileError: the loop cannot be built.
    """

    def __init__(self, target: str) -> None:
        instructions = _INSTRUCTIONS[target]
        with tempfile.TemporaryDirectory(prefix="ember-peak-") as folder:
            library = Path(folder) / "peak.so"
            flags = ("-std=gnu11", "-O2", instructions.flag)
            build_library(find_compiler(fastest=True), {_MAIN: _source(instructions)}, flags, library, main=_MAIN)
            self._loop = ctypes.CDLL(str(library)).ember_peak
        self._loop.argtypes, self._loop.restype = (ctypes.c_int64,), None
        self._products = instructions.products * _SUMS
        self._rounds = 1 << 12
        while self._seconds() < _TURN_SECONDS:
            self._rounds *= 2

    def rate(self) -> float:
        """Products a second, from about a millisecond; the GIL is free meanwhile."""
        return self._products * self._rounds / self._seconds()

    def _seconds(self) -> float:
        start = time.perf_counter()
        self._loop(self._rounds)
        return time.perf_counter() - start


def _source(instructions: _Instructions) -> str:
    sums = [f"a{number}" for number in range(_SUMS)]
    names = ", ".join(sums)
    steps = "\n".join(f"        STEP({name})" for name in sums)
    used = "\n".join(f'    __asm__ volatile("" : : "{instructions.register}"({name}));' for name in sums)
    return (
        f"#include <{instructions.header}>\n#include <stdint.h>\n"
        f"#define STEP(a) {instructions.step}\n"
        "void ember_peak(int64_t rounds) {\n"
        f"    {instructions.vector} x = {{0}}, w = {{0}};\n"
        f"    {instructions.vector} {names};\n"
        f"    {' = '.join(sums)} = x;\n"
        "    for (int64_t round = 0; round < rounds; round++) {\n"
        f"{steps}\n"
        "    }\n"
        f"{used}\n"
        "}\n"
    )
