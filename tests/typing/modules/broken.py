"""What is wrong with a model is said on the decorator's line."""

from pathlib import Path

import ember_infer_macros
from ember_infer_macros import QuantizedModel, ember_model
from ember_infer_macros import ember_model as model_of

FOLDER = Path(__file__).parent
PATH = "sine.tflite"


@ember_model("nowhere.tflite")  # E: ember-model
class Missing: ...


@ember_model("text.tflite")  # E: ember-model
class NoModel: ...


@ember_model("truncated.tflite")  # E: ember-model
class Truncated: ...


@ember_model("pointer.tflite")  # E: ember-model
class Pointer: ...


@ember_model("unsupported.tflite")  # E: ember-model
class Unsupported: ...


@ember_model("nul\0byte.tflite")  # E: ember-model
class Nul: ...


@ember_model(".")  # E: ember-model
class Folder: ...


@ember_model(FOLDER / "sine.tflite")  # E: ember-model
class Computed: ...


@ember_model(PATH)  # E: ember-model
class Named: ...


@ember_model(b"TFL3")  # E: ember-model
class Bytes: ...


@ember_model()  # E: ember-model, call-arg
class NoPath: ...


@ember_model  # E: ember-model, arg-type
class NoCall: ...


@model_of("nowhere.tflite")  # E: ember-model
class Renamed: ...


@ember_infer_macros.ember_model("nowhere.tflite")  # E: ember-model
class Qualified: ...


@ember_model("sine.tflite")  # E: ember-model
class Taken:
    def input_len(self, index: int) -> str:  # E: override
        return ""


@ember_model("sine.tflite")  # E: ember-model
class TakenToo(QuantizedModel):
    bind = 3  # E: assignment


@ember_model("nowhere.tflite")  # type: ignore[ember-model]
class Ignored: ...


@ember_model("unsupported.tflite")  # type: ignore[ember-model]
class IgnoredWithNotes: ...


@ember_model(FOLDER / "sine.tflite")  # type: ignore[ember-model]
class IgnoredComputed: ...


# A model that cannot be read leaves the interface as it is, so one mistake is one error.
length: int = Missing.input_len() + Unsupported.output_len() + IgnoredComputed.input_len()
