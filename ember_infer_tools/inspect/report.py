"""The look of a :class:`ModelReport` in a terminal or a file: sections of Rich renderables, and the arena's picture."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TypeAlias

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from ember_infer_tools.inspect.findings import Finding
from ember_infer_tools.inspect.results import (
    ArenaBlock,
    ArenaReport,
    BackendReport,
    ModelReport,
    OperatorReport,
    PortReport,
    QuantReport,
    TensorReport,
    VariableReport,
)
from ember_infer_tools.inspect.state import describe_content
from ember_infer_tools.terminal import Column, Fitted, Look, fitted, printable

__all__ = ["arena_picture", "render"]

Section: TypeAlias = Fitted | Text | Padding

# Findings of one check that are shown unless all are asked for.
_SHOWN_FINDINGS = 3
_NAME_LENGTH = 24
_TENSOR_NAME_LENGTH = 48
# Of blocks in use together, whose neighbours must look different without colours too.
_SHADES = (("▓", "cyan"), ("▒", "green"), ("█", "magenta"), ("░", "yellow"))
_FREE = "·"
# Columns from which on the operators' table shows everything, so many more for each backend, and beyond which the
# picture gains nothing.
_WIDE = 130
_BACKEND = 10
_PICTURE = 100


_LOOK = Look(SIMPLE_HEAD, header_style="dim", pad_edge=True)


def _words(title: str) -> Column:
    """A column whose cells may go on in the next line between two words."""
    return Column(title, breaks="words")


def _name(title: str) -> Column:
    """A column whose cells may go on in the next line anywhere."""
    return Column(title, breaks="name")


_SCALE = (_words("scale"), _words("zero point"))


def render(
    report: ModelReport, *, width: int, all_tensors: bool = False, all_findings: bool = False
) -> Iterator[Section]:
    """The sections of a report.

    Args:
        report: what was found out.
        width: columns of the terminal.
        all_tensors: add a table of every tensor.
        all_findings: show every finding, not the first few of each check.
    """
    yield _summary(report)
    yield _heading("Inputs and outputs")
    yield _ports(report, width)
    yield _heading("Operators")
    yield _operators(report, width)
    yield _heading("Quantisation")
    yield _quantisation(report, width)
    yield _heading("Memory")
    yield _memory(report, width)
    if report.state:
        yield _heading("State", "what variables hold")
        yield _state(report, width)
    if report.arena.blocks:
        estimated = ", estimated: the model is not supported" if report.arena.estimated else ""
        yield _heading("Arena", f"a row for each call, its offsets from left to right{estimated}")
        yield Padding(Group(*arena_picture(report.arena, min(width, _PICTURE) - 4)), (0, 2), expand=False)
    if all_tensors:
        yield _heading("Tensors")
        yield _tensors(report.tensors, width)
    for level, title in (("warning", "Warnings"), ("hint", "Hints")):
        findings = [finding for finding in report.findings if finding.level == level]
        if findings:
            yield _heading(title)
            yield Padding(Group(*_findings(findings, all_findings)), (0, 2), expand=False)


def _heading(title: str, note: str = "") -> Text:
    return Text.assemble("\n", (title, "bold"), (f"  {note}" if note else "", "dim"))


def _summary(report: ModelReport) -> Text:
    count = len(report.operators)
    text = Text.assemble((printable(report.source), "bold"), f": {count} operator{'s' * (count != 1)}, ")
    if report.supported:
        return text.append("all supported", "green")
    kinds = Counter(operator.operator for operator in report.operators if operator.problem is not None)
    named = ", ".join(f"{kinds[kind]} {printable(kind)}" for kind in sorted(kinds))
    text.append(f"{kinds.total()} not supported: {named}" if kinds else "but the model is not supported", "red")
    for problem in report.problems:
        if not problem.startswith("operator "):  # those stand in the table
            text.append(f"\n  {printable(problem)}", "red")
    return text


def _ports(report: ModelReport, width: int) -> Fitted:
    rows = [
        (
            f"{role} {position}",
            _short(report.tensors[port.tensor].name),
            _shape(report.tensors[port.tensor]),
            *_quant(report.tensors[port.tensor].quant),
            _real_range(port),
        )
        for role, ports in (("input", report.inputs), ("output", report.outputs))
        for position, port in enumerate(ports)
    ]
    columns = [Column(""), _name("tensor"), _words("type and shape"), *_SCALE, _words("real values")]
    return fitted(columns, rows, width, look=_LOOK)


def _real_range(port: PortReport) -> str:
    return "-" if port.real_min is None else f"{port.real_min:.6g} .. {port.real_max:.6g}"


def _operators(report: ModelReport, width: int) -> Group:
    """One row for each; where there is no room, without what the other tables and ``--tensors`` tell too."""
    wide = width >= _WIDE + _BACKEND * len(report.backends)
    operands = ("inputs", "weights", "outputs") if wide else ("inputs", "outputs")
    figures = ("weight bytes", "MACs") if wide else ("MACs",)
    columns = [
        Column("#", right=True),
        *([_name("layer")] if wide else []),
        _words("operator"),
        *map(Column, operands),
        *(Column(title, right=True) for title in (*figures, *map(_title, report.backends))),
    ]
    rows = [tuple(_operator(operator, report, wide)) for operator in report.operators]
    styles = ["" if operator.problem is None else "red" for operator in report.operators]
    look = Look(SIMPLE_HEAD, header_style="dim", pad_edge=True, before=0, after=2 if wide else 1)
    note = "Tensors are int8 unless another type is shown."
    if report.backends:
        note += ' Under each backend: bytes of scratch, or "no" where it lacks the operator.'
    return Group(fitted(columns, rows, width, styles=styles, look=look, heading=2), Text(note, "dim"))


def _title(backend: BackendReport) -> str:
    return printable(backend.name.removesuffix("Backend") or backend.name)


def _operator(operator: OperatorReport, report: ModelReport, wide: bool) -> Iterator[str]:
    inputs, weights, outputs = _operands(operator, report.tensors)
    details = operator.details if operator.problem is None else operator.problem.removeprefix("this operator is ")
    yield str(operator.index)
    if wide:
        yield _short(operator.layer)
    yield printable(f"{operator.operator} {details}")
    yield from (inputs, weights, outputs) if wide else (inputs, outputs)
    if wide:
        yield _number(operator.weights_bytes)
    yield _number(operator.macs)
    for backend in report.backends:
        # Of what is not supported, and of VAR_HANDLE and CALL_ONCE, there is nothing to run.
        yield "-" if operator.method is None else _number(operator.scratch.get(backend.name), "no")


def _operands(operator: OperatorReport, tensors: Sequence[TensorReport]) -> tuple[str, str, str]:
    """Computed inputs, the first constant one (weights; a bias follows from them), outputs."""
    inputs = [tensors[index] for index in operator.inputs if index >= 0]
    computed = [tensor for tensor in inputs if not tensor.constant]
    constants = [tensor for tensor in inputs if tensor.constant][:1]
    outputs = [tensors[index] for index in operator.outputs]
    groups = (computed, constants, outputs)
    first, weights, last = ("\n".join(_shape(t).removeprefix("int8 ") for t in group) for group in groups)
    return first, weights, last


def _quantisation(report: ModelReport, width: int) -> Fitted:
    rows = []
    for operator in report.operators:
        output = report.tensors[operator.outputs[0]].quant if operator.outputs else None
        inputs = [report.tensors[index] for index in operator.inputs if index >= 0]
        weights = next((tensor.quant for tensor in inputs if tensor.constant and tensor.type == "int8"), None)
        rows.append((str(operator.index), _short(operator.layer), *_quant(output), *_quant(weights)))
    output_scale, zero_point = _words("output scale"), _words("zero point")
    columns = [Column("#", right=True), _name("layer"), output_scale, zero_point, _words("weight scales"), zero_point]
    return fitted(columns, rows, width, look=_LOOK, heading=2)


def _quant(quant: QuantReport | None) -> tuple[str, str]:
    """Scale and zero point; of several, their number, least and greatest."""
    if quant is None:
        return "-", "-"
    if quant.channels == 1:
        return f"{quant.scale_min:.6g}", str(quant.zero_point_min)
    points = sorted({quant.zero_point_min, quant.zero_point_max})
    scales = f"{quant.channels}: {quant.scale_min:.3g} .. {quant.scale_max:.3g}"
    return scales, " .. ".join(str(point) for point in points)


def _memory(report: ModelReport, width: int) -> Fitted:
    arena = report.arena
    unshared = f"activations after planning; {_number(arena.unshared)} if each had memory of its own"
    rows = [
        ("file", _number(report.file_bytes), ""),
        ("weights", _number(report.weights_bytes), "constants that operators read, each counted once"),
        ("arena", _number(arena.length), unshared),
    ]
    if arena.peak_step is not None:
        number = arena.operators[arena.peak_step]
        peak = f"the most in use at once, in {'a copy' if number is None else f'operator {number}'}"
        rows.append(("peak", _number(arena.peak), peak))
    if report.state:
        rows.append(("state", _number(report.state_bytes), "variables, kept from one run to the next"))
    for backend in report.backends:
        where = "" if backend.largest is None else f"scratch, for operator {backend.largest}"
        lacking = f"lacks operators {', '.join(map(str, backend.lacking))}" if backend.lacking else ""
        explained = "; ".join(filter(None, (where or "scratch", lacking)))
        rows.append((printable(backend.name), _number(backend.scratch), explained))
    least = "" if report.macs_complete else "at least: operators that are not supported are not counted"
    rows.append(("MACs", _number(report.macs), least or "multiply-accumulates of one inference"))
    columns = [Column(""), Column("bytes", right=True), _words("")]
    return fitted(columns, rows, width, look=replace(_LOOK, header=False))


def _state(report: ModelReport, width: int) -> Fitted:
    rows = [
        (
            _short(variable.name) or f"tensor {variable.tensor}",
            _shape(variable),
            _number(variable.bytes),
            describe_content(variable.initial),
            describe_content(variable.after_reset),
        )
        for variable in report.state
    ]
    figures = [Column("bytes", right=True), _words("at first"), _words("after a reset")]
    return fitted([_name("state"), _words("type and shape"), *figures], rows, width, look=_LOOK)


def _tensors(tensors: Iterable[TensorReport], width: int) -> Fitted:
    rows = []
    for tensor in tensors:
        kind = "constant" if tensor.constant else "variable" if tensor.variable else ""
        name = _short(tensor.name, _TENSOR_NAME_LENGTH)
        rows.append((str(tensor.index), name, _shape(tensor), _number(tensor.bytes), kind, *_quant(tensor.quant)))
    figures = [Column("bytes", right=True), Column(""), *_SCALE]
    columns = [Column("#", right=True), _name("tensor"), _words("type and shape"), *figures]
    return fitted(columns, rows, width, look=_LOOK, heading=2)


def _findings(findings: Sequence[Finding], every: bool) -> Iterator[Text]:
    for check, group in groupby(findings, key=lambda finding: finding.check):
        found = list(group)
        style = "yellow" if found[0].level == "warning" else "cyan"
        yield Text.assemble((check, style), f": {found[0].consequence}")
        shown = found if every else found[:_SHOWN_FINDINGS]
        for finding in shown:
            yield Text(f"  {printable(finding.where)}: {printable(finding.what)}")
        if len(shown) < len(found):
            yield Text(f"  and {len(found) - len(shown)} more (--all shows them)", "dim")


def arena_picture(arena: ArenaReport, width: int) -> list[Text]:
    """The plan as text: a row for each step, a column for each so many bytes, a run of one shade for each block.

    A block is labelled in its first row, with its tensor's name where that fits and its number where that does.
    """
    numbers = ["" if number is None else str(number) for number in arena.operators]  # a copy has only a name
    digits = max(map(len, numbers), default=1)
    longest = min(_NAME_LENGTH, width // 3)
    names = [f"{number:>{digits}} {_short(name, longest)}" for number, name in zip(numbers, arena.steps, strict=True)]
    margin = max(len(name) for name in names) + 1 if names else 0
    columns = max(width - margin - 2, 16)
    shades = _shades(arena.blocks)
    end = f"{_number(arena.length)} bytes"
    picture = [Text(f"{'':{margin}} 0{end:>{columns - 1}}", "dim")]
    for step, name in enumerate(names):
        live = [(block, shade) for block, shade in zip(arena.blocks, shades, strict=True) if _lives(block, step)]
        picture.append(Text(f"{name:{margin}}▕", no_wrap=True) + _row(live, step, columns, arena.length) + Text("▏"))
    return picture


def _lives(block: ArenaBlock, step: int) -> bool:
    return block.first <= step <= block.last


def _shades(blocks: Sequence[ArenaBlock]) -> list[int]:
    """A shade for each block, other than those of the blocks in use with it as far as there are shades."""
    chosen: list[int] = []
    for block in blocks:  # by their first step
        taken = {
            shade
            for other, shade in zip(blocks, chosen, strict=False)
            if other.first <= block.last and block.first <= other.last
        }
        free = [shade for shade in range(len(_SHADES)) if shade not in taken]
        chosen.append(free[0] if free else len(chosen) % len(_SHADES))
    return chosen


def _row(live: Iterable[tuple[ArenaBlock, int]], step: int, columns: int, length: int) -> Text:
    cells = [(_FREE, "dim")] * columns
    for block, shade in sorted(live, key=lambda item: -item[0].size):  # small ones last, so that they stay visible
        start = min(block.offset * columns // max(length, 1), columns - 1)
        size = max(round((block.offset + block.size) * columns / max(length, 1)) - start, 1)
        fill, style = _SHADES[shade]
        label = _label(block, size) if block.first == step else ""
        for place, character in enumerate(f"{label:{fill}^{size}}"):
            cells[start + place] = (character, f"{style} reverse" if label and character != fill else style)
    return Text.assemble(*cells)


def _label(block: ArenaBlock, size: int) -> str:
    """The last part of the tensor's name, or its number, if it fits into so many columns."""
    name = re.split(r"[/;,]", printable(block.name).rstrip("/;,"))[-1]
    return next((label for label in (f" {name} ", f" {block.tensor} ", str(block.tensor)) if len(label) <= size), "")


def _shape(tensor: TensorReport | VariableReport) -> str:
    return f"{tensor.type} {'x'.join(map(str, tensor.shape)) or 'scalar'}"


def _number(value: int | None, absent: str = "-") -> str:
    return absent if value is None else f"{value:,}"


def _short(name: str, length: int = _NAME_LENGTH) -> str:
    """A name that is not too long: what tells tensors apart mostly stands at the end."""
    name = printable(name)
    return name if len(name) <= length else f"…{name[1 - length :]}"
