"""Backends by name: classes, arguments, functions, instances, and what is told when there is none."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from ember_infer_core import FallbackBackend, RecordingBackend
from ember_infer_ref import RefBackend
from ember_infer_tools.specs import full_name, installed_backends, load_backend, load_backend_class

MODULE = """
from ember_infer_core import FallbackBackend, RecordingBackend
from ember_infer_ref import RefBackend

class Partial:
    def conv2d(self, params): ...

class WithText(RefBackend):
    def __init__(self, chip, size=0):
        super().__init__()
        self.chip, self.size = chip, size

def composed(): return FallbackBackend(Partial(), RefBackend())
ready = RecordingBackend(RefBackend(), keep=3)
"""


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of a user's."""
    (tmp_path / "spec_kernels.py").write_text(MODULE)
    (tmp_path / "spec_broken.py").write_text("def f(:\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return "spec_kernels"


def test_a_class_is_made_with_and_without_arguments(kernels: str) -> None:
    plain, single = (
        load_backend("ember_infer_ref:RefBackend"),
        load_backend("ember_infer_ref:RefBackend,rounding=single"),
    )
    assert isinstance(plain, RefBackend)
    assert isinstance(single, RefBackend)
    assert (plain.rounding, single.rounding) == ("double", "single")
    made = load_backend(f"{kernels}:WithText,chip=esp32s3,size=12")
    assert (vars(made)["chip"], vars(made)["size"]) == ("esp32s3", 12)


def test_a_function_and_an_instance_serve_too(kernels: str) -> None:
    assert isinstance(load_backend(f"{kernels}:composed"), FallbackBackend)
    ready = load_backend(f"{kernels}:ready")
    assert isinstance(ready, RecordingBackend)
    assert ready is load_backend(f"{kernels}:ready")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("RefBackend", "write module:Class, such as"),
        ("ember_infer_ref:", "write module:Class"),
        ("ember_nowhere:Backend", "ModuleNotFoundError"),
        ("spec_broken:Backend", "SyntaxError"),
        ("ember_infer_ref:Nothing", "module ember_infer_ref has no Nothing"),
        ("ember_infer_ref:RefBackend,rounding", "write arguments as name=value, not 'rounding'"),
        ("ember_infer_ref:RefBackend,rounding=up", "rounding must be one of"),
        ("ember_infer_ref:RefBackend,color=red", "color"),
        ("spec_kernels:Partial", r"returns FallbackBackend\(yours, RefBackend\(\)\)"),
        ("spec_kernels:ready,keep=1", "nor a backend without arguments"),
    ],
)
def test_what_is_no_backend_is_told(kernels: str, spec: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_backend(spec)


@pytest.mark.parametrize("spec", ["esp", "esp-p4,skip_nudge=True", "ember_esp:EspBackend"])
def test_what_another_distribution_brings_is_told_with_the_line_to_type(
    spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for load in (load_backend, load_backend_class):
        with pytest.raises(ValueError, match=r"it is in the distribution ember-esp: pip install \./ember_esp"):
            load(spec)


def test_where_only_a_class_will_do_it_is_that_of_the_instance(kernels: str) -> None:
    assert load_backend_class("ember_infer_ref:RefBackend") is RefBackend
    assert load_backend_class("ref,rounding=single") is RefBackend
    assert load_backend_class(f"{kernels}:composed").operators() >= RefBackend.operators()
    assert load_backend_class(f"{kernels}:ready").operators() == RefBackend.operators()
    with pytest.raises(ValueError, match="Partial is not a class derived from KernelBackend"):
        load_backend_class(f"{kernels}:Partial")


def test_a_class_that_is_asked_for_is_not_made(kernels: str) -> None:
    """NativeBackend can be inspected where there is no compiler, which an instance would ask for."""
    assert load_backend_class(f"{kernels}:WithText").__name__ == "WithText"
    with pytest.raises(ValueError, match="chip"):
        load_backend(f"{kernels}:WithText")


@pytest.mark.parametrize(("short", "name"), [("ref", "RefBackend"), ("native", "NativeBackend")])
def test_the_projects_own_have_short_names(short: str, name: str) -> None:
    assert load_backend_class(short).__name__ == name
    assert full_name(f"{short},target=avx2").endswith(f":{name},target=avx2")


def test_the_reference_is_always_installed() -> None:
    assert installed_backends()[0] is RefBackend
