"""A bare class, without a plugin: pyright takes the decorator's word for it."""

from ember_infer_macros import QuantizedModel, ember_model
from ember_infer_ref import RefBackend


@ember_model("digits.tflite")
class Digits: ...


def evaluate(model: type[QuantizedModel]) -> int:
    return model.input_len()


length: int = Digits.input_len()
text: str = Digits.input_len()  # P: reportAssignmentType
scratch: int = Digits.scratch_len[RefBackend]()
Digits.nothing()  # P: reportAttributeAccessIssue
evaluate(Digits)
