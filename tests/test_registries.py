"""Each operator has one line in a registry: of two, Python would take the last without a word."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from tests.conftest import REPOSITORY

REGISTRIES = (
    "ember_infer_core/optional_operators.py",
    "ember_infer_core/ops/__init__.py",
    "ember_infer_firmware/kernels/__init__.py",
    "ember_infer_macros/operators.py",
    "ember_infer_native/kernels/__init__.py",
    "ember_infer_ref/kernels.py",
)


def entries(node: ast.AST) -> list[str]:
    """The keys of a dictionary, the methods of a class; of anything else nothing."""
    if isinstance(node, ast.Dict):
        return [ast.unparse(key) for key in node.keys if key is not None]
    if isinstance(node, ast.ClassDef):
        return [member.name for member in node.body if isinstance(member, ast.FunctionDef)]
    return []


@pytest.mark.parametrize("path", REGISTRIES)
def test_no_operator_has_two_lines(path: str) -> None:
    found = [entries(node) for node in ast.walk(ast.parse((REPOSITORY / path).read_text()))]
    assert max(map(len, found)) > 5
    assert [name for names in found for name, count in Counter(names).items() if count > 1] == []
