"""Backends by name, as the command line's ``--backend module:Class`` takes them. Every command uses this one parser.

This project's own have short names: ``ref``, ``native``, ``esp``, ``esp-p4``. Where an instance is wanted, arguments
may follow: ``module:Class,rounding=single,keep=3``. A value is a Python literal, or else text. In place of a class
there may be a function that returns a backend, or a backend.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
from collections.abc import Sequence
from typing import Any

from ember_infer_core.backend import KernelBackend

__all__ = ["SHORT_NAMES", "full_name", "import_named", "installed_backends", "load_backend", "load_backend_class"]

# This project's own, in the order in which tools list them; those that are not installed are left out.
SHORT_NAMES = {
    "ref": "ember_infer_ref:RefBackend",
    "native": "ember_infer_native:NativeBackend",
    "esp": "ember_esp:EspBackend",
    "esp-p4": "ember_esp:EspP4Backend",
}
_ESP = "ember_esp"  # which is a distribution of its own


def full_name(spec: str) -> str:
    """``module:Class`` for a short name, arguments and all; anything else as it is."""
    name, comma, arguments = spec.partition(",")
    return f"{SHORT_NAMES.get(name, name)}{comma}{arguments}"


def load_backend_class(spec: str) -> type[KernelBackend]:
    """The backend class that ``module:Class`` names; of a function, a backend or arguments, that of the instance.

    Raises:
        ValueError: the text has another form, the module or the class is not there, or it is no backend.
    """
    spec = full_name(spec)
    found = None if "," in spec else _named(spec)
    if isinstance(found, type):  # which needs no instance, nor what an instance needs
        if not issubclass(found, KernelBackend):
            raise ValueError(f"backend {spec!r}: {spec.partition(':')[2]} is not a class derived from KernelBackend")
        return found
    return type(load_backend(spec))


def load_backend(spec: str, others: Sequence[str] = ()) -> KernelBackend:
    """The backend that ``module:Class``, with or without arguments, names.

    Args:
        spec: the text.
        others: what may stand in its place where the caller has it from, for messages.

    Raises:
        ValueError: the text has another form, there is no such module or name, or it makes no backend.
    """
    spec = full_name(spec)
    name, *arguments = spec.split(",")
    found = _named(name, others)
    if isinstance(found, KernelBackend) and not arguments:
        return found
    if not callable(found):
        raise ValueError(f"backend {spec!r}: neither a class, nor a function, nor a backend without arguments")
    try:
        made = found(**dict(map(_argument, arguments)))
    except (TypeError, ValueError) as error:
        raise ValueError(f"backend {spec!r}: {error}") from error
    if not isinstance(made, KernelBackend):
        raise ValueError(
            f"backend {spec!r}: gives {type(made).__name__}, which is not derived from KernelBackend; for one that has "
            "some operators only, name a function that returns FallbackBackend(yours, RefBackend())"
        )
    return made


def _named(spec: str, others: Sequence[str] = ()) -> Any:
    if spec.partition(":")[0] == _ESP and importlib.util.find_spec(_ESP) is None:
        raise ValueError(f"backend {spec!r}: it is in the distribution ember-esp: pip install ./ember_esp")
    short = ", ".join((*SHORT_NAMES, *others))
    return import_named(spec, "backend", f"module:Class, such as ember_infer_ref:RefBackend, or one of {short}")


def import_named(spec: str, what: str, form: str, kind: str = "") -> Any:
    """What ``module:name`` names in a module of the user's.

    Args:
        spec: the text.
        what: it is, for messages.
        form: how to write it, for messages.
        kind: of the thing, for messages; with a space behind it.

    Raises:
        ValueError: the text has another form, or there is no such module or name.
    """
    module_name, colon, name = spec.partition(":")
    if not (colon and module_name and name):
        raise ValueError(f"{what} {spec!r}: write {form}")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # whatever is wrong with the user's module
        raise ValueError(f"{what} {spec!r}: {type(error).__name__}: {error}") from error
    if not hasattr(module, name):
        raise ValueError(f"{what} {spec!r}: module {module_name} has no {kind}{name}")
    return getattr(module, name)


def _argument(text: str) -> tuple[str, Any]:
    """``rounding=single`` as a name and a value."""
    name, equals, value = text.partition("=")
    if not (equals and name.isidentifier()):
        raise ValueError(f"write arguments as name=value, not {text!r}")
    try:
        return name, ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return name, value


def installed_backends() -> tuple[type[KernelBackend], ...]:
    """This project's backend classes, as far as they are installed here."""
    return tuple(backend for spec in SHORT_NAMES.values() for backend in _if_installed(spec))


def _if_installed(spec: str) -> tuple[type[KernelBackend], ...]:
    try:
        return (load_backend_class(spec),)
    except ValueError:
        return ()
