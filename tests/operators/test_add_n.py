from __future__ import annotations

from hypothesis import strategies as st

from tests.operators.pairs import Draw, PairModel, check_pairs, draw_constant
from tests.operators.typed import scales, shapes, tensors
from tests.support.one_operator import Tensor, one_operator
from tests.support.tflm import Tflm


@st.composite
def sums(draw: Draw) -> PairModel:
    """Sums of two to twelve tensors, some of them constant or the same."""
    dtype = draw(st.sampled_from(("int8", "int8", "float32")))
    shape = draw(shapes)
    scale = draw(scales(-9, 1))
    like = draw(tensors(shape, dtype, st.just(scale)))
    inputs: list[Tensor] = [like]
    for _ in range(draw(st.integers(1, 11))):
        other = Tensor(like.shape, like.dtype, like.scales, like.zero_points, 0, None)
        kind = draw(st.sampled_from(("input", "input", "constant", "same")))
        inputs.append(like if kind == "same" else draw_constant(draw, other) if kind == "constant" else other)
    near = scales(-30, 20) if draw(st.integers(1, 8)) == 1 else scales(-2, 4).map(lambda factor: scale * factor)
    output = draw(tensors(shape, dtype, near))
    return PairModel(one_operator("ADD_N", inputs, output), draw(st.integers(0, 2**32 - 1)))


def test_it_equals_tflm(tflm: Tflm) -> None:
    check_pairs(tflm, sums())
