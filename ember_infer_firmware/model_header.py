"""Plan → the model's header: the function that runs it, what it takes, and what it returns."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill

from ember_infer_core.memory import ALIGNMENT
from ember_infer_firmware.c_source import WIDTH, c_type, literal, number_text
from ember_infer_firmware.context import CORES, ScratchLen
from ember_infer_firmware.kinds import header_preamble, why_one_task
from ember_infer_firmware.plan import Plan
from ember_infer_firmware.ports import port_macro, port_quant, port_tensor, run_signature
from ember_infer_firmware.step import Place

__all__ = ["FIRST_FAILURE", "comment_name", "model_header"]

FIRST_FAILURE = -3  # the status of a layer without a result, and one less for each further layer that may have none
_NAME_LENGTH = 60  # of what a model's file contributes to a comment


def comment_name(name: str) -> str:
    """A name from the model's file, for a comment."""
    return literal(name[:_NAME_LENGTH])


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
        found.append(fill(one_task, WIDTH, initial_indent="   ", subsequent_indent="   "))
    else:
        found = [_STATEFUL_REENTRANT if plan.variables else _REENTRANT]
    if plan.program.ends_early:
        found.append(_ENDS_EARLY)
    if any((variable.initial != variable.default).any() for variable in plan.program.variables):
        found.append(_INITIALISED)
    return "\n".join(found).format(name=plan.name, upper=plan.name.upper())


def model_header(plan: Plan) -> Iterator[str]:
    """Its lines."""
    upper, name = plan.name.upper(), plan.name
    signature = run_signature(plan).replace("\n", "\n   ")
    yield _HEADER_TEXT.format(
        title=comment_name(plan.program.name),
        signature=signature,
        upper=upper,
        guarantee=_guarantee(plan),
        preamble=header_preamble(plan.kernels),
    )
    yield f"#define {upper}_INPUTS {len(plan.inputs)}"
    yield f"#define {upper}_OUTPUTS {len(plan.outputs)}"
    for port in plan.ports:
        yield ""
        yield from _port_macros(plan, port)
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
    yield f"#define {upper}_ARENA_ALIGNMENT {ALIGNMENT}"


def _port_macros(plan: Plan, port: Place) -> Iterator[str]:
    program, index, macro = plan.program, port_tensor(plan, port), port_macro(plan, port)
    title, type_ = comment_name(program.tensors[index].name), f"{port.dtype.name}{list(port.shape)}"
    yield f"/* {title}: {type_} */" if title else f"/* {type_} */"
    yield f"#define {macro}_TYPE {c_type(port.dtype)}"
    yield f"#define {macro}_LEN {port.size} /* elements */"
    if plan.is_aligned(port):
        yield f"#define {macro}_ALIGNMENT {ALIGNMENT} /* bytes; more than the type asks for */"
    quant = port_quant(plan, port)
    if quant is not None:
        yield f"#define {macro}_SCALE {number_text(float(quant.scale))}"
        yield f"#define {macro}_ZERO_POINT {_signed(quant.zero_point)}"
    copied = {program.outputs[target.number] for _, target in plan.copies}
    if index in program.offsets and index not in copied:
        comment = f"/* where in the arena it may lie, for want of memory; a run {_FATE[port.base]} */"
        yield f"#define {macro}_OFFSET {program.offsets[index]} {comment}"


_FATE = {"input": "then overwrites it", "output": "writes it last"}


def _signed(value: int) -> str:
    return f"({value})" if value < 0 else str(value)


def _statuses(plan: Plan) -> Iterator[str]:
    upper = plan.name.upper()
    failures = [layer.name for layer, _ in plan.failures()]
    found = [("OK", "==", "0", "the outputs are computed"), ("ERROR_NULL", "==", "(-1)", "a pointer is null")]
    aligned = "arena, an input or an output" if any(map(plan.is_aligned, plan.ports)) else "arena"
    found.append(("ERROR_ALIGNMENT", "==", "(-2)", f"the {aligned} is not aligned to {upper}_ARENA_ALIGNMENT bytes"))
    if failures:
        found.append(("ERROR_UNDEFINED", "<=", f"({FIRST_FAILURE})", "a layer has no result for these inputs"))
    if plan.program.ends_early:
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
