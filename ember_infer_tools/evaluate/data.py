"""From what a user has to a source of samples."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ember_infer_tools.evaluate.arrays import (
    ArraySource,
    FileArray,
    MappedSource,
    archive_arrays,
    array_file,
    map_array,
)
from ember_infer_tools.evaluate.blocks import Source
from ember_infer_tools.evaluate.errors import EvaluationError
from ember_infer_tools.evaluate.folders import FolderSource
from ember_infer_tools.evaluate.streams import IterableSource, ParquetSource

__all__ = ["open_source"]

_LABELS = "labels"
_INPUTS = "inputs"


def open_source(data: Any, labels: Any, inputs: int) -> Source:
    """The samples of a path, of arrays or of an iterable.

    Args:
        data: ``.npy``, ``.npz``, ``.parquet``, a folder; an array, or a list or tuple of arrays for each input of the
            model; any other iterable of samples.
        labels: a ``.npy`` or ``.npz`` file, the name of an array or a column in the data's own file; an array or
            iterable; None for what the data bring themselves.
        inputs: how many the model has.

    Raises:
        EvaluationError: they cannot be read, or do not go together.
    """
    if isinstance(data, str | Path):
        return _open_path(Path(data), labels, inputs)
    if isinstance(labels, str | Path):
        labels = map_array(_label_file(Path(labels)))
    if isinstance(data, np.ndarray):
        data = (data,)
    if isinstance(data, list | tuple) and len(data) == inputs and all(isinstance(part, np.ndarray) for part in data):
        return ArraySource(tuple(data), None if labels is None else np.asarray(labels))
    if not isinstance(data, Iterable):
        raise EvaluationError(f"data: a path, arrays or an iterable of samples is wanted, not {type(data).__name__}")
    return IterableSource(data, labels, inputs)


def _open_path(path: Path, labels: Any, inputs: int) -> Source:
    if not path.exists():
        raise EvaluationError(f"{path}: no such file or folder")
    if path.is_dir():
        if labels is not None:
            raise EvaluationError(f"{path}: the classes of a folder's samples are its folders: leave --labels out")
        if inputs != 1:
            raise EvaluationError(f"{path}: a folder's files are the samples of one input, and the model has {inputs}")
        return FolderSource(path)
    kind = path.suffix.lower()
    if kind == ".parquet":
        if labels is not None and not isinstance(labels, str):
            raise EvaluationError(f"{path}: the labels of a Parquet file are a column of it: give its name")
        return ParquetSource(path, labels, inputs)
    if kind not in (".npy", ".npz"):
        raise EvaluationError(f"{path}: samples are .npy, .npz, .parquet, or a folder of .wav, .bmp and .png")
    arrays = archive_arrays(path) if kind == ".npz" else {_INPUTS: array_file(path)}
    own = labels if isinstance(labels, str) and labels in arrays else _LABELS if labels is None else None
    given = _inputs(path, arrays, own or _LABELS, inputs)
    if own is not None:
        return MappedSource(given, arrays.get(own))
    if isinstance(labels, str | Path):
        return MappedSource(given, _label_file(Path(labels)))
    return ArraySource(tuple(map_array(array) for array in given), np.asarray(labels))


def _inputs(path: Path, arrays: dict[str, FileArray], labels: str, inputs: int) -> tuple[FileArray, ...]:
    """The array ``inputs``, or all but the labels in their order."""
    names = [_INPUTS] if inputs == 1 and _INPUTS in arrays else [name for name in arrays if name != labels]
    if len(names) != inputs:
        raise EvaluationError(f"{path}: {len(names)} arrays ({', '.join(names)}) for {inputs} inputs of the model")
    return tuple(arrays[name] for name in names)


def _label_file(path: Path) -> FileArray:
    if not path.exists():
        raise EvaluationError(f"{path}: no such file of labels, nor an array or column of the data's own file")
    if path.suffix.lower() != ".npz":
        return array_file(path)
    arrays = archive_arrays(path)
    if _LABELS not in arrays and len(arrays) != 1:
        raise EvaluationError(f"{path}: no array 'labels': there are {', '.join(arrays)}")
    return arrays.get(_LABELS) or next(iter(arrays.values()))
