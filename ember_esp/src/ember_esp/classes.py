"""Classes that are made at run time: one for each driver and each choice of ANSI C kernels.

Scratch is asked of a class, ``scratch_len[EspBackend]()``, so that what it depends on belongs to one. A class that
stands in a module (EspBackend, EspP4Backend, a user's own) is called named here; a made one derives from a named one
and differs by ``DRIVER`` and ``FORCE_ANSI`` alone.
"""

from __future__ import annotations

import functools
import types
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from ember_esp.backend import EspBackend
    from ember_esp.target import Driver

__all__ = ["named_class", "restored", "with_driver"]

_MADE = "_MADE"  # an attribute of made classes' own
_KEPT_CLASSES = 64  # dropping one costs the making of it and nothing else


def named_class(backend: type[EspBackend]) -> type[EspBackend]:
    """The class itself, or that which it was made of."""
    named: type[EspBackend] = next(one for one in backend.__mro__ if _MADE not in vars(one))
    return named


@functools.lru_cache(maxsize=_KEPT_CLASSES)
def with_driver(named: type[EspBackend], driver: Driver, force_ansi: frozenset[str]) -> type[EspBackend]:
    """The class for a driver: a named one itself, or one made of it."""
    if (driver, force_ansi) == (named.DRIVER, named.FORCE_ANSI):
        return named
    forced = f", force_ansi={tuple(sorted(force_ansi))}" if force_ansi else ""
    members = {
        "__module__": named.__module__,
        "__qualname__": f"{named.__qualname__}.of(driver={driver!r}{forced})",
        "__doc__": named.__doc__,
        "DRIVER": driver,
        "FORCE_ANSI": force_ansi,
        _MADE: True,
    }
    made = types.new_class(named.__name__, (named,), exec_body=lambda namespace: namespace.update(members))
    return cast("type[EspBackend]", made)


def restored(named: type[EspBackend], driver: Driver, force_ansi: tuple[str, ...]) -> EspBackend:
    """An instance without state, which pickle and copy bring."""
    return object.__new__(named.of(driver=driver, force_ansi=force_ansi))
