"""What stands for a program, and that it is compiled once and no more."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ember_infer_core import Program
from ember_infer_core.quantization import PerChannelQuantParam, QuantParam
from ember_infer_macros import load_program
from ember_infer_native import NativeBackend
from ember_infer_native.digest import program_digest
from ember_infer_native.targets import TARGETS
from ember_infer_native.toolchain import Compiler, host_isa
from ember_infer_tools.tflite_writer import ModelWriter, pack_model
from tests.native.running import every_operator_program, random_inputs, reference, run, two_branches_program
from tests.support.samples import every_operator

BUFFERS = {"input", "input1", "input2", "weights", "bias", "output", "scratch", "cache"}


def test_the_same_file_read_twice_is_the_same() -> None:
    assert program_digest(every_operator_program()) == program_digest(every_operator_program())


def test_different_programs_differ() -> None:
    assert program_digest(every_operator_program()) != program_digest(two_branches_program())


def test_names_count_for_nothing() -> None:
    model = every_operator()
    for number, tensor in enumerate(model.subgraphs[0].tensors):
        tensor.name = f"another {number}"
    program = load_program(pack_model(model))
    assert program_digest(replace(program, name="another")) == program_digest(every_operator_program())


def test_what_a_run_left_in_the_parameters_counts_for_nothing() -> None:
    program = every_operator_program()
    before = program_digest(program)
    for call in program.calls:
        call.params.cache = {"something": np.zeros(3)}
        call.params.scratch = np.zeros(5, np.uint8)
    assert program_digest(program) == before


def changed(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return float(np.nextafter(value, np.inf))
    if isinstance(value, np.dtype):
        return np.dtype(np.int32)
    if isinstance(value, Enum):
        members = list(type(value))
        return members[(members.index(value) + 1) % len(members)]
    if isinstance(value, np.ndarray):
        other = value.copy()
        other.flat[-1] += 1
        return other
    if isinstance(value, tuple):
        return (*value[:-1], changed(value[-1]))
    if isinstance(value, QuantParam):
        return replace(value, zero_point=value.zero_point + 1)
    if isinstance(value, PerChannelQuantParam):
        return replace(value, scales=changed(value.scales))
    raise TypeError(type(value).__name__)


def programs_with_one_change(program: Program) -> Iterator[tuple[str, Program]]:
    for number, call in enumerate(program.calls):
        for field in dataclasses.fields(call.params):
            if field.name in BUFFERS:
                continue
            params = copy.copy(call.params)
            setattr(params, field.name, changed(getattr(params, field.name)))
            calls = (*program.calls[:number], replace(call, params=params), *program.calls[number + 1 :])
            yield f"{call.name}.{field.name}", replace(program, calls=calls)
        operands = dict(call.operands)
        operands["output"] += 1
        calls = (*program.calls[:number], replace(call, operands=operands), *program.calls[number + 1 :])
        yield f"{call.name} to another tensor", replace(program, calls=calls)
    for number, tensor in enumerate(program.tensors):
        changes: dict[str, Any] = {"shape": (*tensor.shape, 1), "dtype": np.dtype(np.int16)}
        changes["quant"] = None if tensor.quant is not None else QuantParam(1.0, 0)
        changes["alias_of"] = 0 if tensor.alias_of is None else None
        changes["data"] = np.zeros(1, np.int8) if tensor.data is None else changed(tensor.data)
        for name, value in changes.items():
            other = replace(tensor, **{name: value})
            tensors = (*program.tensors[:number], other, *program.tensors[number + 1 :])
            yield f"tensor {number}: {name}", replace(program, tensors=tensors)
    yield "inputs", replace(program, inputs=program.outputs)
    yield "outputs", replace(program, outputs=program.inputs)
    yield "an output twice", replace(program, outputs=program.outputs * 2)
    yield "one call fewer", replace(program, calls=program.calls[:-1])
    yield "calls in another order", replace(program, calls=program.calls[::-1])
    yield "one tensor more", replace(program, tensors=(*program.tensors, program.tensors[-1]))


@pytest.mark.parametrize("make", [every_operator_program, two_branches_program])
def test_any_one_change_makes_another_program(make: Any) -> None:
    program = make()
    seen = {program_digest(program): "the original"}
    for what, other in programs_with_one_change(program):
        digest = program_digest(other)
        assert digest not in seen, f"{what} and {seen[digest]}"
        seen[digest] = what
    assert len(seen) > 60


# What is compiled when


def libraries(cache: Path) -> list[dict[str, Any]]:
    """The records of the cache."""
    return [json.loads(path.read_text()) for path in sorted(cache.glob("*.json"))]


def adding_program(scale: float, names: str = "x") -> Program:
    writer = ModelWriter()
    input = writer.tensor(names, (6,), scale=0.5)
    output = writer.tensor(names + "y", (6,), scale=scale)
    writer.add(input, input, output)
    return load_program(writer.finish([input], [output]))


@pytest.fixture
def cache(c_compiler: Compiler, tmp_path: Path) -> Path:
    return tmp_path / "cache"


def test_a_program_is_compiled_once_for_all_backends(cache: Path) -> None:
    first = NativeBackend(cache=cache).library(adding_program(1.0))
    assert first.build_seconds > 0
    again = NativeBackend(cache=cache).library(adding_program(1.0, "z"))
    assert again.build_seconds == 0
    assert again.path == first.path
    assert len(libraries(cache)) == 1


def test_another_program_is_compiled(cache: Path) -> None:
    backend = NativeBackend(cache=cache)
    for scale in (1.0, 1.5):
        program = adding_program(scale)
        inputs = random_inputs(program, 0)
        np.testing.assert_array_equal(run(backend.compile(program), inputs[0]), reference(program, inputs)[0])
    assert len(libraries(cache)) == 2


def test_each_target_has_its_own_library(cache: Path) -> None:
    names = [target.name for target in TARGETS if target.needs <= host_isa()]
    for name in names:
        NativeBackend(name, cache=cache).compile(adding_program(1.0)).run()
    assert sorted(record["target"] for record in libraries(cache)) == sorted(names)


def test_another_process_finds_what_this_one_compiled(cache: Path) -> None:
    first = NativeBackend(cache=cache).library(adding_program(1.0))
    script = (
        "import sys\n"
        "from ember_infer_native import NativeBackend\n"
        "from tests.native.test_digest import adding_program\n"
        "library = NativeBackend(cache=sys.argv[1]).library(adding_program(1.0))\n"
        "print(library.build_seconds, library.path)\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script, str(cache)], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.split() == ["0.0", str(first.path)]


def test_single_calls_share_one_library(cache: Path) -> None:
    for program in (every_operator_program(), two_branches_program()):
        for backend in (NativeBackend(cache=cache), NativeBackend(cache=cache)):
            super(NativeBackend, backend).compile(program).run()
    assert len(libraries(cache)) == 1
