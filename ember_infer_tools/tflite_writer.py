"""Writes ``.tflite`` files, tensor by tensor and operator by operator.

For tests, benchmarks and the scripts that train the models of this repository. It stands on the schema that ships with
TensorFlow Lite Micro's wheel and shares nothing with this project's own reader, so that each checks the other.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from ember_infer_tools.tflite_contents import TENSOR_TYPES, encode
from ember_infer_tools.tflite_options import make_options, operator_version

if TYPE_CHECKING:
    from flatbuffers import Builder as _Builder

__all__ = ["ModelWriter", "load_schema", "pack_model"]

FILE_IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3
BUFFER_ALIGNMENT = 16
NO_TENSOR = -1
# Older readers know only a signed byte for the operator code; it holds this where the code does not fit.
DEPRECATED_CODE_LIMIT = 127

_SCHEMA_MODULES = (
    "tflite_micro.tensorflow.lite.micro.python.schema_py_generated",
    "ai_edge_litert.schema_py_generated",
)


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
    from flatbuffers import Builder as _Builder

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

    builder = _Builder(1024)
    original = model.buffers
    model.buffers = None if original is None else [AlignedBuffer(buffer) for buffer in original]
    try:
        builder.Finish(model.Pack(builder), file_identifier=FILE_IDENTIFIER)
    finally:
        model.buffers = original
    return bytes(builder.Output())


class ModelWriter:
    """Collects the tensors and operators of one subgraph, the main one, and writes them as a ``.tflite`` file.

    Tensors are named by the index that :meth:`tensor` returns. Nothing is checked that a kernel would check: a model
    that no interpreter accepts can be written too.

    Attributes:
        number: of the subgraph, for the options of operators that call it; 0 for the main one.
        inputs, outputs: tensor indices of a subgraph that :meth:`subgraph` gave, to be set by the caller.

    Raises:
        ImportError: TensorFlow Lite Micro's wheel, which brings the schema, is not installed.
    """

    def __init__(self) -> None:
        self._schema = load_schema()
        self._tensors: list[Any] = []
        self._dtypes: list[str] = []
        self._operators: list[Any] = []
        self._operator_codes: list[Any] = []
        self._buffers: list[Any] = [self._schema.BufferT()]  # buffer 0 stands for "no content"
        self._subgraphs: list[ModelWriter] = [self]
        self.number: int = 0
        self.inputs: Sequence[int] = ()
        self.outputs: Sequence[int] = ()

    def subgraph(self) -> ModelWriter:
        """A further subgraph of this model, with tensors and operators of its own."""
        other = type(self)()
        other._operator_codes, other._buffers, other._subgraphs = self._operator_codes, self._buffers, self._subgraphs
        other.number = len(self._subgraphs)
        self._subgraphs.append(other)
        return other

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
            dtype: NumPy's name of the element type, ``"int4"``, or ``"resource"`` for the handle of a variable.
            scale: the one scale of the tensor, with ``zero_point`` (0 unless given).
            zero_point: see ``scale``.
            scales: one scale for each index along ``quantized_dimension``, in place of ``scale``.
            zero_points: as many; all 0 unless given.
            quantized_dimension: see ``scales``.
            data: the content of a constant; None for an activation. int4 is given as int8 from -8 to 7.
            is_variable: whether the tensor keeps its content from one inference to the next.

        Returns:
            The index of the tensor, for operators and :meth:`finish`.

        Raises:
            ValueError: both ``scale`` and ``scales``, an unknown dtype, or ``data`` of another size, dtype or range.
        """
        if dtype not in TENSOR_TYPES:
            raise ValueError(f"tensor {name!r}: dtype {dtype!r} is none of {', '.join(TENSOR_TYPES)}")
        if scale is not None and scales is not None:
            raise ValueError(f"tensor {name!r}: give one scale or several scales, not both")
        tensor = self._schema.TensorT()
        tensor.name = name
        tensor.shape = [int(size) for size in shape]
        tensor.type = getattr(self._schema.TensorType, TENSOR_TYPES[dtype])
        tensor.isVariable = is_variable
        if scale is not None:
            tensor.quantization = self._quantization([scale], [zero_point or 0], quantized_dimension)
        elif scales is not None:
            points = [0] * len(scales) if zero_points is None else zero_points
            tensor.quantization = self._quantization(scales, points, quantized_dimension)
        if data is not None:
            tensor.buffer = self._constant(encode(name, shape, dtype, data))
        self._tensors.append(tensor)
        self._dtypes.append(dtype)
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
        dilation = _dilation(dilation_h_factor, dilation_w_factor)
        window = _window(padding, stride_h, stride_w, activation)
        self.operator("CONV_2D", _present(input, weights, bias), [output], **dilation, **window)

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
        dilation = _dilation(dilation_h_factor, dilation_w_factor)
        window = _window(padding, stride_h, stride_w, activation)
        operands = _present(input, weights, bias)
        self.operator("DEPTHWISE_CONV_2D", operands, [output], depth_multiplier=depth_multiplier, **dilation, **window)

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
        operands = _present(input, weights, bias)
        self.operator("FULLY_CONNECTED", operands, [output], activation=activation, keep_num_dims=keep_num_dims)

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
        window = _window(padding, stride_h, stride_w, activation)
        self.operator(
            "AVERAGE_POOL_2D", [input], [output], filter_height=filter_height, filter_width=filter_width, **window
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
        window = _window(padding, stride_h, stride_w, activation)
        self.operator(
            "MAX_POOL_2D", [input], [output], filter_height=filter_height, filter_width=filter_width, **window
        )

    def softmax(self, input: int, output: int, *, beta: float = 1.0) -> None:
        """SOFTMAX along the last axis."""
        self.operator("SOFTMAX", [input], [output], beta=beta)

    def add(self, input1: int, input2: int, output: int, *, activation: str = "NONE") -> None:
        """ADD."""
        self.operator("ADD", [input1, input2], [output], activation=activation)

    def mul(self, input1: int, input2: int, output: int, *, activation: str = "NONE") -> None:
        """MUL."""
        self.operator("MUL", [input1, input2], [output], activation=activation)

    def reshape(
        self, input: int, output: int, *, new_shape: Sequence[int] | None = None, shape: int | None = None
    ) -> None:
        """RESHAPE, its target written as the option ``new_shape``, as the int32 tensor ``shape``, both, or neither."""
        operands = _present(input, shape)
        if new_shape is None:
            self.operator("RESHAPE", operands, [output], with_options=False)
        else:
            self.operator("RESHAPE", operands, [output], new_shape=[int(size) for size in new_shape])

    def operator(
        self,
        name: str,
        inputs: Sequence[int | None],
        outputs: Sequence[int],
        options: Any | None = None,
        *,
        with_options: bool = True,
        custom_code: str | None = None,
        custom_options: bytes | None = None,
        version: int | None = None,
        **fields: Any,
    ) -> None:
        """Adds any operator.

        Args:
            name: its name in the schema's ``BuiltinOperator``, such as ``"CONV_2D"`` or ``"CUSTOM"``.
            inputs: tensor indices; None or -1 marks an absent one.
            outputs: tensor indices.
            options: an options object of the official schema, such as ``load_schema().Conv2DOptionsT()``, in place of
                ``fields``.
            with_options: False leaves the table of options out, which means the same to few interpreters.
            custom_code: the name of a ``CUSTOM`` operator.
            custom_options: its options, in whatever form it has them.
            version: the operator's version; the converter's for the inputs' types unless given.
            fields: the operator's options by the names of the schema's fields, such as ``axis=3``; enumerations by
                name, such as ``padding="SAME"``. ``activation`` is short for ``fused_activation_function``.

        Raises:
            ValueError: the schema has no such operator, or the operator no such option.
        """
        if name.startswith("_") or not hasattr(self._schema.BuiltinOperator, name):
            raise ValueError(f"the schema has no operator {name!r}")
        if fields and (options is not None or not with_options):
            raise ValueError(f"{name}: give options as an object, by keyword, or not at all")
        if options is None and with_options:
            options = make_options(self._schema, name, fields)
        operator = self._schema.OperatorT()
        operator.inputs = [NO_TENSOR if index is None else index for index in inputs]
        operator.outputs = list(outputs)
        if version is None:
            version = operator_version(name, [self._dtype(index) for index in operator.inputs])
        operator.opcodeIndex = self._operator_code(name, custom_code, version)
        if options is not None:
            table = type(options).__name__.removesuffix("T")
            operator.builtinOptionsType = getattr(self._schema.BuiltinOptions, table)
            operator.builtinOptions = options
        if custom_options is not None:
            operator.customOptions = list(custom_options)
        self._operators.append(operator)

    def model(self, inputs: Sequence[int], outputs: Sequence[int], description: str = "") -> Any:
        """The model so far as a ``ModelT`` of the official schema, to be changed at will and given to
        :func:`pack_model`.
        """
        self.inputs, self.outputs = inputs, outputs
        model = self._schema.ModelT()
        model.version = SCHEMA_VERSION
        model.description = description
        model.operatorCodes = self._operator_codes
        model.subgraphs = [writer._subgraph() for writer in self._subgraphs]
        model.buffers = self._buffers
        return model

    def finish(self, inputs: Sequence[int], outputs: Sequence[int], description: str = "") -> bytes:
        """The file's bytes, with these tensors as the model's inputs and outputs, in this order."""
        return pack_model(self.model(inputs, outputs, description))

    def _subgraph(self) -> Any:
        subgraph = self._schema.SubGraphT()
        subgraph.name = f"subgraph_{self.number}" if self.number else "main"
        subgraph.tensors = self._tensors
        subgraph.operators = self._operators
        subgraph.inputs = list(self.inputs)
        subgraph.outputs = list(self.outputs)
        return subgraph

    def _quantization(self, scales: Sequence[float], zero_points: Sequence[int], quantized_dimension: int) -> Any:
        quantization = self._schema.QuantizationParametersT()
        quantization.scale = [float(scale) for scale in scales]
        quantization.zeroPoint = [int(point) for point in zero_points]
        quantization.quantizedDimension = quantized_dimension
        return quantization

    def _constant(self, content: npt.NDArray[Any]) -> int:
        buffer = self._schema.BufferT()
        buffer.data = content
        self._buffers.append(buffer)
        return len(self._buffers) - 1

    def _dtype(self, index: int) -> str | None:
        return self._dtypes[index] if 0 <= index < len(self._dtypes) else None

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


def _present(*tensors: int | None) -> list[int]:
    return [tensor for tensor in tensors if tensor is not None]


def _window(padding: str, stride_h: int, stride_w: int, activation: str) -> dict[str, Any]:
    """The options of every window that moves over an image."""
    return {"padding": padding, "stride_h": stride_h, "stride_w": stride_w, "activation": activation}


def _dilation(height: int, width: int) -> dict[str, Any]:
    return {"dilation_h_factor": height, "dilation_w_factor": width}


def _byte_vector(builder: _Builder, data: bytes) -> int:
    builder.StartVector(1, len(data), BUFFER_ALIGNMENT)
    builder.head = builder.head - len(data)
    builder.Bytes[builder.head : builder.head + len(data)] = data
    return builder.EndVector()
