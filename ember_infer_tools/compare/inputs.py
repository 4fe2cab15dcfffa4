"""Samples to compare on, from a file."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np

from ember_infer_core.errors import ComparisonError
from ember_infer_core.samples import FileInputs

__all__ = ["load_inputs", "require_file", "why_unreadable"]


def load_inputs(path: Path) -> FileInputs:
    """Samples from a ``.npy`` file, or a ``.npz`` file: its array ``inputs``, or one array for each input in order.

    Raises:
        ComparisonError: no such file, or not of that kind.
    """
    try:
        require_file(path)
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return FileInputs([loaded], str(path))
        with loaded as archive:
            names = ["inputs"] if "inputs" in archive else archive.files
            return FileInputs([archive[name] for name in names], str(path), names)
    except Exception as error:  # NumPy, zipfile and zlib have one of every kind for a header or an archive that lies
        raise ComparisonError(f"{path}: {why_unreadable(error)}") from error


def require_file(path: Path) -> None:
    """Makes sure that reading comes to an end: a FIFO waits for ever, a device has none.

    Raises:
        OSError: there is nothing.
        ValueError: there is something else than a file.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise ValueError("not a regular file")


def why_unreadable(error: Exception) -> str:
    """The reason alone: an OSError repeats the path, and NumPy takes every file that it does not know for pickles."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "no NumPy file of numbers (.npy, .npz)" if "pickle" in str(error) else str(error) or type(error).__name__
