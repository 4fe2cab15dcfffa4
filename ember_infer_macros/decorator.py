"""The class decorator that makes a class from a model file."""

from __future__ import annotations

import os
import sys
import warnings
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

from ember_infer_core.errors import ModelError, ModelWarning
from ember_infer_macros.paths import resolve
from ember_infer_macros.quantized_model import QuantizedModel
from ember_infer_macros.tflite.read import ModelSource, read_graph, read_source

if TYPE_CHECKING:
    from ember_infer_core.program import Program

__all__ = ["default_name", "ember_model", "load", "load_program", "program_of", "source_of"]

C = TypeVar("C", bound=QuantizedModel)

# Of a class: a program does not tell its file's bytes, and not everybody who has the one keeps the other.
_SOURCE = "_model_source"


class _ModelDecorator(Protocol):
    @overload
    def __call__(self, cls: type[C]) -> type[C]: ...

    @overload
    def __call__(self, cls: type[Any]) -> type[QuantizedModel]: ...


def ember_model(path: ModelSource) -> _ModelDecorator:
    """Makes the decorated class a model class, with the interface of :class:`QuantizedModel`.

    ::

        @ember_model("models/sine.tflite")
        class SineModel(QuantizedModel): ...

    The base is for type checkers, which understand it without a plugin; a class without it is made just so.

    Args:
        path: a .tflite file, relative to the source file that holds the class (to the working directory where there is
            none, as in a REPL), in the same zip archive where the module is in one; a file of a package
            (``importlib.resources.files("package") / "sine.tflite"``); or the bytes of one.

    Raises:
        ModelError: at decoration, when the file is missing, damaged or contradictory.
        UnsupportedModelError: at decoration; lists every operator and type that stands in the way.
        TypeError: the class defines a name that would be generated.
    """
    if isinstance(path, type):
        raise TypeError(f"write @ember_model('path/to/model.tflite') above class {path.__name__}, with the parentheses")

    def decorate(cls: type[Any]) -> Any:
        from ember_infer_macros.synthesize import SYNTHESIZED_NAMES

        if not isinstance(cls, type):
            name = getattr(cls, "__name__", repr(cls))
            raise TypeError(
                f"@ember_model makes a class of a model: write `class {name}: ...` below it, not a function"
            )
        taken = [name for name in SYNTHESIZED_NAMES if name in vars(cls)]
        if taken:
            raise TypeError(f"class {cls.__name__} defines {', '.join(taken)}, which @ember_model generates: rename it")
        located = _located(path, cls)
        _complete(cls, located, _load(located, stacklevel=3))
        return cls

    return decorate


def load(model: ModelSource) -> type[QuantizedModel]:
    """A class of a model, without a decorator: for scripts and for models that are found at run time.

    A checker knows no more of it than :class:`QuantizedModel` says.

    Args:
        model: a path, relative to the working directory, which may lead into a zip archive; a file of a package
            (``importlib.resources.files("package") / "sine.tflite"``); or the bytes of a .tflite file.

    Raises:
        ModelError: the file is missing, damaged or contradictory.
        UnsupportedModelError: lists every operator and type that stands in the way.
    """
    program = _load(model, stacklevel=3)
    cls = type(default_name(program), (QuantizedModel,), {"__module__": __name__})
    _complete(cls, model, program)
    return cls


def default_name(program: Program) -> str:
    """A class's name, of the model file's."""
    return "".join(word.capitalize() for word in program.name.split("_")) + "Model"


def source_of(cls: type[Any]) -> ModelSource | None:
    """Where the model of a class comes from, for whoever needs the file itself; None where nothing has made it one."""
    source: ModelSource | None = getattr(cls, _SOURCE, None)
    return source


def _complete(cls: type[Any], model: ModelSource, program: Program) -> None:
    """Gives a class all that is generated, and says where it comes from."""
    from ember_infer_macros.interface import summary
    from ember_infer_macros.shown import model_html
    from ember_infer_macros.synthesize import synthesize

    setattr(cls, _SOURCE, os.path.abspath(model) if isinstance(model, str | os.PathLike) else model)
    for name, value in synthesize(program, cls.__name__).items():
        if isinstance(value, staticmethod):
            function = value.__func__
            function.__module__ = cls.__module__
            function.__qualname__ = f"{cls.__qualname__}.{name}"
        setattr(cls, name, value)
    if "_repr_html_" not in vars(cls):
        cls._repr_html_ = classmethod(model_html)  # IPython asks a class for class methods alone
    if not vars(cls).get("__doc__"):
        cls.__doc__ = summary(program)
    if not issubclass(cls, QuantizedModel):
        QuantizedModel.register(cls)


def load_program(model: ModelSource) -> Program:
    """Reads a model without making a class: for tools and backends' tests.

    Args:
        model: a path, relative to the working directory, which may lead into a zip archive; a file of a package
            (``importlib.resources.files("package") / "sine.tflite"``); or the bytes of a .tflite file.

    Raises:
        ModelError: the file is missing, damaged or contradictory.
        UnsupportedModelError: lists every operator and type that stands in the way.
    """
    return _load(model, stacklevel=3)


def program_of(source: str, content: bytes) -> Program:
    """As :func:`load_program`, for who has read the file already, by :func:`read_source`, and needs its bytes, too.

    Raises:
        ModelError: the file is damaged or contradictory.
        UnsupportedModelError: lists every operator and type that stands in the way.
    """
    return _lower(source, content, stacklevel=3)


def _load(model: ModelSource, stacklevel: int) -> Program:
    return _lower(*read_source(model), stacklevel=stacklevel + 1)


def _lower(source: str, content: bytes, stacklevel: int) -> Program:
    from ember_infer_macros.lower.program import lower_graph

    graph = read_graph(source, content)
    program = lower_graph(graph)
    for warning in graph.warnings:
        warnings.warn(f"{source}: {warning}", ModelWarning, stacklevel=stacklevel)
    return program


def _located(path: ModelSource, cls: type) -> ModelSource:
    """A relative path counts from the module's own file; without one, as in a REPL, from the working directory.

    Raises:
        ModelError: it is not there, but in the working directory, as a path from a command line is.
    """
    if not isinstance(path, str | os.PathLike):
        return path
    module = sys.modules.get(cls.__module__)
    file = getattr(module, "__file__", None)
    if not file:
        return path
    located = resolve(file, os.fspath(path))
    if os.path.isfile(path) and os.path.exists(file) and not os.path.exists(located):
        raise ModelError(
            located,
            f"no such file; a relative path counts from {os.path.basename(file)}, which holds class {cls.__name__}, "
            f"and {os.fspath(path)!r} is in the working directory: give os.path.abspath(path)",
        )
    return located
