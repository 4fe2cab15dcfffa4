"""What imports what: the houses stand apart, and the light parts come up without NumPy."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

PACKAGES = (
    "ember_infer_core",
    "ember_infer_ref",
    "ember_infer_native",
    "ember_infer_firmware",
    "ember_infer_macros",
    "ember_infer_tools",
    "ember_infer",
    "ember_esp",
)
ALLOWED = {
    "ember_infer_core": {"ember_infer_core"},
    "ember_infer_ref": {"ember_infer_core", "ember_infer_ref"},
    "ember_infer_native": {"ember_infer_core", "ember_infer_native"},
    # The compiler on this machine, and the cache of what it made, are native's; the golden vectors are RefBackend's.
    # What ESP-NN does wrong is ember_esp's to know, a distribution that only calls of ESP-NN need.
    "ember_infer_firmware": {"ember_infer_core", "ember_infer_native", "ember_infer_ref", "ember_infer_firmware"},
    "ember_infer_firmware/esp_nn": {"ember_infer_core", "ember_infer_firmware", "ember_esp"},
    "ember_infer_macros": {"ember_infer_core", "ember_infer_macros"},
    "ember_infer_tools": set(PACKAGES) - {"ember_infer", "ember_esp"},
    # The face of all others, on top: of tools it has the names of backends.
    "ember_infer": set(PACKAGES) - {"ember_esp"},
    "ember_esp": {"ember_infer_core", "ember_infer_ref", "ember_esp"},
}
# An environment in which NumPy is not installed, as mypy's may be.
WITHOUT_NUMPY = """
import sys
from importlib.machinery import PathFinder

find_spec = PathFinder.find_spec

def find_spec_without_numpy(name, path=None, target=None):
    return None if name.split(".")[0] == "numpy" else find_spec(name, path, target)

PathFinder.find_spec = find_spec_without_numpy
"""


def folder(package: str) -> Path:
    """A distribution of its own has its package in ``src``."""
    return REPOSITORY / package / "src" / package if package == "ember_esp" else REPOSITORY / package


def sources(package: str) -> list[Path]:
    return sorted(folder(package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add((node.module or "").split(".")[0])
    return names


@pytest.mark.parametrize("package", PACKAGES)
def test_dependencies_point_one_way(package: str) -> None:
    for path in sources(package):
        ours = {name for name in imported(path) if name.startswith("ember_")}
        assert ours <= ALLOWED.get(f"{package}/{path.parent.name}", ALLOWED[package]), path


def test_the_backend_that_lives_elsewhere_uses_public_names_alone() -> None:
    for path in sources("ember_esp"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                assert not any(alias.name.startswith("ember_infer") for alias in node.names), path
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ember_infer"):
                assert not any(part.startswith("_") for part in str(node.module).split(".")), path
                public = importlib.import_module(str(node.module)).__all__
                assert {alias.name for alias in node.names} <= set(public), path


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_exist_and_the_package_is_typed(package: str) -> None:
    module = importlib.import_module(package)
    assert (folder(package) / "py.typed").exists()
    for name in getattr(module, "__all__", ()):
        assert getattr(module, name) is not None
    assert set(getattr(module, "__all__", ())) <= set(dir(module))


def test_an_unknown_name_is_an_attribute_error() -> None:
    for package in ("ember_infer", "ember_infer_core", "ember_infer_macros"):
        with pytest.raises(AttributeError, match="no attribute 'nothing'"):
            getattr(importlib.import_module(package), "nothing")  # noqa: B009 - the access is what is tested


def python(code: str) -> str:
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_errors_and_reader_come_up_without_numpy() -> None:
    code = WITHOUT_NUMPY + (
        "from ember_infer_core import ModelError\n"
        "import ember_infer_macros\n"
        "from ember_infer_macros.tflite.read import read_graph, read_source\n"
        "from ember_infer_macros.support import check_supported\n"
        "graph = read_graph(*read_source('models/digits.tflite'))\n"
        "check_supported(graph)\n"
        "print(len(graph.operators), 'numpy' in sys.modules)\n"
    )
    assert python(code).split()[1] == "False"


def test_package_faces_load_nothing() -> None:
    code = (
        "import sys, ember_infer, ember_infer_core, ember_infer_macros\n"
        "print('numpy' in sys.modules, 'flatbuffers' in sys.modules)\n"
    )
    assert python(code).split() == ["False", "False"]


def test_native_comes_up_without_what_only_a_build_needs() -> None:
    code = (
        "import sys, ember_infer_native\n"
        "heavy = {'ember_infer_native.' + name for name in ('codegen', 'operators', 'planner', 'requantization')}\n"
        "print(sorted((heavy | {'concurrent.futures'}) & sys.modules.keys()))\n"
    )
    assert python(code).strip() == "[]"
