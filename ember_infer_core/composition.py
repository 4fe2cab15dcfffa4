"""What backends that are made of other backends share: which class has which operator, and how much scratch it asks."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any, TypeVar, cast

from ember_infer_core.backend import KernelBackend

__all__ = ["implements", "operator_names", "over"]

_SCRATCH_SUFFIX = "_scratch_size"
_KEPT_CLASSES = 64  # dropping one costs the making of it and nothing else

B = TypeVar("B", bound=KernelBackend)


def operator_names() -> tuple[str, ...]:
    """The operators of the contract, required and optional: names of methods of :class:`KernelBackend`."""
    return tuple(
        name
        for name, value in vars(KernelBackend).items()
        if callable(value) and not name.startswith("_") and name != "compile"
    )


def implements(backend: type[Any], operator: str) -> bool:
    """Whether a class, of whatever base, has a kernel of its own for an operator: KernelBackend's do not count."""
    method = getattr(backend, operator, None)
    return callable(method) and method is not getattr(KernelBackend, operator)


@functools.lru_cache(maxsize=_KEPT_CLASSES)
def over(base: type[B], parts: tuple[type[Any], ...]) -> type[B]:
    """The subclass of ``base`` for instances that hand over to instances of ``parts``.

    Scratch sizes are class methods, so what a composed backend asks for must be known to its class: for each call, the
    largest that a part which has the operator asks for. A part without a scratch-size method asks for none.
    """
    names = [name for name in vars(KernelBackend) if name.endswith(_SCRATCH_SUFFIX)]
    sizes: dict[str, Any] = {name: classmethod(_largest(name, parts)) for name in names}
    listed = ", ".join(part.__name__ for part in parts)
    origin = {
        "__module__": base.__module__,
        "__qualname__": f"{base.__qualname__}.over({listed})",
        "__doc__": base.__doc__,
    }
    made = types.new_class(base.__name__, (base,), exec_body=lambda namespace: namespace.update(origin | sizes))
    return cast("type[B]", made)


def _largest(name: str, parts: tuple[type[Any], ...]) -> Callable[..., int]:
    operator = name.removesuffix(_SCRATCH_SUFFIX)
    sizes = [getattr(part, name) for part in parts if implements(part, operator) and hasattr(part, name)]

    def scratch_size(cls: type[KernelBackend], *shapes: Any) -> int:
        return max((int(size(*shapes)) for size in sizes), default=0)

    scratch_size.__name__ = name
    scratch_size.__doc__ = getattr(KernelBackend, name).__doc__
    return scratch_size
