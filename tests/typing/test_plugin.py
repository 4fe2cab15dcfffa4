"""The plugin as a module: it comes up without NumPy, and tells mypy what its results depend on."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mypy.options import Options
from mypy.plugin import ReportConfigContext

from ember_infer_macros import mypy_plugin
from ember_infer_macros.mypy_plugin import EmberInferPlugin
from ember_infer_macros.paths import may_name_models
from tests.conftest import REPOSITORY
from tests.test_imports import WITHOUT_NUMPY
from tests.typing.conftest import add_models

SINE, DIGITS = (REPOSITORY / "models" / name for name in ("sine.tflite", "digits.tflite"))


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mypy_plugin, "_seen", {})


def report(path: Path, *, is_check: bool = True) -> object:
    context = ReportConfigContext(id=path.stem, path=str(path), is_check=is_check)
    return EmberInferPlugin(Options()).report_config_data(context)


def module(folder: Path, text: str) -> Path:
    path = folder / "module.py"
    path.write_text(text)
    return path


def test_the_plugin_reports_models_without_numpy(tmp_path: Path) -> None:
    add_models(tmp_path)
    module(tmp_path, 'from ember_infer_macros import ember_model\n@ember_model("nowhere.tflite")\nclass M: ...\n')
    code = WITHOUT_NUMPY + (
        "import os, sys\n"
        f"os.chdir({str(tmp_path)!r})\n"
        "from mypy.main import main\n"
        "try: main(args=['--follow-imports=silent', 'module.py'], clean_exit=True)\n"
        "except SystemExit as stop: print(stop.code, 'numpy' in sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert 'module.py:2: error: "nowhere.tflite": no such file' in result.stdout, result.stdout + result.stderr
    assert "1 False" in result.stdout


def test_importing_the_plugin_reads_no_model_and_loads_no_numpy() -> None:
    code = "import sys, ember_infer_macros.mypy_plugin; print({'numpy', 'flatbuffers'} & sys.modules.keys())"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"


def test_a_module_depends_on_the_content_of_the_models_it_names(tmp_path: Path) -> None:
    path = module(tmp_path, 'import ember_infer_macros as e\n@e.ember_model(path="a.tflite")\nclass A: ...\n')
    missing = report(path)
    shutil.copy(SINE, tmp_path / "a.tflite")
    sine = report(path)
    shutil.copy(DIGITS, tmp_path / "a.tflite")
    digits = report(path)
    assert "missing" in str(missing)
    assert len({str(missing), str(sine), str(digits)}) == 3
    shutil.copy(SINE, tmp_path / "a.tflite")
    assert report(path) == sine


@pytest.mark.parametrize(
    "decorator",
    [
        '@net("a.tflite")',
        "@net(r'a.tflite')  # why",
        '@tools.net( # why\n    # where\n    path="a.tflite",\n)\n# more\n\n@other',
    ],
)
def test_a_decorator_that_another_module_has_renamed_counts(tmp_path: Path, decorator: str) -> None:
    path = module(tmp_path, f"import tools\nfrom tools import net\n{decorator}\nclass A: ...\n")
    shutil.copy(SINE, tmp_path / "a.tflite")
    sine = report(path)
    shutil.copy(DIGITS, tmp_path / "a.tflite")
    assert sine != report(path)


def test_the_search_for_decorators_takes_linear_time() -> None:
    start = time.process_time()
    for part in (b"#", b"@a(", b'@a("', b'@a("x")\n', b"@a(#\n", b"@", b"\n"):
        assert not may_name_models(part * 50_000)
        assert not may_name_models(b'@a("x"' + part * 50_000)
    assert time.process_time() - start < 10, "a tenth of this and less, or minutes"


@pytest.mark.parametrize(
    "text",
    ["x = 1\n", "text = 'ember_model'\n", "def ember_model(: syntax error\n", "\0ember_model", ""],
    ids=["other", "a word in a string", "syntax error", "a NUL", "empty"],
)
def test_other_modules_depend_on_nothing(tmp_path: Path, text: str) -> None:
    assert report(module(tmp_path, text)) is None


def test_what_is_no_file_depends_on_nothing(tmp_path: Path) -> None:
    assert report(tmp_path) is None
    assert report(tmp_path / "nowhere.py") is None


def test_the_version_changes_while_a_model_is_not_what_a_module_was_checked_with(tmp_path: Path) -> None:
    path = module(tmp_path, 'from ember_infer_macros import ember_model\n@ember_model("a.tflite")\nclass A: ...\n')
    shutil.copy(SINE, tmp_path / "a.tflite")
    at_first = mypy_plugin.__version__
    report(path)
    assert mypy_plugin.__version__ == at_first
    shutil.copy(DIGITS, tmp_path / "a.tflite")
    changed = mypy_plugin.__version__
    assert changed != at_first
    report(path)  # another module reads the new content: the first one's result is old all the same
    assert mypy_plugin.__version__ == changed


def test_an_unknown_attribute_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(mypy_plugin, "nothing")  # noqa: B009 - the access is what is tested
