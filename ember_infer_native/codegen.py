"""Plan → C: one function for each kernel variant, one for each layer, and those that the library exports."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable
from pathlib import Path

from ember_infer_native.kernels import all_kernels
from ember_infer_native.plan import Fields, Kernel, Plan, Pointer, Step
from ember_infer_native.targets import Target
from ember_infer_native.weights import blob_name, incbin_source

__all__ = ["MAIN", "generate", "generate_operators", "struct_fields"]

MAIN = "model.c"
_HERE = Path(__file__).resolve().parent
_CONSTANTS = "ember_constants"
_INCLUDED = re.compile(r'^#include "(\w+)\.h"\n', re.MULTILINE)
_WORTH_RELEASING = 20_000  # multiplications; fewer take less time than letting go of the GIL and taking it again


def generate(plan: Plan, python: bool = True) -> dict[str, str | bytes]:
    """The sources of a library, by file name; :data:`MAIN` is the one to compile.

    No text from the model goes into them: layers have numbers.

    Args:
        plan: what to compute.
        python: whether the library offers itself to CPython; without, it needs nothing but the C library.
    """
    blob = blob_name(plan.constants)
    variants = _Variants()
    layers = [_function(f"layer_{number}", variants, steps) for number, (_, steps) in enumerate(plan.layers)]
    partial = [
        _function(f"export_at_{number}", variants, exports) for number, (_, exports) in plan.endings.items() if exports
    ]
    others = {
        "prepare": plan.prepare,
        "start_state": plan.start,
        "load_state": plan.load,
        "save_state": plan.save,
        "import_inputs": plan.imports,
        "export_outputs": plan.exports,
    }
    functions = [_function(name, variants, steps) for name, steps in others.items()]
    parts = [_headers(plan.target, variants.kernels), _header("kernels/exports"), incbin_source(_CONSTANTS, blob)]
    parts += [*variants.sources, *layers, *functions, *partial, _tables(plan)]
    if python:
        parts += [_header("kernels/python_call"), _python(plan)]
    return {MAIN: "\n".join(parts), blob: plan.constants}


def _headers(target: Target, kernels: Iterable[Kernel]) -> str:
    """What these kernels need on a target, in the text: a source stands for itself, wherever it is compiled."""
    names = dict.fromkeys(name for kernel in kernels for name in _with_included(kernel.header))
    return "\n".join(
        [
            _header("kernels/common"),
            _header(f"targets/{target.header}"),
            *(_header(f"kernels/{name}") for name in names),
        ]
    )


@functools.cache
def _with_included(name: str) -> tuple[str, ...]:
    """A header of ``kernels/`` after those that it includes."""
    included = _INCLUDED.findall((_HERE / f"kernels/{name}.h").read_text())
    return (*(inner for outer in included for inner in _with_included(outer)), name)


def _header(name: str) -> str:
    return _INCLUDED.sub("", (_HERE / f"{name}.h").read_text())


class _Variants:
    """A C function for each different kernel call, constants and all but the memory."""

    def __init__(self) -> None:
        self.sources: list[str] = []
        self.kernels: dict[Kernel, None] = {}
        self._names: dict[tuple[object, ...], str] = {}

    def call(self, step: Step) -> str:
        """C that takes the step."""
        self.kernels[step.kernel] = None
        key = step.kernel, step.template, tuple(step.fields.items())
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"{step.kernel.name}_{len(self._names)}"
            self.sources.append(_variant(name, step))
        return f"    {name}({', '.join(_pointer(pointer) for pointer in step.pointers)});"


def _variant(name: str, step: Step) -> str:
    memory = [f"m{position}" for position in range(len(step.pointers))]
    arguments = ", ".join([*map(str, step.template), "&p", *memory])
    parameters = ", ".join(f"uint8_t *{pointer}" for pointer in memory)
    return (
        f"static NOINLINE void {name}({parameters}) {{\n"
        f"    static const struct {step.kernel.struct} p = {{{_initialiser(step.fields)}}};\n"
        f"    {step.kernel.name}({arguments});\n"
        "}\n"
    )


def _initialiser(fields: Fields) -> str:
    return ", ".join(
        f".{name} = {{{', '.join(map(str, value))}}}" if isinstance(value, tuple) else f".{name} = {value}"
        for name, value in fields.items()
    )


def _pointer(pointer: Pointer) -> str:
    base = pointer.base
    if base == "constants":
        return f"(uint8_t *){_CONSTANTS} + {pointer.offset}"
    if base == "arena":
        return f"arena + {pointer.offset}"
    return f"(uint8_t *){base}s[{pointer.position}] + {pointer.offset}"


def _function(name: str, variants: _Variants, steps: Iterable[Step]) -> str:
    calls = [variants.call(step) for step in steps]
    body = "\n".join([f"    {_UNUSED}", *calls])
    return f"static void {name}({_PARAMETERS}) {{\n{body}\n}}\n"


_PARAMETERS = "const uint8_t *const *inputs, uint8_t *const *outputs, uint8_t *arena"
_UNUSED = "(void)inputs, (void)outputs, (void)arena;"


def _tables(plan: Plan) -> str:
    """What ``kernels/exports.h`` declares and uses."""
    count = len(plan.layers)
    layers = ", ".join(f"layer_{number}" for number in range(count)) or "0"
    run = "\n".join(_layer_call(plan, number) for number in range(count))
    return (
        f"{_errors(plan)}"
        f"#define MAX_ARRAYS {len(plan.inputs) + len(plan.outputs) + 1}\n"
        f"static const ember_layer layers[] = {{{layers}}};\n"
        f"static int run_layers({_PARAMETERS}) {{\n    {_UNUSED}\n{run}\n    return 1;\n}}\n"
        f"EMBER_EXPORTS({count}, {plan.arena_len}, {len(plan.inputs)}, {len(plan.outputs)})\n"
    )


def _layer_call(plan: Plan, number: int) -> str:
    """C of a layer's call, and of what follows if the run may end with it."""
    lines = [f"    layer_{number}(inputs, outputs, arena);"]
    if number in plan.endings:
        place, exports = plan.endings[number]
        partial = f"if (!STATUS(arena) || !*STATUS(arena)) export_at_{number}(inputs, outputs, arena);"
        lines += [
            f"    if (*(const int32_t *)({_pointer(place)})) {{",
            *([f"        {partial}"] if exports else []),
            "        return 0;",
            "    }",
        ]
    if plan.status.place is not None and any(plan.status.place in step.pointers for step in plan.layers[number][1]):
        lines.append("    if (*STATUS(arena)) return 0;")
    return "\n".join(lines)


def _errors(plan: Plan) -> str:
    """What may go wrong in a run, and where kernels say so."""
    place = plan.status.place
    status = "((int32_t *)0)" if place is None else f"((int32_t *)((arena) + {place.offset}))"
    messages = ", ".join(["0", *map(json.dumps, plan.status.messages)])
    return f"static const char *const errors[] = {{{messages}}};\n#define STATUS(arena) {status}\n"


def _python(plan: Plan) -> str:
    arrays = [*plan.inputs, *plan.outputs]
    release = int(plan.work > _WORTH_RELEASING)
    sizes = (
        f'{len(plan.inputs)}, {len(plan.outputs)}, {release}, "{plan.formats}", {", ".join(map(str, arrays)) or "0"}'
    )
    return f"EMBER_PYTHON({sizes})\n"


def generate_operators(target: Target) -> dict[str, str | bytes]:
    """The sources of a library with every kernel for any shape: ``ember_step_<kernel>(template, fields, pointers)``."""
    kernels = all_kernels()
    parts = [_headers(target, kernels), _header("kernels/exports")]
    for kernel in kernels:
        memory = ", ".join(f"pointers[{position}]" for position in range(kernel.pointers))
        cases = []
        for variant in kernel.variants_on(target):
            chosen = " && ".join(f"template[{at}] == {value}" for at, value in enumerate(variant)) or "1"
            arguments = ", ".join([*map(str, variant), "p", memory])
            cases.append(f"    if ({chosen}) {kernel.name}({arguments});")
        parts.append(
            f"EXPORT void ember_step_{kernel.name}(const int *template, const struct {kernel.struct} *p, "
            "uint8_t *const *pointers) {\n    (void)template;\n" + "\n".join(cases) + "\n}"
        )
    return {MAIN: "\n".join(parts)}


@functools.cache
def struct_fields(kernel: Kernel) -> tuple[str, ...]:
    """Names of the fields of a kernel's struct, in order; all are ints or arrays of them."""
    header = "\n".join(_header(f"kernels/{name}") for name in _with_included(kernel.header))
    found = re.search(rf"^struct {kernel.struct} {{(.*?)^}};", header, re.DOTALL | re.MULTILINE)
    if not found:
        raise KeyError(kernel.struct)
    declarations = re.sub(r"/\*.*?\*/", "", found[1], flags=re.DOTALL)
    return tuple(re.findall(r"(\w+)(?:\[\w+\])?\s*[,;]", declarations))
