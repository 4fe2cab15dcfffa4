"""``make dist``: sdist and wheel of both distributions, looked through, and tried with every Python that is here."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from scripts.distributions.contents import differences, sdist_problems, tracked, wheel_files, wheel_problems
from scripts.distributions.fresh import fresh_environment, try_out
from scripts.distributions.pythons import pythons, supported

REPOSITORY = Path(__file__).resolve().parents[2]
# Of each distribution its folder, and with what the paths of its packages begin there.
DISTRIBUTIONS = {"ember-infer": (REPOSITORY, "ember_infer"), "ember-esp": (REPOSITORY / "ember_esp", "src/ember_esp")}
_FAILED = "FAILED"


@dataclass
class Table:
    """What was checked, in the order in which it was, and how it went."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether anything is not as it should be."""
        return any(result == _FAILED for _, _, result in self.rows)

    def check(self, what: str, how: str, checked: Callable[[], str]) -> None:
        """Checks something: what it returns is a remark, what it raises the fault."""
        print(f"{what}: {how} ...", flush=True)
        try:
            self.rows.append((what, how, checked() or "ok"))
        except (RuntimeError, subprocess.CalledProcessError) as fault:
            print(fault)
            self.rows.append((what, how, _FAILED))

    def show(self) -> None:
        """Prints all rows."""
        widths = [max(map(len, column)) for column in zip(*self.rows, strict=True)]
        for row in self.rows:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _run(*command: str) -> str:
    result = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{result.stdout}{result.stderr}")
    return ""


def _nothing_in(problems: list[str]) -> str:
    if problems:
        raise RuntimeError("\n".join(problems))
    return ""


def _build(table: Table, name: str, output: Path) -> Path | None:
    """Builds a distribution and looks through it.

    Returns:
        the wheel.
    """
    folder, packages = DISTRIBUTIONS[name]
    table.check(name, "python -m build", lambda: _run("build", "--outdir", str(output), str(folder)))
    stem = name.replace("-", "_")
    sdists, wheels = list(output.glob(f"{stem}-*.tar.gz")), list(output.glob(f"{stem}-*.whl"))
    if not sdists or not wheels:
        return None
    source, files = tracked(folder), wheel_files(wheels[0])
    table.check(name, "sdist: what is under version control", lambda: _nothing_in(sdist_problems(sdists[0], source)))
    table.check(name, "wheel: all of its packages", lambda: _nothing_in(wheel_problems(files, source, packages)))
    with tempfile.TemporaryDirectory() as other:
        table.check(name, "wheel of the folder", lambda: _run("build", "--wheel", "--outdir", other, str(folder)))
        direct = [wheel_files(wheel) for wheel in Path(other).glob("*.whl")]
    table.check(name, "sdist gives the same wheel", lambda: _nothing_in(differences(files, *direct)))
    table.check(name, "twine check --strict", lambda: _run("twine", "check", "--strict", *map(str, sdists + wheels)))
    table.check(name, "check-wheel-contents", lambda: _run("check_wheel_contents", str(wheels[0])))
    return wheels[0]


def _try(python: str, wheels: list[Path]) -> str:
    with fresh_environment(python, wheels) as environment:
        return try_out(environment, REPOSITORY)


def main() -> int:
    """Builds into ``dist/``, checks, and prints a table.

    Returns:
        the exit status: 1 where something is not as it should be.
    """
    output, table = REPOSITORY / "dist", Table()
    shutil.rmtree(output, ignore_errors=True)
    wheels = [wheel for name in DISTRIBUTIONS if (wheel := _build(table, name, output))]
    if len(wheels) == len(DISTRIBUTIONS):
        versions = supported((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
        for version, python in pythons(versions).items():
            if python is None:
                table.rows.append((f"Python {version}", "", "not here"))
            else:
                table.check(f"Python {version}", "installed, run, type-checked", partial(_try, python, wheels))
    print()
    table.show()
    return int(table.failed)


if __name__ == "__main__":
    sys.exit(main())
