"""UNIDIRECTIONAL_SEQUENCE_LSTM. Source of the rules: TFLM ``unidirectional_sequence_lstm.cc``, ``lstm_eval.cc``."""

from __future__ import annotations

from collections.abc import Iterable

from ember_infer_core.ops.unidirectional_sequence_lstm import GATES, LstmParams, prepare
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import INT16
from ember_infer_macros.lower.common import Lowered, OperatorSource, Refusal
from ember_infer_macros.tflite.graph import GraphTensor
from ember_infer_macros.tflite.options import UnidirectionalSequenceLSTMOptions

__all__ = ["lower"]

_INPUTS = 24
_INPUT_WEIGHTS, _RECURRENT_WEIGHTS, _BIAS = (range(first, first + len(GATES)) for first in (1, 5, 12))
_HIDDEN_STATE, _CELL_STATE = 18, 19
_ABSENT = {
    "peephole weights": range(9, 12),
    "a projection": range(16, 18),
    "layer normalisation": range(20, 24),
}
_LEAST_TOO_LARGE = 2**47  # what TFLM's multiplication of 64-bit sums takes


def lower(source: OperatorSource) -> Lowered:
    """The call."""
    source.one_output()
    _check_operands(source)
    options = source.options_or_default(UnidirectionalSequenceLSTMOptions)
    input_, output = source.input(0), source.output()
    hidden, cell = _state(source, _HIDDEN_STATE), _state(source, _CELL_STATE)
    if len({input_.index, hidden.index, cell.index}) != 3:
        raise Refusal("one tensor is two of its input, hidden state and cell state; that is not supported")
    input_weights, recurrent_weights, biases = (
        [source.constant(source.input(position)) for position in positions]
        for positions in (_INPUT_WEIGHTS, _RECURRENT_WEIGHTS, _BIAS)
    )
    params = source.prepare(
        prepare,
        input_shape=input_.shape,
        output_shape=output.shape,
        hidden_state_shape=hidden.shape,
        cell_state_shape=cell.shape,
        input_weights_shapes=[tensor.shape for tensor in input_weights],
        recurrent_weights_shapes=[tensor.shape for tensor in recurrent_weights],
        bias_shapes=[tensor.shape for tensor in biases],
        input_quant=source.quant(input_),
        input_weights_quants=_quants(source, input_weights),
        recurrent_weights_quants=_quants(source, recurrent_weights),
        hidden_state_quant=source.quant(hidden),
        cell_state_quant=source.quant(cell),
        dtype=source.dtype(input_),
        time_major=options.time_major,
        fused_activation=source.activation(options.fused_activation_function),
        cell_clip=options.cell_clip,
    )
    _check_sums(source, params, biases)
    slots = {"input_weights": input_weights, "recurrent_weights": recurrent_weights, "bias": biases}
    operands = {
        f"{name}[{gate}]": tensor.index for name, tensors in slots.items() for gate, tensor in enumerate(tensors)
    }
    operands |= {"input": input_.index, "output": output.index}
    return Lowered(
        "unidirectional_sequence_lstm", params, operands | {"hidden_state": hidden.index, "cell_state": cell.index}
    )


def _check_operands(source: OperatorSource) -> None:
    """Which of the operands are there. Source: TFLM ``LstmTensors::ValidateTensorStatus``."""
    count = len(source.operator.inputs)
    if count != _INPUTS:
        raise Refusal(f"{count} inputs, where {_INPUTS} are wanted; TensorFlow Lite Micro refuses this too")
    for name, positions in {"weights": _INPUT_WEIGHTS, "recurrent weights": _RECURRENT_WEIGHTS, "bias": _BIAS}.items():
        for gate, position in zip(GATES, positions, strict=True):
            if not source.has_input(position):
                raise Refusal(f"the {gate} gate has no {name}; TensorFlow Lite Micro refuses this too")
    for name, positions in _ABSENT.items():
        if any(source.has_input(position) for position in positions):
            raise Refusal(f"it has {name}; TensorFlow Lite Micro refuses this too")


def _state(source: OperatorSource, position: int) -> GraphTensor:
    tensor = source.input(position)
    if not tensor.is_variable:
        raise Refusal(f"{tensor.describe()} is no variable; TensorFlow Lite Micro refuses this too")
    return tensor


def _quants(source: OperatorSource, tensors: Iterable[GraphTensor]) -> list[QuantParam]:
    return [_quant(source, tensor) for tensor in tensors]


def _quant(source: OperatorSource, tensor: GraphTensor) -> QuantParam:
    if tensor.quantization is not None and len(tensor.quantization.scales) != 1:
        raise Refusal(
            f"weights {tensor.describe()} have {len(tensor.quantization.scales)} scales; TensorFlow Lite Micro does "
            "not look at the scales of single channels here"
        )
    return source.quant(tensor)


def _check_sums(source: OperatorSource, params: LstmParams, biases: list[GraphTensor]) -> None:
    """Sums of 64 bits, with their bias, must be such as TFLM can multiply. Source: TFLM
    ``MultiplyByQuantizedMultiplier`` of int64.
    """
    if params.dtype != INT16:
        return
    products = params.depth * 2**16 * 2**8  # the most that inputs and weights with any zero points come to
    for bias in biases:
        numbers = source.whole_numbers(bias)
        if max(map(abs, numbers)) + products >= _LEAST_TOO_LARGE:
            raise Refusal(
                f"bias {bias.describe()} is so large that sums leave 48 bits; what TensorFlow Lite Micro computes then "
                "is undefined"
            )
