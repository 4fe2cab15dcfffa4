"""The conformance suite: what every backend is held to, and how it is run.

::

    pytest --pyargs ember_infer_core.conformance --backend mypackage:MyBackend

Needs ``pip install 'ember-infer[conformance]'``. A backend that is not to be held to something says so in its attribute
``conformance_exceptions``, a tuple of :class:`KnownException`. See ``docs/backends.md``.
"""

from __future__ import annotations

from ember_infer_core.conformance.known import KnownException

__all__ = ["KnownException"]
