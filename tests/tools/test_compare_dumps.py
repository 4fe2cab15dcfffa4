"""Dumps from a device as a side of a comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core import ComparisonError, Program, RecordingBackend
from ember_infer_core.samples import random_inputs
from ember_infer_ref import RefBackend
from ember_infer_tools.compare import compare
from tests.tools.comparing import DIGITS, REF, shown

Int8Array = npt.NDArray[np.int8]


def dump(
    folder: Path, program: Program, inputs: Int8Array, name: Callable[[Any], str] = lambda call: str(call.name)
) -> None:
    """What a device would write: every layer of RefBackend, half of them raw."""
    recording = RecordingBackend(RefBackend(), keep=len(inputs))
    executable = recording.compile(program)
    for sample in inputs:
        executable.inputs[0][...] = sample.reshape(executable.inputs[0].shape)
        executable.run()
    for index, call in enumerate(program.calls):
        array = np.stack([run.layers[index].outputs["output"] for run in recording.runs])
        if index % 2:
            array.tofile(folder / f"{name(call)}.bin")
        else:
            np.save(folder / f"{name(call)}.npy", array)


@pytest.fixture
def dumps(tmp_path: Path, digits: Program) -> Path:
    inputs = random_inputs(digits, 3, seed=1)[0]
    dump(tmp_path, digits, inputs)
    inputs.tofile(tmp_path / "input.bin")
    return tmp_path


@pytest.mark.parametrize("sides", [(REF, "dumps:"), ("dumps:", REF)])
def test_dumps_are_a_side_and_bring_their_inputs(dumps: Path, digits: Program, sides: Sequence[str]) -> None:
    a, b = (side + (str(dumps) if side == "dumps:" else "") for side in sides)
    found = compare(DIGITS, a, b)
    assert found.equal
    assert (found.samples, found.inputs) == (3, "dumped")
    assert all(layer.difference is not None for layer in (*found.layer_by_layer, *found.end_to_end))
    assert len(found.layer_by_layer) == len(digits.calls)


def test_a_devices_faulty_kernel_is_found_from_its_dumps(tmp_path: Path, digits: Program) -> None:
    """The dumps after the fault are all wrong; the reference's kernels, run on the dumps, clear those."""

    class Device(RefBackend):
        def depthwise_conv2d(self, params: Any) -> None:
            super().depthwise_conv2d(params)
            if params.weights_shape[3] == 32:
                params.output[...] = np.where(params.output > -128, params.output - 1, params.output)

    inputs = random_inputs(digits, 2, seed=1)[0]
    recording = RecordingBackend(Device(), keep=2)
    executable = recording.compile(digits)
    for sample in inputs:
        executable.inputs[0][...] = sample
        executable.run()
    for index, call in enumerate(digits.calls):
        np.save(
            tmp_path / f"{call.name}.npy", np.stack([run.layers[index].outputs["output"] for run in recording.runs])
        )
    found = compare(DIGITS, REF, f"dumps:{tmp_path}", inputs)
    assert found.fed_by == "b"
    assert [layer.layer for layer in found.layer_by_layer if layer.differs] == ["depthwise4"]
    assert [layer.differs for layer in found.end_to_end].count(True) > 3


def test_dumps_may_be_named_by_tensor_or_listed_in_a_table(tmp_path: Path, digits: Program) -> None:
    inputs = random_inputs(digits, 2, seed=1)[0]
    dump(tmp_path, digits, inputs, name=lambda call: str(call.operands["output"]))
    assert compare(DIGITS, REF, f"dumps:{tmp_path}", inputs).equal
    tensor = digits.calls[0].operands["output"]
    table = tmp_path / "table.csv"
    table.write_text(f"layer,path\nconv1,{tensor}.npy\n")
    found = compare(DIGITS, REF, f"dumps:{table}", inputs)
    assert [layer.layer for layer in found.end_to_end if layer.difference is not None] == ["conv1"]
    assert found.equal


def test_layers_that_were_not_dumped_are_left_out_and_shown_as_such(dumps: Path) -> None:
    (dumps / "conv3.bin").unlink()
    np.save(dumps / "pointwise2.npy", np.load(dumps / "pointwise2.npy") ^ 1)
    found = compare(DIGITS, REF, f"dumps:{dumps}")
    missing = [layer.layer for layer in found.end_to_end if layer.difference is None]
    assert missing == ["conv3"]
    assert [layer.layer for layer in found.layer_by_layer if layer.difference is None] == [
        "conv3",
        "depthwise4",
        "residual_add4",
    ]
    assert "not there" in shown(found)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda folder: (folder / "conv3.bin").write_bytes(b"123"),
            r"conv3.bin: 3 bytes; conv3 has 512 bytes a sample",
        ),
        (
            lambda folder: (folder / "conv3.bin").write_bytes(bytes(1024)),
            r"conv3.bin: 1024 bytes, which is 2 of 512; 3 sa",
        ),
        (
            lambda folder: (folder / "conv7.bin").write_bytes(bytes(9)),
            r"conv7.bin: 'conv7' is none of .* input, conv1, ",
        ),
        (lambda folder: (folder / "3.bin").write_bytes(bytes(3072)), r"a second dump of 'conv1'|a second dump of '3'"),
        (lambda folder: np.save(folder / "conv1.npy", np.zeros(3072)), r"conv1.npy: int8 is wanted, not float64"),
        (lambda folder: (folder / "conv1.npy").write_bytes(b"no array"), r"conv1.npy: "),
        (lambda folder: (folder / "input.bin").unlink(), r"made from which inputs"),
    ],
)
def test_a_dump_that_does_not_fit_is_named(dumps: Path, spoil: Callable[[Path], object], message: str) -> None:
    spoil(dumps)
    with pytest.raises(ComparisonError, match=message):
        compare(DIGITS, REF, f"dumps:{dumps}")


def test_two_folders_of_dumps_are_compared_end_to_end_only(dumps: Path) -> None:
    found = compare(DIGITS, f"dumps:{dumps}", f"dumps:{dumps}")
    assert found.equal
    assert (found.fed_by, found.layer_by_layer, found.outputs) == (None, (), ())
