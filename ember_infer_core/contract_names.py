"""Names in a backend class that look like the contract's and are none: nobody would ever call them."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Iterable

__all__ = ["check_names"]

# As near as "take" is to "takes"; "prepare" and "supported_operators" are further from everything.
_NEAR = 0.85


def check_names(cls: type, contract: Iterable[str]) -> None:
    """Says what a new backend class defines in vain.

    A misspelt operator is missed when the class is instantiated or a model first run; a misspelt
    ``softmax_scratch_size`` would mean no scratch, silently. What is only near is a warning: it may be a helper of the
    class's own.

    Args:
        cls: a class that was just made.
        contract: names that have a default, so that nobody misses them.

    Raises:
        TypeError: a method is marked with ``@override``, and overrides nothing.
    """
    names = sorted(contract)
    for name, value in vars(cls).items():
        # Special methods are Python's, and of its versions: object has __getstate__ from 3.11 on.
        if name.startswith("__") or any(hasattr(base, name) for base in cls.__bases__):
            continue
        function = getattr(value, "__func__", value)
        near = difflib.get_close_matches(name, names, 1, _NEAR)
        hint = f": did you mean {near[0]}?" if near else ""
        if getattr(value, "__override__", False) or getattr(function, "__override__", False):
            raise TypeError(f"{cls.__name__}.{name} is marked with @override, but no base class has a {name}{hint}")
        if callable(function) and not name.startswith("_") and (near or "scratch" in name):
            message = f"{cls.__name__}.{name} is no method of KernelBackend, so nothing will call it"
            # Past this function, __init_subclass__ and ABCMeta: the line with the class.
            warnings.warn(f"{message}{hint or '; start its name with an underscore if you do'}", stacklevel=4)
