"""What ``help()`` of a parameter class says: the fields, all of them."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re

import pytest

from ember_infer_core import OperatorParams, PoolParams, ops

for module in pkgutil.iter_modules(ops.__path__):
    importlib.import_module(f"{ops.__name__}.{module.name}")


def derived(parent: type[OperatorParams]) -> dict[str, type[OperatorParams]]:
    """All classes below this one, by name."""
    children = {child.__name__: child for child in parent.__subclasses__()}
    return children | {name: child for one in children.values() for name, child in derived(one).items()}


def described(params: type[OperatorParams]) -> set[str]:
    """The fields that a docstring names, or that of the class to which it refers."""
    text = inspect.cleandoc(params.__doc__ or "")
    own = {field.name for field in dataclasses.fields(params) if re.search(rf"\b{field.name}\b", text)}
    parents = [base for base in params.__mro__[1:] if f":class:`{base.__name__}`" in text]
    return own.union(*map(described, parents))


CLASSES = {name: one for name, one in derived(OperatorParams).items() if one.__module__.startswith("ember_infer_core.")}


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_field_is_described(name: str) -> None:
    in_every_class = described(OperatorParams)
    fields = {field.name for field in dataclasses.fields(CLASSES[name])}
    assert fields - described(CLASSES[name]) - in_every_class == set()


def test_a_class_without_parents_to_look_at_describes_all_by_itself() -> None:
    assert {field.name for field in dataclasses.fields(PoolParams)} <= described(PoolParams)
