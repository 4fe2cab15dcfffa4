"""The public names: checkers read them here, and so does the package when it loads one on first use."""

from ember_infer_core.backend import KernelBackend as KernelBackend
from ember_infer_core.errors import InvalidShape as InvalidShape
from ember_infer_core.errors import KernelError as KernelError
from ember_infer_core.errors import ModelError as ModelError
from ember_infer_core.errors import UnsupportedModelError as UnsupportedModelError
from ember_infer_core.fallback import FallbackBackend as FallbackBackend
from ember_infer_core.recording import RecordingBackend as RecordingBackend
from ember_infer_firmware import FirmwareBackend as FirmwareBackend
from ember_infer_macros.decorator import ember_model as ember_model
from ember_infer_macros.decorator import load as load
from ember_infer_macros.decorator import load_program as load_program
from ember_infer_macros.quantized_model import QuantizedModel as QuantizedModel
from ember_infer_macros.session import Session as Session
from ember_infer_native import NativeBackend as NativeBackend
from ember_infer_ref import RefBackend as RefBackend

__all__: list[str]
