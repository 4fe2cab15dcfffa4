"""Backends by name, as the command line's ``--backend module:Class`` takes them. Every command uses this one parser."""

from __future__ import annotations

import importlib

from ember_infer_core.backend import KernelBackend

__all__ = ["installed_backends", "load_backend", "load_backend_class"]

# This project's own, in the order in which tools list them; those that are not installed are left out.
OWN_BACKENDS = ("ember_infer_ref:RefBackend", "ember_infer_native:NativeBackend", "ember_esp:EspBackend")


def load_backend_class(spec: str) -> type[KernelBackend]:
    """The backend class that ``module:Class`` names.

    Raises:
        ValueError: the text has another form, the module or the class is not there, or it is no backend.
    """
    module_name, colon, class_name = spec.partition(":")
    if not (colon and module_name and class_name):
        raise ValueError(f"backend {spec!r}: write module:Class, such as ember_infer_ref:RefBackend")
    try:
        found = getattr(importlib.import_module(module_name), class_name, None)
    except ImportError as error:
        raise ValueError(f"backend {spec!r}: {error}") from error
    if found is None:
        raise ValueError(f"backend {spec!r}: module {module_name} has no {class_name}")
    if not (isinstance(found, type) and issubclass(found, KernelBackend)):
        raise ValueError(f"backend {spec!r}: {class_name} is not a class derived from KernelBackend")
    return found


def load_backend(spec: str) -> KernelBackend:
    """An instance of the backend class that ``module:Class`` names, made without arguments.

    Raises:
        ValueError: as :func:`load_backend_class`; or the class cannot be made so.
    """
    backend = load_backend_class(spec)
    try:
        return backend()
    except TypeError as error:
        raise ValueError(f"backend {spec!r}: {error}") from error


def installed_backends() -> tuple[type[KernelBackend], ...]:
    """This project's backend classes, as far as they are installed here."""
    return tuple(backend for spec in OWN_BACKENDS for backend in _if_installed(spec))


def _if_installed(spec: str) -> tuple[type[KernelBackend], ...]:
    try:
        return (load_backend_class(spec),)
    except ValueError:
        return ()
