"""LiteRT's (and tf.lite's) interpreter: the same methods, a microcontroller's bytes, on a backend of your choice.

::

    from ember_infer.litert import Interpreter  # was: from ai_edge_litert.interpreter import Interpreter

See docs/migrating.md.
"""

from __future__ import annotations

import enum
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from ember_infer.backends import chosen_backend
from ember_infer.details import array_for, copied, element_type, quantization_parameters
from ember_infer.model_file import read_model_file
from ember_infer.running import Running
from ember_infer.signatures import SignatureRunner
from ember_infer_core.backend import KernelBackend
from ember_infer_core.slots import AnyArray, Shape
from ember_infer_macros.tflite.graph import GraphTensor

__all__ = ["CannotResize", "Interpreter", "OpResolverType", "SignatureRunner", "load_delegate"]

_MOST_SAMPLES = 2**31 - 1  # details hold shapes as int32
_NO_DELEGATES = (
    "delegates compute with other kernels, and other numbers, than a microcontroller: leave experimental_delegates out "
    "and choose kernels with Interpreter(..., backend=...) or EMBER_BACKEND"
)


class OpResolverType(enum.Enum):
    """LiteRT's sets of kernels, between which nothing differs here."""

    AUTO = 0
    BUILTIN = 1
    BUILTIN_REF = 2
    BUILTIN_WITHOUT_DEFAULT_DELEGATES = 3


class CannotResize(ValueError, RuntimeError):
    """An input cannot have that shape. LiteRT promises the one type and raises the other, and scripts catch either."""


def load_delegate(library: str, options: Mapping[str, str] | None = None) -> NoReturn:
    """There are none here; scripts that can do without catch the error.

    Raises:
        ValueError: always.
    """
    raise ValueError(f"Failed to load delegate from {library}\n{_NO_DELEGATES}")


class Interpreter:
    """Runs a model. For one thread at a time.

    Args:
        model_path: a .tflite file; this or ``model_content``.
        model_content: the bytes of one.
        experimental_delegates: refused, unless empty.
        num_threads: checked, and without effect: a run uses one thread.
        experimental_op_resolver_type: without effect, as all further arguments of this kind.
        experimental_preserve_all_tensors: whether :meth:`get_tensor` shows what operators computed on the way.
        backend: what computes: a backend, or its name as the command line takes it (``native``,
            ``mypackage:MyBackend``); None for what the environment variable ``EMBER_BACKEND`` names, or RefBackend.

    Raises:
        ValueError: an argument, the model (ModelError) or the backend is none that works here.
    """

    def __init__(
        self,
        model_path: str | os.PathLike[str] | None = None,
        model_content: bytes | bytearray | memoryview | None = None,
        experimental_delegates: Sequence[Any] | None = None,
        num_threads: int | None = None,
        experimental_op_resolver_type: Any = OpResolverType.AUTO,
        experimental_preserve_all_tensors: bool = False,
        experimental_disable_delegate_clustering: bool = False,
        experimental_default_delegate_latest_features: bool = False,
        experimental_compress_quantization_zero_points: bool = False,
        experimental_disable_delegate_node_fusion: bool = False,
        experimental_force_delegate_node_profiling: bool = False,
        *,
        backend: KernelBackend | str | None = None,
    ) -> None:
        _check_options(experimental_delegates, num_threads, experimental_op_resolver_type)
        if model_path and model_content:
            raise ValueError("Can't both provide `model_path` and `model_content`")
        model = model_path or model_content
        if not model:
            raise ValueError("`model_path` or `model_content` must be specified.")
        self._file = read_model_file(model)
        self._graph = self._file.graph
        self._metadata = self._file.metadata
        self._backend = chosen_backend(backend)
        self._preserves = bool(experimental_preserve_all_tensors)
        self._shapes: dict[int, Shape] = {}  # of inputs that were resized
        self._running: Running | None = None  # from allocate_tensors() to the next resizing

    def allocate_tensors(self) -> None:
        """Makes the model ready to run, with the shapes that its inputs have now. Does nothing where it is ready.

        Raises:
            CannotResize: a ValueError and RuntimeError; the inputs hold different numbers of samples.
            RuntimeError: the backend cannot run the model.
        """
        if self._running is not None:
            return
        samples = self._samples()
        between = tuple(index for index in self._file.between if samples == 1 or self._has_batch(index))
        shown = between if self._preserves else ()
        self._running = Running(self._file, self._backend, shown, samples)

    def invoke(self) -> None:
        """Runs the model on what its inputs hold.

        Raises:
            RuntimeError: :meth:`allocate_tensors` is due, or this input has no answer.
        """
        if self._running is None:
            raise RuntimeError("Invoke called on model that is not ready: call allocate_tensors() first")
        self._running.run()

    def set_tensor(self, tensor_index: int, value: Any) -> None:
        """Copies an array into an input.

        Raises:
            ValueError: the tensor is no input, or the array has another type or shape.
        """
        tensor = self._graph.tensors[self._checked(tensor_index)]
        if tensor_index not in self._graph.inputs:
            raise ValueError(f"Cannot set tensor: {tensor.describe()} is no input of the model")
        if self._running is None:
            raise ValueError("Cannot set tensor: Tensor is unallocated. Try calling allocate_tensors() first")
        buffer = self._running.places[tensor_index]
        buffer[...] = array_for(value, tensor, buffer, tensor_index)

    def get_tensor(self, tensor_index: int, subgraph_index: int = 0) -> Any:
        """A copy of what an input, an output or a constant holds; of what lies between, with
        ``experimental_preserve_all_tensors``.

        Raises:
            ValueError: there is no such tensor, or nothing to show of it.
        """
        if subgraph_index:
            self._check_subgraph(subgraph_index)
        content = self._place(tensor_index)
        if content is None:
            content = self._file.constant(self._checked(tensor_index))
        return copied(self._content(tensor_index) if content is None else content)

    def tensor(self, tensor_index: int) -> Callable[[], AnyArray]:
        """A function that gives the memory of an input or output itself, to fill or to read without a copy.

        It stays the same until an input is resized, so that the array may be kept from run to run.
        """
        return lambda: self._content(self._checked(tensor_index))

    def resize_tensor_input(self, input_index: int, tensor_size: Sequence[int], strict: bool = False) -> None:
        """Gives an input another number of samples along its first axis; :meth:`allocate_tensors` is due then.

        Each sample is run by itself, as a device would run them: no operator sees two of them. Of an output, which
        follows the inputs, nothing is done: many scripts resize it all the same, and LiteRT lets them.

        Raises:
            CannotResize: a ValueError and RuntimeError; the tensor is no input, another axis would change, or the model
                keeps state.
        """
        if input_index in self._graph.outputs:
            return
        if input_index not in self._graph.inputs:
            raise CannotResize(f"tensor {input_index} is no input of the model, which cannot be resized")
        tensor = self._graph.tensors[input_index]
        wanted = tuple(int(size) for size in tensor_size)
        if wanted == self._shape(input_index):
            return
        if wanted != tensor.shape:
            self._check_size(input_index, wanted, strict)
        self._shapes[input_index] = wanted
        self._running = None

    def reset_all_variables(self) -> None:
        """Forgets all runs of a model that keeps state."""
        if self._running is not None:
            self._running.reset()

    def get_input_details(self) -> list[dict[str, Any]]:
        """Of every input: name, index, shape, shape_signature, dtype, quantization, quantization_parameters and
        sparsity_parameters.
        """
        return [self._get_tensor_details(index) for index in self._graph.inputs]

    def get_output_details(self) -> list[dict[str, Any]]:
        """Of every output the same as :meth:`get_input_details`."""
        return [self._get_tensor_details(index) for index in self._graph.outputs]

    def get_tensor_details(self, subgraph_index: int = 0) -> list[dict[str, Any]]:
        """Of every tensor of the file the same as :meth:`get_input_details`."""
        self._check_subgraph(subgraph_index)
        return [self._get_tensor_details(index) for index in range(len(self._graph.tensors))]

    def get_signature_list(self) -> dict[str, dict[str, list[str]]]:
        """The names of inputs and outputs of each signature, by its key."""
        return {
            key: {"inputs": list(signature.inputs), "outputs": list(signature.outputs)}
            for key, signature in self._metadata.signatures.items()
        }

    def get_signature_runner(self, signature_key: str | None = None) -> SignatureRunner:
        """A function from a signature's inputs to its outputs, by their names.

        Raises:
            ValueError: there is no such signature, none was named among several, or it is of a further subgraph.
        """
        signatures = self._metadata.signatures
        if signature_key is None:
            if len(signatures) != 1:
                raise ValueError(
                    f"SignatureDef signature_key is None and model has {len(signatures)} Signatures. None is only "
                    "allowed when the model has 1 SignatureDef"
                )
            (signature_key,) = signatures
        if signature_key not in signatures:
            raise ValueError(f'Invalid signature_key provided: "{signature_key}".')
        self._check_subgraph(signatures[signature_key].subgraph)
        return SignatureRunner(self, signatures[signature_key])

    def num_subgraphs(self) -> int:
        """How many the file has; the first is what runs."""
        return self._graph.subgraphs

    def _samples(self) -> int:
        """How many times its own batch size the model is to run at once."""
        counts = {self._shape(index)[0] // tensor.shape[0] for index, tensor in self._inputs() if tensor.shape}
        if not self._shapes or counts == {1}:
            return 1
        if len(counts) > 1 or not all(tensor.shape for _, tensor in self._inputs()):
            raise CannotResize("the inputs hold different numbers of samples: resize all of them alike")
        return counts.pop()

    def _inputs(self) -> list[tuple[int, GraphTensor]]:
        return [(index, self._graph.tensors[index]) for index in self._graph.inputs]

    def _check_size(self, index: int, wanted: Shape, strict: bool) -> None:
        """Whether an input may have this shape, which is not the file's."""
        tensor = self._graph.tensors[index]
        own = tensor.shape
        if len(wanted) != len(own) or wanted[1:] != own[1:] or wanted[0] < 1 or wanted[0] % own[0]:
            allowed = ", ".join(map(str, ("N" if own[:1] == (1,) else f"N x {own[0]}", *own[1:]))) if own else ""
            raise CannotResize(
                f"{tensor.describe()} cannot become {list(wanted)}: only the number of samples can change here, "
                f"[{allowed}]; convert the model for another shape"
            )
        if wanted[0] > _MOST_SAMPLES:
            raise CannotResize(f"{tensor.describe()} cannot become {list(wanted)}: sizes are of 32 bits")
        signature = self._metadata.tensors[index].shape_signature or own
        if strict and signature[0] != -1:
            raise CannotResize(
                f"{tensor.describe()}: ResizeInputTensorStrict only allows mutating unknown dimensions identified by -1"
            )
        if self._file.program.variables:
            raise CannotResize(f"{tensor.describe()}: the model keeps state, which is one sample's")
        unbatched = [output for output in self._graph.outputs if not self._has_batch(output)]
        if unbatched:
            output = self._graph.tensors[unbatched[0]].describe()
            raise CannotResize(f"{tensor.describe()}: output {output} has no axis for several samples")

    def _has_batch(self, index: int) -> bool:
        """Whether a tensor's first axis is as long as that of the inputs: that of samples."""
        return self._graph.tensors[index].shape[:1] == self._graph.tensors[self._graph.inputs[0]].shape[:1]

    def _shape(self, index: int) -> Shape:
        """What it is now; of an input that was resized at once, of others when they have been allocated."""
        if index in self._shapes:
            return self._shapes[index]
        place = self._place(index)
        return self._graph.tensors[index].shape if place is None else place.shape

    def _place(self, index: int) -> AnyArray | None:
        """What an input, an output or a tensor between holds, if the model is ready."""
        return None if self._running is None else self._running.places.get(index)

    def _content(self, index: int) -> AnyArray:
        """The memory of a tensor that a run reads or writes."""
        place = self._place(index)
        if place is not None:
            return place
        if self._running is None:
            raise ValueError("Tensor data is null. Run allocate_tensors() first")
        hint = "" if self._preserves else ": make the Interpreter with experimental_preserve_all_tensors=True"
        raise ValueError(f"Tensor data is null: no run leaves {self._graph.tensors[index].describe()} behind{hint}")

    def _checked(self, index: int) -> int:
        if not 0 <= index < len(self._graph.tensors):
            raise ValueError(f"Invalid tensor index {index} exceeds max tensor index {len(self._graph.tensors)}")
        return index

    def _check_subgraph(self, index: int) -> None:
        count = self._graph.subgraphs
        if not 0 <= index < count:
            raise ValueError(f"subgraph_index is out of range: {index} for the model, which has {count} subgraphs.")
        if index:
            raise ValueError(f"subgraph_index {index}: only the first subgraph runs here, and can be looked at")

    def _get_tensor_details(self, index: int, subgraph_index: int = 0) -> dict[str, Any]:
        """As LiteRT's method of this name, which scripts call though it is not theirs."""
        tensor = self._graph.tensors[self._checked(index)]
        shape, quantization = self._shape(index), quantization_parameters(self._metadata.tensors[index])
        scales, zero_points = quantization["scales"], quantization["zero_points"]
        signature = self._metadata.tensors[index].shape_signature or shape
        return {
            "name": tensor.name,
            "index": index,
            "shape": np.array(shape, np.int32),
            "shape_signature": np.array(signature, np.int32),
            "dtype": element_type(tensor),
            "quantization": (float(scales[0]), int(zero_points[0])) if len(scales) == 1 else (0.0, 0),
            "quantization_parameters": quantization | {"block_size": 0},
            "sparsity_parameters": {},
        }


def _check_options(delegates: Sequence[Any] | None, num_threads: int | None, op_resolver_type: Any) -> None:
    """What the constructor takes for LiteRT's sake."""
    if delegates:
        raise ValueError(_NO_DELEGATES)
    # By name, so that LiteRT's own enumeration is as good.
    if getattr(op_resolver_type, "name", None) not in OpResolverType.__members__:
        raise ValueError(f"Unrecognized passed in op resolver type: {op_resolver_type}")
    if num_threads is not None:
        if not isinstance(num_threads, int):
            raise ValueError("type of num_threads should be int")
        if num_threads < 1:
            raise ValueError("num_threads should >= 1")
