"""The contract of Ember Infer: operators, their parameters, programs, backends and errors.

Names load on first use, so that importing this package costs nothing and its errors come up without NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ember_infer_core.backend import KernelBackend
    from ember_infer_core.errors import (
        AlignmentError,
        ArtifactError,
        ComparisonError,
        CompileError,
        CompilerNotFound,
        InternalError,
        InvalidShape,
        KernelError,
        ModelError,
        ModelWarning,
        ScratchTooSmall,
        UnsupportedActivation,
        UnsupportedModelError,
        UnsupportedOperator,
    )
    from ember_infer_core.executable import DispatchExecutable, Executable, dispatch_source
    from ember_infer_core.fallback import FallbackBackend
    from ember_infer_core.memory import ArenaPlan, Lifetime, plan_arena
    from ember_infer_core.ops.add import ElementwiseAddParams
    from ember_infer_core.ops.common import (
        FusedActivation,
        Operand,
        OperatorParams,
        Padding,
        Role,
        check_buffers,
        compute_padding,
    )
    from ember_infer_core.ops.conv2d import Conv2dParams
    from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
    from ember_infer_core.ops.fully_connected import FullyConnectedParams
    from ember_infer_core.ops.mul import MulParams
    from ember_infer_core.ops.pool import PoolParams
    from ember_infer_core.ops.reshape import ReshapeParams
    from ember_infer_core.ops.softmax import SoftmaxParams
    from ember_infer_core.program import Call, Program, Tensor
    from ember_infer_core.quantization import PerChannelQuantParam, QuantParam, quantize_multiplier
    from ember_infer_core.recording import LayerRecord, RecordedRun, RecordingBackend

_HOME = {
    "backend": ["KernelBackend"],
    "errors": [
        "AlignmentError",
        "ArtifactError",
        "ComparisonError",
        "CompileError",
        "CompilerNotFound",
        "InternalError",
        "InvalidShape",
        "KernelError",
        "ModelError",
        "ModelWarning",
        "ScratchTooSmall",
        "UnsupportedActivation",
        "UnsupportedModelError",
        "UnsupportedOperator",
    ],
    "executable": ["DispatchExecutable", "Executable", "dispatch_source"],
    "fallback": ["FallbackBackend"],
    "memory": ["ArenaPlan", "Lifetime", "plan_arena"],
    "ops.add": ["ElementwiseAddParams"],
    "ops.common": [
        "FusedActivation",
        "Operand",
        "OperatorParams",
        "Padding",
        "Role",
        "check_buffers",
        "compute_padding",
    ],
    "ops.conv2d": ["Conv2dParams"],
    "ops.depthwise_conv2d": ["DepthwiseConv2dParams"],
    "ops.fully_connected": ["FullyConnectedParams"],
    "ops.mul": ["MulParams"],
    "ops.pool": ["PoolParams"],
    "ops.reshape": ["ReshapeParams"],
    "ops.softmax": ["SoftmaxParams"],
    "program": ["Call", "Program", "Tensor"],
    "quantization": ["PerChannelQuantParam", "QuantParam", "quantize_multiplier"],
    "recording": ["LayerRecord", "RecordedRun", "RecordingBackend"],
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "AlignmentError",
    "ArenaPlan",
    "ArtifactError",
    "Call",
    "ComparisonError",
    "CompileError",
    "CompilerNotFound",
    "Conv2dParams",
    "DepthwiseConv2dParams",
    "DispatchExecutable",
    "ElementwiseAddParams",
    "Executable",
    "FallbackBackend",
    "FullyConnectedParams",
    "FusedActivation",
    "InternalError",
    "InvalidShape",
    "KernelBackend",
    "KernelError",
    "LayerRecord",
    "Lifetime",
    "ModelError",
    "ModelWarning",
    "MulParams",
    "Operand",
    "OperatorParams",
    "Padding",
    "PerChannelQuantParam",
    "PoolParams",
    "Program",
    "QuantParam",
    "RecordedRun",
    "RecordingBackend",
    "ReshapeParams",
    "Role",
    "ScratchTooSmall",
    "SoftmaxParams",
    "Tensor",
    "UnsupportedActivation",
    "UnsupportedModelError",
    "UnsupportedOperator",
    "check_buffers",
    "compute_padding",
    "dispatch_source",
    "plan_arena",
    "quantize_multiplier",
]


if not TYPE_CHECKING:  # or a checker would take every name for an existing one

    def __getattr__(name: str) -> Any:
        module = _MODULE_OF.get(name)
        if module is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{__name__}.{module}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
