# Written by `ember-infer stubs`. Write it again instead of changing it.
# ruff: noqa
# mypy: disable-error-code="explicit-override"
"""The models of the typed example. ``models.pyi`` beside this file is written by ``ember-infer stubs examples``."""

from typing import Literal
import numpy as np
import numpy.typing as npt
from ember_infer_core import KernelBackend
from ember_infer_macros import QuantizedModel, Session, ember_model
from ember_infer_macros.arrays import Arrays, FloatArray, Int8Array, RealValues, Scratch

@ember_model("../../models/digits.tflite")
class Digits(QuantizedModel):
    """INT8 model 'digits': 12 operator calls.

    Input 0: int8 [1, 8, 8, 1], real = 0.06666667014360428 * (q + 128).
    Output 0: int8 [1, 10], real = 0.00390625 * (q + 128).

    Arena: 3072 bytes. Operators:

      conv1: conv2d
      depthwise2: depthwise_conv2d
      pointwise2: conv2d
      residual_add2: add
      max_pool: max_pool
      conv3: conv2d
      depthwise4: depthwise_conv2d
      pointwise4: conv2d
      residual_add4: add
      average_pool: avg_pool
      logits: fully_connected
      probabilities: softmax
    """

    @staticmethod
    def input_names() -> tuple[str, ...]:
        """Names of the inputs, in their order, as the model file has them."""

    @staticmethod
    def output_names() -> tuple[str, ...]:
        """Names of the outputs, in their order, as the model file has them."""

    @staticmethod
    def input_len(index: int = 0) -> Literal[64]:
        """Elements of the input: 64 = 1 x 8 x 8 x 1."""

    @staticmethod
    def output_len(index: int = 0) -> Literal[10]:
        """Elements of the output: 10 = 1 x 10."""

    @staticmethod
    def input_shape(index: int = 0) -> tuple[Literal[1], Literal[8], Literal[8], Literal[1]]:
        """Shape of the input, batch first: (1, 8, 8, 1)."""

    @staticmethod
    def output_shape(index: int = 0) -> tuple[Literal[1], Literal[10]]:
        """Shape of the output, batch first: (1, 10)."""

    @staticmethod
    def input_dtype(index: int = 0) -> np.dtype[np.int8]:
        """Element type of the input: int8."""

    @staticmethod
    def output_dtype(index: int = 0) -> np.dtype[np.int8]:
        """Element type of the output: int8."""

    @staticmethod
    def input_scale(index: int = 0) -> float:
        """Scale of the input: 0.06666667014360428 in ``real = 0.06666667014360428 * (q + 128)``."""

    @staticmethod
    def input_zero_point(index: int = 0) -> Literal[-128]:
        """Zero point of the input: -128 in ``real = 0.06666667014360428 * (q + 128)``."""

    @staticmethod
    def output_scale(index: int = 0) -> float:
        """Scale of the output: 0.00390625 in ``real = 0.00390625 * (q + 128)``."""

    @staticmethod
    def output_zero_point(index: int = 0) -> Literal[-128]:
        """Zero point of the output: -128 in ``real = 0.00390625 * (q + 128)``."""

    @staticmethod
    def arena_len() -> int:
        """Bytes of activations after planning: 3072."""

    @staticmethod
    def state_len() -> int:
        """Bytes that a session keeps from run to run: 0."""

    @staticmethod
    def predict_quantized(backend: KernelBackend, input: Arrays[Int8Array], output: Arrays[Int8Array]) -> None:
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

        Model:
            input: int8 [1, 8, 8, 1], real = 0.06666667014360428 * (q + 128)
            output: int8 [1, 10], real = 0.00390625 * (q + 128)
        """

    @staticmethod
    def predict_quantized_with_scratch(
        backend: KernelBackend, input: Arrays[Int8Array], output: Arrays[Int8Array], scratch: Scratch
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

        Model:
            input: int8 [1, 8, 8, 1], real = 0.06666667014360428 * (q + 128)
            output: int8 [1, 10], real = 0.00390625 * (q + 128)
        """

    @staticmethod
    def quantize(real: npt.ArrayLike, index: int = 0) -> Int8Array:
        """Real values to an input's type: ``round(real / scale) + zero_point``, saturating, where it is quantised, and
        the values themselves where it is not. The shape is kept.

        Raises:
            InvalidShape: the input is of integers or bools without a scale, and the values are none.
            ValueError: a value is NaN and the input quantised, or a value does not fit into an integer type.

        Model:
            input: int8 [1, 8, 8, 1], real = 0.06666667014360428 * (q + 128)
        """

    @staticmethod
    def dequantize(q: npt.ArrayLike, index: int = 0) -> FloatArray:
        """An output's elements to real values: ``scale * (q - zero_point)`` in float32 where it is quantised, and a
        copy of them where it is not. The shape is kept.

        Model:
            output: int8 [1, 10], real = 0.00390625 * (q + 128)
        """

    @staticmethod
    def predict(backend: KernelBackend, real: RealValues) -> FloatArray:
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

        Model:
            input: int8 [1, 8, 8, 1], real = 0.06666667014360428 * (q + 128)
            output: int8 [1, 10], real = 0.00390625 * (q + 128)
        """

    @staticmethod
    def predict_batch(backend: KernelBackend, inputs: Arrays[Int8Array]) -> Int8Array:
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

        Model:
            input: int8 [1, 8, 8, 1], real = 0.06666667014360428 * (q + 128)
            output: int8 [1, 10], real = 0.00390625 * (q + 128)
        """

    @staticmethod
    def predict_sequence(backend: KernelBackend, inputs: Arrays[Int8Array]) -> Int8Array:
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

        Model:
            input: int8 [1, 8, 8, 1], real = 0.06666667014360428 * (q + 128)
            output: int8 [1, 10], real = 0.00390625 * (q + 128)
        """

    @staticmethod
    def bind(backend: KernelBackend) -> Session:
        """A session with buffers and state of its own, for the hot loop: no copies, no look-ups. For one thread at a
        time.

        ``session.input[...] = x; session.run(); session.output``; ``session.reset()`` forgets, ``session.state`` is a
        copy of what it remembers, to be kept and put back.

        Raises:
            KernelError: the backend cannot run the model.

        Model:
            input: int8 [1, 8, 8, 1], real = 0.06666667014360428 * (q + 128)
            output: int8 [1, 10], real = 0.00390625 * (q + 128)
        """

@ember_model("../../models/sine.tflite")
class Sine(QuantizedModel):
    """INT8 model 'sine': 3 operator calls.

    Input 0: int8 [1, 1], real = 0.02463994175195694 * (q + 128).
    Output 0: int8 [1, 1], real = 0.007874015718698502 * q.

    Arena: 32 bytes. Operators:

      dense1: fully_connected
      dense2: fully_connected
      sine: fully_connected
    """

    @staticmethod
    def input_names() -> tuple[str, ...]:
        """Names of the inputs, in their order, as the model file has them."""

    @staticmethod
    def output_names() -> tuple[str, ...]:
        """Names of the outputs, in their order, as the model file has them."""

    @staticmethod
    def input_len(index: int = 0) -> Literal[1]:
        """Elements of the input: 1 = 1 x 1."""

    @staticmethod
    def output_len(index: int = 0) -> Literal[1]:
        """Elements of the output: 1 = 1 x 1."""

    @staticmethod
    def input_shape(index: int = 0) -> tuple[Literal[1], Literal[1]]:
        """Shape of the input, batch first: (1, 1)."""

    @staticmethod
    def output_shape(index: int = 0) -> tuple[Literal[1], Literal[1]]:
        """Shape of the output, batch first: (1, 1)."""

    @staticmethod
    def input_dtype(index: int = 0) -> np.dtype[np.int8]:
        """Element type of the input: int8."""

    @staticmethod
    def output_dtype(index: int = 0) -> np.dtype[np.int8]:
        """Element type of the output: int8."""

    @staticmethod
    def input_scale(index: int = 0) -> float:
        """Scale of the input: 0.02463994175195694 in ``real = 0.02463994175195694 * (q + 128)``."""

    @staticmethod
    def input_zero_point(index: int = 0) -> Literal[-128]:
        """Zero point of the input: -128 in ``real = 0.02463994175195694 * (q + 128)``."""

    @staticmethod
    def output_scale(index: int = 0) -> float:
        """Scale of the output: 0.007874015718698502 in ``real = 0.007874015718698502 * q``."""

    @staticmethod
    def output_zero_point(index: int = 0) -> Literal[0]:
        """Zero point of the output: 0 in ``real = 0.007874015718698502 * q``."""

    @staticmethod
    def arena_len() -> int:
        """Bytes of activations after planning: 32."""

    @staticmethod
    def state_len() -> int:
        """Bytes that a session keeps from run to run: 0."""

    @staticmethod
    def predict_quantized(backend: KernelBackend, input: Arrays[Int8Array], output: Arrays[Int8Array]) -> None:
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

        Model:
            input: int8 [1, 1], real = 0.02463994175195694 * (q + 128)
            output: int8 [1, 1], real = 0.007874015718698502 * q
        """

    @staticmethod
    def predict_quantized_with_scratch(
        backend: KernelBackend, input: Arrays[Int8Array], output: Arrays[Int8Array], scratch: Scratch
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

        Model:
            input: int8 [1, 1], real = 0.02463994175195694 * (q + 128)
            output: int8 [1, 1], real = 0.007874015718698502 * q
        """

    @staticmethod
    def quantize(real: npt.ArrayLike, index: int = 0) -> Int8Array:
        """Real values to an input's type: ``round(real / scale) + zero_point``, saturating, where it is quantised, and
        the values themselves where it is not. The shape is kept.

        Raises:
            InvalidShape: the input is of integers or bools without a scale, and the values are none.
            ValueError: a value is NaN and the input quantised, or a value does not fit into an integer type.

        Model:
            input: int8 [1, 1], real = 0.02463994175195694 * (q + 128)
        """

    @staticmethod
    def dequantize(q: npt.ArrayLike, index: int = 0) -> FloatArray:
        """An output's elements to real values: ``scale * (q - zero_point)`` in float32 where it is quantised, and a
        copy of them where it is not. The shape is kept.

        Model:
            output: int8 [1, 1], real = 0.007874015718698502 * q
        """

    @staticmethod
    def predict(backend: KernelBackend, real: RealValues) -> FloatArray:
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

        Model:
            input: int8 [1, 1], real = 0.02463994175195694 * (q + 128)
            output: int8 [1, 1], real = 0.007874015718698502 * q
        """

    @staticmethod
    def predict_batch(backend: KernelBackend, inputs: Arrays[Int8Array]) -> Int8Array:
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

        Model:
            input: int8 [1, 1], real = 0.02463994175195694 * (q + 128)
            output: int8 [1, 1], real = 0.007874015718698502 * q
        """

    @staticmethod
    def predict_sequence(backend: KernelBackend, inputs: Arrays[Int8Array]) -> Int8Array:
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

        Model:
            input: int8 [1, 1], real = 0.02463994175195694 * (q + 128)
            output: int8 [1, 1], real = 0.007874015718698502 * q
        """

    @staticmethod
    def bind(backend: KernelBackend) -> Session:
        """A session with buffers and state of its own, for the hot loop: no copies, no look-ups. For one thread at a
        time.

        ``session.input[...] = x; session.run(); session.output``; ``session.reset()`` forgets, ``session.state`` is a
        copy of what it remembers, to be kept and put back.

        Raises:
            KernelError: the backend cannot run the model.

        Model:
            input: int8 [1, 1], real = 0.02463994175195694 * (q + 128)
            output: int8 [1, 1], real = 0.007874015718698502 * q
        """
