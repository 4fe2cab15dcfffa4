"""What to do about a model that cannot be run: an alternative for each operator, a conversion for each kind of model.

`docs/getting-a-model-that-runs.md` says the same at length. Needs no NumPy: the mypy plugin tells these too.
"""

from __future__ import annotations

from ember_infer_macros.tflite.schema import BuiltinOperator

__all__ = ["MODEL_CURES", "OPERATOR_CURES"]

_UNROLL = (
    "unroll the layer over its time steps (unroll=True in Keras), which leaves FULLY_CONNECTED and elementwise steps"
)
_ONE_WAY_AND_BACK = f"run one layer forwards and one over the reversed sequence; {_UNROLL}"
_BEFORE_SUPPRESSION = "end the model before it, with boxes and scores as outputs, and suppress outside"
_FOLDED = "fix the sizes before converting (a batch of 1, too): the converter then folds it into a constant"
_OUTSIDE = "compute it outside the model, on its inputs or outputs"
_ON_FLOATS = "TensorFlow Lite Micro has it for float32 alone, between DEQUANTIZE and QUANTIZE"

OPERATOR_CURES: dict[BuiltinOperator, str] = {
    BuiltinOperator.ATAN2: _OUTSIDE,
    BuiltinOperator.BIDIRECTIONAL_SEQUENCE_LSTM: _ONE_WAY_AND_BACK,
    BuiltinOperator.BIDIRECTIONAL_SEQUENCE_RNN: _ONE_WAY_AND_BACK,
    BuiltinOperator.CONV_3D: "fold the depth into the channels and use CONV_2D, once for each tap along the depth",
    BuiltinOperator.DENSIFY: "convert without sparsity: strip the pruning, and leave EXPERIMENTAL_SPARSITY out",
    BuiltinOperator.EXP: _ON_FLOATS,
    BuiltinOperator.FAKE_QUANT: "convert with optimizations = [Optimize.DEFAULT]: trained ranges become quantisation",
    BuiltinOperator.GELU: "approximate it by x * sigmoid(1.702 x), which is LOGISTIC and MUL, or use HARD_SWISH",
    BuiltinOperator.LOCAL_RESPONSE_NORMALIZATION: "use batch normalisation, which the converter folds into the weights",
    BuiltinOperator.LOG: _ON_FLOATS,
    BuiltinOperator.LSTM: _UNROLL,
    BuiltinOperator.NEG: "subtract from 0 (SUB) or multiply by -1 (MUL); NEG is there for float32 alone",
    BuiltinOperator.NON_MAX_SUPPRESSION_V4: _BEFORE_SUPPRESSION,
    BuiltinOperator.NON_MAX_SUPPRESSION_V5: _BEFORE_SUPPRESSION,
    BuiltinOperator.ONE_HOT: "take a row of a constant identity matrix with GATHER, or encode outside the model",
    BuiltinOperator.POW: "multiply the value with itself (MUL)",
    BuiltinOperator.RANGE: _FOLDED,
    BuiltinOperator.RANK: _FOLDED,
    BuiltinOperator.REDUCE_ANY: "use REDUCE_MAX on numbers, or LOGICAL_NOT and REDUCE_ALL",
    BuiltinOperator.REDUCE_PROD: "multiply the parts (SPLIT, MUL)",
    BuiltinOperator.RELU_0_TO_1: "use MINIMUM and MAXIMUM, or RELU6 on a scaled value",
    BuiltinOperator.RELU_N1_TO_1: "use MINIMUM and MAXIMUM; as the fused activation of another operator it runs",
    BuiltinOperator.REVERSE_SEQUENCE: "use REVERSE_V2 on sequences of one length",
    BuiltinOperator.RNN: _UNROLL,
    BuiltinOperator.SCATTER_ND: "put the parts together with CONCATENATION, PAD or SELECT_V2",
    BuiltinOperator.SELECT: "convert to SELECT_V2 (tf.where of TensorFlow 2)",
    BuiltinOperator.SIGN: "compare (GREATER, LESS) and choose with SELECT_V2",
    BuiltinOperator.SQUARE: "multiply the value with itself (MUL)",
    BuiltinOperator.TILE: "use BROADCAST_TO or CONCATENATION, or let ADD and MUL broadcast",
    BuiltinOperator.TOPK_V2: "use ARG_MAX for the first, or sort outside the model",
    BuiltinOperator.UNIDIRECTIONAL_SEQUENCE_RNN: _UNROLL,
    BuiltinOperator.UNIQUE: _OUTSIDE,
    BuiltinOperator.WHERE: "choose with SELECT_V2: the length of WHERE's result is known only at run time",
}

FLOAT_MODEL = "float model"
FLOAT16 = "float16"
DYNAMIC_RANGE = "dynamic range"
INT16_ACTIVATIONS = "int16 activations"
UINT8_MODEL = "uint8 model"
EDGES = "types at the edges"
DYNAMIC_SHAPES = "dynamic shapes"
SPARSE_WEIGHTS = "sparse weights"
CONTROL_FLOW = "control flow"
TENSORFLOW_OPERATORS = "TensorFlow operators"
CUSTOM_OPERATORS = "custom operators"
STABLEHLO = "StableHLO"

MODEL_CURES: dict[str, str] = {
    FLOAT_MODEL: (
        "convert with full-integer post-training quantisation (representative_dataset, "
        "target_spec.supported_ops = [TFLITE_BUILTINS_INT8], inference_input_type = inference_output_type = int8)"
    ),
    FLOAT16: "convert without target_spec.supported_types = [float16]: microcontrollers' kernels compute in int8",
    DYNAMIC_RANGE: (
        "weights are int8 and activations float32 (dynamic-range quantisation): give the converter a "
        "representative_dataset, so that activations become int8 too"
    ),
    INT16_ACTIVATIONS: (
        "convert with TFLITE_BUILTINS_INT8 in place of "
        "EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8 (16x8)"
    ),
    UINT8_MODEL: "convert again with TensorFlow 2, whose kernels are int8; uint8 can stay at inputs and outputs alone",
    EDGES: "convert with inference_input_type = inference_output_type = int8, and scale values outside (quantize())",
    DYNAMIC_SHAPES: "fix every size before converting, the batch too (batch_size=1): nothing may be sized at run time",
    SPARSE_WEIGHTS: "convert without EXPERIMENTAL_SPARSITY; pruned weights stay zeros in a dense tensor",
    CONTROL_FLOW: (
        "compute both branches and choose with SELECT_V2; unroll loops (unroll=True in Keras), or make the loop's body "
        "a model of its own, and loop outside"
    ),
    TENSORFLOW_OPERATORS: (
        "convert without SELECT_TF_OPS: the converter then names the layers that need another operator"
    ),
    CUSTOM_OPERATORS: "cut the model before and after it, and compute it outside; Ember Infer runs builtin operators",
    STABLEHLO: "convert to TensorFlow Lite's own operators, not to serialised StableHLO",
}
