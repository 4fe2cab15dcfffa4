"""The arena plan."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ember_infer_core.memory import ALIGNMENT, Lifetime, _Placed, plan_arena

lifetimes = st.lists(
    st.builds(
        lambda size, first, length: Lifetime(size, first, first + length),
        st.integers(0, 5000),
        st.integers(0, 20),
        st.integers(0, 8),
    ),
    max_size=30,
)


@given(lifetimes)
def test_no_two_live_buffers_overlap(wanted: list[Lifetime]) -> None:
    plan = plan_arena(wanted)
    placed = list(zip(plan.offsets, wanted, strict=True))
    for index, (offset, lifetime) in enumerate(placed):
        for other_offset, other in placed[:index]:
            apart = offset + lifetime.size <= other_offset or other_offset + other.size <= offset
            assert apart or not lifetime.overlaps(other)


@given(lifetimes)
def test_offsets_are_aligned_and_inside_the_arena(wanted: list[Lifetime]) -> None:
    plan = plan_arena(wanted)
    for offset, lifetime in zip(plan.offsets, wanted, strict=True):
        assert offset % ALIGNMENT == 0
        assert 0 <= offset <= offset + lifetime.size <= plan.length


@given(lifetimes)
def test_the_arena_is_no_longer_than_all_buffers_side_by_side(wanted: list[Lifetime]) -> None:
    side_by_side = sum(-(-lifetime.size // ALIGNMENT) * ALIGNMENT for lifetime in wanted)
    assert plan_arena(wanted).length <= side_by_side


def test_a_chain_reuses_memory_two_calls_later() -> None:
    chain = [Lifetime(64, step, step + 1) for step in range(10)]
    assert plan_arena(chain).length == 128


def test_the_tightest_gap_is_taken() -> None:
    wanted = [Lifetime(320, 0, 9), Lifetime(160, 0, 0), Lifetime(150, 0, 9), Lifetime(32, 0, 9), Lifetime(16, 1, 1)]
    plan = plan_arena(wanted)
    assert plan.offsets[4] in range(320, 480)
    assert plan.length == 320 + 160 + 160 + 32


def test_nothing_needs_no_arena() -> None:
    assert plan_arena([]).length == 0


@given(lifetimes)
def test_those_in_use_together_are_all_found_and_once(wanted: list[Lifetime]) -> None:
    placed = _Placed(40)
    for index, lifetime in enumerate(wanted):
        overlapping = [other for other in range(index) if wanted[other].overlaps(lifetime)]
        assert sorted(placed.during(lifetime)) == overlapping
        placed.add(index, lifetime)


def test_a_long_chain_and_many_outputs_are_planned_too() -> None:
    assert plan_arena([Lifetime(16, step, step + 1) for step in range(50_000)]).length == 32
    assert plan_arena([Lifetime(16, 0, 1)] * 10_000).length == 160_000
