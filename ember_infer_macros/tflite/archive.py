"""Models inside zip archives, and in packages that say themselves how their files are read."""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path

from typing_extensions import Protocol

from ember_infer_core.errors import ModelError
from ember_infer_macros.tflite.beginning import read_model

__all__ = ["Resource", "read_archived", "read_resource"]

# A few kilobytes of an archive may unpack to as many gigabytes.
_MOST_UNPACKED_BYTES = 1 << 29
_TOO_LARGE = "larger than 512 MiB: unpack the archive, and load the model from there"


class Resource(Protocol):
    """A file of a package, a ``Traversable``: what ``importlib.resources.files("package") / "model.tflite"`` gives."""

    def read_bytes(self) -> bytes:
        """Its content."""
        ...


def read_resource(resource: Resource) -> bytes:
    """The content of a package's file.

    Raises:
        ModelError: it is missing, or cannot be read.
        TypeError: it is no such file.
    """
    if not callable(getattr(resource, "read_bytes", None)):
        raise TypeError(f"a model is a path, a file of a package or the bytes of one, not {resource!r}")
    opened = getattr(resource, "open", None)
    try:
        if not callable(opened):
            return resource.read_bytes()
        with opened("rb") as file:
            return read_model(str(resource), file, _MOST_UNPACKED_BYTES, _TOO_LARGE)
    except (FileNotFoundError, KeyError):  # KeyError: a zipfile.Path of older Pythons
        raise ModelError(str(resource), "no such file") from None
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ModelError(str(resource), f"cannot be read: {error}") from None


def read_archived(path: Path) -> bytes | None:
    """The content of a file in a zip archive, where a part of the path is one: beside a module that was imported from
    it, for instance. None where there is no such archive, or nothing of that name in it.

    Raises:
        ModelError: the archive is damaged, or its member cannot be read.
    """
    whole = Path(os.path.normpath(path))  # a module's folder may be followed by ".."
    archive = next((parent for parent in whole.parents if parent.is_file()), None)
    if archive is None or not zipfile.is_zipfile(archive):
        return None
    try:
        with zipfile.ZipFile(archive) as opened:
            member = opened.getinfo(whole.relative_to(archive).as_posix())
            if member.file_size > _MOST_UNPACKED_BYTES:
                raise ModelError(str(path), _TOO_LARGE)
            with opened.open(member) as file:
                return read_model(str(path), file, _MOST_UNPACKED_BYTES, _TOO_LARGE)
    except KeyError:
        return None
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        # NotImplementedError: a compression that this Python does not have; RuntimeError: a password.
        raise ModelError(str(path), f"cannot be read from {archive}: {error}") from None
