"""The two sides of a comparison: a backend, another runtime's interpreter, or dumps from a device."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from ember_infer_core.backend import KernelBackend
from ember_infer_core.errors import ComparisonError
from ember_infer_core.program import Call, Tensor
from ember_infer_core.slots import AnyArray, Role
from ember_infer_core.state import KeepsState
from ember_infer_tools.compare.inputs import require_file, why_unreadable
from ember_infer_tools.compare.interpreters import RUNTIMES, InterpreterProcess, tflm_arena_size
from ember_infer_tools.compare.model import Model, Tensors
from ember_infer_tools.compare.rewrite import ModelFile
from ember_infer_tools.one_layer import OneLayer
from ember_infer_tools.specs import full_name, load_backend

__all__ = [
    "BackendSide",
    "DumpSide",
    "InterpreterSide",
    "Side",
    "load_side_backend",
    "open_side",
]

DUMPS = "dumps:"

T = TypeVar("T")


class Side(Protocol):
    """One side of a comparison. Where the model keeps state, samples are steps: :meth:`tensors` and :meth:`outputs`
    each go through the sequence in a state of their own.

    Attributes:
        name: how reports call it.
        can_run: whether :meth:`outputs` and :meth:`layer` work; dumps hold what was, and cannot be run.
        notes: what a reader of the comparison should know.
    """

    name: str
    can_run: bool
    notes: list[str]

    def tensors(self, sample: int, inputs: Sequence[AnyArray]) -> Tensors:
        """What every layer wrote in one run from end to end, its state too; without what the side does not have."""
        ...

    def outputs(self, inputs: Sequence[AnyArray]) -> Sequence[AnyArray]:
        """The model's outputs of an ordinary run, in which nothing but them is kept."""
        ...

    def layer(self, layer: Call, tensors: Tensors) -> Tensors:
        """What one layer makes of these inputs and this state: all its outputs, and the state that it leaves.

        Args:
            layer: which.
            tensors: what it meets, by the index of the tensor whose memory it is.
        """
        ...

    def close(self) -> None:
        """Lets go of processes."""
        ...


def open_side(spec: str | KernelBackend, model: Model) -> Side:
    """A side from a backend or from text: ``module:Class``, ``tflm``, ``litert`` or ``dumps:FOLDER``.

    Raises:
        ComparisonError: what it names is not there, or does not fit the model.
    """
    if isinstance(spec, KernelBackend):
        return BackendSide(spec, model, type(spec).__name__ if type(spec).__repr__ is object.__repr__ else repr(spec))
    if spec in RUNTIMES:
        return InterpreterSide(spec, model)
    if spec.startswith(DUMPS):
        return DumpSide(Path(spec.removeprefix(DUMPS)), model)
    return BackendSide(load_side_backend(spec), model, full_name(spec))


def load_side_backend(spec: str) -> KernelBackend:
    """The backend that a side names which is none of the others.

    Raises:
        ValueError: there is no such backend; the message says what else a side may be.
    """
    return load_backend(spec, (*RUNTIMES, f"{DUMPS}FOLDER"))


class BackendSide:
    """A backend of this project's contract, run as an application would run it: through ``compile``."""

    can_run: bool = True

    def __init__(self, backend: KernelBackend, model: Model, name: str) -> None:
        self.name: str = name
        self.notes: list[str] = []
        self._backend = backend
        self._program = program = model.program
        self._written, self._left = _observable(model)
        self._plain = self._guarded("the model", lambda: backend.compile(program))
        observed = replace(program, outputs=self._written)
        self._observed = self._guarded("the model", lambda: backend.compile(observed))
        self._layers: dict[str, OneLayer] = {}

    def tensors(self, sample: int, inputs: Sequence[AnyArray]) -> Tensors:
        """See :meth:`Side.tensors`."""
        for buffer, array in zip(self._observed.inputs, inputs, strict=True):
            buffer[...] = array
        self._guarded("the model", self._observed.run)
        found = {index: array.copy() for index, array in zip(self._written, self._observed.outputs, strict=True)}
        if self._left and isinstance(self._observed, KeepsState):
            variables = (variable.tensor for variable in self._program.variables)
            state = dict(zip(variables, self._observed.save_state(), strict=True))
            tensors = self._program.tensors
            found |= {index: state[at].reshape(tensors[index].shape) for index, at in self._left.items()}
        return found

    def outputs(self, inputs: Sequence[AnyArray]) -> Sequence[AnyArray]:
        """See :meth:`Side.outputs`."""
        for buffer, array in zip(self._plain.inputs, inputs, strict=True):
            buffer[...] = array
        self._guarded("the model", self._plain.run)
        return [array.copy() for array in self._plain.outputs]

    def layer(self, layer: Call, tensors: Tensors) -> Tensors:
        """See :meth:`Side.layer`."""
        what = f"layer {layer.name}"
        one = self._layers.get(layer.name)
        if one is None:
            one = self._guarded(what, lambda: OneLayer(self._backend, self._program, layer))
            self._layers[layer.name] = one
        return self._guarded(what, lambda: one.run(tensors))

    def close(self) -> None:
        """See :meth:`Side.close`."""

    def _guarded(self, what: str, action: Callable[[], T]) -> T:
        """Whatever a kernel raises ends the comparison, and is not a difference."""
        try:
            return action()
        except Exception as error:
            raise ComparisonError(f"{self.name}: {what}: {type(error).__name__}: {error}") from error


def _observable(model: Model) -> tuple[tuple[int, ...], dict[int, int]]:
    """What layers write: what can be an output of a program, and what is in a variable's memory when a run is over.

    A variable that is written once more in the same run does not show what it held before.
    """
    program, written = model.program, model.written()
    last = {program.storage(index): index for call in program.calls for index in call.tensors(Role.OUTPUT, Role.STATE)}
    outputs = tuple(index for index in written if program.storage(index) not in program.kept)
    left = {index: at for index in written if (at := program.storage(index)) in program.kept and last[at] == index}
    return outputs, left


class InterpreterSide:
    """Another runtime's interpreter, on model files rewritten so that every layer's output is one of the model's."""

    can_run: bool = True

    def __init__(self, kind: str, model: Model) -> None:
        runtime = RUNTIMES[kind]
        runtime.check_installed()
        self.name: str = runtime.describe()
        self.notes: list[str] = []
        self._model = model
        self._file = ModelFile(model.content)
        if kind == "litert":
            self._file.repair()
            if self._file.repaired:
                self.notes.append(
                    f"{self.name} was given a copy of the model in which {self._file.repaired} quantized_dimension "
                    "fields are set to 0: it refuses the file as it is"
                )
        self._written = list(model.written())
        self._loaded: set[str] = set()
        self._process = InterpreterProcess(runtime)
        self._arena_size = tflm_arena_size(model.program)

    def tensors(self, sample: int, inputs: Sequence[AnyArray]) -> Tensors:
        """See :meth:`Side.tensors`."""
        if not self._written:
            return {}
        found = self._run(
            "the model with every tensor as an output",
            lambda: self._file.observed(self._written),
            inputs,
            len(self._written),
        )
        return dict(zip(self._written, found, strict=True))

    def outputs(self, inputs: Sequence[AnyArray]) -> Sequence[AnyArray]:
        """See :meth:`Side.outputs`."""
        return self._run("the model", self._file.plain, inputs, len(self._model.program.outputs))

    def layer(self, layer: Call, tensors: Tensors) -> Tensors:
        """See :meth:`Side.layer`."""
        program = self._model.program
        read = [index for index in self._model.inputs(layer) if index < self._model.tensors]
        arrays = [tensors[program.storage(index)].reshape(program.tensors[index].shape) for index in read]
        outputs = self._model.outputs(layer)

        def file() -> bytes:
            return self._file.one_operator(layer.operator, read, outputs)

        return dict(zip(outputs, self._run(f"layer {layer.name}", file, arrays, len(outputs)), strict=True))

    def close(self) -> None:
        """See :meth:`Side.close`."""
        self._process.close()

    def _run(self, key: str, file: Callable[[], bytes], inputs: Sequence[AnyArray], outputs: int) -> list[AnyArray]:
        """All outputs of the file that ``key`` names, made and loaded at its first run."""
        if key not in self._loaded:
            self._process.load(key, file(), outputs, self._arena_size)
            self._loaded.add(key)
        return self._process.run(key, inputs)


class DumpSide:
    """What a device wrote: a folder of ``.npy`` and ``.bin`` files, or a table (CSV: layer, path) of them.

    A file is named after a layer, a model input (``input``, or ``input_0`` and on where there are several) or a
    tensor's index in the model file. It holds elements of the tensor's type, all samples one after the other.
    """

    can_run: bool = False

    def __init__(self, place: Path, model: Model) -> None:
        self.name: str = f"dumps in {place.name}"
        self.notes: list[str] = []
        self._arrays: dict[int, AnyArray] = {}
        self._paths: dict[int, Path] = {}
        names = _tensor_names(model)
        for key, path in _dump_files(place):
            index = names.get(key)
            if index is None:
                raise ComparisonError(f"{path}: {key!r} is none of this model's: {', '.join(_shown_names(model))}")
            if index in self._arrays:
                raise ComparisonError(f"{path}: a second dump of {key!r}")
            self._arrays[index] = _read_dump(path, key, model.program.tensors[index])
            self._paths[index] = path
        if not self._arrays:
            raise ComparisonError(f"{place}: no .npy or .bin file there")

    def given_inputs(self, model: Model) -> list[AnyArray] | None:
        """The model's inputs, ``(samples, *shape)`` each, if they were all dumped."""
        if not all(index in self._arrays for index in model.program.inputs):
            return None
        return [self._arrays[index] for index in model.program.inputs]

    def expect(self, samples: int) -> None:
        """Checks that every dump holds this many samples.

        Raises:
            ComparisonError: names the first that does not.
        """
        for index, array in self._arrays.items():
            if len(array) != samples:
                each = array.nbytes // len(array)
                raise ComparisonError(
                    f"{self._paths[index]}: {array.nbytes} bytes, which is {len(array)} of {each}; "
                    f"{samples} samples have {samples * each}"
                )

    def tensors(self, sample: int, inputs: Sequence[AnyArray]) -> Tensors:
        """See :meth:`Side.tensors`."""
        return {index: array[sample] for index, array in self._arrays.items()}

    def outputs(self, inputs: Sequence[AnyArray]) -> Sequence[AnyArray]:
        """Dumps cannot be run."""
        raise ComparisonError(f"{self.name} cannot be run")

    def layer(self, layer: Call, tensors: Tensors) -> Tensors:
        """Dumps cannot be run."""
        raise ComparisonError(f"{self.name} cannot be run")

    def close(self) -> None:
        """See :meth:`Side.close`."""


def _shown_names(model: Model) -> list[str]:
    return [*_input_names(model), *model.written().values()]


def _input_names(model: Model) -> dict[str, int]:
    inputs = model.program.inputs
    return {"input": inputs[0]} if len(inputs) == 1 else {f"input_{k}": index for k, index in enumerate(inputs)}


def _tensor_names(model: Model) -> dict[str, int]:
    """The tensors that a dump may hold, by every name that a file may have. A layer's own name goes first."""
    written = model.written()
    by_index = {str(index): index for index in (*model.program.inputs, *written)}
    return by_index | _input_names(model) | {name: index for index, name in written.items()}


def _dump_files(place: Path) -> list[tuple[str, Path]]:
    if place.is_dir():
        files = sorted(path for path in place.iterdir() if path.suffix in (".npy", ".bin"))
        return [(path.stem, path) for path in files]
    try:
        require_file(place)
        with place.open(newline="") as table:
            rows = [row for row in csv.reader(table) if row]
    except (OSError, ValueError, csv.Error) as error:
        raise ComparisonError(f"{place}: {why_unreadable(error)}") from error
    if rows and [cell.strip() for cell in rows[0]] == ["layer", "path"]:
        rows = rows[1:]
    for row in rows:
        if len(row) != 2:
            raise ComparisonError(f"{place}: a line holds a layer and a path, not {row}")
    return [(layer.strip(), place.parent / path.strip()) for layer, path in rows]


def _read_dump(path: Path, key: str, tensor: Tensor) -> AnyArray:
    """``(samples, *shape)``; a file without a header is little-endian, as devices are."""
    has_header = path.suffix == ".npy"
    try:
        require_file(path)
        raw: AnyArray = np.load(path, allow_pickle=False) if has_header else np.fromfile(path, np.uint8)
    except Exception as error:  # NumPy has one of every kind for a header that lies
        raise ComparisonError(f"{path}: {why_unreadable(error)}") from error
    if has_header and raw.dtype != tensor.dtype:
        raise ComparisonError(f"{path}: {tensor.dtype} is wanted, not {raw.dtype}")
    if not raw.size or raw.nbytes % tensor.size:
        each = f"{tensor.size} bytes a sample ({tensor.dtype}{list(tensor.shape)})"
        raise ComparisonError(f"{path}: {raw.nbytes} bytes; {key} has {each}")
    if not has_header:
        raw = raw.view(tensor.dtype.newbyteorder("<")).astype(tensor.dtype)
    return np.ascontiguousarray(raw).reshape(-1, *tensor.shape)
