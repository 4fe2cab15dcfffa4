"""Maps of what differs: the worst of each element over all samples, and never too many cells."""

from __future__ import annotations

import numpy as np
import pytest

from ember_infer_tools.report.differences import LEVELS, Differences, difference_map
from ember_infer_tools.report.shapes import bars, cells, steps_path


def test_an_element_shows_its_worst_over_all_samples() -> None:
    gathered = Differences()
    a = np.zeros((1, 2, 3, 1), np.int8)
    b, c = a.copy(), a.copy()
    b[0, 1, 2, 0], c[0, 1, 2, 0], c[0, 0, 0, 0] = 1, -5, 2
    for other in (b, c, a):
        gathered.add(7, a, other)
    found = gathered.maps()[7]
    assert found.cells == ((2, 0, 0), (0, 0, 3))
    assert found.channels == (3,)


def test_what_never_differs_has_no_map() -> None:
    gathered = Differences()
    gathered.add(1, np.zeros(4, np.int8), np.zeros(4, np.int8))
    assert not gathered.maps()


def test_of_floats_neighbours_differ_by_1() -> None:
    gathered = Differences()
    one = np.ones((1, 2), np.float32)
    gathered.add(0, one, np.nextafter(one, np.float32(2)))
    assert gathered.maps()[0].cells == ((1, 1),)


def test_channels_are_tiles_where_there_is_room() -> None:
    largest = np.zeros((1, 2, 2, 6), np.int64)
    largest[0, 0, 1, 4] = LEVELS[-1]
    found = difference_map(largest, largest != 0, 100)
    assert found.tile == (2, 2)
    rows = np.array(found.cells)
    assert rows.shape in ((4, 6), (6, 4))
    across = rows.shape[1] // 2
    tile = rows.reshape(-1, 2, across, 2)[4 // across, :, 4 % across]
    assert tile.tolist() == [[0, len(LEVELS)], [0, 0]]
    assert found.channels == (0, 0, 0, 0, 1, 0)


@pytest.mark.parametrize(
    "shape", [(1, 112, 112, 16), (1, 5000), (5000,), (1, 1, 1, 3000), (1, 20000, 1, 1), (8, 64, 64, 3), (3, 4000), ()]
)
def test_however_large_a_tensor_is_its_map_is_small_and_leaves_out_nothing(shape: tuple[int, ...]) -> None:
    largest = np.zeros(shape, np.int64)
    largest.reshape(-1)[-1] = 3
    found = difference_map(largest, largest != 0, 400)
    drawn = np.array(found.cells)
    assert drawn.size <= 800
    assert drawn.max() == 2
    assert (drawn > 0).sum() == 1
    assert sum(found.channels) == 1
    assert len(found.channels) <= 64


def test_many_maps_are_coarser_ones() -> None:
    gathered = Differences()
    for index in range(500):
        gathered.add(index, np.zeros((1, 40, 40, 2), np.int8), np.ones((1, 40, 40, 2), np.int8))
    found = gathered.maps()
    assert list(found) == list(range(400))  # the first that differ
    assert len(vars(gathered)["_largest"]) == 400  # and nothing is kept of the rest
    assert sum(len(one.cells) * len(one.cells[0]) for one in found.values()) <= 40_000


def test_runs_of_a_shade_are_one_piece() -> None:
    assert cells([[0, 2, 2], [2, 0, 1]], 2) == [(1, "M2 1h1"), (2, "M1 0h2M0 1h1")]


def test_tiles_are_a_unit_apart_and_no_run_crosses_the_gap() -> None:
    assert cells([[1, 1, 1, 1]], 1, (1, 2)) == [(1, "M0 0h2M3 0h2")]


def test_a_histogram_shows_little_beside_much() -> None:
    assert steps_path([1_000_000, 0, 1], 3, 100) == "M0 100H0V0H1V100H2V99H3V100Z"


def test_a_histogram_of_nothing_is_flat() -> None:
    assert steps_path([0, 0], 2, 10) == "M0 10H2V10Z"
    assert bars([], 2, 10) == ""
