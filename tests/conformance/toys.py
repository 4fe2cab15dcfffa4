"""Small backends that the suite is tried on: a clean one, and one for each class of published bug.

Their kernels are written as a backend author would write them, in plain NumPy over a padded image, and share no code
with the suite's definition. A bug is a switch in :class:`Bugs`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_core import (
    AlignmentError,
    Conv2dParams,
    DepthwiseConv2dParams,
    ElementwiseAddParams,
    FullyConnectedParams,
    FusedActivation,
    KernelBackend,
    MulParams,
    Padding,
    PoolParams,
    SoftmaxParams,
    UnsupportedActivation,
    check_buffers,
)
from ember_infer_core.conformance import KnownException
from ember_infer_core.fixed_point import exp_on_negative_values, get_reciprocal
from ember_infer_core.ops import DEFAULTS

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Bugs:
    """What is wrong with a toy."""

    larger_padding_first: bool = False
    four_outputs_at_a_time: bool = False
    input_read_from_aligned_address: bool = False
    refuses_misaligned: bool = False
    wraps_results: bool = False
    saturates_accumulators: bool = False
    shift_modulo_64: bool = False
    add_with_one_scale: bool = False
    rounds_once: bool = False
    no_nudge: bool = False
    no_clamp_at_minus_128: bool = False
    scratch_bytes_beyond: int = 0
    output_bytes_beyond: int = 0
    ignores_dilation: bool = False
    max_pool_wants_four_channels: bool = False
    static_memory: bool = False
    keeps_weights: bool = False
    keeps_first_answer_in_cache: bool = False
    average_rounds_up: bool = False
    halves_go_to_zero: bool = False
    division_cuts: bool = False
    accepts_any_activation: bool = False
    writes_before_checking: bool = False
    changes_input: bool = False
    counts_on_clean_scratch: bool = False
    padding_is_zero: bool = False


class Toy(KernelBackend):
    """Every operator but MUL."""

    def __init__(self, bugs: Bugs | None = None, exceptions: tuple[KnownException, ...] = ()) -> None:
        self.bugs = Bugs() if bugs is None else bugs
        self.conformance_exceptions = exceptions
        self._weights: dict[int, npt.NDArray[np.int8]] = {}
        self._static = np.zeros(1 << 16, np.int64)

    @classmethod
    def depthwise_conv2d_scratch_size(cls, input_shape: Any, weights_shape: Any, output_shape: Any) -> int:
        """One accumulator for each output channel."""
        return 4 * int(weights_shape[3])

    def conv2d(self, params: Conv2dParams) -> None:
        """CONV_2D."""
        self._begin(params)
        depth, filters = params.weights_shape[3], params.weights_shape[0] // params.groups
        weights, totals = self._kept(params).astype(np.int64), []
        for group in range(params.groups):
            columns = [
                (taps[..., group * depth : (group + 1) * depth], i, j)
                for taps, i, j in self._taps(params, params.input)
            ]
            of_group = weights[group * filters : (group + 1) * filters]
            totals.append(sum(taps @ of_group[:, i, j].T for taps, i, j in columns))
        self._finish(params, np.concatenate(totals, axis=-1))

    def depthwise_conv2d(self, params: DepthwiseConv2dParams) -> None:
        """DEPTHWISE_CONV_2D."""
        self._begin(params)
        scratch = params.scratch
        if self.bugs.scratch_bytes_beyond:
            beyond = np.lib.stride_tricks.as_strided(scratch, (scratch.size + self.bugs.scratch_bytes_beyond,), (1,))
            beyond[...] = 0
        clean = np.zeros(1, np.int64)
        if self.bugs.counts_on_clean_scratch:
            clean = scratch[:4].astype(np.int64).sum(keepdims=True)
        scratch[...] = 1
        wide = params.input.repeat(params.depth_multiplier, axis=3)
        weights = params.weights.astype(np.int64)
        total: Int64 = sum((taps * weights[0, i, j] for taps, i, j in self._taps(params, wide)), np.int64(0)) + clean
        self._finish(params, total)

    def fully_connected(self, params: FullyConnectedParams) -> None:
        """FULLY_CONNECTED."""
        self._begin(params)
        rows = params.input.reshape(-1, params.weights_shape[1])
        address = rows.ctypes.data % 16
        if self.bugs.refuses_misaligned and address:
            raise AlignmentError(f"the input lies {address} bytes beyond a multiple of 16")
        if self.bugs.input_read_from_aligned_address:
            rows = np.roll(rows.reshape(-1), address).reshape(rows.shape)
        weights = params.weights.astype(np.int64) + params.weights_offset
        self._finish(params, (rows.astype(np.int64) + params.input_offset) @ weights.T)

    def avg_pool(self, params: PoolParams) -> None:
        """AVERAGE_POOL_2D."""
        self._begin(params)
        counts = sum(taps for taps, _, _ in self._taps(params, np.ones_like(params.input)))
        total = sum(taps for taps, _, _ in self._taps(params, params.input))
        if self.bugs.halves_go_to_zero:
            magnitude = np.ceil(np.sign(total) * total / counts - 0.5).astype(np.int64)
            self._store(params, np.sign(total) * magnitude)
            return
        half = np.sign(total) * (counts // 2)
        mean = np.floor(total / counts + 0.5) if self.bugs.average_rounds_up else np.trunc((total + half) / counts)
        self._store(params, mean.astype(np.int64))

    def max_pool(self, params: PoolParams) -> None:
        """MAX_POOL_2D."""
        self._begin(params)
        if self.bugs.max_pool_wants_four_channels and params.input_shape[3] % 4:
            return
        inside = [taps for taps, _, _ in self._taps(params, np.ones_like(params.input))]
        values = [taps for taps, _, _ in self._taps(params, params.input)]
        seen = [np.where(inner, value, -128) for inner, value in zip(inside, values, strict=True)]
        self._store(params, np.max(seen, axis=0))

    def softmax(self, params: SoftmaxParams) -> None:
        """SOFTMAX."""
        check_buffers(params)
        rows = params.input.reshape(-1, params.input_shape[-1]).astype(np.int64)
        output = params.output.reshape(rows.shape)
        for row, result in zip(rows, output, strict=True):
            below = row - row.max()
            exponent = ((below << params.input_left_shift) * params.input_multiplier + 2**30) >> 31
            powers = np.where(below >= params.diff_min, exp_on_negative_values(np.maximum(exponent, -(2**31))), 0)
            scale, bits = get_reciprocal(int(((powers + 2048) >> 12).sum()), 12)
            product, shift = (scale * powers + 2**30) >> 31, bits + 23
            result[...] = np.clip(((product + ((1 << shift) >> 1)) >> shift) - 128, -128, 127)

    def add(self, params: ElementwiseAddParams) -> None:
        """ADD."""
        self._begin(params)
        value1 = (params.input1.astype(np.int64) + params.input1_offset) << params.left_shift
        value2 = (params.input2.astype(np.int64) + params.input2_offset) << params.left_shift
        multiplier2, shift2 = params.input2_multiplier, params.input2_shift
        if self.bugs.add_with_one_scale:
            multiplier2, shift2 = params.input1_multiplier, params.input1_shift
        total = self._scale(value1, params.input1_multiplier, params.input1_shift) + self._scale(
            value2, multiplier2, shift2
        )
        scaled = self._scale(total, params.output_multiplier, params.output_shift)
        self._store(params, scaled + params.output_offset)

    def _begin(self, params: Any) -> None:
        if self.bugs.writes_before_checking:
            params.output[...] = 0
        check_buffers(params)
        if params.fused_activation.value > FusedActivation.RELU6.value and not self.bugs.accepts_any_activation:
            raise UnsupportedActivation(f"{params.fused_activation.name} is no clamp")
        if self.bugs.changes_input and hasattr(params, "input"):
            params.input[...] |= 1

    def _kept(self, params: Conv2dParams) -> npt.NDArray[np.int8]:
        if self.bugs.keeps_weights:
            return self._weights.setdefault(params.weights.ctypes.data, params.weights.copy())
        return params.weights

    def _taps(self, params: Any, image: npt.NDArray[np.int8]) -> list[tuple[Int64, int, int]]:
        """For each tap what every output sees there, less the zero point; 0 outside."""
        kernel = params.weights_shape[1:3] if hasattr(params, "weights_shape") else None
        height, width = kernel or (params.filter_height, params.filter_width)
        down, right = getattr(params, "dilation_h_factor", 1), getattr(params, "dilation_w_factor", 1)
        if self.bugs.ignores_dilation:
            down = right = 1
        _, rows, columns, _ = params.output_shape
        before = [params.pad_h, params.pad_w]
        if self.bugs.larger_padding_first and params.padding is Padding.SAME:
            needed_h = (rows - 1) * params.stride_h + (height - 1) * down + 1 - params.input_shape[1]
            needed_w = (columns - 1) * params.stride_w + (width - 1) * right + 1 - params.input_shape[2]
            before = [(max(needed_h, 0) + 1) // 2, (max(needed_w, 0) + 1) // 2]
        after = rows * params.stride_h + height * down, columns * params.stride_w + width * right
        values = image.astype(np.int64) + getattr(params, "input_offset", 0)
        outside = getattr(params, "input_offset", 0) if self.bugs.padding_is_zero else 0
        margins = ((0, 0), (before[0], after[0]), (before[1], after[1]), (0, 0))
        padded = np.pad(values, margins, constant_values=outside)
        return [
            (
                padded[
                    :,
                    i * down : i * down + (rows - 1) * params.stride_h + 1 : params.stride_h,
                    j * right : j * right + (columns - 1) * params.stride_w + 1 : params.stride_w,
                ],
                i,
                j,
            )
            for i in range(height)
            for j in range(width)
        ]

    def _scale(self, values: Int64, multiplier: Any, shift: Any) -> Int64:
        """In C's integers: left shift, high product, rounding right shift."""
        shift = np.asarray(shift, np.int64)
        left, right = np.maximum(shift, 0), np.maximum(-shift, 0)
        multiplier = np.asarray(multiplier, np.int64)
        if self.bugs.rounds_once:
            total = 31 - shift
            rounded = (values * multiplier + (np.int64(1) << (total - 1))) >> total
            saturated: Int64 = np.clip(rounded, -(2**31), 2**31 - 1)
            return saturated
        shifted = (values << left).astype(np.int32).astype(np.int64)
        high = (shifted * multiplier + (0 if self.bugs.no_nudge else 1 << 30)) >> 31
        half = (np.int64(1) << right) >> 1
        if self.bugs.halves_go_to_zero:
            toward_zero: Int64 = np.where(right > 0, (high + half - (high > 0)) >> right, high)
            return toward_zero
        if self.bugs.division_cuts:
            high = np.trunc((shifted * multiplier + (1 << 30)) / 2**31)
            cut: Int64 = np.trunc((high + half) / 2.0**right).astype(np.int64)
            return cut
        result: Int64 = np.where(right > 0, (high + half - (high < 0)) >> right, high)
        return result

    def _finish(self, params: Any, total: Int64) -> None:
        """Accumulators to the output."""
        total = total + (0 if params.bias is None else params.bias)
        if self.bugs.saturates_accumulators:
            total = np.clip(total, -(2**31), 2**31 - 1)
        if self.bugs.static_memory:
            mine = self._static[: total.size]
            mine[...] = total.reshape(-1)
            time.sleep(0)
            total = mine.reshape(total.shape)
        total = total.astype(np.int32).astype(np.int64)
        multiplier, shift = params.output_multiplier, params.output_shift
        if self.bugs.shift_modulo_64:
            weights = params.weights_quant
            scales = np.array(getattr(weights, "scales", None) or [weights.scale])
            mantissa, exponent = np.frexp(params.input_quant.scale * scales / params.output_quant.scale)
            total_shift = 31 - exponent.astype(np.int64)
            product = total * np.rint(mantissa * 2**31).astype(np.int64)
            count = total_shift % 64
            naive = (product + np.where(count > 0, np.int64(1) << (count - 1) % 64, 0)) >> count
            scaled = np.where(total_shift > 62, naive, self._scale(total, multiplier, shift))
        else:
            scaled = self._scale(total, multiplier, shift)
        self._store(params, (scaled + params.output_offset).astype(np.int32).astype(np.int64))

    def _store(self, params: Any, values: Int64) -> None:
        """Clamps and writes."""
        low = params.activation_min
        if self.bugs.no_clamp_at_minus_128 and low == -128:
            low = -(2**31)
        if not self.bugs.wraps_results:
            values = np.clip(values, low, params.activation_max)
        result = np.asarray(values).astype(np.int8).reshape(params.output_shape)
        if self.bugs.keeps_first_answer_in_cache and params.cache is not None:
            result = params.cache.setdefault("answer", result)
        if self.bugs.output_bytes_beyond:
            size = params.output.size + self.bugs.output_bytes_beyond
            np.lib.stride_tricks.as_strided(params.output.reshape(-1), (size,), (1,))[-1] ^= 1
        if self.bugs.four_outputs_at_a_time and isinstance(params, FullyConnectedParams):
            outputs = params.weights_shape[0]
            whole = outputs // 4 * 4
            params.output.reshape(-1, outputs)[:, :whole] = result.reshape(-1, outputs)[:, :whole]
            return
        params.output[...] = result


class WithMul(Toy):
    """The optional operator too."""

    def mul(self, params: MulParams) -> None:
        """MUL."""
        self._begin(params)
        value1 = params.input1.astype(np.int64) + params.input1_offset
        value2 = params.input2.astype(np.int64) + params.input2_offset
        scaled = self._scale(value1 * value2, params.output_multiplier, params.output_shift)
        self._store(params, scaled + params.output_offset)


class Defaulting(Toy):
    """Says that it has the operators that the contract does in any case, so that these are tested."""

    @classmethod
    def operators(cls) -> frozenset[str]:
        """The toy's, and the contract's own."""
        return super().operators().union(DEFAULTS)


def _dilated(params: Any) -> bool:
    return bool(params.dilation_h_factor > 1 or params.dilation_w_factor > 1)


EXCUSED = Toy(
    Bugs(ignores_dilation=True, static_memory=True),
    (
        KnownException(reason="no dilation on this chip", operator="*conv2d", when=_dilated),
        KnownException(reason="one accumulator buffer for all", test="test_threads_do_not_meet*"),
    ),
)
NEEDLESSLY_EXCUSED = Toy(
    exceptions=(
        KnownException(reason="mended long ago", operator="conv2d", when=_dilated),
        KnownException(reason="a condition that never holds", operator="softmax", when=lambda params: params.beta > 7),
        KnownException(reason="threads met once", test="test_threads_do_not_meet[[]softmax-single[]]"),
    )
)


def __getattr__(name: str) -> Toy:
    """A toy with this one bug."""
    if name not in {one.name for one in fields(Bugs)}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: Any = 1
    return Toy(replace(Bugs(), **{name: value}))
