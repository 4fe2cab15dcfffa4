"""How a module spells the decorator and the base class, wherever it has them from. Modules are parsed, not imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Spellings", "callee", "spellings"]

_PACKAGES = ("ember_infer", "ember_infer_macros")
_SUBJECTS = ("ember_model", "QuantizedModel")


@dataclass(frozen=True, slots=True)
class Spellings:
    """The names, dotted where they are, that a module has for ``ember_model`` and for ``QuantizedModel``."""

    decorator: frozenset[str]
    base: frozenset[str]


def callee(decorator: ast.expr) -> ast.expr:
    """What is called, where a decorator is a call."""
    return decorator.func if isinstance(decorator, ast.Call) else decorator


def spellings(module: Path, tree: ast.Module) -> Spellings:
    """Of what decorates classes in a module, and of what they inherit from."""
    found: dict[str, set[str]] = {subject: set() for subject in _SUBJECTS}
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for name in {ast.unparse(each) for node in classes for each in (*map(callee, node.decorator_list), *node.bases)}:
        subject = _meaning(module, tree, name, set())
        if subject is not None:
            found[subject].add(name)
    return Spellings(*(frozenset(found[subject]) for subject in _SUBJECTS))


def _meaning(module: Path, tree: ast.Module, name: str, asked: set[tuple[Path, str]]) -> str | None:
    """Which of the two a name is; None for neither. Imports may go in a circle, so no question is asked twice."""
    if (module, name) in asked:
        return None
    asked.add((module, name))
    for level, target in _targets(tree, name):
        if level == 0 and target.split(".")[0] in _PACKAGES:
            last = target.rpartition(".")[2]
            if last in _SUBJECTS:
                return last
            continue
        for other, rest in _homes(module, level, target):
            try:
                content = ast.parse(other.read_bytes())
            except (OSError, SyntaxError, ValueError):  # somebody else's module: no concern of this one's stub
                continue
            subject = _meaning(other, content, rest, asked)
            if subject is not None:
                return subject
    return None


def _targets(tree: ast.Module, name: str) -> Iterator[tuple[int, str]]:
    """What a name of a module may stand for: the dots of a relative import, and the dotted name after them."""
    root, dot, rest = name.partition(".")
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            start = f"{node.module}." if node.module else ""
            for alias in node.names:
                if alias.name == "*":
                    yield node.level, start + name
                elif (alias.asname or alias.name) == root:
                    yield node.level, start + alias.name + dot + rest
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname == root:
                    yield 0, alias.name + dot + rest
                elif alias.asname is None and alias.name.split(".")[0] == root:
                    yield 0, name


def _homes(module: Path, level: int, target: str) -> Iterator[tuple[Path, str]]:
    """Files that a dotted name may be in, and what is then its name there; the longest path first."""
    parents = list(module.absolute().parents)
    folders = parents[level - 1 : level] if level else parents
    parts = target.split(".")
    for length in range(len(parts) - 1, -1 if level else 0, -1):
        for folder in folders:
            path = folder.joinpath(*parts[:length])
            for file in (path / "__init__.py", path.with_suffix(".py")) if length else (path / "__init__.py",):
                if file.is_file():
                    yield file, ".".join(parts[length:])
