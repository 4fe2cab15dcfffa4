"""The arena as a picture: everything in it, or it says what is not."""

from __future__ import annotations

import pytest

from ember_infer_core.pictures import Block, arena_picture

BLOCKS = [Block(f"t{number}", 100 * number, 100 - number, number, number + 1, number) for number in range(4)]


def test_all_blocks_are_drawn_with_the_operators_between_which_they_live() -> None:
    picture = arena_picture(BLOCKS, 5, 400, [0, 2, 3, 7, 9])
    assert picture.count('class="block"') == 4
    assert "t1: 99 bytes from 100 on, operators 2 to 3" in picture
    assert 'aria-label="The arena over time: 4 blocks in 400 bytes, over 5 steps"' in picture
    assert "are drawn" not in picture


def test_blocks_that_are_left_out_are_told_of_to_those_who_see_and_who_listen() -> None:
    picture = arena_picture(BLOCKS, 5, 400, most=3)
    assert picture.count('class="block"') == 3
    assert "t3" not in picture  # the smallest
    assert 'aria-label="The arena over time: the largest 3 of 4 blocks in 400 bytes, over 5 steps"' in picture
    assert ">the largest 3 of 4 blocks are drawn</text>" in picture


def test_a_copy_that_no_operator_asks_for_has_no_number() -> None:
    picture = arena_picture(BLOCKS, 5, 400, [0, 1, 2, 3, None])
    assert "t3: 97 bytes from 300 on, operators 3 to copy" in picture
    assert ">copy</text>" in picture


@pytest.mark.parametrize("operators", [[], [0, 1]])
def test_every_step_has_its_operator(operators: list[int]) -> None:
    with pytest.raises(ValueError, match="operators are given for 5 steps"):
        arena_picture(BLOCKS, 5, 400, operators)
