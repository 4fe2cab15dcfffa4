from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ember_infer_macros.stubs import update_stubs
from ember_infer_tools.tflite_writer import ModelWriter
from tests.conftest import REPOSITORY
from tests.typing.checkers import SEARCHED

MODULES = Path(__file__).parent / "modules"
# Without a plugin: what each checker makes of them.
PORTABLE = ("portable.py", "bare.py", "stubbed.py")
CONFIGURATION = """[mypy]
strict = true
plugins = ember_infer_macros.mypy_plugin
"""


def write_two_and_two(path: Path) -> None:
    """Inputs a (2, 3) and b (3,) of other scales; outputs a + b and a * b."""
    writer = ModelWriter()
    a = writer.tensor("a", (2, 3), scale=0.5, zero_point=-3)
    b = writer.tensor("b", (3,), scale=0.25, zero_point=4)
    total = writer.tensor("total", (2, 3), scale=1.0, zero_point=0)
    product = writer.tensor("product", (2, 3), scale=2.0, zero_point=1)
    writer.add(a, b, total)
    writer.mul(a, b, product)
    path.write_bytes(writer.finish([a, b], [total, product]))


def write_floats(path: Path) -> None:
    """float32 (1, 4) to int8 and back."""
    writer = ModelWriter()
    first, second = (writer.tensor(name, (1, 4), "float32") for name in ("x", "y"))
    quantized = writer.tensor("q", (1, 4), scale=0.5, zero_point=3)
    writer.operator("QUANTIZE", [first], [quantized])
    writer.operator("DEQUANTIZE", [quantized], [second])
    path.write_bytes(writer.finish([first], [second]))


def write_mixed(path: Path) -> None:
    """Inputs float32 (4,) and int16 (2,), quantised; outputs int8 of the one, and int32 of the other, cast."""
    writer = ModelWriter()
    first = writer.tensor("x", (4,), "float32")
    second = writer.tensor("k", (2,), "int16", scale=0.25, zero_point=5)
    quantized = writer.tensor("q", (4,), scale=0.5, zero_point=3)
    whole = writer.tensor("n", (2,), "int32")
    writer.operator("QUANTIZE", [first], [quantized])
    writer.operator("CAST", [second], [whole])
    path.write_bytes(writer.finish([first, second], [quantized, whole]))


def write_unsupported(path: Path) -> None:
    """TILE, which TFLM does not have, then a custom operator."""
    writer = ModelWriter()
    first, second, third = (writer.tensor(name, (1, 4), scale=0.5, zero_point=0) for name in "abc")
    writer.operator("TILE", [first], [second])
    writer.operator("CUSTOM", [second], [third], custom_code="Mine")
    path.write_bytes(writer.finish([first], [third]))


def add_models(folder: Path) -> Path:
    """Sound models, and mypy's configuration."""
    for name in ("digits.tflite", "sine.tflite"):
        shutil.copy(REPOSITORY / "models" / name, folder)
    (folder / "mypy.ini").write_text(CONFIGURATION)
    return folder


@pytest.fixture(scope="session")
def portable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the modules for checkers without a plugin, and a stub for the models of one."""
    folder = add_models(tmp_path_factory.mktemp("portable"))
    for name in (*PORTABLE, "stubbed_models.py", "runtimes.py"):
        shutil.copy(MODULES / name, folder)
    update_stubs([folder / "stubbed_models.py"])
    paths = {"stubPath": str(SEARCHED[0]), "extraPaths": [str(SEARCHED[1])]}
    (folder / "pyrightconfig.json").write_text(json.dumps(paths))
    return folder


@pytest.fixture(scope="session")
def application(tflm_wheel: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the annotated modules and the models they name, sound and broken."""
    folder = add_models(tmp_path_factory.mktemp("application"))
    for module in MODULES.glob("*.py"):
        shutil.copy(module, folder)
    digits = (folder / "digits.tflite").read_bytes()
    (folder / "truncated.tflite").write_bytes(digits[: len(digits) // 2])
    (folder / "text.tflite").write_text("this is no model, but a line of text\n")
    (folder / "pointer.tflite").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    write_two_and_two(folder / "two_and_two.tflite")
    write_unsupported(folder / "unsupported.tflite")
    write_floats(folder / "floats.tflite")
    write_mixed(folder / "mixed.tflite")
    return folder
