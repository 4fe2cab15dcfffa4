"""Plan → the model's own sources: its header, its layers, its weights. Kernels come as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import fill

from ember_infer_core.ops.common import element_count
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import Role
from ember_infer_firmware.c_source import (
    array_definition,
    c_type,
    filled,
    header_text,
    headers_of,
    initialiser,
    literal,
    number_text,
)
from ember_infer_firmware.context import CORES, OWN, Names, ScratchLen
from ember_infer_firmware.kinds import header_preamble, why_one_task
from ember_infer_firmware.plan import Layer, Plan
from ember_infer_firmware.step import Place, Step

__all__ = ["FIRST_FAILURE", "alignment", "generate", "port_name", "run_signature", "uses_floats"]

FIRST_FAILURE = -3  # the status of a layer without a result, and one less for each further layer that may have none
_WIDTH = 118  # of a line
_NAME_LENGTH = 60  # of what a model's file contributes to a comment


def generate(plan: Plan) -> dict[str, str]:
    """The sources by file name: header, layers, weights with their declarations, and the kernels that are used."""
    kernels = headers_of(step.kernel for step in plan.steps())
    return {
        f"{plan.name}.h": "\n".join(_header(plan)) + "\n",
        f"{plan.name}.c": "\n".join(_code(plan, kernels)) + "\n",
        f"{plan.name}_weights.h": "\n".join(_weights_header(plan)) + "\n",
        f"{plan.name}_weights.c": "\n".join(_weights(plan)) + "\n",
        **{f"ember_{name}.h": header_text(name) for name in kernels},
    }


def run_signature(plan: Plan) -> str:
    """Of the function that runs the model, without its semicolon."""
    inputs = [f"const {c_type(place.dtype)} *{port_name(plan.inputs, place)}" for place in plan.inputs]
    outputs = [f"{c_type(place.dtype)} *{port_name(plan.outputs, place)}" for place in plan.outputs]
    *others, last = *inputs, *outputs, "void *arena"
    start = f"int {plan.name}_run("
    lines = filled([*(f"{parameter}," for parameter in others), f"{last})"], " " * len(start))
    return start + "\n".join(lines).lstrip()


def alignment(plan: Plan, port: Place) -> str:
    """What follows on an array's name for a caller to hand it over as this input or output."""
    return f" __attribute__((aligned({plan.name.upper()}_ARENA_ALIGNMENT)))" if plan.is_aligned(port) else ""


def _plain(name: str) -> str:
    """A name from the model's file, for a comment."""
    return literal(name[:_NAME_LENGTH])


def uses_floats(plan: Plan) -> bool:
    """Whether some kernel is given floats, so that the compiler must not contract a product and a sum."""
    return any(place is not None and place.dtype.kind == "f" for step in plan.steps() for place in step.operands)


def port_name(ports: Sequence[Place], place: Place) -> str:
    """What an input or an output is called: with its number where there are several."""
    return place.base if len(ports) == 1 else f"{place.base}_{place.number}"


_HEADER_TEXT = """\
/* {title}, INT8, as plain C99. Made by Ember Infer; make it again rather than edit it.

   {signature}
   computes the outputs from the inputs, in an arena of {upper}_ARENA_LEN bytes aligned to {upper}_ARENA_ALIGNMENT, and
   returns {upper}_OK. Inputs, outputs and arena do not overlap but where an _OFFSET below says that they may. After
   an error, which is less than 0, there is no telling what the outputs hold.
{guarantee} */

#ifndef {upper}_H
#define {upper}_H

#include <stdint.h>
{preamble}
#ifdef __cplusplus
extern "C" {{
#endif
"""
_REENTRANT = "   Nothing is kept between two runs; tasks with arenas of their own may run it at once."
_STATELESS = "   Nothing is kept between two runs."
_STATEFUL = """\
   The arena keeps the model's state from run to run, and nobody else may write to it: call {name}_reset(arena) before
   the first run, and to begin anew."""
_STATEFUL_REENTRANT = f"{_STATEFUL} Tasks with arenas of their own may run at once."
_ENDS_EARLY = """\
   Most runs of this model take an input in and end, with {upper}_PENDING: outputs of which that many inputs are
   needed stay as they were."""
_INITIALISED = """\
   The model gives state a first content of its own. {name}_reset sets that again; TensorFlow Lite Micro's
   MicroInterpreter::Reset() sets zero points instead, since it initialises a model but once."""


def _guarantee(plan: Plan) -> str:
    one_task = why_one_task(plan.kernels)
    if one_task:
        found = [_STATEFUL if plan.variables else _STATELESS]
        found.append(fill(one_task, _WIDTH, initial_indent="   ", subsequent_indent="   "))
    else:
        found = [_STATEFUL_REENTRANT if plan.variables else _REENTRANT]
    if plan.program.ends_early:
        found.append(_ENDS_EARLY)
    if any((variable.initial != variable.default).any() for variable in plan.program.variables):
        found.append(_INITIALISED)
    return "\n".join(found).format(name=plan.name, upper=plan.name.upper())


def _header(plan: Plan) -> Iterator[str]:
    upper, name = plan.name.upper(), plan.name
    signature = run_signature(plan).replace("\n", "\n   ")
    yield _HEADER_TEXT.format(
        title=_plain(plan.program.name),
        signature=signature,
        upper=upper,
        guarantee=_guarantee(plan),
        preamble=header_preamble(plan.kernels),
    )
    yield f"#define {upper}_INPUTS {len(plan.inputs)}"
    yield f"#define {upper}_OUTPUTS {len(plan.outputs)}"
    for ports in (plan.inputs, plan.outputs):
        for place in ports:
            yield ""
            yield from _port_macros(plan, ports, place)
    yield ""
    yield from _lengths(plan)
    yield ""
    yield from _statuses(plan)
    yield ""
    yield f"{run_signature(plan)};"
    if plan.variables:
        yield ""
        yield f"/* Sets the state to what the first run finds; returns a status of {name}_run. */"
        yield f"int {name}_reset(void *arena);"
    yield ""
    yield "#ifdef __cplusplus"
    yield "}"
    yield "#endif"
    yield ""
    yield "#endif"


def _lengths(plan: Plan) -> Iterator[str]:
    """The arena's, which for a library's kernels depends on the core that they are compiled for."""
    upper, scratch = plan.name.upper(), plan.scratch_len
    # An Arm with vectors has the DSP extension, too, and must not be taken for one without them.
    told = [
        name
        for name in CORES
        if scratch.on(name) != scratch.plain or (name == "mve" and scratch.on("dsp") != scratch.plain)
    ]
    for number, name in enumerate(told):
        yield f"#{'elif' if number else 'if'} {CORES[name].defined} /* {CORES[name].words} */"
        yield f"#define {upper}_SCRATCH_LEN {scratch.on(name)} /* bytes */"
    if told:
        yield "#else"
    yield f"#define {upper}_SCRATCH_LEN {scratch.plain} /* bytes */"
    if told:
        yield "#endif"
    yield f"#define {upper}_STATE_LEN {plan.state_len} /* bytes */"
    before = plan.scratch_start if plan.scratch_start or scratch != ScratchLen() else 1  # C has no empty arrays
    yield f"#define {upper}_ARENA_LEN ({before} + {upper}_SCRATCH_LEN) /* with activations and state */"
    yield f"#define {upper}_ARENA_ALIGNMENT 16"


def _port_macros(plan: Plan, ports: Sequence[Place], place: Place) -> Iterator[str]:
    program = plan.program
    index = (program.inputs if place.base == "input" else program.outputs)[place.number]
    macro = f"{plan.name}_{port_name(ports, place)}".upper()
    title = _plain(program.tensors[index].name)
    yield f"/* {title}: {_type(place)} */" if title else f"/* {_type(place)} */"
    yield f"#define {macro}_TYPE {c_type(place.dtype)}"
    yield f"#define {macro}_LEN {element_count(place.shape)} /* elements */"
    if plan.is_aligned(place):
        yield f"#define {macro}_ALIGNMENT 16 /* bytes; more than the type asks for */"
    quant = program.tensors[index].quant
    if isinstance(quant, QuantParam) and place.dtype.kind != "f":
        yield f"#define {macro}_SCALE {number_text(float(quant.scale))}"
        yield f"#define {macro}_ZERO_POINT {_signed(quant.zero_point)}"
    if index in program.offsets and all(index != other for other, _ in _copied(plan)):
        comment = f"/* where in the arena it may lie, for want of memory; a run {_FATE[place.base]} */"
        yield f"#define {macro}_OFFSET {program.offsets[index]} {comment}"


_FATE = {"input": "then overwrites it", "output": "writes it last"}


def _signed(value: int) -> str:
    return f"({value})" if value < 0 else str(value)


def _copied(plan: Plan) -> Iterator[tuple[int, Place]]:
    for _, target in plan.copies:
        yield plan.program.outputs[target.number], target


def _statuses(plan: Plan) -> Iterator[str]:
    upper = plan.name.upper()
    failures = [layer.name for layer, _ in plan.failures()]
    found = [("OK", "==", "0", "the outputs are computed"), ("ERROR_NULL", "==", "(-1)", "a pointer is null")]
    aligned = "arena, an input or an output" if any(map(plan.is_aligned, (*plan.inputs, *plan.outputs))) else "arena"
    found.append(("ERROR_ALIGNMENT", "==", "(-2)", f"the {aligned} is not aligned to {upper}_ARENA_ALIGNMENT bytes"))
    if failures:
        found.append(("ERROR_UNDEFINED", "<=", f"({FIRST_FAILURE})", "a layer has no result for these inputs"))
    if any(layer.ending is not None for layer in plan.layers):
        found.append(("PENDING", "==", "1", "outputs are as they were: more runs are needed for new ones"))
    for name, _, value, text in found:
        yield f"#define {upper}_{name} {value} /* {text} */"
    for number, name in enumerate(failures):
        yield f"/* {FIRST_FAILURE - number}: {name} has no result */"
    yield ""
    # A function, so that a status is computed once; without a caller neither it nor its texts are linked.
    yield f"static inline const char *{plan.name}_strerror(int status) {{"
    for name, compared, _, text in found:
        yield f"    if (status {compared} {upper}_{name})"
        yield f'        return "{text}";'
    yield f'    return "no status of {plan.name}_run";'
    yield "}"
    yield f"#define {upper}_STRERROR(status) {plan.name}_strerror(status)"


def _weights_header(plan: Plan) -> Iterator[str]:
    upper = plan.name.upper()
    yield f"/* The weights of {plan.name}.c. */"
    yield ""
    yield f"#ifndef {upper}_WEIGHTS_H"
    yield f"#define {upper}_WEIGHTS_H"
    yield ""
    yield "#include <stdint.h>"
    yield ""
    for constant in plan.constants.arrays.values():
        yield f"extern const {c_type(constant.array.dtype)} {constant.name}[{max(constant.array.size, 1)}];"
    yield ""
    yield "#endif"


_ATTRIBUTES = """\
/* Aligned to 16 bytes, for kernels that load vectors. {upper}_WEIGHTS_SECTION may be defined for the compiler, to place
   them: -D'{upper}_WEIGHTS_SECTION=__attribute__((section(".flash")))'. */
#ifndef {upper}_WEIGHTS_SECTION
#define {upper}_WEIGHTS_SECTION
#endif
#ifndef {upper}_WEIGHTS_ALIGNED
#if defined(__GNUC__) || defined(__clang__) || defined(__ARMCC_VERSION)
#define {upper}_WEIGHTS_ALIGNED __attribute__((aligned(16)))
#else
#define {upper}_WEIGHTS_ALIGNED
#endif
#endif
"""


def _weights(plan: Plan) -> Iterator[str]:
    upper = plan.name.upper()
    yield f"/* The weights of {plan.name}.c, as its kernels read them. */"
    yield ""
    if any(constant.array.dtype.kind == "f" for constant in plan.constants.arrays.values()):
        yield "#include <math.h>"
    yield f'#include "{plan.name}_weights.h"'
    yield ""
    yield _ATTRIBUTES.format(upper=upper)
    for constant in plan.constants.arrays.values():
        yield from array_definition(constant, f"{upper}_WEIGHTS_ALIGNED {upper}_WEIGHTS_SECTION")
        yield ""


_INT = """\
#if INT_MAX < 0x7fffffff
#error "the kernels compute with an int of 32 bits; the one of this processor is smaller"
#endif"""


def _code(plan: Plan, kernels: Iterable[str]) -> Iterator[str]:
    upper = plan.name.upper()
    yield f"/* {_plain(plan.program.name)}: its layers, in order. */"
    yield ""
    yield f'#include "{plan.name}.h"'
    yield ""
    yield "#include <limits.h>"
    structs = _Structs(plan)
    if any("NAN" in text or "INFINITY" in text for text in structs.definitions):
        yield "#include <math.h>"
    yield "#include <stddef.h>"
    yield "#include <string.h>"
    yield ""
    yield f'#include "{plan.name}_weights.h"'
    for name in kernels:
        yield f'#include "ember_{name}.h"'
    yield ""
    yield from structs.definitions
    yield ""
    yield from (_INT, "")
    yield "#define AT(offset) ((void *)((uint8_t *)arena + (offset)))"
    if plan.variables:
        yield ""
        yield from _reset(plan)
    yield ""
    yield f"{run_signature(plan)} {{"
    pointers = [port_name(ports, place) for ports in (plan.inputs, plan.outputs) for place in ports]
    nulls = [*(f"{name} == NULL ||" for name in pointers), "arena == NULL)"]
    yield "    if (" + "\n".join(filled(nulls, "        ")).lstrip()
    yield f"        return {upper}_ERROR_NULL;"
    aligned = [
        port_name(ports, place) for ports in (plan.inputs, plan.outputs) for place in ports if plan.is_aligned(place)
    ]
    for name in ("arena", *aligned):
        yield f"    if ((uintptr_t){name} % {upper}_ARENA_ALIGNMENT != 0)"
        yield f"        return {upper}_ERROR_ALIGNMENT;"
    statuses = {id(step): FIRST_FAILURE - number for number, (_, step) in enumerate(plan.failures())}
    for layer in plan.layers:
        yield from _layer(plan, layer, structs, statuses)
    for source, target in plan.copies:
        size = element_count(target.shape) * target.dtype.itemsize
        yield f"    memcpy({_address(plan, target)}, {_address(plan, source)}, {size});"
    yield f"    return {upper}_OK;"
    yield "}"


class _Structs:
    """The constant structs of the calls: equal ones are there once, under the first layer's name."""

    def __init__(self, plan: Plan) -> None:
        self.definitions: list[str] = []
        self._found: dict[tuple[str, str], str] = {}
        self._prefix = f"{plan.name}{OWN}"  # so that sources of several models may be compiled as one
        self._names = Names(constant.name for constant in plan.constants.arrays.values())
        self._of_steps = {id(step): self._add(layer, step) for layer in plan.layers for step in layer.steps}

    def of(self, step: Step) -> str:
        """The name of a call's struct."""
        return self._of_steps[id(step)]

    def _add(self, layer: Layer, step: Step) -> str:
        text = initialiser(step.fields)
        key = (step.kernel.struct, text)
        if key not in self._found:
            self._found[key] = self._names.of(f"{self._prefix}{layer.name}")
            kind = f"static const struct ember_{step.kernel.struct}"
            self.definitions.append(f"{kind} {self._found[key]} = {{\n{text}\n}};")
        return self._found[key]


def _layer(plan: Plan, layer: Layer, structs: _Structs, statuses: Mapping[int, int]) -> Iterator[str]:
    shapes = _shapes(plan, layer)
    if not layer.steps:
        yield f"    /* {layer.name}: nothing to compute; {shapes} */"
    for number, step in enumerate(layer.steps):
        if step.reason:
            yield f"    /* {step.reason} */"
        arguments = [f"&{structs.of(step)}"]
        arguments += ["NULL" if place is None else _address(plan, place) for place in step.operands]
        call = f"ember_{step.kernel.name}({', '.join(arguments)})"
        comment = f" /* {layer.name}: {shapes} */" if number == 0 else ""
        if step.kernel.fails:
            yield f"    if ({call} != 0){comment}"
            yield f"        return {statuses[id(step)]};"
        else:
            yield f"    {call};{comment}"
    if layer.ending is not None:
        yield f"    if (*(const int32_t *){_address(plan, layer.ending)} != 0)"
        yield f"        return {plan.name.upper()}_PENDING;"


def _shapes(plan: Plan, layer: Layer) -> str:
    tensors = plan.program.tensors
    roles = ((Role.INPUT, Role.STATE), (Role.OUTPUT,))
    listed = [
        ", ".join(f"{tensors[i].dtype.name}{list(tensors[i].shape)}" for i in layer.call.tensors(*some))
        for some in roles
    ]
    return " -> ".join(listed)


def _type(place: Place) -> str:
    return f"{place.dtype.name}{list(place.shape)}"


def _address(plan: Plan, place: Place) -> str:
    if place.base == "constant":
        assert place.constant is not None
        return place.constant.name
    if place.base in ("input", "output"):
        return port_name(plan.inputs if place.base == "input" else plan.outputs, place)
    starts = {"arena": 0, "scratch": plan.scratch_start, "state": plan.state_start}
    return f"AT({starts[place.base] + place.offset})"


def _reset(plan: Plan) -> Iterator[str]:
    upper = plan.name.upper()
    yield f"int {plan.name}_reset(void *arena) {{"
    yield "    if (arena == NULL)"
    yield f"        return {upper}_ERROR_NULL;"
    yield f"    if ((uintptr_t)arena % {upper}_ARENA_ALIGNMENT != 0)"
    yield f"        return {upper}_ERROR_ALIGNMENT;"
    for variable in plan.variables:
        size = element_count(variable.place.shape) * variable.place.dtype.itemsize
        where = _address(plan, variable.place)
        if variable.initial is None:
            yield f"    memset({where}, {variable.byte}, {size});"
        else:
            yield f"    memcpy({where}, {_address(plan, variable.initial)}, {size});"
    yield f"    return {upper}_OK;"
    yield "}"
