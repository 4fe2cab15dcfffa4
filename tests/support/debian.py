"""What Debian has and tests need: there, or installed, or a reason to skip."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from ember_infer_native.file_lock import file_lock
from tests.conftest import skip_or_fail

_PATIENCE = 600.0


def debian_program(name: str, *packages: str) -> str:
    """The path of a program. CI, where it runs as root, installs it; elsewhere its absence is a skip that says how."""
    if shutil.which(name) is None:
        _install(packages)
    path = shutil.which(name)
    if path is None:
        skip_or_fail(f"no {name}: apt-get install {' '.join(packages)}")
    return str(path)


def compiles_for_32_bits() -> None:
    """``gcc -m32`` makes programs that run, as :func:`debian_program`.

    The packages are those behind gcc-multilib, which itself does not go together with any cross compiler.
    """
    if _runs_32_bits():
        return
    major = subprocess.run(["gcc", "-dumpversion"], capture_output=True, text=True, check=True).stdout.split(".")[0]
    packages = ("libc6-dev-i386", f"lib32gcc-{major.strip()}-dev")
    _install(packages)
    if not _runs_32_bits():
        skip_or_fail(f"gcc does not make programs of 32 bits: apt-get install {' '.join(packages)}")


def _runs_32_bits() -> bool:
    debian_program("gcc", "gcc")
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "program"
        compiled = subprocess.run(
            ["gcc", "-m32", "-x", "c", "-", "-o", str(program), "-lm"],
            input=b'#include <signal.h>\n#include <stdio.h>\nint main(void) { return puts("") < 0; }\n',
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if compiled.returncode:
            return False
        return subprocess.run([program], stdout=subprocess.DEVNULL, check=False).returncode == 0


def _install(packages: tuple[str, ...]) -> None:
    """In CI, as root."""
    if not os.environ.get("CI") or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    with file_lock(Path(tempfile.gettempdir()) / "ember-infer-tests-apt.lock", _PATIENCE):  # workers take turns
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            subprocess.run(["apt-get", *command], env=environment, check=True, stdout=subprocess.DEVNULL)
