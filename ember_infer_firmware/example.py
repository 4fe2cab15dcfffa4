"""A program and a sketch that call an exported model: for its README, and for Arduino."""

from __future__ import annotations

from collections.abc import Iterator

from ember_infer_core.quantization import QuantParam
from ember_infer_firmware.c_source import c_type
from ember_infer_firmware.plan import Plan
from ember_infer_firmware.sources import alignment, port_name
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
    quantized = any(_is_quantized(plan, place) for place in plan.inputs)
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
            f"    for (int i = 0; i < {_macro(plan, place)}_LEN; i++) {{",
            f"        Serial.print({port_name(plan.outputs, place)}[i]);",
            "        Serial.print(' ');",
            "    }",
        )
    ]
    reset = f"    (void){plan.name}_reset(arena);" if plan.variables else ""
    return filled_template("sketch.ino", _common(plan) | {"prints": "\n".join(prints), "reset": reset})


def _common(plan: Plan) -> dict[str, str]:
    ports = [*plan.inputs, *plan.outputs]
    names = [port_name(_ports(plan, place), place) for place in ports]
    buffers = [
        f"static {c_type(place.dtype)} {name}[{_macro(plan, place)}_LEN]{alignment(plan, place)};"
        for place, name in zip(ports, names, strict=True)
    ]
    return {
        "name": plan.name,
        "upper": plan.name.upper(),
        "title": plan.name,
        "buffers": "\n".join(buffers),
        "arguments": ", ".join(names),
    }


def _ports(plan: Plan, place: Place) -> tuple[Place, ...]:
    return plan.inputs if place.base == "input" else plan.outputs


def _macro(plan: Plan, place: Place) -> str:
    return f"{plan.name}_{port_name(_ports(plan, place), place)}".upper()


def _is_quantized(plan: Plan, place: Place) -> bool:
    program = plan.program
    index = (program.inputs if place.base == "input" else program.outputs)[place.number]
    return isinstance(program.tensors[index].quant, QuantParam) and place.dtype.kind != "f"


def _fill(plan: Plan, place: Place) -> Iterator[str]:
    macro, type_ = _macro(plan, place), c_type(place.dtype)
    value = f"({type_})0"
    if _is_quantized(plan, place):
        limits = type_.removesuffix("_t").upper()
        low = "0" if limits.startswith("U") else f"{limits}_MIN"
        value = f"({type_})quantized(0.0f, {macro}_SCALE, {macro}_ZERO_POINT, {low}, {limits}_MAX)"
    yield f"    for (int i = 0; i < {macro}_LEN; i++)"
    yield f"        {port_name(plan.inputs, place)}[i] = {value};"


def _print(plan: Plan, place: Place) -> Iterator[str]:
    macro, name = _macro(plan, place), port_name(plan.outputs, place)
    value = f"(double){name}[i]"
    if _is_quantized(plan, place):
        value = f"(double){macro}_SCALE * ({name}[i] - {macro}_ZERO_POINT)"
    yield f"    for (int i = 0; i < {macro}_LEN; i++)"
    yield f'        printf("%g\\n", {value});'
