"""The wheels in a fresh environment of one Python: what is installed runs, and type checkers see it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["Environment", "fresh_environment", "try_out"]

_DATA = ("digits.tflite", "sine.tflite", "digits_heldout.npz")
_MODULE = """\
from typing import Literal
from ember_infer import QuantizedModel, ember_model
@ember_model("digits.tflite")
class Digits(QuantizedModel): ...
classes: Literal[10] = Digits.output_len()
"""


class Environment:
    """A virtual environment, and a folder to work in from which the repository cannot be imported."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")

    def run(self, program: str, *arguments: str) -> str:
        """Runs a program of the environment.

        Returns:
            all that it printed.

        Raises:
            RuntimeError: it failed; what it printed.
        """
        mine = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        result = subprocess.run(
            [str(self.programs / program), *arguments],
            cwd=self.folder,
            env={**mine, "EMBER_CACHE_DIR": str(self.folder / "cache")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        if result.returncode:
            raise RuntimeError(f"{program} {' '.join(arguments)}\n{result.stdout}")
        return result.stdout


@contextmanager
def fresh_environment(python: str, wheels: list[Path]) -> Iterator[Environment]:
    """An environment with the wheels, what they ask for, and mypy.

    Raises:
        RuntimeError: something cannot be installed.
    """
    with tempfile.TemporaryDirectory() as name:
        environment = Environment(Path(name).resolve())
        subprocess.run([python, "-m", "venv", str(environment.folder / "venv")], check=True)
        requirements = [f"{wheel}[cli]" if wheel.name.startswith("ember_infer-") else str(wheel) for wheel in wheels]
        quietly = ("--quiet", "--disable-pip-version-check")
        environment.run("python", "-m", "pip", "install", *quietly, *requirements, "mypy>=1.11")
        yield environment


def try_out(environment: Environment, repository: Path) -> str:
    """Runs the smoke program, the command line and mypy with the plugin.

    Returns:
        what there is to say of it.

    Raises:
        RuntimeError: one of them fails.
    """
    for name in _DATA:
        shutil.copy(repository / "models" / name, environment.folder)
    shutil.copy(Path(__file__).with_name("smoke.py"), environment.folder)
    (environment.folder / "module.py").write_text(_MODULE, encoding="utf-8")
    (environment.folder / "mypy.ini").write_text("[mypy]\nstrict = True\nplugins = ember_infer_macros.mypy_plugin\n")

    environment.run("python", "-m", "pip", "check")
    environment.run("ember-infer", "--help")
    said = environment.run("python", "-I", "smoke.py", str(environment.folder))
    environment.run("mypy", "module.py", "smoke.py")
    module = environment.folder / "module.py"
    module.write_text(_MODULE.replace("Literal[10]", "Literal[9]"), encoding="utf-8")
    try:
        environment.run("mypy", "module.py")
    except RuntimeError as wrong:
        if 'variable has type "Literal[9]"' in str(wrong):
            return said.strip()
        raise
    raise RuntimeError("mypy finds no fault with a wrong length: the plugin or py.typed does not work")
