"""A library's sources, where somebody has them: which of its files a program needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["KernelLibrary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelLibrary:
    """What there is to know of a library.

    Attributes:
        name: for people.
        environment: the variable that names its folder.
        known_by: a file that only its folder has.
        include_folders: that its headers are included from.
        header_folders: that hold all of its headers.
        definitions: of a folder, the file that defines each function.
        functions: what the names of its functions begin with.
        preamble: what the model's header includes for its lengths to be those of the library as it is compiled; whole
            lines.
        one_task: why no two tasks may run such code at once, for the caller; nothing if they may.
        defines: further options for the compiler.
        board_sources: what it takes to link it on a board, by file name.
    """

    name: str
    environment: str
    known_by: str
    include_folders: tuple[str, ...]
    header_folders: tuple[str, ...]
    definitions: Callable[[Path], Mapping[str, Path]]
    functions: str
    preamble: str = ""
    one_task: str = ""
    defines: tuple[str, ...] = ()
    board_sources: Mapping[str, str] = field(default_factory=dict)

    def check_folder(self, folder: Path) -> None:
        """Checks that a folder holds the library.

        Raises:
            ValueError: it does not.
        """
        if not (folder / self.known_by).is_file():
            raise ValueError(f"{folder} does not hold {self.name}: there is no {self.known_by}")

    def flags(self, folder: Path) -> tuple[str, ...]:
        """For the compiler."""
        return (*(f"-I{folder / part}" for part in self.include_folders), *self.defines)

    def header_files(self, folder: Path) -> list[Path]:
        """All headers, in order of their paths."""
        return sorted(path for part in self.header_folders for path in (folder / part).rglob("*.h"))

    def sources(self, folder: Path, texts: Iterable[str]) -> dict[str, str]:
        """The library's files that define what these C texts call, and what those call in turn: names and texts, in
        order of their paths.
        """
        defined = self.definitions(folder)
        name = re.compile(rf"\b{self.functions}\w+")
        found: dict[Path, str] = {}
        waiting = list(texts)
        while waiting:
            for called in dict.fromkeys(name.findall(waiting.pop())):
                path = defined.get(called)
                if path is not None and path not in found:
                    found[path] = path.read_text()
                    waiting.append(found[path])
        return {path.name: found[path] for path in sorted(found)}
