"""A program and a sketch that call an exported model: for its README, and for Arduino."""

from __future__ import annotations

from collections.abc import Iterator

from ember_infer_firmware.c_source import c_type
from ember_infer_firmware.plan import Plan
from ember_infer_firmware.ports import buffer, port_macro, port_name, port_quant
from ember_infer_firmware.step import Place
from ember_infer_firmware.template import filled_template

__all__ = ["example", "sketch"]

_PENDING = """\
    if (status == {upper}_PENDING) {{ /* as most runs of this model: on with the next input */
        puts({upper}_STRERROR(status));
        return 0;
    }}"""


def example(plan: Plan) -> str:
    """A complete C program: real values in, one inference, real values out."""
    quantized = any(port_quant(plan, place) is not None for place in plan.inputs)
    values = _common(plan) | {
        "quantize": filled_template("quantize.c", {}).rstrip("\n") if quantized else "",
        "reset": f"    (void){plan.name}_reset(arena); /* once, and whenever a stream begins anew */"
        if plan.variables
        else "",
        "pending": _PENDING.format(upper=plan.name.upper()) if plan.program.ends_early else "",
        "fill": "\n".join(line for place in plan.inputs for line in _fill(plan, place)),
        "print": "\n".join(line for place in plan.outputs for line in _print(plan, place)),
    }
    return filled_template("example.c", values)


def sketch(plan: Plan) -> str:
    """For Arduino: one inference on zeros, again and again."""
    prints = [
        line
        for place in plan.outputs
        for line in (
            f"    for (int i = 0; i < {port_macro(plan, place)}_LEN; i++) {{",
            f"        Serial.print({port_name(plan, place)}[i]);",
            "        Serial.print(' ');",
            "    }",
        )
    ]
    reset = f"    (void){plan.name}_reset(arena);" if plan.variables else ""
    return filled_template("sketch.ino", _common(plan) | {"prints": "\n".join(prints), "reset": reset})


def _common(plan: Plan) -> dict[str, str]:
    buffers = [buffer(plan, place, f"{port_macro(plan, place)}_LEN") for place in plan.ports]
    return {
        "name": plan.name,
        "upper": plan.name.upper(),
        "title": plan.name,
        "buffers": "\n".join(buffers),
        "arguments": ", ".join(port_name(plan, place) for place in plan.ports),
    }


def _fill(plan: Plan, place: Place) -> Iterator[str]:
    macro, type_ = port_macro(plan, place), c_type(place.dtype)
    value = f"({type_})0"
    if port_quant(plan, place) is not None:
        limits = type_.removesuffix("_t").upper()
        low = "0" if limits.startswith("U") else f"{limits}_MIN"
        value = f"({type_})quantized(0.0f, {macro}_SCALE, {macro}_ZERO_POINT, {low}, {limits}_MAX)"
    yield f"    for (int i = 0; i < {macro}_LEN; i++)"
    yield f"        {port_name(plan, place)}[i] = {value};"


def _print(plan: Plan, place: Place) -> Iterator[str]:
    macro, name = port_macro(plan, place), port_name(plan, place)
    value = f"(double){name}[i]"
    if port_quant(plan, place) is not None:
        value = f"(double){macro}_SCALE * ({name}[i] - {macro}_ZERO_POINT)"
    yield f"    for (int i = 0; i < {macro}_LEN; i++)"
    yield f'        printf("%g\\n", {value});'
