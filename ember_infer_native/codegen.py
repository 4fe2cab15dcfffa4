"""Plan → C: one function for each kernel variant, one for each layer, and those that the library exports."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ember_infer_native.kernels import all_kernels
from ember_infer_native.plan import MANY, Fields, Kernel, Plan, Pointer, Step
from ember_infer_native.step_table import StepTable
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
    others = {
        "prepare": plan.prepare,
        "start_state": plan.start,
        "load_state": plan.load,
        "save_state": plan.save,
        "import_inputs": plan.imports,
        "export_outputs": plan.exports,
    }
    count = sum(map(len, others.values())) + sum(len(steps) for _, steps in plan.layers)
    count += sum(exported for _, exported in plan.endings.values())
    code = (_table_code if count > MANY else _straight_code)(plan, others)
    blob = blob_name(code.constants)
    parts = [_headers(plan.target, code.kernels), _header("kernels/exports"), incbin_source(_CONSTANTS, blob)]
    parts += [_errors(plan), *code.functions, _tables(plan)]
    if python:
        parts += [_header("kernels/python_call"), _python(plan)]
    return {MAIN: "\n".join(parts), blob: code.constants}


@dataclass(frozen=True, slots=True)
class _Code:
    """What takes the steps of a plan.

    Attributes:
        kernels: those that it calls.
        functions: in C: one of each name besides the layers', ``run_layers`` and ``run_layer``.
        constants: what these read.
    """

    kernels: Sequence[Kernel]
    functions: Sequence[str]
    constants: bytes


def _straight_code(plan: Plan, others: Mapping[str, Sequence[Step]]) -> _Code:
    """A function for each different step, with its struct, and one for each layer: the quickest that there is."""
    variants = _Variants()
    layers = [_function(f"layer_{number}", variants, steps) for number, (_, steps) in enumerate(plan.layers)]
    functions = [_function(name, variants, steps) for name, steps in others.items()]
    functions += [
        _function(f"export_at_{number}", variants, plan.exports[:exported])
        for number, (_, exported) in plan.endings.items()
        if exported
    ]
    functions.append(_layer_functions(plan))
    return _Code(tuple(variants.kernels), [*variants.sources, *layers, *functions], plan.constants)


def _layer_functions(plan: Plan) -> str:
    count = len(plan.layers)
    layers = ", ".join(f"layer_{number}" for number in range(count)) or "0"
    run = "\n".join(_layer_call(plan, number) for number in range(count))
    return (
        f"static const ember_layer layers[] = {{{layers}}};\n"
        f"static int run_layers({_PARAMETERS}) {{\n    {_UNUSED}\n{run}\n    return 1;\n}}\n"
        f"static void run_layer(int layer, {_PARAMETERS}) {{ layers[layer](inputs, outputs, arena); }}\n"
    )


def _layer_call(plan: Plan, number: int) -> str:
    """C of a layer's call, and of what follows if the run may end with it."""
    lines = [f"    layer_{number}(inputs, outputs, arena);"]
    if plan.status.place is not None and any(plan.status.place in step.pointers for step in plan.layers[number][1]):
        lines.append("    if (*STATUS(arena)) return 0;")
    if number in plan.endings:
        place, exported = plan.endings[number]
        lines += [
            f"    if (*(const int32_t *)({_pointer(place)})) {{",
            *([f"        export_at_{number}(inputs, outputs, arena);"] if exported else []),
            "        return 0;",
            "    }",
        ]
    return "\n".join(lines)


def _table_code(plan: Plan, others: Mapping[str, Sequence[Step]]) -> _Code:
    """A function for each kernel, and the steps as constants: a compiler takes milliseconds for each function."""
    table = StepTable(plan.constants, struct_fields)
    ranges = {name: table.add(steps) for name, steps in others.items()}
    layers = []
    for number, (_, steps) in enumerate(plan.layers):
        place, exported = plan.endings.get(number, (None, 0))
        layers.append((*table.add(steps), -1 if place is None else place.offset, exported))
    constants, records, bounds = table.finish(layers)
    where = f"({_CONSTANTS}, (const int64_t *)({_CONSTANTS} + {records})"
    rest = "inputs, outputs, arena)"
    functions = [
        f"static void {name}({_PARAMETERS}) {{\n    take_steps{where} + {first} * STEP_WORDS, {count}, {rest};\n}}\n"
        for name, (first, count) in ranges.items()
    ]
    layer_table = f"(const int64_t *)({_CONSTANTS} + {bounds})"
    exports = f"{ranges['export_outputs'][0]}"
    functions.append(
        f"static int run_layers({_PARAMETERS}) {{\n"
        f"    return take_layers{where}, {layer_table}, {len(layers)}, {exports}, {rest};\n}}\n"
    )
    functions.append(
        f"static void run_layer(int number, {_PARAMETERS}) {{\n"
        f"    const int64_t *layer = {layer_table} + LAYER_WORDS * number;\n"
        f"    take_steps{where} + layer[0] * STEP_WORDS, layer[1], {rest};\n}}\n"
    )
    return _Code(
        tuple(dict.fromkeys(kernel for kernel, _ in table.functions)), [_kernel_functions(table), *functions], constants
    )


def _kernel_functions(table: StepTable) -> str:
    """What ``kernels/step_table.h`` calls, and itself."""
    parts = []
    for number, (kernel, template) in enumerate(table.functions):
        memory = [f"memory[{position}]" for position in range(kernel.pointers)]
        arguments = ", ".join([*map(str, template), "p", *memory])
        parts.append(
            f"static NOINLINE void kernel_{number}(const void *p, uint8_t *const *memory) {{\n"
            f"    {kernel.name}({arguments});\n}}\n"
        )
    names = ", ".join(f"kernel_{number}" for number in range(len(table.functions)))
    parts.append(f"static void (*const kernels[])(const void *, uint8_t *const *) = {{{names}}};\n")
    parts.append(f"#define STEP_POINTERS {table.pointers}\n")
    return "\n".join([*parts, _header("kernels/step_table")])


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
        if step.times == 1:
            return f"    {name}({', '.join(_pointer(pointer) for pointer in step.pointers)});"
        moving = zip(step.pointers, step.strides, strict=True)
        memory = ", ".join(f"{_pointer(pointer)} + time * {stride}" for pointer, stride in moving)
        return f"    for (int64_t time = 0; time < {step.times}; time++) {name}({memory});"


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
    counts = f"{len(plan.inputs)}, {len(plan.outputs)}"
    return (
        f"#define MAX_ARRAYS {len(plan.inputs) + len(plan.outputs) + 1}\n"
        f"EMBER_EXPORTS({len(plan.layers)}, {plan.arena_len}, {counts})\n"
    )


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
