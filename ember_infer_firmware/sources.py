"""Plan → the model's sources: its header, its layers, its weights. Kernels come as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ember_infer_core.slots import Role
from ember_infer_firmware.c_source import array_definition, c_type, filled, header_text, headers_of, initialiser
from ember_infer_firmware.context import OWN, Names
from ember_infer_firmware.model_header import FIRST_FAILURE, comment_name, model_header
from ember_infer_firmware.plan import Layer, Plan
from ember_infer_firmware.ports import port_name, run_signature
from ember_infer_firmware.step import Place, Step

__all__ = ["FIRST_FAILURE", "generate", "uses_floats"]


def generate(plan: Plan) -> dict[str, str]:
    """The sources by file name: header, layers, weights with their declarations, and the kernels that are used."""
    kernels = headers_of(step.kernel for step in plan.steps())
    return {
        f"{plan.name}.h": "\n".join(model_header(plan)) + "\n",
        f"{plan.name}.c": "\n".join(_code(plan, kernels)) + "\n",
        f"{plan.name}_weights.h": "\n".join(_weights_header(plan)) + "\n",
        f"{plan.name}_weights.c": "\n".join(_weights(plan)) + "\n",
        **{f"ember_{name}.h": header_text(name) for name in kernels},
    }


def uses_floats(plan: Plan) -> bool:
    """Whether some kernel is given floats, so that the compiler must not contract a product and a sum."""
    return any(place is not None and place.dtype.kind == "f" for step in plan.steps() for place in step.operands)


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
    yield f"/* {comment_name(plan.program.name)}: its layers, in order. */"
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
    yield from _checks(plan, plan.ports)
    statuses = {id(step): FIRST_FAILURE - number for number, (_, step) in enumerate(plan.failures())}
    for layer in plan.layers:
        yield from _layer(plan, layer, structs, statuses)
    for source, target in plan.copies:
        yield f"    memcpy({_address(plan, target)}, {_address(plan, source)}, {target.nbytes});"
    yield f"    return {plan.name.upper()}_OK;"
    yield "}"


def _checks(plan: Plan, ports: Sequence[Place] = ()) -> Iterator[str]:
    """What a function does first with the pointers that it is given: these, and the arena."""
    upper = plan.name.upper()
    nulls = [*(f"{port_name(plan, port)} == NULL ||" for port in ports), "arena == NULL)"]
    yield "    if (" + "\n".join(filled(nulls, "        ")).lstrip()
    yield f"        return {upper}_ERROR_NULL;"
    for name in ("arena", *(port_name(plan, port) for port in ports if plan.is_aligned(port))):
        yield f"    if ((uintptr_t){name} % {upper}_ARENA_ALIGNMENT != 0)"
        yield f"        return {upper}_ERROR_ALIGNMENT;"


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


def _address(plan: Plan, place: Place) -> str:
    if place.base == "constant":
        assert place.constant is not None
        return place.constant.name
    if place.base in ("input", "output"):
        return port_name(plan, place)
    starts = {"arena": 0, "scratch": plan.scratch_start, "state": plan.state_start}
    return f"AT({starts[place.base] + place.offset})"


def _reset(plan: Plan) -> Iterator[str]:
    yield f"int {plan.name}_reset(void *arena) {{"
    yield from _checks(plan)
    for variable in plan.variables:
        size, where = variable.place.nbytes, _address(plan, variable.place)
        if variable.initial is None:
            yield f"    memset({where}, {variable.byte}, {size});"
        else:
            yield f"    memcpy({where}, {_address(plan, variable.initial)}, {size});"
    yield f"    return {plan.name.upper()}_OK;"
    yield "}"
