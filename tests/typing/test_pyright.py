"""Pyright has no plugins: what it makes of the same classes, with a stub and without."""

from __future__ import annotations

import shutil
from pathlib import Path

from ember_infer_macros.stubs import update_stubs
from tests.typing.checkers import expected, pyright
from tests.typing.conftest import MODULES, add_models

STUBBED = """from typing import Literal
from ember_infer_macros import QuantizedModel
from ember_infer_ref import RefBackend
from models import Digits, Sine

def evaluate(model: type[QuantizedModel]) -> int:
    return model.input_len()

exact: Literal[64] = Digits.input_len()
wrong: Literal[63] = Digits.input_len()  # P: reportAssignmentType
rows, columns = Digits.input_shape()  # P: reportAssignmentType
length = Digits.input_len()
length += 1
best = int(Digits.predict(RefBackend(), 1.0).argmax())
Digits.scratch_len[int]()  # P: reportArgumentType
Digits.input_len("first")  # P: reportArgumentType
evaluate(Sine)
"""


def test_pyright_understands_classes_with_and_without_a_base(tmp_path: Path) -> None:
    names = ("portable.py", "bare.py")
    for name in names:
        shutil.copy(MODULES / name, tmp_path)
    findings, output = pyright(tmp_path)
    assert findings == expected(tmp_path, names, "P"), output


def test_with_a_stub_pyright_knows_every_length(tmp_path: Path) -> None:
    add_models(tmp_path)
    (tmp_path / "models.py").write_text(
        "from ember_infer_macros import ember_model\n"
        '@ember_model("digits.tflite")\nclass Digits: ...\n'
        '@ember_model("sine.tflite")\nclass Sine: ...\n'
    )
    update_stubs([tmp_path])
    (tmp_path / "application.py").write_text(STUBBED)
    findings, output = pyright(tmp_path)
    assert findings == expected(tmp_path, ["application.py"], "P"), output
