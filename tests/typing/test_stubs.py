"""``ember-infer stubs``: what it writes, what it refuses, and how a stale stub is noticed."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ember_infer_core import ModelError
from ember_infer_macros.stubs import StubRefused, StubState, stub_source, update_stubs
from tests.conftest import REPOSITORY
from tests.typing.checkers import NEWEST, VERSIONS, mypy, pyright
from tests.typing.conftest import add_models, write_two_and_two, write_unsupported

MODELS = '''"""Models of an application."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ember_infer_macros import QuantizedModel as Q, ember_model as model_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Digits", "LABELS", "Path", "Sine"]

LABELS: Sequence[str] = ("zero", "one")
SIZE = 8
LIMIT: Final = 3
_private = print


@model_of("digits.tflite")
class Digits:
    """Handwritten digits."""

    threshold = 0.5


@model_of(path="sine.tflite")
class Sine(Q): ...
'''
STRICTEST = ("--strict", "--enable-error-code=explicit-override")
PLAIN = 'from ember_infer_macros import ember_model\n@ember_model("digits.tflite")\nclass Digits: ...\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return add_models(tmp_path)


def write(folder: Path, text: str = PLAIN, name: str = "models.py") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def states(folder: Path, *, check: bool = False) -> dict[str, StubState]:
    return {report.path.name: report.state for report in update_stubs([folder], check=check)}


def stub(folder: Path, text: str = PLAIN) -> str:
    source = stub_source(write(folder, text))
    assert source is not None
    return source


def test_a_stub_carries_all_that_is_public(folder: Path) -> None:
    source = stub(folder, MODELS)
    for line in (
        '"""Models of an application."""',
        "from collections.abc import Sequence",
        "from pathlib import Path",
        "LABELS: Sequence[str]",
        "SIZE: int",
        "LIMIT: Final = 3",
        '__all__ = ["Digits", "LABELS", "Path", "Sine"]',
        '@ember_model("digits.tflite")',
        "class Digits(QuantizedModel):",
        "    threshold: float",
        "class Sine(QuantizedModel):",
        "    def input_len(index: int = 0) -> Literal[64]:",
        "    def input_shape(index: int = 0) -> tuple[Literal[1], Literal[8], Literal[8], Literal[1]]:",
        "    def output_zero_point(index: int = 0) -> Literal[-128]:",
        "    def predict(backend: KernelBackend, real: RealValues) -> FloatArray:",
        '        """Elements of the input: 64 = 1 x 8 x 8 x 1."""',
    ):
        assert line in source.splitlines(), line
    assert '"""Handwritten digits."""' in source
    assert "INT8 model 'sine'" in source
    assert "_private" not in source
    ast.parse(source)


@pytest.mark.parametrize("version", VERSIONS)
def test_mypy_accepts_a_stub_and_reads_it_alone(version: str, tmp_path: Path, tflm_wheel: None) -> None:
    add_models(tmp_path)
    write_two_and_two(tmp_path / "two.tflite")
    write(tmp_path, MODELS.replace("digits.tflite", "two.tflite"))
    update_stubs([tmp_path])
    write(
        tmp_path,
        "from typing import Literal\n"
        "from models import Digits, SIZE\n"
        "a: Literal[6] = Digits.input_len()\n"
        "b: Literal[3] = Digits.input_len(1)\n"
        "n = Digits.output_len()\n"
        "n += SIZE\n",
        "application.py",
    )
    with_plugin = mypy(version).check(tmp_path, "application.py", "models.pyi")
    assert with_plugin.findings == set(), with_plugin.output
    alone = mypy(version).check(tmp_path, "--config-file=", *STRICTEST, "models.pyi")
    assert alone.findings == set(), alone.output


REFUSED = {
    "a function": ("def help(): ...\n", r"models\.py:4: a stub would hide help"),
    "a class": ("class Other: ...\n", "a stub would hide Other"),
    "code": ("for x in (): pass\n", "a stub would hide this code"),
    "a block": ("if __name__ == '__main__': print(Digits)\n", "a stub would hide this code"),
    "a computed constant": ("SIZE = len('abc')\n", r"annotate it: SIZE: \.\.\. = \.\.\."),
    "a star": ("from os import *\n", "name what is imported"),
    "a computed __all__": ("__all__ = [n for n in ()]\n", "write it as a list of strings"),
    "a computed path": ("@ember_model(open)\nclass M: ...\n", "write @ember_model"),
    "no call": ("@ember_model\nclass M: ...\n", "write @ember_model"),
    "a method": ("@ember_model('sine.tflite')\nclass M:\n    def f(self): ...\n", "a stub would hide f"),
    "two decorators": ("@print\n@ember_model('sine.tflite')\nclass M: ...\n", "several decorators"),
    "class keywords": ("@ember_model('sine.tflite')\nclass M(metaclass=type): ...\n", "class keywords"),
    "a name of the stub's": ("Literal = 3\n", "needs the name Literal for itself"),
    "an import of such a name": ("from somewhere import Session\n", "needs the name Session for itself"),
    "a class in a function": ("def f():\n    @ember_model('sine.tflite')\n    class M: ...\n", "a stub would hide f"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_module_that_a_stub_would_hide_is_refused(folder: Path, kind: str) -> None:
    text, message = REFUSED[kind]
    module = write(folder, PLAIN + text)
    with pytest.raises(StubRefused, match=message):
        stub_source(module)
    (report,) = update_stubs([module])
    assert report.state is StubState.FAILED, "a file that is named must be fit"
    assert not (folder / "models.pyi").exists()
    (report,) = update_stubs([folder])
    assert report.state is StubState.SKIPPED, "a search through a folder goes on"


@pytest.mark.parametrize("check", [False, True])
def test_what_is_wrong_with_a_model_is_said(folder: Path, check: bool) -> None:
    module = write(folder, PLAIN.replace("digits", "nowhere"))
    (report,) = update_stubs([module], check=check)
    assert report.state is StubState.FAILED
    assert isinstance(report.error, ModelError)
    assert "nowhere.tflite: no such file" in str(report.error)


def test_one_model_that_cannot_be_read_stops_no_other_stub(folder: Path) -> None:
    write(folder, PLAIN, "first.py")
    write(folder, PLAIN.replace("digits", "nowhere"), "second.py")
    write(folder, PLAIN.replace("digits", "sine"), "third.py")
    assert states(folder) == {
        "first.pyi": StubState.WRITTEN,
        "second.pyi": StubState.FAILED,
        "third.pyi": StubState.WRITTEN,
    }
    assert sorted(path.name for path in folder.glob("*.pyi")) == ["first.pyi", "third.pyi"]


def test_a_stub_is_kept_when_its_model_is_no_longer_there(folder: Path) -> None:
    write(folder)
    update_stubs([folder])
    before = (folder / "models.pyi").read_text()
    (folder / "digits.tflite").unlink()
    assert states(folder) == {"models.pyi": StubState.FAILED}
    assert (folder / "models.pyi").read_text() == before


def test_a_stub_of_somebody_elses_is_left_alone(folder: Path) -> None:
    module = write(folder)
    write(folder, "class Digits: ...\n", "models.pyi")
    for path in (module, folder):
        (report,) = update_stubs([path])
        assert report.state is StubState.FAILED
        assert "move or delete it" in str(report.error)
    assert (folder / "models.pyi").read_text() == "class Digits: ...\n"


def test_a_stub_is_written_once_and_kept_while_it_fits(folder: Path) -> None:
    write(folder)
    write(folder, "x = 'ember_model'\n", "other.py")
    write(folder, PLAIN, ".hidden/models.py")
    assert states(folder, check=True) == {"models.pyi": StubState.STALE}
    assert not (folder / "models.pyi").exists()
    assert states(folder) == {"models.pyi": StubState.WRITTEN}
    before = (folder / "models.pyi").stat()
    assert states(folder) == {"models.pyi": StubState.UP_TO_DATE}
    assert (folder / "models.pyi").stat() == before
    assert sorted(path.name for path in folder.glob("*models*")) == ["models.py", "models.pyi"]
    shutil.copy(folder / "sine.tflite", folder / "digits.tflite")
    assert states(folder, check=True) == {"models.pyi": StubState.STALE}


def test_layout_and_the_order_of_imports_do_not_matter(folder: Path) -> None:
    write(folder)
    update_stubs([folder])
    source = (folder / "models.pyi").read_text()
    lines = source.splitlines()
    imports = [line for line in lines if line.startswith(("from ", "import "))]
    others = [line for line in lines if line not in imports]
    (folder / "models.pyi").write_text("\n".join([*others[:2], *reversed(imports), *others[2:], "", ""]))
    assert states(folder, check=True) == {"models.pyi": StubState.UP_TO_DATE}


def test_a_stub_without_its_module_is_reported(folder: Path) -> None:
    module = write(folder)
    update_stubs([folder])
    module.unlink()
    assert states(folder, check=True) == {"models.pyi": StubState.ORPHANED}
    write(folder, "x = 3\n")
    assert states(folder, check=True) == {"models.pyi": StubState.ORPHANED}


@pytest.mark.parametrize("version", VERSIONS)
def test_mypy_says_when_a_stub_no_longer_fits(version: str, folder: Path) -> None:
    module = write(folder)
    update_stubs([module])
    checker = mypy(version)
    assert checker.check(folder, "models.pyi").findings == set()
    shutil.copy(folder / "sine.tflite", folder / "digits.tflite")
    found = checker.check(folder, "models.pyi")
    source = (folder / "models.pyi").read_text().splitlines()
    line = source.index('@ember_model("digits.tflite")') + 1
    assert found.findings == {("models.pyi", line, "ember-model")}, found.output
    assert "input_len, input_shape, output_len, output_shape, output_zero_point" in found.output
    update_stubs([module])
    assert checker.check(folder, "models.pyi").findings == set()


def test_the_module_is_not_run(folder: Path) -> None:
    assert "x: int" in stub(folder, PLAIN + "x: int = 1 // 0\n")


@pytest.mark.parametrize(
    "line",
    [
        "from ember_infer import QuantizedModel, Session, ember_model",
        "import ember_infer",
        "import ember_infer as e",
    ],
)
def test_the_face_is_as_good_as_its_rooms(folder: Path, line: str) -> None:
    prefix = {"import ember_infer": "ember_infer.", "import ember_infer as e": "e."}.get(line, "")
    written = f'{line}\n@{prefix}ember_model("digits.tflite")\nclass Digits({prefix}QuantizedModel): ...\n'
    assert stub(folder, written) == stub(folder, PLAIN)


REEXPORTS = {
    "a module": ("tools.py", "from ember_infer_macros import ember_model as net\n", "from tools import net"),
    "a package": ("tools/__init__.py", "from ember_infer_macros import ember_model as net\n", "from tools import net"),
    "a star": ("tools/first.py", "from ember_infer_macros import ember_model as net\n", "from tools import net"),
    "a relative import": ("tools.py", "from ember_infer_macros import ember_model as net\n", "from .tools import net"),
    "a submodule": ("tools.py", "import ember_infer_macros as e\n", "from . import tools"),
    "two modules": ("tools/first.py", "from ember_infer_macros import ember_model as net\n", "from tools import net"),
}


@pytest.mark.parametrize("kind", REEXPORTS)
def test_a_decorator_that_another_module_has_renamed_is_found(folder: Path, kind: str) -> None:
    name, text, line = REEXPORTS[kind]
    write(folder, text, name)
    if name == "tools/first.py":
        passed_on = "*" if kind == "a star" else "net"
        write(folder, f"from models import net\nfrom .first import {passed_on}\n", "tools/__init__.py")
    spelling = "tools.e.ember_model" if kind == "a submodule" else "net"
    source = stub(folder, f'{line}\n\n\n@{spelling}("digits.tflite")\nclass Digits: ...\n')
    assert '@ember_model("digits.tflite")\nclass Digits(QuantizedModel):' in source


def test_a_decorator_of_another_name_that_is_not_ours_is_left_alone(folder: Path) -> None:
    write(folder, "from models import net\ndef other(name): ...\n", "tools.py")
    assert stub_source(write(folder, 'from tools import net\n@net("digits.tflite")\nclass A: ...\n')) is None


def test_pyright_and_mypy_agree_on_what_a_stub_may_say(folder: Path) -> None:
    write(folder, MODELS)
    update_stubs([folder])
    findings, output = pyright(folder)
    assert findings == set(), output
    assert mypy(NEWEST).check(folder, "models.pyi").findings == set()


def command_line(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ember_infer_tools.cli", "stubs", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_writes_checks_and_refuses(folder: Path) -> None:
    module = write(folder)
    outdated = command_line("--check", folder)
    assert (outdated.returncode, outdated.stdout) == (1, f"stale: {folder / 'models.pyi'} (missing)\n")
    assert "write stubs again" in outdated.stderr
    assert command_line(folder).stdout == f"wrote: {folder / 'models.pyi'}\n"
    good = command_line("--check", module)
    assert (good.returncode, good.stdout) == (0, f"up to date: {folder / 'models.pyi'}\n")
    refused = command_line(write(folder, PLAIN + "def f(): ...\n", "other.py"))
    assert (refused.returncode, refused.stdout) == (1, f"failed: {folder / 'other.pyi'}\n")
    assert refused.stderr.startswith(f"error: {folder / 'other.py'}:4: a stub would hide f")
    assert command_line(folder / "nowhere.py").returncode == 2


def test_the_command_names_module_model_and_reason_and_does_the_others(folder: Path, tflm_wheel: None) -> None:
    write_unsupported(folder / "tiles.tflite")
    write(folder)
    module = write(folder, PLAIN.replace("digits", "tiles"), "tiles.py")
    found = command_line(folder)
    assert found.returncode == 1
    assert found.stdout == f"wrote: {folder / 'models.pyi'}\nfailed: {folder / 'tiles.pyi'}\n"
    (line,) = found.stderr.splitlines()
    assert line.startswith(f"error: {module}: {folder / 'tiles.tflite'}: not supported: operator 0 TILE ")
    checked = command_line("--check", folder)
    assert (checked.returncode, checked.stderr) == (1, found.stderr)
    assert checked.stdout == f"up to date: {folder / 'models.pyi'}\nfailed: {folder / 'tiles.pyi'}\n"


def test_the_repositorys_own_stubs_are_up_to_date() -> None:
    found = command_line("--check", REPOSITORY / "examples")
    assert found.returncode == 0, found.stdout + found.stderr
    assert "up to date" in found.stdout
