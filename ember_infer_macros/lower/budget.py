"""What lowering one model may take in all, where a small file can ask for much."""

from __future__ import annotations

from dataclasses import dataclass

from ember_infer_core.errors import UnsupportedModelError
from ember_infer_core.ops.movement import MovementParams
from ember_infer_core.slots import OperatorParams
from ember_infer_macros.tflite.graph import Graph

__all__ = ["Budget"]

# A small file may ask for large results. Beyond this and the size of its own constants, they are left to the run, and
# so count as activations.
FOLDED_BYTES = 1 << 20
# Of all operators that move elements: MIRROR_PAD of rank 5 has 243, and one of rank 8 has 6,561.
MAX_COPIES = 1 << 16


@dataclass(slots=True)
class Budget:
    """What is left for a model: for its main subgraph and those that it calls, together.

    Attributes:
        folded_bytes: of results that are computed when the model is lowered.
        copies: strided ones, that operators consist of.
    """

    folded_bytes: int
    copies: int

    @classmethod
    def of(cls, graph: Graph) -> Budget:
        """All that a model has."""
        return cls(FOLDED_BYTES + graph.constant_bytes(), MAX_COPIES)

    def check(self, source: str) -> None:
        """Checks that there is something left, before one more operator is lowered.

        Raises:
            UnsupportedModelError: there is not.
        """
        if self.copies < 0:
            problem = f"its operators that move elements make more than {MAX_COPIES:,} copies"
            raise UnsupportedModelError(source, [problem])

    def charge(self, params: OperatorParams) -> None:
        """Takes the copies of a call."""
        if isinstance(params, MovementParams):
            self.copies -= len(params.copies)
