"""What lowering an operator needs: its tensors, options and quantisation, and how to refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import numpy as np

from ember_infer_core.activation import FusedActivation
from ember_infer_core.errors import InvalidShape, ModelError, Undefined
from ember_infer_core.ops.windows import Padding
from ember_infer_core.program import Tensor
from ember_infer_core.quantization import AnyQuantParam, PerChannelQuantParam, QuantParam
from ember_infer_core.slots import AnyArray, DType, OperatorParams, Shape4
from ember_infer_macros.tflite.graph import Graph, GraphOperator, GraphTensor
from ember_infer_macros.tflite.schema import NO_TENSOR, BuiltinOperator, TensorType

__all__ = ["DTYPES", "Lowered", "Lowering", "OperatorSource", "Refusal"]

T = TypeVar("T")
P = TypeVar("P", bound=OperatorParams)

# ActivationFunctionType of the schema; SIGMOID exists only in the C enumeration.
_ACTIVATIONS = {
    0: FusedActivation.NONE,
    1: FusedActivation.RELU,
    2: FusedActivation.RELU_N1_TO_1,
    3: FusedActivation.RELU6,
    4: FusedActivation.TANH,
    5: FusedActivation.SIGN_BIT,
}


# The kernels of TFLM that never count their inputs: they use the first ones, whatever follows. All others refuse a
# number that they do not want. A test holds this list to the wheel.
_UNCOUNTED = frozenset(
    {
        BuiltinOperator.ADD,
        BuiltinOperator.ARG_MAX,
        BuiltinOperator.ARG_MIN,
        BuiltinOperator.AVERAGE_POOL_2D,
        BuiltinOperator.DIV,
        BuiltinOperator.EQUAL,
        BuiltinOperator.FILL,
        BuiltinOperator.FLOOR,
        BuiltinOperator.FULLY_CONNECTED,
        BuiltinOperator.GREATER,
        BuiltinOperator.GREATER_EQUAL,
        BuiltinOperator.LESS,
        BuiltinOperator.LESS_EQUAL,
        BuiltinOperator.LOGICAL_AND,
        BuiltinOperator.LOGICAL_OR,
        BuiltinOperator.LOGISTIC,
        BuiltinOperator.MAXIMUM,
        BuiltinOperator.MAX_POOL_2D,
        BuiltinOperator.MINIMUM,
        BuiltinOperator.MIRROR_PAD,
        BuiltinOperator.NEG,
        BuiltinOperator.NOT_EQUAL,
        BuiltinOperator.PRELU,
        BuiltinOperator.RELU,
        BuiltinOperator.RELU6,
        BuiltinOperator.SPLIT,
        BuiltinOperator.SUB,
        BuiltinOperator.UNPACK,
    }
)

# What tensors of each type hold here; int4 is unpacked.
DTYPES: Mapping[TensorType, DType] = {
    TensorType.BOOL: np.dtype(np.bool_),
    TensorType.FLOAT32: np.dtype(np.float32),
    TensorType.INT4: np.dtype(np.int8),
    TensorType.INT8: np.dtype(np.int8),
    TensorType.INT16: np.dtype(np.int16),
    TensorType.INT32: np.dtype(np.int32),
    TensorType.INT64: np.dtype(np.int64),
    TensorType.UINT8: np.dtype(np.uint8),
    TensorType.UINT32: np.dtype(np.uint32),
}


class Refusal(Exception):
    """One operator of a valid model that cannot be run; lowering collects them all."""


@dataclass(frozen=True, slots=True)
class Lowered:
    """One operator, lowered.

    Attributes:
        method: of :class:`KernelBackend`.
        params: its parameters, unbound.
        operands: tensor number for each slot.
        constants: content of slots that the file holds in another form, or not at all.
        states: initial content of slots that keep their content from run to run and are no tensor of the file.
    """

    method: str
    params: OperatorParams
    operands: Mapping[str, int]
    constants: Mapping[str, AnyArray] = field(default_factory=dict)
    states: Mapping[str, AnyArray] = field(default_factory=dict)


def _nothing_known(index: int) -> AnyArray | None:
    return None


@dataclass(frozen=True, slots=True)
class OperatorSource:
    """One operator of a graph, with checked access to what it refers to.

    Attributes:
        graph, operator: where it is.
        known: content of a tensor, by its number, that earlier operators compute from constants alone; else None.
        variables: by the number of a handle, the number of the tensor that is the variable, and that tensor.
    """

    graph: Graph
    operator: GraphOperator
    known: Callable[[int], AnyArray | None] = _nothing_known
    variables: Mapping[int, tuple[int, Tensor]] = field(default_factory=dict)

    def fail(self, reason: str) -> ModelError:
        """The error for a model that contradicts itself here."""
        return ModelError(self.graph.source, f"{self.operator.describe()}: {reason}")

    def _same_elements(self) -> bool:
        """Whether the output holds as many elements as an input, or as all together: TFLM often looks at no more."""
        tensors = self.graph.tensors
        counts = [tensors[index].elements for index in self.operator.inputs if index != NO_TENSOR]
        results = [tensors[index].elements for index in self.operator.outputs if index != NO_TENSOR]
        return sum(results) in (*counts, sum(counts))

    def prepare(self, prepare: Callable[..., P], **fields: Any) -> P:
        """The parameters that an operator's ``prepare`` makes of these fields.

        Raises:
            ModelError: the shapes contradict each other.
            Refusal: TFLM refuses the operator, or computes what nobody has defined.
        """
        try:
            return prepare(**fields)
        except InvalidShape as error:
            if self._same_elements():
                raise Refusal(f"{error}; of as many elements TensorFlow Lite Micro may run it all the same") from None
            raise self.fail(str(error)) from None
        except Undefined as error:
            raise Refusal(str(error)) from None
        except ValueError as error:
            raise Refusal(f"{error}; TensorFlow Lite Micro refuses this too") from None

    def lowered(
        self,
        method: str,
        prepare: Callable[..., OperatorParams],
        tensors: Mapping[str, GraphTensor],
        quantized: Iterable[str] = (),
        **fields: Any,
    ) -> Lowered:
        """The call of an operator that has these tensors in its slots.

        Args:
            method: of :class:`KernelBackend`.
            prepare: takes ``<slot>_shape`` of each tensor, ``<slot>_quant`` of those ``quantized``, and ``fields``.
            tensors: by slot.
            quantized: slots that have a quantisation.
            fields: what else the operator has.
        """
        fields |= {f"{slot}_shape": tensor.shape for slot, tensor in tensors.items()}
        fields |= {f"{slot}_quant": self.quant(tensors[slot]) for slot in quantized}
        operands = {slot: tensor.index for slot, tensor in tensors.items()}
        return Lowered(method, self.prepare(prepare, **fields), operands)

    def arity(self, inputs: tuple[int, ...]) -> None:
        """Checks the number of inputs (one of ``inputs``) and that there is one output."""
        self.input_count(inputs)
        self.one_output()

    def input_count(self, wanted: tuple[int, ...]) -> None:
        """Checks the number of inputs: one of ``wanted``, or more where TFLM does not look at those."""
        count = len(self.operator.inputs)
        if count in wanted or (count > max(wanted) and self.operator.code in _UNCOUNTED):
            return
        found = f"{count} inputs, where {' or '.join(map(str, wanted))} are wanted"
        if count > max(wanted):
            raise Refusal(f"{found}; TensorFlow Lite Micro refuses this too")
        raise self.fail(found)

    def one_output(self) -> None:
        """Checks that there is one output."""
        if len(self.outputs()) != 1:
            raise Refusal(f"{len(self.operator.outputs)} outputs, of which nothing writes those after the first")

    def options(self, kind: type[T]) -> T:
        """The operator's options, whose defaults run nowhere: strides and block sizes of 0, a beta of 0.

        Raises:
            Refusal: the file leaves them out, or has another operator's.
        """
        options = self.operator.options
        if not isinstance(options, kind):
            raise Refusal(
                f"its {kind.__name__} are missing; TensorFlow Lite Micro takes 0 for each, and then stops, or computes "
                "what no model means"
            )
        return options

    def options_or_default(self, kind: type[T]) -> T:
        """The operator's options, or the schema's defaults where the file leaves them out or has another operator's."""
        return self.operator.options if isinstance(self.operator.options, kind) else kind()

    def has_input(self, position: int) -> bool:
        """Whether an optional input is there."""
        return position < len(self.operator.inputs) and self.operator.inputs[position] != NO_TENSOR

    def input(self, position: int) -> GraphTensor:
        """An input that must be there."""
        if not self.has_input(position):
            raise self.fail(f"input {position} is missing")
        return self.graph.tensors[self.operator.inputs[position]]

    def inputs(self) -> list[GraphTensor]:
        """All inputs, none of which may be absent; one at least."""
        return [self.input(position) for position in range(max(1, len(self.operator.inputs)))]

    def output(self) -> GraphTensor:
        """The output."""
        return self.outputs()[0]

    def outputs(self) -> list[GraphTensor]:
        """All outputs; one at least."""
        if not self.operator.outputs:
            raise self.fail("it has no output")
        return [self.graph.tensors[index] for index in self.operator.outputs]

    def variable(self, handle: GraphTensor) -> tuple[int, Tensor]:
        """The tensor that a handle stands for, after its number."""
        try:
            return self.variables[handle.index]
        except KeyError:
            raise Refusal(
                f"{handle.describe()} is the handle of no variable that is ever assigned; what TensorFlow Lite Micro "
                "reads there nobody has written"
            ) from None

    def dtype(self, tensor: GraphTensor) -> DType:
        """Of a tensor's elements."""
        return DTYPES[tensor.type]

    def shape4(self, tensor: GraphTensor) -> Shape4:
        """The shape of a tensor that must have rank 4."""
        if len(tensor.shape) != 4:
            raise self.fail(f"{tensor.describe()} must have rank 4")
        batch, height, width, channels = tensor.shape
        return batch, height, width, channels

    def is_known(self, tensor: GraphTensor) -> bool:
        """Whether the tensor is a constant, or computed from constants alone."""
        return tensor.data is not None or self.known(tensor.index) is not None

    def constant(self, tensor: GraphTensor) -> GraphTensor:
        """The tensor, which must be a constant, or be computed from constants alone."""
        if not self.is_known(tensor):
            raise Refusal(f"{tensor.describe()} is computed at run time; only constants are supported there")
        return tensor

    def whole_numbers(self, tensor: GraphTensor) -> list[int]:
        """The elements, in their order, of a tensor of whole numbers that :meth:`constant` takes."""
        content = self.known(self.constant(tensor).index)
        if content is None:
            content = np.frombuffer(tensor.data or b"", self.dtype(tensor).newbyteorder("<"))[: tensor.elements]
        numbers: list[int] = content.reshape(-1).tolist()
        return numbers

    def written_numbers(self, tensor: GraphTensor) -> list[int]:
        """:meth:`whole_numbers` of a tensor that TFLM wants to have from the file."""
        if tensor.data is None:
            raise Refusal(f"{tensor.describe()} is no constant; TensorFlow Lite Micro refuses this too")
        return self.whole_numbers(tensor)

    def written_quant(self, tensor: GraphTensor) -> QuantParam | None:
        """The first scale and zero point that the file has for a tensor: all that TFLM's data movement looks at."""
        quantization = tensor.quantization
        if quantization is None:
            return None
        return QuantParam(quantization.scales[0], quantization.zero_points[0])

    def quant(self, tensor: GraphTensor) -> QuantParam:
        """Per-tensor quantisation of an activation."""
        quantization = self._quantization(tensor)
        if len(quantization.scales) != 1:
            raise Refusal(f"{tensor.describe()} is an activation with {len(quantization.scales)} scales")
        if quantization.scales[0] <= 0:
            raise self.fail(f"{tensor.describe()} has the scale 0")
        return QuantParam(quantization.scales[0], quantization.zero_points[0])

    def first_quant(self, tensor: GraphTensor) -> QuantParam:
        """Quantisation with the first scale where there are several: some of TFLM's kernels look at no other."""
        quantization = self._quantization(tensor)
        return QuantParam(quantization.scales[0], quantization.zero_points[0])

    def weights_quant(self, tensor: GraphTensor, channel_axis: int) -> AnyQuantParam:
        """Quantisation of weights: one scale, or one for each output channel."""
        quantization = self._quantization(tensor)
        channels, scales = tensor.shape[channel_axis], quantization.scales
        if len(scales) == 1:
            return QuantParam(scales[0], quantization.zero_points[0])
        if len(scales) != channels:
            raise self.fail(f"{tensor.describe()}: {len(scales)} scales for {channels} output channels")
        return PerChannelQuantParam(scales, quantization.zero_points, quantization.quantized_dimension)

    def _quantization(self, tensor: GraphTensor) -> Any:
        if tensor.quantization is None:
            raise Refusal(f"{tensor.describe()} is not quantised: it has no scale")
        return tensor.quantization

    def bias(self, channels: int, position: int = 2) -> dict[str, int]:
        """``{"bias": tensor number}``, or nothing where the operator has none."""
        if not self.has_input(position):
            return {}
        bias = self.constant(self.input(position))
        if int(np.prod(bias.shape)) != channels:
            raise self.fail(f"bias {bias.describe()} does not have {channels} elements")
        return {"bias": bias.index}

    def activation(self, number: int) -> FusedActivation:
        """A fused activation from its number in the schema."""
        activation = _ACTIVATIONS.get(number)
        if activation is None:
            raise self.fail(f"fused activation {number} is unknown")
        return activation

    def padding(self, number: int) -> Padding:
        """A padding scheme from its number in the schema."""
        try:
            return Padding(number)
        except ValueError:
            raise self.fail(f"padding scheme {number} is unknown") from None

    def positive(self, **values: int) -> None:
        """Checks that attributes are 1 or more; TFLM does not, and most of what it computes then is defined."""
        for name, value in values.items():
            if value < 1:
                raise Refusal(f"{name} is {value}; only 1 or more is supported")


# None where there is nothing left to do in a run.
Lowering: TypeAlias = Callable[[OperatorSource], Lowered | None]
