"""Inputs and outputs of a model as C has them: names, types, quantisation, and the function that takes them."""

from __future__ import annotations

from ember_infer_core.quantization import QuantParam
from ember_infer_firmware.c_source import c_type, filled
from ember_infer_firmware.plan import Plan
from ember_infer_firmware.step import Place

__all__ = ["alignment", "buffer", "port_macro", "port_name", "port_quant", "port_tensor", "run_signature"]


def port_name(plan: Plan, port: Place) -> str:
    """What an input or an output is called: with its number where there are several."""
    alone = len(plan.inputs if port.base == "input" else plan.outputs) == 1
    return port.base if alone else f"{port.base}_{port.number}"


def port_macro(plan: Plan, port: Place) -> str:
    """What the macros of an input or an output begin with."""
    return f"{plan.name}_{port_name(plan, port)}".upper()


def port_tensor(plan: Plan, port: Place) -> int:
    """The index of an input or an output in the program."""
    program = plan.program
    return (program.inputs if port.base == "input" else program.outputs)[port.number]


def port_quant(plan: Plan, port: Place) -> QuantParam | None:
    """The quantisation that a caller needs to know, if there is any."""
    quant = plan.program.tensors[port_tensor(plan, port)].quant
    return quant if isinstance(quant, QuantParam) and port.dtype.kind != "f" else None


def alignment(plan: Plan, port: Place) -> str:
    """What follows on an array's name for a caller to hand it over as this input or output."""
    return f" __attribute__((aligned({plan.name.upper()}_ARENA_ALIGNMENT)))" if plan.is_aligned(port) else ""


def buffer(plan: Plan, port: Place, length: str | int | None = None) -> str:
    """A caller's array for an input or an output, of so many elements; by default all, but at least one."""
    elements = max(port.size, 1) if length is None else length
    return f"static {c_type(port.dtype)} {port_name(plan, port)}[{elements}]{alignment(plan, port)};"


def run_signature(plan: Plan) -> str:
    """Of the function that runs the model, without its semicolon."""
    inputs = [f"const {c_type(port.dtype)} *{port_name(plan, port)}" for port in plan.inputs]
    outputs = [f"{c_type(port.dtype)} *{port_name(plan, port)}" for port in plan.outputs]
    *others, last = *inputs, *outputs, "void *arena"
    start = f"int {plan.name}_run("
    lines = filled([*(f"{parameter}," for parameter in others), f"{last})"], " " * len(start))
    return start + "\n".join(lines).lstrip()
