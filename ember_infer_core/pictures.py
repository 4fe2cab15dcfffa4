"""Pictures of a plan, as SVG: for notebooks, and for the report of the tools."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from ember_infer_core.notebook import NO_MATHS

__all__ = ["Block", "arena_picture"]

_MOST_BLOCKS = 1000
_WIDTH, _HEIGHT = 960, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 10, 10, 34
_CHARACTER = 6.6  # widths of the labels' letters, about
_TICKS = 12
_NAME = 60
# One after the other, so that neighbours in time differ. White letters stand out from each by 4.5 to 1, and each from a
# white and from a dark ground by 3 to 1.
_COLOURS = ("#34759d", "#a8581f", "#4d7d3c", "#7f5fa0")


@dataclass(frozen=True, slots=True)
class Block:
    """Bytes in use.

    Attributes:
        name: of the tensor.
        offset, size: which bytes.
        first, last: during which steps, both included.
        operator: of the file that writes it; None for a model's input.
    """

    name: str
    offset: int
    size: int
    first: int
    last: int
    operator: int | None = None


def arena_picture(
    blocks: Sequence[Block],
    steps: int,
    length: int,
    operators: Sequence[int | None] | None = None,
    most: int = _MOST_BLOCKS,
) -> str:
    """The arena over time, as an SVG element: a step of the model after the other from left to right, bytes from bottom
    to top, each block where it lives. Names are text there, and not markup.

    Args:
        blocks: what lives in it.
        steps: how many there are.
        length: bytes of the arena.
        operators: of each step, the operator's number; None for a copy that no operator asks for. By default the step's
            own number.
        most: blocks that are drawn; of more the largest, and the picture says so.

    Raises:
        ValueError: there are more or fewer ``operators`` than steps.
    """
    if operators is not None and len(operators) != steps:
        raise ValueError(f"{len(operators)} operators are given for {steps} steps")
    across, down = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    x = [_LEFT + across * step / max(steps, 1) for step in range(steps + 1)]

    def y(byte: int) -> float:
        return _TOP + down * (1 - byte / max(length, 1))

    numbers = ["copy" if number is None else str(number) for number in (operators or range(steps))]
    parts = [f'<rect class="free" x="{_LEFT}" y="{_TOP}" width="{across}" height="{down}" fill="none"/>']
    parts += [
        f'<path class="grid" d="M{_LEFT} {y(byte):.1f}H{_WIDTH - _RIGHT}" stroke="currentColor" stroke-opacity=".15"/>'
        f'<text x="{_LEFT - 8}" y="{y(byte) + 4:.1f}" text-anchor="end">{byte:,}</text>'
        for byte in sorted({0, length // 4, length // 2, 3 * length // 4, length})
    ]
    shown = sorted(range(len(blocks)), key=lambda place: -blocks[place].size)[:most]
    for place in sorted(shown):
        block = blocks[place]
        left, right = x[min(block.first, steps)], x[min(block.last + 1, steps)]
        top, bottom = y(block.offset + block.size), y(block.offset)
        said = f"operators {numbers[block.first]} to {numbers[block.last]}" if steps else "no operator"
        parts.append(_drawn(block, said, (left, top, right - left, bottom - top), _COLOURS[place % len(_COLOURS)]))
    every = max(-(-steps // _TICKS), 1)
    for step in range(0, steps, every):
        middle = (x[step] + x[step + 1]) / 2
        parts.append(f'<text x="{middle:.1f}" y="{_HEIGHT - 16}" text-anchor="middle">{numbers[step]}</text>')
    parts.append(f'<text x="{_LEFT + across / 2:.0f}" y="{_HEIGHT - 2}" text-anchor="middle">operator</text>')
    drawn = f"the largest {len(shown):,} of {len(blocks):,}" if len(shown) < len(blocks) else f"{len(blocks):,}"
    if len(shown) < len(blocks):
        parts.append(f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 2}" text-anchor="end">{drawn} blocks are drawn</text>')
    about = f"The arena over time: {drawn} blocks in {length:,} bytes, over {steps:,} steps"
    return (
        f'<svg class="arena-picture {NO_MATHS}" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{about}" '
        f'font-size="11" font-family="system-ui, sans-serif" fill="currentColor">{"".join(parts)}</svg>'
    )


def _drawn(block: Block, when: str, place: tuple[float, float, float, float], colour: str) -> str:
    """A rectangle that says what it is to whoever points at it, with a label where there is room."""
    left, top, width, height = place
    name = "".join(character if character.isprintable() else "?" for character in block.name[-2 * _NAME :])
    long = html.escape(name if len(name) <= _NAME else f"…{name[1 - _NAME :]}")
    said = f"{long}: {block.size:,} bytes from {block.offset:,} on, {when}"
    by = "" if block.operator is None else f' data-layer="{block.operator}"'
    room = int((width - 8) / _CHARACTER)
    # What tells tensors apart may stand anywhere in their names: a part of one says less than the number.
    written = "" if block.operator is None else f"#{block.operator}"
    short = next((html.escape(text) for text in (name, written) if text and len(text) <= room), "")
    label = ""
    if short and height >= 13:
        middle = f'x="{left + width / 2:.1f}" y="{top + height / 2 + 4:.1f}"'
        label = f'<text {middle} text-anchor="middle" fill="#ffffff" pointer-events="none">{short}</text>'
    sides = f'width="{max(width - 1, 0.5):.1f}" height="{max(height - 1, 0.5):.1f}"'
    rectangle = f'<rect x="{left:.1f}" y="{top:.1f}" {sides} rx="2" fill="{colour}"/>'
    return f'<g class="block"{by}><title>{said}</title>{rectangle}{label}</g>'
