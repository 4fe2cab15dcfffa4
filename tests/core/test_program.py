"""A program as an object: how it is shown, and that it can be sent elsewhere."""

from __future__ import annotations

import copy
import html
import pickle
from collections.abc import Callable

import numpy as np
import pytest

from ember_infer_core import Program
from ember_infer_macros import Session, load_program
from ember_infer_native.digest import program_digest
from ember_infer_ref import RefBackend
from ember_infer_tools.tflite_writer import ModelWriter, pack_model
from tests.conftest import REPOSITORY
from tests.support.samples import every_operator, two_branches
from tests.support.stateful_models import two_variables

DIGITS = REPOSITORY / "models" / "digits.tflite"
COPIES = {"pickle": lambda program: pickle.loads(pickle.dumps(program)), "deepcopy": copy.deepcopy}


def programs() -> dict[str, Program]:
    return {
        "digits": load_program(DIGITS),
        "every operator": load_program(pack_model(every_operator())),
        "two branches": load_program(pack_model(two_branches())),
        "with state": load_program(two_variables()),
    }


def outputs(program: Program) -> list[bytes]:
    """Of two runs on random inputs, the second one on the state that the first left."""
    executable = RefBackend().compile(program)
    random = np.random.default_rng(1)
    told = []
    for _ in range(2):
        for buffer in executable.inputs:
            buffer[...] = random.integers(-128, 128, buffer.shape)
        executable.run()
        told += [array.tobytes() for array in executable.outputs]
    return told


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("kind", ["digits", "every operator", "two branches", "with state"])
def test_a_copy_computes_the_same_and_has_the_same_digest(kind: str, copied: Callable[[Program], Program]) -> None:
    program = programs()[kind]
    expected = outputs(program)  # which leaves generated code beside the fields
    other = copied(program)
    assert other is not program
    assert outputs(other) == expected
    assert program_digest(other) == program_digest(program)
    assert (other.arena_len, other.offsets) == (program.arena_len, program.offsets)


def test_constants_of_a_copy_are_read_only_too() -> None:
    other = pickle.loads(pickle.dumps(programs()["every operator"]))
    constants = [tensor.data for tensor in other.tensors if tensor.data is not None]
    tables = [call.params.output_multiplier for call in other.calls if call.method == "conv2d"]
    assert constants
    assert tables
    assert not any(array.flags.writeable for array in constants + tables)


def test_a_program_is_shown_in_one_line() -> None:
    assert repr(load_program(DIGITS)) == (
        "<Program digits: (1, 8, 8, 1) -> (1, 10), 12 operator calls, 3,072 bytes of arena>"
    )


def long_program() -> Program:
    """With many calls and outputs, whose names are long and would be markup."""
    writer = ModelWriter()
    tensors = [writer.tensor(f"<b>{number}</b>{'x' * 1000}", (2,), scale=0.5) for number in range(200)]
    for number in range(199):
        writer.operator("ABS", [tensors[number]], [tensors[number + 1]])
    return load_program(writer.finish(tensors[:1], tensors[1:]))


def test_a_notebook_gets_a_table_of_the_calls() -> None:
    shown = load_program(DIGITS)._repr_html_()
    assert shown.startswith('<table class="')
    assert "<td>depthwise_conv2d</td>" in shown
    assert html.escape("(1, 8, 8, 1) -> (1, 10)") in shown


def test_a_notebook_gets_the_arena_over_time() -> None:
    shown = load_program(DIGITS)._repr_html_()
    assert shown.count('<g class="block"') == 13  # the input, and what each call writes
    assert "<title>conv1: 1,024 bytes from 2,048 on, operators 0 to 3</title>" in shown


def test_a_notebook_reads_names_as_text_and_not_as_formulas_or_signs() -> None:
    writer = ModelWriter()
    tensors = [writer.tensor(name, (2,), scale=0.5) for name in ("$x$", "\u202eabc\u200b\0")]
    writer.operator("ABS", tensors[:1], tensors[1:])
    shown = load_program(writer.finish(tensors[:1], tensors[1:]))._repr_html_()
    assert "?abc??" in shown
    assert shown.isprintable()
    for element in ("<table", "<svg"):
        assert "mathjax_ignore" in shown.partition(element)[2].partition(">")[0]


def test_however_long_a_program_is_what_is_shown_is_short() -> None:
    program = long_program()
    session = Session(program, lambda: RefBackend().compile(program))
    for shown in (repr(program), repr(session)):
        assert len(shown) < 300
        assert "and 193 more" in shown
    for shown in (program._repr_html_(), session._repr_html_()):
        assert len(shown) < 80_000  # with all blocks of the picture
        assert "more</td>" in shown
        assert "<b>" not in shown
    assert "outputs[0]" in session._repr_html_()
