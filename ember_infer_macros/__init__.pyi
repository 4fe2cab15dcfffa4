"""The public names: checkers read them here, and so does the package when it loads one on first use."""

from ember_infer_macros.decorator import ember_model as ember_model
from ember_infer_macros.decorator import load as load
from ember_infer_macros.decorator import load_program as load_program
from ember_infer_macros.quantized_model import QuantizedModel as QuantizedModel
from ember_infer_macros.session import Session as Session

__all__: list[str]
