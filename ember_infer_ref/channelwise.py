"""Convolution sums within each channel alone: a multiplication and an addition for each tap of the kernel.

NumPy multiplies and adds int16 two to four times as fast as float32. A product of two int8 values fits int16, and so do
sums of some products, given the weights: the taps are dealt out to as few groups as have sums that fit, and only the
groups' sums are added up in floating point.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ember_infer_core.slots import Int8Array
from ember_infer_ref.affine import FloatType
from ember_infer_ref.plan import Step
from ember_infer_ref.planes import Planes, Window
from ember_infer_ref.requantize import Accumulators

__all__ = ["group_taps", "prepare_channelwise"]


def prepare_channelwise(
    window: Window, source: Int8Array, weights: Int8Array, padding: int, dtype: FloatType
) -> tuple[Accumulators, Step]:
    """The step that fills accumulators with the sums of raw inputs times weights, a row for each of the positions.

    Args:
        window: of the convolution.
        source: int8 ``(N, H, W, C_in)``.
        weights: ``(KH, KW, C_out)``; output channel ``c`` sees input channel ``c // (C_out // C_in)``.
        padding: the input's zero point.
        dtype: one in which the sums are exact.
    """
    _, width, channels = weights.shape
    accumulators = Accumulators(window.positions, channels, dtype)
    spare = len(accumulators.rows) - window.positions
    planes = Planes(window, source, np.int16, padding, repeat=channels // source.shape[3], spare=spare)
    groups = [[divmod(tap, width) for tap in group] for group in group_taps(weights.reshape(-1, channels))]
    factors = {(i, j): accumulators.repeat(weights[i, j].astype(np.int16)) for group in groups for i, j in group}
    tiles = []
    for index, sums in enumerate(accumulators.tiles):
        part = slice(index * sums.size, (index + 1) * sums.size)
        terms = [[(planes.tap(*tap).reshape(-1)[part], factors[tap]) for tap in group] for group in groups]
        tiles.append((sums, terms))
    first_sums = accumulators.tiles[0]
    product, group_sum = np.empty(first_sums.shape, np.int16), np.empty(first_sums.shape, np.int16)
    addend = np.empty_like(first_sums)

    def accumulate() -> None:
        planes.load()
        for sums, terms in tiles:
            target = sums
            for (first, first_factor), *others in terms:
                np.multiply(first, first_factor, out=group_sum)
                for tap, factor in others:
                    np.multiply(tap, factor, out=product)
                    np.add(group_sum, product, out=group_sum)
                np.copyto(target, group_sum)
                if target is addend:
                    np.add(sums, addend, out=sums)
                target = addend

    return accumulators, accumulate


def group_taps(weights: Int8Array) -> Sequence[Sequence[int]]:
    """Deals out the taps, given their int8 weights ``(taps, C)``, to groups whose sums over int8 inputs fit int16.

    The heaviest first, each to the first group with room for it in every channel.
    """
    heaviest_first = np.argsort(-np.abs(weights.astype(np.int32)).sum(1), kind="stable")
    groups: list[list[int]] = []
    ranges: list[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]] = []
    for tap in heaviest_first:
        weight = weights[tap].astype(np.int32)
        low, high = np.minimum(-128 * weight, 127 * weight), np.maximum(-128 * weight, 127 * weight)
        for index, (group_low, group_high) in enumerate(ranges):
            if (group_low + low).min() >= -(2**15) and (group_high + high).max() < 2**15:
                groups[index].append(int(tap))
                ranges[index] = (group_low + low, group_high + high)
                break
        else:
            groups.append([int(tap)])
            ranges.append((low, high))
    return groups
