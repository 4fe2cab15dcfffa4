"""A bare class, without a plugin: pyright and ty take the decorator's word for it, and forget what is the class's own."""

from ember_infer_macros import QuantizedModel, ember_model
from ember_infer_ref import RefBackend


@ember_model("digits.tflite")
class Digits:
    threshold = 0.5


def evaluate(model: type[QuantizedModel]) -> int:
    return model.input_len()


length: int = Digits.input_len()  # M: attr-defined  # F: missing-attribute
text: str = Digits.input_len()  # M: attr-defined  # P: reportAssignmentType  # T: invalid-assignment  # F: missing-attribute
scratch: int = Digits.scratch_len[RefBackend]()  # M: attr-defined  # F: missing-attribute
own: float = Digits.threshold  # P: reportAttributeAccessIssue  # T: missing-attribute
Digits.nothing()  # M: attr-defined  # P: reportAttributeAccessIssue  # T: missing-attribute  # F: missing-attribute
evaluate(Digits)  # M: arg-type  # F: bad-argument-type
