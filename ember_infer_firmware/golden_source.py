"""Golden vectors → the self-test in C."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ember_infer_core.memory import ALIGNMENT
from ember_infer_core.slots import AnyArray
from ember_infer_firmware.c_source import array_rows, c_type
from ember_infer_firmware.golden import Golden
from ember_infer_firmware.plan import Plan
from ember_infer_firmware.ports import alignment, buffer, port_name
from ember_infer_firmware.step import Place
from ember_infer_firmware.template import filled_template

__all__ = ["golden_sources", "samples_in_words"]

_SPOIL = """\
/* No byte is right before the model has written it. */
static void spoil(void *memory, const void *wanted, size_t size) {
    uint8_t *a = memory;
    const uint8_t *b = wanted;
    for (size_t i = 0; i < size; i++)
        a[i] = (uint8_t)(b[i] ^ 0xffu);
}

"""


def samples_in_words(plan: Plan) -> str:
    """What follows on their number."""
    return "samples, one after another from a reset on," if plan.variables else "samples"


def golden_sources(plan: Plan, golden: Golden) -> dict[str, str]:
    """The self-test and its header by file name."""
    name, upper = plan.name, plan.name.upper()
    inputs = [port_name(plan, place) for place in plan.inputs]
    outputs = [port_name(plan, place) for place in plan.outputs]
    early = plan.program.ends_early  # then outputs that a run leaves as they were are golden, too
    begin = [f"    memset({port}, 0, sizeof({port}));" for port in outputs if early]
    begin += [f"    (void){name}_reset(arena);"] if plan.variables else []
    values = {
        "name": name,
        "upper": upper,
        "count": str(len(golden)),
        "samples": samples_in_words(plan),
        "math": "#include <math.h>" if any(place.dtype.kind == "f" for place in plan.inputs) else "",
        "vectors": "\n\n".join("\n".join(lines) for lines in _vectors(plan, golden)),
        "buffers": "\n".join(buffer(plan, place) for place in plan.outputs),
        "spoil": "" if early or not outputs else _SPOIL,
        "spoils": "".join(
            f"        spoil({port}, golden_{port}[i], sizeof({port}));\n" for port in outputs if not early
        ),
        "begin": "\n".join(begin),
        "arguments": ", ".join([*(f"golden_{port}[i]" for port in inputs), *outputs]),
        "compare": "\n".join(
            f"        count += differing({port}, golden_{port}[i], sizeof({port}));" for port in outputs
        ),
    }
    return {f"{name}_selftest.{suffix}": filled_template(f"selftest.{suffix}", values) for suffix in ("h", "c")}


def _vectors(plan: Plan, golden: Golden) -> Iterator[list[str]]:
    for place, array in zip(plan.ports, (*golden.inputs, *golden.outputs), strict=True):
        yield list(_vector(plan, place, f"golden_{port_name(plan, place)}", array))


def _vector(plan: Plan, place: Place, name: str, array: AnyArray) -> Iterator[str]:
    """Answers of floats as their bits: what is compared is bytes. Inputs are handed over from where they are."""
    rows = np.ascontiguousarray(array).reshape(len(array), int(np.prod(array.shape[1:])))  # there may be none
    if place.base == "output" and place.dtype.kind == "f":
        rows = rows.view(np.uint32)
    attribute = alignment(plan, place) if place.base == "input" else ""
    length = max(place.size, 1) if len(rows) else 1
    if attribute:
        length = -(-length // ALIGNMENT) * ALIGNMENT
    yield f"static const {c_type(rows.dtype)} {name}[{max(len(rows), 1)}][{length}]{attribute} = {{"
    for row in rows:
        lines = list(array_rows(row))
        if len(lines) == 1:
            yield f"    {{{lines[0].strip().rstrip(',')}}},"
        else:
            yield from ("    {", *lines, "    },")
    if not len(rows):
        yield "    {0},"
    yield "};"
