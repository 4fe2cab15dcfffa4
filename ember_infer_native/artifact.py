"""Compiled models in a folder, made ahead of time: found by what they compute, checked before use, without a compiler.

``ember-infer build`` makes the folder (:mod:`ember_infer_native.artifact_build`): libraries, and one manifest that says
what each computes and what it needs. A library depends on its program, on its target and on how it is called
(``EMBER_ABI``), and on nothing else of ours: it serves later versions, too, as long as these agree.
"""

from __future__ import annotations

import ctypes
import dataclasses
import hashlib
import json
import platform
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typing_extensions import override

from ember_infer_core.errors import ArtifactError
from ember_infer_native.checked_files import OpenFile
from ember_infer_native.library import ABI
from ember_infer_native.targets import Target

__all__ = [
    "FORMAT",
    "MANIFEST",
    "OPERATORS",
    "ArtifactEntry",
    "Artifacts",
    "Machine",
    "host_machine",
    "operators_digest",
    "read_manifest",
]

MANIFEST = "ember-infer.json"
FORMAT = 1
OPERATORS = "(operators)"
_MOST_MANIFEST_BYTES = 16 << 20
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.(so|dll)")
_SAME_PROCESSOR = {"amd64": "x86_64", "x86-64": "x86_64", "arm64": "aarch64"}


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a library runs: ``system`` as ``sys.platform`` has it, ``processor`` as ``x86_64`` or ``aarch64``."""

    system: str
    processor: str

    @override
    def __str__(self) -> str:
        return f"{self.system} {self.processor}"


@dataclass(frozen=True, slots=True)
class ArtifactEntry:
    """What the manifest says of one library.

    Attributes:
        model: name of the program, or :data:`OPERATORS` for the library of single calls.
        program: digest of what it computes.
        target: name of the instruction set.
        needs: features of the processor, as Linux names them.
        system, processor: see :class:`Machine`.
        file: name in the folder.
        size: bytes of the file.
        sha256: of the file.
        compiler, version: what built it, for people; the version is ours.
    """

    model: str
    program: str
    target: str
    needs: tuple[str, ...]
    system: str
    processor: str
    file: str
    size: int
    sha256: str
    compiler: str
    version: str

    @property
    def machine(self) -> Machine:
        """Where it runs."""
        return Machine(self.system, self.processor)

    @property
    def key(self) -> tuple[str, str, Machine]:
        """A folder has one library for each; of single calls one for each target and machine."""
        return OPERATORS if self.model == OPERATORS else self.program, self.target, self.machine

    @override
    def __str__(self) -> str:
        return f"{self.model} for {self.target} on {self.machine}"


class Artifacts:
    """A folder that ``ember-infer build`` made, for this machine. Read once; any number of threads may share it.

    Args:
        folder: the folder.
        targets: those that may be used, the best first.
        features: what this processor has.

    Raises:
        ArtifactError: the folder has no manifest, a damaged one, or one of another version of Ember Infer.
    """

    def __init__(self, folder: Path, targets: Sequence[Target], features: frozenset[str]) -> None:
        self.folder: Path = folder.absolute()
        self.entries: tuple[ArtifactEntry, ...] = read_manifest(self.folder)
        self._targets = tuple(targets)
        machine = host_machine()
        self._usable = {
            (entry.program, entry.target): entry
            for entry in self.entries
            if entry.machine == machine and features.issuperset(entry.needs)
        }

    def program(self, digest: str) -> tuple[ctypes.CDLL, Target] | None:
        """The library of a program for the best of the targets; None where there is none.

        Raises:
            ArtifactError: the library is missing or damaged, or does not load.
        """
        return self._best(lambda target: digest)

    def operators(self) -> tuple[ctypes.CDLL, Target] | None:
        """The library of single calls, as :meth:`program`."""
        return self._best(operators_digest)

    def _best(self, digest: Callable[[Target], str]) -> tuple[ctypes.CDLL, Target] | None:
        for target in self._targets:
            entry = self._usable.get((digest(target), target.name))
            if entry is not None:
                return self._load(entry), target
        return None

    def _load(self, entry: ArtifactEntry) -> ctypes.CDLL:
        path = self.folder / entry.file
        try:
            file = OpenFile(path, follow=True)
        except OSError as error:
            raise _damaged(path, error.strerror or str(error)) from error
        with file:
            if not file.has(entry.size, entry.sha256):
                raise _damaged(path, f"its checksum is not the one in {MANIFEST}")
            try:
                return file.load()
            except OSError as error:
                raise ArtifactError(f"{path}: does not load: {error}") from error

    def lacks(self, model: str, digest: str | None = None) -> str:
        """Why there is nothing to load for a model, and what to do."""
        same = [entry for entry in self.entries if entry.program == digest]
        named = [entry for entry in self.entries if entry.model == model]
        if model == OPERATORS:
            why = "it has none of this version" if named else "it has none"
        elif same:
            why = f"it has {'; '.join(map(str, same))}"
        elif named:
            why = f"{model} there is another model, or of another version of Ember Infer"
        else:
            models = sorted({entry.model for entry in self.entries} - {OPERATORS})
            why = f"it has {', '.join(models) or 'no model'}"
        targets = ", ".join(target.name for target in self._targets)
        what = "the kernels for single calls" if model == OPERATORS else model
        return (
            f"{self.folder} lacks {what} for {host_machine()}, target {targets} ({why}); to add it: "
            f"ember-infer build MODEL -o {shlex.quote(str(self.folder))}"
        )


def host_machine() -> Machine:
    """The machine of this process."""
    processor = platform.machine().lower()
    return Machine(sys.platform, _SAME_PROCESSOR.get(processor, processor))


def operators_digest(target: Target) -> str:
    """What a library of single calls has to agree with: its source, whose structs and layouts planning fills in."""
    from ember_infer_native.codegen import MAIN, generate_operators  # heavy, and whole models do without

    source = generate_operators(target)[MAIN]
    return hashlib.sha256(source if isinstance(source, bytes) else source.encode()).hexdigest()


def read_manifest(folder: Path) -> tuple[ArtifactEntry, ...]:
    """The libraries of a folder.

    Raises:
        ArtifactError: it has no manifest, a damaged one, or one of another version of Ember Infer.
    """
    path = folder / MANIFEST
    try:
        with OpenFile(path, follow=True) as file:
            content = file.read(_MOST_MANIFEST_BYTES)
    except OSError as error:
        if path.exists():
            raise _damaged(path, error.strerror or str(error)) from error
        if folder.exists() and not folder.is_dir():
            raise ArtifactError(f"{folder} is a file, not a folder of compiled models") from error
        where = "there is no such folder" if not folder.exists() else f"no {MANIFEST} in it ({error.strerror})"
        raise ArtifactError(
            f"{folder}: {where}; to make one: ember-infer build MODEL -o {shlex.quote(str(folder))}"
        ) from error
    try:
        told = json.loads(content)
        head = told["format"], told["abi"]
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise _damaged(path, "it is no manifest") from error
    if head != (FORMAT, ABI):
        raise ArtifactError(
            f"{folder}: made by another version of Ember Infer (format {head[0]}, ABI {head[1]}, in place of {FORMAT} "
            f"and {ABI}): remove it and build it again with ember-infer build"
        )
    try:
        return tuple(_entry(fields) for fields in told["libraries"])
    except (TypeError, LookupError) as error:
        raise _damaged(path, "a library's entry is not as it should be") from error


def _entry(fields: dict[str, Any]) -> ArtifactEntry:
    """An entry whose fields have their types; a TypeError for anything else."""
    entry = ArtifactEntry(**{**fields, "needs": tuple(fields["needs"])})
    for field in dataclasses.fields(entry):
        value = getattr(entry, field.name)
        texts = value if field.name == "needs" else () if field.name == "size" else (value,)
        if not all(isinstance(text, str) for text in texts):
            raise TypeError(field.name)
    if not isinstance(entry.size, int) or not _FILE_NAME.fullmatch(entry.file):
        raise TypeError("size or file")
    return entry


def _damaged(path: Path, reason: str) -> ArtifactError:
    return ArtifactError(f"{path} is damaged: {reason}; remove {path.parent} and build it again with ember-infer build")
