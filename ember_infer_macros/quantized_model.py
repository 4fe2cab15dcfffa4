"""The interface of a model class: every signature once, for people, checkers and the generator."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ember_infer_core.backend import KernelBackend
    from ember_infer_core.program import Program
    from ember_infer_macros.arrays import AnyArray, Arrays, RealValues, Result, Scratch
    from ember_infer_macros.session import Session

__all__ = ["QuantizedModel", "ScratchLen"]


class ScratchLen(Protocol):
    """``scratch_len[MyBackend]()``: bytes of scratch for a backend class."""

    def __getitem__(self, backend: type[KernelBackend]) -> Callable[[], int]:
        """The length for one backend class, as a function."""
        ...


def _undecorated() -> NoReturn:
    raise TypeError("this class has no model: decorate it with @ember_model('path/to/model.tflite')")


class QuantizedModel(metaclass=ABCMeta):
    """A class made from a quantised TensorFlow Lite model by :func:`ember_model`. It is never instantiated.

    Every decorated class is a subclass: by inheritance where it says so, otherwise as a virtual one. Where a method
    takes an ``index``, it is the number of the input or output of a model that has several. Where it takes a sequence
    of arrays, it takes a dict as well, by the names that :meth:`input_names` and :meth:`output_names` tell.

    A model may keep state from run to run (``is_stateful``). What a class method computes depends on its arguments
    alone: every ``predict...`` starts from the initial state. A session (:meth:`bind`) goes on from run to run.
    """

    is_stateful: ClassVar[bool]
    program: ClassVar[Program]
    scratch_len: ClassVar[ScratchLen]

    @staticmethod
    def input_names() -> tuple[str, ...]:
        """Names of the inputs, in their order, as the model file has them."""
        _undecorated()

    @staticmethod
    def output_names() -> tuple[str, ...]:
        """Names of the outputs, in their order, as the model file has them."""
        _undecorated()

    @staticmethod
    def input_len(index: int = 0) -> int:
        """Elements of an input."""
        _undecorated()

    @staticmethod
    def output_len(index: int = 0) -> int:
        """Elements of an output."""
        _undecorated()

    @staticmethod
    def input_shape(index: int = 0) -> tuple[int, ...]:
        """Shape of an input, batch first."""
        _undecorated()

    @staticmethod
    def output_shape(index: int = 0) -> tuple[int, ...]:
        """Shape of an output, batch first."""
        _undecorated()

    @staticmethod
    def input_dtype(index: int = 0) -> np.dtype[Any]:
        """Element type of an input: int8, uint8, int16, int32, float32 or bool."""
        _undecorated()

    @staticmethod
    def output_dtype(index: int = 0) -> np.dtype[Any]:
        """Element type of an output: int8, uint8, int16, int32, float32 or bool."""
        _undecorated()

    @staticmethod
    def input_scale(index: int = 0) -> float:
        """Scale of an input: ``real = scale * (q - zero_point)``; 1.0 where its elements are the values themselves."""
        _undecorated()

    @staticmethod
    def input_zero_point(index: int = 0) -> int:
        """Zero point of an input; 0 where its elements are the values themselves."""
        _undecorated()

    @staticmethod
    def output_scale(index: int = 0) -> float:
        """Scale of an output: ``real = scale * (q - zero_point)``; 1.0 where its elements are the values themselves."""
        _undecorated()

    @staticmethod
    def output_zero_point(index: int = 0) -> int:
        """Zero point of an output; 0 where its elements are the values themselves."""
        _undecorated()

    @staticmethod
    def arena_len() -> int:
        """Bytes of activations after planning."""
        _undecorated()

    @staticmethod
    def state_len() -> int:
        """Bytes that a session keeps from run to run; 0 where the model has no state."""
        _undecorated()

    @staticmethod
    def predict_quantized(backend: KernelBackend, input: Arrays[AnyArray], output: Arrays[AnyArray]) -> None:
        """Runs the model once, the model's own types in and out; scratch is found for you.

        Args:
            backend: an instance, for example ``RefBackend()``.
            input: a contiguous array of ``input_len()`` elements of ``input_dtype()``, of any shape; a sequence of them
                where the model has several inputs.
            output: a contiguous, writable array of ``output_len()`` elements of ``output_dtype()``, of any shape; a
                sequence of them where the model has several outputs. It may overlap the input.

        Raises:
            InvalidShape: an array is not as described; nothing was written.
            KernelError: the backend cannot run the model, or one sample has no answer because CIRCULAR_BUFFER waits for
                more of them; nothing was written.
        """
        _undecorated()

    @staticmethod
    def predict_quantized_with_scratch(
        backend: KernelBackend, input: Arrays[AnyArray], output: Arrays[AnyArray], scratch: Scratch
    ) -> None:
        """:meth:`predict_quantized` in scratch memory of yours.

        Args:
            backend: an instance.
            input: see :meth:`predict_quantized`.
            output: see :meth:`predict_quantized`.
            scratch: contiguous, writable bytes, at least ``scratch_len[type(backend)]()`` of them.

        Raises:
            ScratchTooSmall: too few bytes; nothing was written.
            InvalidShape: an array is not as described; nothing was written.
            KernelError: the backend cannot run the model; nothing was written.
        """
        _undecorated()

    @staticmethod
    def quantize(real: npt.ArrayLike, index: int = 0) -> AnyArray:
        """Real values to an input's type: ``round(real / scale) + zero_point``, saturating, where it is quantised, and
        the values themselves where it is not. The shape is kept.

        Raises:
            InvalidShape: the input is of integers or bools without a scale, and the values are none.
            ValueError: a value is NaN and the input quantised, or a value does not fit into an integer type.
        """
        _undecorated()

    @staticmethod
    def dequantize(q: npt.ArrayLike, index: int = 0) -> AnyArray:
        """An output's elements to real values: ``scale * (q - zero_point)`` in float32 where it is quantised, and a
        copy of them where it is not. The shape is kept.
        """
        _undecorated()

    @staticmethod
    def predict(backend: KernelBackend, real: RealValues) -> Result:
        """Runs the model once on real values: :meth:`quantize`, :meth:`predict_quantized`, :meth:`dequantize`.

        Warns (:class:`ember_infer_core.QuantizedTwiceWarning`) of an array that has a quantised input's own type.

        Args:
            backend: an instance.
            real: ``input_len()`` numbers of any shape, a plain number where that is 1; a sequence of these where the
                model has several inputs.

        Returns:
            an array of ``output_shape()`` (of shape () for a plain number in and a single one out); a tuple of these
            where the model has several outputs. float32, unless the output is of integers or bools without a scale.

        Raises:
            InvalidShape: a wrong number of elements, or values that an input of integers or bools cannot take.
            ValueError: a value is NaN and the input quantised, or a value does not fit into an integer type.
            KernelError: the backend cannot run the model.
        """
        _undecorated()

    @staticmethod
    def predict_batch(backend: KernelBackend, inputs: Arrays[AnyArray]) -> Result:
        """Runs the model on N samples, the model's own types in and out. The samples know nothing of each other: a
        model with state starts each from its initial state (:meth:`predict_sequence` goes on from one to the next).

        Args:
            backend: an instance.
            inputs: of ``input_dtype()``, and of shape ``(N, *input_shape()[1:])``, or ``(N, ...)`` with ``input_len()``
                elements a row; a sequence of these where the model has several inputs. Where the model's own batch size
                is not 1, the first form needs an N that it divides.

        Returns:
            ``output_dtype()`` of shape ``(N, *output_shape()[1:])``, or ``(N, *output_shape())`` for rows of whole
            inputs with a batch size other than 1; a tuple of these where the model has several outputs.

        Raises:
            InvalidShape: an array is not as described.
            KernelError: the backend cannot run the model.
        """
        _undecorated()

    @staticmethod
    def predict_sequence(backend: KernelBackend, inputs: Arrays[AnyArray]) -> Result:
        """Runs the model on T steps of one sequence, the model's own types in and out: the state that one step leaves
        is what the next one finds. The first finds the initial state. A step that ends early (CIRCULAR_BUFFER) gives
        the last answer again, or zeros before the first.

        Args:
            backend: an instance.
            inputs: of ``input_dtype()`` and of shape ``(T, *input_shape())``, or ``(T, ...)`` with ``input_len()``
                elements a row; a sequence of these where the model has several inputs.

        Returns:
            ``output_dtype()`` of shape ``(T, *output_shape()[1:])``, or ``(T, *output_shape())`` where the model's own
            batch size is not 1; a tuple of these where the model has several outputs.

        Raises:
            InvalidShape: an array is not as described.
            KernelError: the backend cannot run the model.
        """
        _undecorated()

    @staticmethod
    def bind(backend: KernelBackend) -> Session:
        """A session with buffers and state of its own, for the hot loop: no copies, no look-ups. For one thread at a
        time.

        ``session.input[...] = x; session.run(); session.output``; ``session.reset()`` forgets, ``session.state`` is a
        copy of what it remembers, to be kept and put back.

        Raises:
            KernelError: the backend cannot run the model.
        """
        _undecorated()
