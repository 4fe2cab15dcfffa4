"""Writes INT8 ``.tflite`` files, tensor by tensor and operator by operator.

For tests, benchmarks and the scripts that train the models of this repository. It stands on the schema that ships with
TensorFlow Lite Micro's wheel and shares nothing with this project's own reader, so that each checks the other.
"""

from __future__ import annotations

import contextlib
import importlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["ModelWriter", "load_schema", "pack_model"]

FILE_IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3
BUFFER_ALIGNMENT = 16
# Older readers know only a signed byte for the operator code; it holds this where the code does not fit.
DEPRECATED_CODE_LIMIT = 127

_SCHEMA_MODULES = (
    "tflite_micro.tensorflow.lite.micro.python.schema_py_generated",
    "ai_edge_litert.schema_py_generated",
)

_TENSOR_TYPES = {
    "bool": "BOOL",
    "float32": "FLOAT32",
    "float64": "FLOAT64",
    "int16": "INT16",
    "int32": "INT32",
    "int64": "INT64",
    "int8": "INT8",
    "uint8": "UINT8",
}

# The operator versions that TensorFlow's converter writes for INT8; interpreters that check them want these.
_OPERATOR_VERSIONS: Mapping[str, int] = {
    "ADD": 2,
    "AVERAGE_POOL_2D": 2,
    "CONV_2D": 3,
    "DEPTHWISE_CONV_2D": 3,
    "FULLY_CONNECTED": 4,
    "MAX_POOL_2D": 2,
    "MUL": 2,
    "SOFTMAX": 2,
}


def load_schema() -> Any:
    """The official schema's generated Python module (object API included): from TensorFlow Lite Micro's wheel, or else
    from LiteRT's.

    Raises:
        ImportError: neither wheel is installed; the message names the extra that brings one.
    """
    for module in _SCHEMA_MODULES:
        with contextlib.suppress(ImportError):
            return importlib.import_module(module)
    raise ImportError("writing .tflite files needs TensorFlow Lite Micro's schema: pip install 'ember-infer[tflm]'")


def pack_model(model: Any) -> bytes:
    """The bytes of a ``ModelT`` of the official schema, every constant aligned to 16 bytes as the schema asks for."""
    flatbuffers = importlib.import_module("flatbuffers")
    schema = load_schema()

    class AlignedBuffer:
        """Packs one ``BufferT``: the generated code forgets the schema's ``force_align``."""

        def __init__(self, buffer: Any) -> None:
            self._buffer = buffer

        def Pack(self, builder: Any) -> Any:  # noqa: N802 - the generated code's name
            data = self._buffer.data
            vector = None if data is None else _byte_vector(builder, bytes(data))
            schema.BufferStart(builder)
            if vector is not None:
                schema.BufferAddData(builder, vector)
            schema.BufferAddOffset(builder, self._buffer.offset)
            schema.BufferAddSize(builder, self._buffer.size)
            return schema.BufferEnd(builder)

    builder = flatbuffers.Builder(1024)
    original = model.buffers
    model.buffers = None if original is None else [AlignedBuffer(buffer) for buffer in original]
    try:
        builder.Finish(model.Pack(builder), file_identifier=FILE_IDENTIFIER)
    finally:
        model.buffers = original
    return bytes(builder.Output())


class ModelWriter:
    """Collects the tensors and operators of one subgraph and writes them as a ``.tflite`` file.

    Tensors are named by the index that :meth:`tensor` returns. Nothing is checked that a kernel would check: a model
    that no interpreter accepts can be written too.

    Raises:
        ImportError: TensorFlow Lite Micro's wheel, which brings the schema, is not installed.
    """

    def __init__(self) -> None:
        self._schema = load_schema()
        self._tensors: list[Any] = []
        self._operators: list[Any] = []
        self._operator_codes: list[Any] = []
        self._buffers: list[Any] = [self._schema.BufferT()]  # buffer 0 stands for "no content"

    def tensor(
        self,
        name: str,
        shape: Sequence[int],
        dtype: str = "int8",
        *,
        scale: float | None = None,
        zero_point: int | None = None,
        scales: Sequence[float] | None = None,
        zero_points: Sequence[int] | None = None,
        quantized_dimension: int = 0,
        data: npt.ArrayLike | None = None,
        is_variable: bool = False,
    ) -> int:
        """Adds a tensor.

        Args:
            name: its name in the file.
            shape: sizes, outermost first.
            dtype: NumPy's name of the element type.
            scale: the one scale of the tensor, with ``zero_point`` (0 unless given).
            zero_point: see ``scale``.
            scales: one scale for each index along ``quantized_dimension``, in place of ``scale``.
            zero_points: as many; all 0 unless given.
            quantized_dimension: see ``scales``.
            data: the content of a constant; None for an activation.
            is_variable: whether the tensor keeps its content from one inference to the next.

        Returns:
            The index of the tensor, for operators and :meth:`finish`.

        Raises:
            ValueError: both ``scale`` and ``scales``, an unknown dtype, or ``data`` of another size or dtype.
        """
        if dtype not in _TENSOR_TYPES:
            raise ValueError(f"tensor {name!r}: dtype {dtype!r} is none of {', '.join(_TENSOR_TYPES)}")
        if scale is not None and scales is not None:
            raise ValueError(f"tensor {name!r}: give one scale or several scales, not both")
        tensor = self._schema.TensorT()
        tensor.name = name
        tensor.shape = [int(size) for size in shape]
        tensor.type = getattr(self._schema.TensorType, _TENSOR_TYPES[dtype])
        tensor.isVariable = is_variable
        if scale is not None:
            tensor.quantization = self._quantization([scale], [zero_point or 0], quantized_dimension)
        elif scales is not None:
            points = [0] * len(scales) if zero_points is None else zero_points
            tensor.quantization = self._quantization(scales, points, quantized_dimension)
        if data is not None:
            tensor.buffer = self._constant(name, shape, dtype, data)
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    def conv2d(
        self,
        input: int,
        weights: int,
        bias: int | None,
        output: int,
        *,
        padding: str = "SAME",
        stride_h: int = 1,
        stride_w: int = 1,
        dilation_h_factor: int = 1,
        dilation_w_factor: int = 1,
        activation: str = "NONE",
    ) -> None:
        """CONV_2D with weights ``[C_out, KH, KW, C_in / groups]``; the bias is left out where it is None."""
        options = self._schema.Conv2DOptionsT()
        self._window(options, padding, stride_h, stride_w, activation)
        options.dilationHFactor = dilation_h_factor
        options.dilationWFactor = dilation_w_factor
        self.operator("CONV_2D", _present(input, weights, bias), [output], options)

    def depthwise_conv2d(
        self,
        input: int,
        weights: int,
        bias: int | None,
        output: int,
        *,
        depth_multiplier: int = 1,
        padding: str = "SAME",
        stride_h: int = 1,
        stride_w: int = 1,
        dilation_h_factor: int = 1,
        dilation_w_factor: int = 1,
        activation: str = "NONE",
    ) -> None:
        """DEPTHWISE_CONV_2D with weights ``[1, KH, KW, C_out]``; the bias is left out where it is None."""
        options = self._schema.DepthwiseConv2DOptionsT()
        self._window(options, padding, stride_h, stride_w, activation)
        options.dilationHFactor = dilation_h_factor
        options.dilationWFactor = dilation_w_factor
        options.depthMultiplier = depth_multiplier
        self.operator("DEPTHWISE_CONV_2D", _present(input, weights, bias), [output], options)

    def fully_connected(
        self,
        input: int,
        weights: int,
        bias: int | None,
        output: int,
        *,
        activation: str = "NONE",
        keep_num_dims: bool = False,
    ) -> None:
        """FULLY_CONNECTED with weights ``[output_depth, input_depth]``; the bias is left out where it is None."""
        options = self._schema.FullyConnectedOptionsT()
        options.fusedActivationFunction = self._activation(activation)
        options.keepNumDims = keep_num_dims
        self.operator("FULLY_CONNECTED", _present(input, weights, bias), [output], options)

    def average_pool_2d(
        self,
        input: int,
        output: int,
        *,
        filter_height: int,
        filter_width: int,
        padding: str = "VALID",
        stride_h: int = 1,
        stride_w: int = 1,
        activation: str = "NONE",
    ) -> None:
        """AVERAGE_POOL_2D."""
        self._pool(
            "AVERAGE_POOL_2D", input, output, (filter_height, filter_width), padding, (stride_h, stride_w), activation
        )

    def max_pool_2d(
        self,
        input: int,
        output: int,
        *,
        filter_height: int,
        filter_width: int,
        padding: str = "VALID",
        stride_h: int = 1,
        stride_w: int = 1,
        activation: str = "NONE",
    ) -> None:
        """MAX_POOL_2D."""
        self._pool(
            "MAX_POOL_2D", input, output, (filter_height, filter_width), padding, (stride_h, stride_w), activation
        )

    def softmax(self, input: int, output: int, *, beta: float = 1.0) -> None:
        """SOFTMAX along the last axis."""
        options = self._schema.SoftmaxOptionsT()
        options.beta = beta
        self.operator("SOFTMAX", [input], [output], options)

    def add(self, input1: int, input2: int, output: int, *, activation: str = "NONE") -> None:
        """ADD."""
        options = self._schema.AddOptionsT()
        options.fusedActivationFunction = self._activation(activation)
        self.operator("ADD", [input1, input2], [output], options)

    def mul(self, input1: int, input2: int, output: int, *, activation: str = "NONE") -> None:
        """MUL."""
        options = self._schema.MulOptionsT()
        options.fusedActivationFunction = self._activation(activation)
        self.operator("MUL", [input1, input2], [output], options)

    def reshape(
        self, input: int, output: int, *, new_shape: Sequence[int] | None = None, shape: int | None = None
    ) -> None:
        """RESHAPE, its target written as the option ``new_shape``, as the int32 tensor ``shape``, both, or neither."""
        options = None
        if new_shape is not None:
            options = self._schema.ReshapeOptionsT()
            options.newShape = [int(size) for size in new_shape]
        self.operator("RESHAPE", _present(input, shape), [output], options)

    def operator(
        self,
        name: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        options: Any | None = None,
        *,
        custom_code: str | None = None,
        version: int | None = None,
    ) -> None:
        """Adds any operator.

        Args:
            name: its name in the schema's ``BuiltinOperator``, such as ``"CONV_2D"`` or ``"CUSTOM"``.
            inputs: tensor indices; -1 marks an absent one.
            outputs: tensor indices.
            options: an options object of the official schema, such as ``load_schema().Conv2DOptionsT()``.
            custom_code: the name of a ``CUSTOM`` operator.
            version: the operator's version; the converter's for INT8 unless given.
        """
        operator = self._schema.OperatorT()
        operator.opcodeIndex = self._operator_code(name, custom_code, version or _OPERATOR_VERSIONS.get(name, 1))
        operator.inputs = list(inputs)
        operator.outputs = list(outputs)
        if options is not None:
            table = type(options).__name__.removesuffix("T")
            operator.builtinOptionsType = getattr(self._schema.BuiltinOptions, table)
            operator.builtinOptions = options
        self._operators.append(operator)

    def model(self, inputs: Sequence[int], outputs: Sequence[int], description: str = "") -> Any:
        """The model so far as a ``ModelT`` of the official schema, to be changed at will and given to
        :func:`pack_model`.
        """
        subgraph = self._schema.SubGraphT()
        subgraph.name = "main"
        subgraph.tensors = self._tensors
        subgraph.operators = self._operators
        subgraph.inputs = list(inputs)
        subgraph.outputs = list(outputs)
        model = self._schema.ModelT()
        model.version = SCHEMA_VERSION
        model.description = description
        model.operatorCodes = self._operator_codes
        model.subgraphs = [subgraph]
        model.buffers = self._buffers
        return model

    def finish(self, inputs: Sequence[int], outputs: Sequence[int], description: str = "") -> bytes:
        """The file's bytes, with these tensors as the model's inputs and outputs, in this order."""
        return pack_model(self.model(inputs, outputs, description))

    def _quantization(self, scales: Sequence[float], zero_points: Sequence[int], quantized_dimension: int) -> Any:
        quantization = self._schema.QuantizationParametersT()
        quantization.scale = [float(scale) for scale in scales]
        quantization.zeroPoint = [int(point) for point in zero_points]
        quantization.quantizedDimension = quantized_dimension
        return quantization

    def _constant(self, name: str, shape: Sequence[int], dtype: str, data: npt.ArrayLike) -> int:
        array = np.asarray(data)
        if array.dtype.name != dtype or array.size != math.prod(shape):
            raise ValueError(
                f"tensor {name!r}: the data is {array.dtype.name}{list(array.shape)}, not {dtype}{list(shape)}"
            )
        buffer = self._schema.BufferT()
        buffer.data = np.frombuffer(array.astype(array.dtype.newbyteorder("<")).tobytes(), np.uint8)
        self._buffers.append(buffer)
        return len(self._buffers) - 1

    def _operator_code(self, name: str, custom_code: str | None, version: int) -> int:
        builtin = getattr(self._schema.BuiltinOperator, name)
        for index, known in enumerate(self._operator_codes):
            if (known.builtinCode, known.customCode, known.version) == (builtin, custom_code, version):
                return index
        code = self._schema.OperatorCodeT()
        code.builtinCode = builtin
        code.deprecatedBuiltinCode = min(builtin, DEPRECATED_CODE_LIMIT)
        code.customCode = custom_code
        code.version = version
        self._operator_codes.append(code)
        return len(self._operator_codes) - 1

    def _activation(self, name: str) -> int:
        value: int = getattr(self._schema.ActivationFunctionType, name)
        return value

    def _window(self, options: Any, padding: str, stride_h: int, stride_w: int, activation: str) -> None:
        options.padding = getattr(self._schema.Padding, padding)
        options.strideH = stride_h
        options.strideW = stride_w
        options.fusedActivationFunction = self._activation(activation)

    def _pool(
        self,
        name: str,
        input: int,
        output: int,
        window: tuple[int, int],
        padding: str,
        strides: tuple[int, int],
        activation: str,
    ) -> None:
        options = self._schema.Pool2DOptionsT()
        self._window(options, padding, *strides, activation)
        options.filterHeight, options.filterWidth = window
        self.operator(name, [input], [output], options)


def _present(*tensors: int | None) -> list[int]:
    return [tensor for tensor in tensors if tensor is not None]


def _byte_vector(builder: Any, data: bytes) -> Any:
    builder.StartVector(1, len(data), BUFFER_ALIGNMENT)
    builder.head = builder.head - len(data)
    builder.Bytes[builder.head : builder.head + len(data)] = data
    return builder.EndVector()
