"""A backend's author is told of a method that nothing will call, when the class is made."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from typing_extensions import override

from ember_infer_core import KernelBackend
from ember_infer_ref import RefBackend


def make(name: str, method: object) -> type[KernelBackend]:
    return type("Mine", (RefBackend,), {name: method})


def method(self: object, *arguments: Any) -> None: ...


@pytest.mark.parametrize("wrap", [override, lambda f: classmethod(override(f)), lambda f: override(staticmethod(f))])
def test_an_override_of_nothing_is_refused_with_the_name_that_was_meant(wrap: Any) -> None:
    def softmax_scratch_len(*arguments: Any) -> int:
        return 0

    with pytest.raises(TypeError, match=r"Mine\.softmax_scratch_len .*@override.* did you mean softmax_scratch_size\?"):
        make("softmax_scratch_len", wrap(softmax_scratch_len))


def test_an_override_of_what_only_later_pythons_have_is_welcome() -> None:
    def special(self: object) -> None: ...

    make("__of_python_3_99__", override(special))


def test_an_override_of_something_is_welcome() -> None:
    class Mine(RefBackend):
        @classmethod
        @override
        def softmax_scratch_size(cls, num_classes: int) -> int:
            return 4 * num_classes

    assert Mine.softmax_scratch_size(10) == 40


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("softmax_scratch_len", "did you mean softmax_scratch_size"),
        ("fully_connected_scratch_size", "start its name with an underscore"),
        ("take", "did you mean takes"),
        ("operator", "did you mean operators"),
        ("compiled", "did you mean compile"),
    ],
)
def test_a_name_that_is_nearly_the_contracts_is_warned_of(name: str, meant: str) -> None:
    with pytest.warns(UserWarning, match=f"Mine.{name} is no method of KernelBackend.*{meant}"):
        make(name, method)


def test_the_warning_points_at_the_class() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")

        class Mine(RefBackend):
            def scratch_len(self) -> int:
                return 0

    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("name", ["prepare", "run", "weights", "_scratch_len", "conv2d_s8", "max_pool_1d", "supports"])
def test_helpers_have_whatever_names_they_like(name: str) -> None:
    assert make(name, method)


def test_what_is_no_method_has_whatever_name_it_likes() -> None:
    assert make("scratch_bytes", 4096)
