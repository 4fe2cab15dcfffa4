"""The suite as a tool: known exceptions, backends that are not there, and other people's runs of pytest."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ember_infer_core.conformance import KnownException
from ember_infer_core.conformance.subject import load_subject
from tests.conformance.test_toys import TOYS, conformance
from tests.conftest import REPOSITORY


def test_a_backend_with_known_exceptions_conforms_and_their_reasons_are_told() -> None:
    printed = conformance(f"--backend={TOYS}:EXCUSED", "--examples=40", "-k", "conv2d or exception", "-rx")
    assert f"{TOYS}:EXCUSED: conforms" in printed, printed
    assert "failed as its known exceptions say" in printed
    assert "known exception: no dilation on this chip" in printed
    assert "known exception: one accumulator buffer for all" in printed


def test_exceptions_that_nothing_needs_are_reported() -> None:
    chosen = "test_a_known_exception or test_threads_do_not_meet"
    printed = conformance(f"--backend={TOYS}:NEEDLESSLY_EXCUSED", "--examples=40", "-k", chosen)
    assert f"{TOYS}:NEEDLESSLY_EXCUSED: 3 tests failed" in printed, printed
    assert "the known exception 'mended long ago' is not needed any more" in printed
    assert "the known exception 'a condition that never holds' covers no call of this suite" in printed
    assert "[XPASS(strict)] known exception: threads met once" in printed


@pytest.mark.parametrize(
    "given", [{}, {"operator": "add", "test": "test_*"}, {"test": "test_*", "when": bool}], ids=["none", "both", "when"]
)
def test_an_exception_is_about_calls_or_about_tests(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="give either operator"):
        KnownException(reason="unclear", **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("ember_infer_ref", "write module:attribute, such as ember_infer_ref:RefBackend"),
        ("no_such_module_x:Backend", "No module named 'no_such_module_x'"),
        ("ember_infer_ref:Backend", "module 'ember_infer_ref' has no attribute 'Backend'"),
        ("ember_infer_core:KernelBackend", "KernelBackend() raised TypeError"),
        ("ember_infer_core:QuantParam", "QuantParam() raised TypeError"),
        ("ember_infer_core:dispatch_source.__doc__", "has no attribute 'dispatch_source.__doc__'"),
        ("math:pi", "pi is neither a backend nor makes one"),
        ("builtins:dict", "dict gives a dict, which is no KernelBackend"),
    ],
)
def test_a_backend_that_is_not_there_is_told_why(spec: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)) as caught:
        load_subject(spec)
    assert str(caught.value).startswith(f"--backend {spec!r}: ")


def test_a_wrong_backend_is_one_readable_line() -> None:
    printed = conformance("--backend=ember_infer_ref:Backend").strip()
    assert printed == "ERROR: --backend 'ember_infer_ref:Backend': module 'ember_infer_ref' has no attribute 'Backend'"


def test_a_backend_may_be_a_file_in_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("from ember_infer_ref import RefBackend\n\nbackend = RefBackend()\n")
    pytest_script = Path(sys.executable).with_name("pytest")
    command = [str(pytest_script), "-q", "--pyargs", "ember_infer_core.conformance", "--backend=mine:backend"]
    result = subprocess.run(
        [*command, "-k", "scratch and reshape"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert "mine:backend: conforms" in result.stdout, result.stdout + result.stderr


def test_without_a_backend_it_says_what_to_add() -> None:
    assert "add --backend module:attribute, such as ember_infer_ref:RefBackend" in conformance()


def test_every_other_run_of_pytest_is_left_alone(tmp_path: Path) -> None:
    """A project may have a ``--backend`` of its own, and loads nothing of the suite."""
    (tmp_path / "conftest.py").write_text(
        'def pytest_addoption(parser):\n    parser.addoption("--backend", default="theirs")\n'
    )
    (tmp_path / "test_theirs.py").write_text(
        "import sys\n\n\ndef test_theirs(request):\n"
        '    assert request.config.getoption("--backend") == "mine"\n'
        '    assert "ember_infer_core.conformance.plugin" not in sys.modules\n'
        '    assert "numpy" not in sys.modules\n'
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:hypothesispytest", "--backend=mine", str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_contract_itself_does_not_load_the_suite_s_tools() -> None:
    code = (
        "import sys\nfrom ember_infer_core import KernelBackend\n"
        "from ember_infer_core.conformance import KnownException\n"
        "print('pytest' in sys.modules, 'hypothesis' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert result.stdout.split() == ["False", "False"]
