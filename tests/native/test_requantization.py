"""From sums to bytes, by the kernels that models run with, against the integer rule.

A small library holds nothing but ``requantize`` and ``pack`` of ``kernels/requantize.h``, so that the corrections, the
fused multiply-add and the saturation tried here are the real ones.
"""

from __future__ import annotations

import ctypes
import operator
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core.fixed_point import multiply_by_quantized_multiplier, wrap_int32
from ember_infer_core.quantization import INT32_MAX, INT32_MIN
from ember_infer_native.backend import compile_flags
from ember_infer_native.codegen import MAIN, generate_operators
from ember_infer_native.requantization import Choice, Requantization, Way, plan_requantization
from ember_infer_native.targets import TARGETS, Target
from ember_infer_native.toolchain import Compiler, build_library, host_isa
from tests.support.effort import DEEP, SEED

Int32Vector = npt.NDArray[np.int32]
Int64Vector = npt.NDArray[np.int64]

RUNNABLE = [target for target in TARGETS if target.needs <= host_isa()]
WITH_FLOATS = [target for target in RUNNABLE if target.floats]
CHANNELS = 128 if DEEP else 64
EXHAUSTIVE_CHANNELS = 512 if DEEP else 32
ROUNDS = 60 if DEEP else 2
LONGEST_RANGE = 1 << 20

# All lanes are one channel; each vector of sums is one of its results' rows.
PROBE = """
EXPORT void probe(const int *p, const uint8_t *factors, const int32_t *sums, int64_t blocks, uint8_t *output) {
    const struct requantization r = {p[0], {p[1], p[2]}, p[3], p[4], p[5], 0, factors, 4 * LANES};
    for (int64_t block = 0; block < blocks; block++) {
        int32_lanes results[4];
        for (int k = 0; k < 4; k++) results[k] = requantize(&r, load_lanes(sums + (4 * block + k) * LANES), 0, 0);
        store_block(output + 4 * LANES * block, pack(&r, results));
    }
}
"""


@dataclass(frozen=True)
class Probe:
    """The kernels of one target."""

    target: Target
    library: ctypes.CDLL

    def evaluate(self, plan: Requantization, choice: Choice, sums: Int32Vector) -> npt.NDArray[np.int8]:
        """What the kernels make of these sums of the plan's only channel, in this way."""
        lanes = self.target.lanes
        wide = plan.map(partial(np.repeat, repeats=lanes))
        factors = np.concatenate([array.view(np.int32) for array in wide.factors(choice)])
        fields = wide.fields(choice, self.target, 1)
        values = [fields[name] for name in ("way", "corrected1", "corrected2", "zero", "low", "high")]
        blocks = -(-len(sums) // (4 * lanes))
        padded = np.resize(sums, blocks * 4 * lanes)
        output = np.empty(len(padded), np.uint8)
        arguments = (ctypes.c_void_p(array.ctypes.data) for array in (factors, padded))
        self.library.probe(
            (ctypes.c_int * len(values))(*values),
            *arguments,
            ctypes.c_int64(blocks),
            ctypes.c_void_p(output.ctypes.data),
        )
        found: npt.NDArray[np.int8] = (output[: len(sums)] ^ np.uint8(self.target.bias)).view(np.int8)
        return found


@pytest.fixture(scope="module", params=RUNNABLE, ids=lambda target: target.name)
def probe(request: pytest.FixtureRequest, c_compiler: Compiler, tmp_path_factory: pytest.TempPathFactory) -> Probe:
    """The kernels of every target that this processor runs."""
    return build_probe(request.param, c_compiler, tmp_path_factory.mktemp("probe"))


@pytest.fixture(scope="module")
def best_probe(c_compiler: Compiler, tmp_path_factory: pytest.TempPathFactory) -> Probe:
    """The kernels of this processor's best target with the float32 ways."""
    if not WITH_FLOATS:
        pytest.skip("no target with the float32 ways runs on this processor")
    return build_probe(WITH_FLOATS[0], c_compiler, tmp_path_factory.mktemp("best_probe"))


def build_probe(target: Target, compiler: Compiler, folder: Path) -> Probe:
    source = generate_operators(target)[MAIN]
    assert isinstance(source, str)
    output = folder / "probe.so"
    build_library(compiler, {MAIN: source + PROBE}, compile_flags(target), output, main=MAIN)
    return Probe(target, ctypes.CDLL(str(output)))


@dataclass(frozen=True)
class Channels:
    """Channels with an output in common, as :func:`plan_requantization` takes them."""

    low: Int64Vector
    high: Int64Vector
    multiplier: Int32Vector
    shift: Int32Vector
    zero_point: int = 0
    activation_min: int = -128
    activation_max: int = 127

    def plan(self, floats: bool = True) -> Requantization:
        return plan_requantization(
            self.low,
            self.high,
            self.multiplier,
            self.shift,
            self.zero_point,
            self.activation_min,
            self.activation_max,
            floats,
        )

    def expected(self, channel: int, sums: Int64Vector) -> npt.NDArray[np.int8]:
        """TensorFlow Lite Micro's rule."""
        scaled = multiply_by_quantized_multiplier(sums, self.multiplier[channel], self.shift[channel])
        shifted = wrap_int32(scaled + self.zero_point)
        return np.clip(shifted, self.activation_min, self.activation_max).astype(np.int8)

    def steps(self, channel: int) -> Int64Vector:
        """The sums in range at which the expected result steps up, by bisection; left shifts must not wrap."""
        low, high = int(self.low[channel]), int(self.high[channel])
        levels = np.arange(self.activation_min + 1, self.activation_max + 1)
        below, reached = np.full(len(levels), low - 1), np.full(len(levels), high + 1)
        while (reached - below > 1).any():
            middle = (below + reached) // 2
            inside = np.clip(middle, low, high)
            up = self.expected(channel, inside) >= levels
            step = reached - below > 1
            reached, below = np.where(step & up, middle, reached), np.where(step & ~up, middle, below)
        return np.unique(np.clip(reached, low, high))


def random_channels(random: np.random.Generator, count: int, kind: str) -> Channels:
    """Channels of a kind.

    ``ordinary``: as trained models have them. ``wide``: sums anywhere in int32, float32 can no longer tell them apart.
    ``wild``: any shift. ``ties``: powers of two. ``near one``: a sum is hardly scaled. ``left``: multiplied.
    """
    multiplier = random.integers(1 << 30, 1 << 31, count)
    reach = 2.0 ** random.uniform(4, 19, count)
    shift = random.integers(-14, -4, count)
    if kind == "wide":
        reach, shift = 2.0 ** random.uniform(20, 31, count), random.integers(-24, -10, count)
    elif kind == "wild":
        reach, shift = 2.0 ** random.uniform(0, 31, count), random.integers(-31, 12, count)
    elif kind == "ties":
        multiplier = np.full(count, 1 << 30)
        shift = random.integers(-14, 3, count)
    elif kind == "near one":
        multiplier = (1 << 31) - 1 - (2.0 ** random.uniform(0, 24, count)).astype(np.int64)
        shift = random.integers(-2, 2, count)
    elif kind == "left":
        reach, shift = 2.0 ** random.uniform(0, 20, count), random.integers(0, 11, count)
    middle = random.uniform(-1, 1, count) * reach * random.choice([0.0, 0.3, 3.0], count)
    low = np.clip((middle - reach).astype(np.int64), INT32_MIN, INT32_MAX - 1)
    high = np.clip((middle + reach).astype(np.int64), low, INT32_MAX)
    zero_point = int(random.choice(np.array([-128, 127, 0, random.integers(-128, 128)])))
    clamps = [
        (-128, 127),
        (max(zero_point, -128), 127),
        (zero_point, min(127, zero_point + int(random.integers(0, 90)))),
    ]
    activation_min, activation_max = clamps[random.integers(0, len(clamps))]
    return Channels(
        low, high, multiplier.astype(np.int32), shift.astype(np.int32), zero_point, activation_min, activation_max
    )


KINDS = ("ordinary", "wide", "wild", "ties", "near one", "left")


def only(plan: Requantization, channel: int) -> Requantization:
    return plan.map(operator.itemgetter(slice(channel, channel + 1)))


def assert_right(probe: Probe, channels: Channels, plan: Requantization, channel: int, sums: Int64Vector) -> Choice:
    alone = only(plan, channel)
    choice = alone.choice()
    assert_way_right(probe, channels, alone, choice, channel, sums)
    return choice


def assert_way_right(
    probe: Probe, channels: Channels, alone: Requantization, choice: Choice, channel: int, sums: Int64Vector
) -> None:
    found = probe.evaluate(alone, choice, sums.astype(np.int32))
    expected = channels.expected(channel, sums)
    if not np.array_equal(found, expected):
        at = int(np.flatnonzero(found != expected)[0])
        raise AssertionError(
            f"{choice}, channel {channel} of {channels}: sum {sums[at]} is {expected[at]}, not {found[at]}; "
            f"{np.count_nonzero(found != expected)} of {len(sums)} differ"
        )


def near(points: Int64Vector, distance: int, low: int, high: int) -> Int64Vector:
    """All sums in range that are no further from a point."""
    around = points[:, None] + np.arange(-distance, distance + 1)
    return np.unique(np.clip(around, low, high))


def telling_sums(random: np.random.Generator, channels: Channels, plan: Requantization, channel: int) -> Int64Vector:
    """Sums around each step, each correction, zero, the ends and where float32 loses a bit; and any others."""
    low, high = int(channels.low[channel]), int(channels.high[channel])
    powers = 2 ** np.arange(22, 32, dtype=np.int64)
    corrected = [formula.sums[:, channel].astype(np.int64) for formula in plan.formulas.values()]
    points = np.concatenate([[0, low, high], powers, -powers, *corrected])
    return np.unique(
        np.concatenate(
            (
                near(channels.steps(channel), 3, low, high),
                near(points, 40, low, high),
                random.integers(low, high, 500, endpoint=True),
            )
        )
    )


@pytest.mark.parametrize("kind", KINDS)
def test_sums_on_either_side_of_every_step_are_right(probe: Probe, kind: str) -> None:
    random = np.random.default_rng((SEED, KINDS.index(kind)))
    for _ in range(ROUNDS):
        channels = random_channels(random, CHANNELS, kind)
        keep = ~wraps(channels)
        channels = replace(
            channels,
            low=channels.low[keep],
            high=channels.high[keep],
            multiplier=channels.multiplier[keep],
            shift=channels.shift[keep],
        )
        plan = channels.plan(probe.target.floats)
        for channel in range(len(channels.low)):
            assert_right(probe, channels, plan, channel, telling_sums(random, channels, plan, channel))


def wraps(channels: Channels) -> npt.NDArray[np.bool_]:
    """Channels whose left shift leaves int32: there the result is no staircase, and no step can be looked for."""
    left = np.maximum(channels.shift, 0).astype(np.int64)
    largest = np.maximum(np.abs(channels.low), np.abs(channels.high))
    unstepped: npt.NDArray[np.bool_] = (largest << left) > INT32_MAX - 255
    return unstepped


def test_every_sum_of_ordinary_channels_is_right(best_probe: Probe) -> None:
    random = np.random.default_rng((SEED, 100))
    ways: Counter[Choice] = Counter()
    for kind in ("ordinary", "ordinary", "ties", "near one", "left"):
        channels = random_channels(random, EXHAUSTIVE_CHANNELS, kind)
        if not ways:
            channels = replace(channels, zero_point=3, activation_min=-128, activation_max=127)
        plan = channels.plan()
        for channel in range(EXHAUSTIVE_CHANNELS):
            low, high = int(channels.low[channel]), int(channels.high[channel])
            sums = np.arange(low, min(high, low + LONGEST_RANGE) + 1)
            ways[assert_right(best_probe, channels, plan, channel, sums)] += 1
    assert {way for way, _ in ways} >= {Way.STRAIGHT, Way.KINKED}


def corrected_channels(random: np.random.Generator, corrections: int, wanted: int) -> list[tuple[Channels, int]]:
    """Channels that only so many corrections make exact."""
    found: list[tuple[Channels, int]] = []
    for attempt in range(200):
        channels = random_channels(random, CHANNELS, "ordinary" if attempt % 2 else "wide")
        middle, reach = (channels.low + channels.high) // 2, 2.0 ** random.uniform(15, 21, CHANNELS)
        channels = replace(
            channels,
            low=np.maximum(middle - reach.astype(np.int64), INT32_MIN),
            high=np.minimum(middle + reach.astype(np.int64), INT32_MAX),
        )
        plan = channels.plan()
        found += [
            (channels, channel)
            for channel in range(CHANNELS)
            if only(plan, channel).choice().corrections == corrections
        ]
        if len(found) >= wanted:
            return found[:wanted]
    raise AssertionError(f"only {len(found)} channels with {corrections} corrections were found")


@pytest.mark.parametrize("corrections", [1, 2])
def test_corrections_are_right_at_their_sums_and_everywhere_else(best_probe: Probe, corrections: int) -> None:
    random = np.random.default_rng((SEED, 200 + corrections))
    for channels, channel in corrected_channels(random, corrections, 40 if DEEP else 6):
        plan = channels.plan()
        choice = only(plan, channel).choice()
        formula = plan.formulas[choice.way]
        assert np.count_nonzero(formula.changes[:, channel]) == corrections
        low, high = int(channels.low[channel]), int(channels.high[channel])
        every = np.arange(low, high + 1)
        assert_right(best_probe, channels, plan, channel, every)
        # Without the corrections it is wrong at those very sums, and nowhere else.
        bare = best_probe.evaluate(only(plan, channel), Choice(choice.way), every.astype(np.int32))
        wrong = every[bare != channels.expected(channel, every)]
        assert sorted(wrong) == sorted(formula.sums[:corrections, channel])


@pytest.mark.parametrize("kind", KINDS)
def test_the_exact_way_is_right_for_any_int32(probe: Probe, kind: str) -> None:
    """Left shifts that wrap, zero points that the result cannot take up, and whatever else C does in 32 bits."""
    random = np.random.default_rng((SEED, 300 + KINDS.index(kind)))
    channels = random_channels(random, CHANNELS, kind)
    plan = channels.plan(floats=False)
    edges = near(np.array([INT32_MIN, INT32_MAX, 0]), 300, INT32_MIN, INT32_MAX)
    for channel in range(CHANNELS):
        sums = np.concatenate((edges, random.integers(INT32_MIN, INT32_MAX, 3000, endpoint=True)))
        assert_way_right(probe, channels, only(plan, channel), Choice(Way.EXACT), channel, sums)


@pytest.mark.parametrize("zero_point", [127, -128, 100, -3, 0])
def test_a_zero_point_that_a_result_near_int32s_edge_cannot_take_up_wraps(probe: Probe, zero_point: int) -> None:
    multiplier = np.array([INT32_MAX, INT32_MAX - 1, INT32_MAX - 60], np.int32)
    edges = near(np.array([INT32_MIN, INT32_MAX]), 500, INT32_MIN, INT32_MAX)
    ends = np.full(3, INT32_MIN), np.full(3, INT32_MAX)
    channels = Channels(*ends, multiplier, np.zeros(3, np.int32), zero_point)
    for channel in range(3):
        assert_right(probe, channels, channels.plan(probe.target.floats), channel, edges)
    results = channels.expected(0, edges)
    assert zero_point == 0 or ((results > 0) != (edges > 0)).sum() > abs(zero_point) / 2


@pytest.mark.parametrize("shift", [-40, -32, -31, 30, 31, 32, 40])
@pytest.mark.parametrize("zero_point", [-128, -5, 0, 127])
def test_shifts_at_the_edge_and_beyond_are_right(probe: Probe, shift: int, zero_point: int) -> None:
    ends = np.array([-(2**31), -70000, -1, 1, 5]), np.array([2**31 - 1, 70000, 1, 300, 5])
    multiplier = np.array([1 << 30, 0, 2**31 - 1, 1, 0x55555555], np.int32)
    channels = Channels(*ends, multiplier, np.full(5, shift, np.int32), zero_point)
    plan = channels.plan(probe.target.floats)
    for channel in range(5):
        low, high = int(ends[0][channel]), int(ends[1][channel])
        sums = near(np.array([low, 0, high, 1 << 30, -(1 << 30)]), 300, low, high)
        assert_right(probe, channels, plan, channel, sums)


@pytest.mark.parametrize("zero_point", [-128, 0, 127])
def test_a_multiplier_of_zero_leaves_the_zero_point(probe: Probe, zero_point: int) -> None:
    ends = np.array([-(2**31), -5, 0, 7]), np.array([2**31 - 1, 5, 0, 9])
    channels = Channels(*ends, np.zeros(4, np.int32), np.zeros(4, np.int32), zero_point)
    plan = channels.plan(probe.target.floats)
    for channel in range(4):
        low, high = int(ends[0][channel]), int(ends[1][channel])
        sums = near(np.array([low, 0, high]), 50, low, high)
        assert_right(probe, channels, plan, channel, sums)
        assert (channels.expected(channel, sums) == zero_point).all()


def test_a_single_sum_in_range_is_right(probe: Probe) -> None:
    """Weights of nothing but zeros: the bias decides."""
    random = np.random.default_rng((SEED, 400))
    for kind in KINDS:
        channels = random_channels(random, CHANNELS, kind)
        channels = replace(channels, high=channels.low)
        plan = channels.plan(probe.target.floats)
        for channel in range(CHANNELS):
            assert_right(probe, channels, plan, channel, channels.low[channel : channel + 1])


def test_a_clamp_to_one_value_is_right(probe: Probe) -> None:
    random = np.random.default_rng((SEED, 500))
    channels = random_channels(random, CHANNELS, "ordinary")
    channels = replace(channels, zero_point=9, activation_min=9, activation_max=9)
    plan = channels.plan(probe.target.floats)
    for channel in range(CHANNELS):
        sums = random.integers(channels.low[channel], channels.high[channel], 100, endpoint=True)
        assert_right(probe, channels, plan, channel, sums)


def test_sums_that_may_wrap_are_left_to_the_exact_way() -> None:
    """Beyond int32 the result is no staircase: no formula may be taken, however well it fits."""
    ends = np.array([-(2**31) - 1, 0, -(2**30), 0]), np.array([0, 2**31, 0, 2**29])
    shift = np.array([-20, -20, 1, 2], np.int32)
    plan = Channels(*ends, np.full(4, 1 << 30, np.int32), shift).plan()
    assert [only(plan, channel).choice().way for channel in range(4)] == [Way.EXACT] * 4


def test_ordinary_channels_take_a_fast_way() -> None:
    """What is proved is also used: or else the proofs would be worth nothing."""
    random = np.random.default_rng((SEED, 600))
    ways: Counter[Way] = Counter()
    for _ in range(4):
        channels = random_channels(random, CHANNELS, "ordinary")
        plan = channels.plan()
        ways.update(only(plan, channel).choice().way for channel in range(CHANNELS))
    assert ways[Way.EXACT] <= 0.02 * ways.total()


def test_channels_in_one_run_take_the_safest_way_that_any_of_them_needs() -> None:
    random = np.random.default_rng((SEED, 700))
    channels = random_channels(random, CHANNELS, "wild")
    plan = channels.plan()
    for lanes in (4, 8, 16):
        runs = plan.runs(lanes)
        assert [part.start for part, _ in runs] == [0, *(part.stop for part, _ in runs[:-1])]
        assert runs[-1][0].stop == CHANNELS
        for part, choice in runs:
            for channel in range(part.start, part.stop):
                if choice.way is not Way.EXACT:
                    assert plan.formulas[choice.way].needed[channel] <= choice.corrections
