"""What is in a built archive, and what should be: the repository's files, neither fewer nor more."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path

__all__ = ["differences", "sdist_problems", "tracked", "wheel_files", "wheel_problems"]

# The builder's own; without the ignore file, what is built from an unpacked sdist would hold caches.
_OF_THE_SDIST = frozenset({"PKG-INFO", ".gitignore"})
_SHOWN = 5


def tracked(folder: Path) -> frozenset[str]:
    """The files of a folder that are under version control, relative to it.

    Raises:
        subprocess.CalledProcessError: it is no part of a Git repository.
    """
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=folder, capture_output=True, text=True, check=True).stdout
    return frozenset(name for name in listed.split("\0") if name)


def wheel_files(wheel: Path) -> dict[str, str]:
    """The SHA-256 of every file in a wheel, by name."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


def wheel_problems(files: Collection[str], source: Collection[str], packages: str) -> list[str]:
    """What a wheel lacks of its packages, and what it has besides them.

    Templates, C sources, stubs and ``py.typed`` are files like others: forgetting one is forgetting a file.

    Args:
        files: names in the wheel.
        source: names under version control, relative to the distribution's folder.
        packages: with what the packages' paths in there begin; what is before the last slash is not in the wheel.
    """
    root = packages[: packages.rfind("/") + 1]
    wanted = {name.removeprefix(root) for name in source if name.startswith(packages) and "/" in name}
    return _compared({name for name in files if ".dist-info/" not in name}, wanted)


def sdist_problems(sdist: Path, source: Collection[str]) -> list[str]:
    """What an sdist lacks of the files under version control, and what it has besides: caches, data from elsewhere."""
    with tarfile.open(sdist) as archive:
        files = {member.name.partition("/")[2] for member in archive if not member.isdir()}
    return _compared(files - _OF_THE_SDIST, set(source) - _OF_THE_SDIST)


def differences(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """In what two wheels differ, by name and content."""
    changed = sorted(name for name in one.keys() & other.keys() if one[name] != other[name])
    return _compared(one.keys(), other.keys()) + [f"differs: {name}" for name in changed[:_SHOWN]]


def _compared(found: Collection[str], wanted: Collection[str]) -> list[str]:
    missing, besides = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
    return [
        f"{word}: {name}"
        for word, names in (("missing", missing), ("too many", besides))
        for name in (*names[:_SHOWN], *([f"and {len(names) - _SHOWN} more"] if len(names) > _SHOWN else []))
    ]
