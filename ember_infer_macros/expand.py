"""What :func:`ember_model` generates for a model file, as text: the Python counterpart of ``cargo expand``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ember_infer_macros.decorator import default_name, load_program

if TYPE_CHECKING:
    import os

__all__ = ["expand"]


def expand(path: str | os.PathLike[str], class_name: str | None = None) -> str:
    """The generated source of a model class.

    Args:
        path: a .tflite file, relative to the working directory.
        class_name: name of the class; by default made from the file's.

    Raises:
        ModelError: the file is missing, damaged or contradictory.
        UnsupportedModelError: lists every operator and type that stands in the way.
        ValueError: ``class_name`` is no identifier.
    """
    from ember_infer_macros.synthesize import expanded_source

    program = load_program(path)
    if class_name is None:
        class_name = default_name(program)
    if not class_name.isidentifier():
        raise ValueError(f"{class_name!r} is no name for a class")
    return expanded_source(program, class_name, Path(path).name)
