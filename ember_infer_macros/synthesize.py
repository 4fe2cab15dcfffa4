"""Program → the source of a model class, and the class's attributes from that source."""

from __future__ import annotations
import __future__

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from ember_infer_core.backend import KernelBackend
from ember_infer_core.dispatch import dispatch_source, keep_source
from ember_infer_core.program import Program
from ember_infer_macros import arrays
from ember_infer_macros.interface import INTERFACE, MOST_IN_SOURCE, Method, methods, summary
from ember_infer_macros.ports import Port, ports
from ember_infer_macros.runtime import Runtime, ScratchLengths
from ember_infer_macros.session import Session

__all__ = ["SYNTHESIZED_NAMES", "class_source", "expanded_source", "synthesize"]

SYNTHESIZED_NAMES: tuple[str, ...] = (*INTERFACE, "is_stateful", "program", "scratch_len")

# What annotations in the generated source mean: for `typing.get_type_hints`.
_TYPES = {
    **{name: getattr(arrays, name) for name in arrays.__all__},
    "KernelBackend": KernelBackend,
    "np": np,
    "npt": npt,
}

_METHODS = {
    # Not spelled out: a file's names are of any length.
    "input_names": "return tuple(port.name for port in runtime.inputs)",
    "output_names": "return tuple(port.name for port in runtime.outputs)",
    "predict_quantized": "runtime.predict_quantized(backend, input, output)",
    "predict_quantized_with_scratch": """
        inputs = runtime.check_inputs(input)
        outputs = runtime.check_outputs(output)
        executable = runtime.fresh_executable(backend)
        memory = runtime.check_scratch(backend, scratch)
        runtime.load(executable, inputs)
        executable.run(memory)
        runtime.store(executable, outputs)
    """,
    "quantize": "return runtime.pick('input', runtime.inputs, index).quantize(real)",
    "dequantize": "return runtime.pick('output', runtime.outputs, index).dequantize(q)",
    "predict": "return runtime.predict(backend, real)",
    "predict_batch": "return runtime.predict_batch(backend, inputs)",
    "predict_sequence": "return runtime.predict_sequence(backend, inputs)",
    "bind": "return runtime.bind(backend)",
}

# A model with one input and one output: nothing stands between the caller's arrays and an executable that takes them.
_DIRECT = """
    direct = per_thread.direct.get(id(backend))
    if direct is None or not direct(input, output):
        runtime.predict_quantized(backend, input, output)
"""


def synthesize(program: Program, class_name: str) -> dict[str, Any]:
    """The attributes of a model class: generated methods, ``is_stateful``, ``program`` and ``scratch_len``.

    The source stays in ``linecache``, so that tracebacks, debuggers and ``inspect.getsource`` show it.
    """
    source = class_source(program, class_name)
    filename = f"<ember_model {class_name} at {id(program):#x}>"
    keep_source(filename, source, program)
    runtime = Runtime(program)
    namespace: dict[str, Any] = {
        "np": np,
        "Session": Session,
        "runtime": runtime,
        "per_thread": runtime.per_thread,
        **_TYPES,
    }
    exec(compile(source, filename, "exec", __future__.annotations.compiler_flag), namespace)
    generated = vars(namespace[class_name])
    attributes = {name: generated[name] for name in SYNTHESIZED_NAMES if name in generated}
    kept = {"is_stateful": bool(program.variables), "program": program, "scratch_len": ScratchLengths(program)}
    return attributes | kept


def expanded_source(program: Program, class_name: str, source: str) -> str:
    """All that :func:`ember_model` generates for a model, to be read: the operator calls and the class."""
    advice = f"this is to be read, not imported: write @ember_model({source!r}) above class {class_name}"
    header = (
        f"# What @ember_model makes of {source!r}: to be read, not imported. `runtime` and `per_thread` are what the\n"
        f"# decorator keeps for the class.\n\nfrom __future__ import annotations\n\nraise ImportError({advice!r})\n\n\n"
    )
    return header + dispatch_source(program) + "\n\n" + class_source(program, class_name)


def class_source(program: Program, class_name: str) -> str:
    """Python source of the model class. Its annotations are for people and tools, and are not evaluated."""
    bodies = _bodies(program)
    blocks = [_docstring(summary(program))]
    blocks += [_method(method, bodies[method.name]) for method in methods(program)]
    return f"class {class_name}:\n" + textwrap.indent("\n\n".join(blocks), "    ") + "\n"


def _bodies(program: Program) -> Mapping[str, str]:
    """The code of every method."""
    inputs, outputs = ports(program, program.inputs, "input"), ports(program, program.outputs, "output")
    bodies = {"arena_len": f"return {program.arena_len}", "state_len": f"return {program.state_len}"}
    for role, own in (("input", inputs), ("output", outputs)):
        for name, value in _VALUES.items():
            bodies[f"{role}_{name}"] = _pick(role, name, value, own)
    if len(inputs) == len(outputs) == 1:
        bodies["predict_quantized"] = textwrap.dedent(_DIRECT).strip()
    return {name: textwrap.dedent(code).strip() for name, code in _METHODS.items()} | bodies


class _TypeName:
    """Of an array type, in generated source."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self._name = dtype.name

    @override
    def __repr__(self) -> str:
        return f"np.dtype({self._name!r})"


# What methods tell about a port, by the end of their names.
_VALUES: Mapping[str, Callable[[Port], object]] = {
    "len": lambda port: port.length,
    "shape": lambda port: port.shape,
    "dtype": lambda port: _TypeName(port.dtype),
    "scale": lambda port: port.scale,
    "zero_point": lambda port: port.zero_point,
}
# Where a port's attribute has another name.
_ATTRIBUTES = {"len": "length"}


def _pick(role: str, name: str, value: Callable[[Port], object], own: Sequence[Port]) -> str:
    """Takes the value of one port: of a tuple of all values, or where those are too many from the port itself."""
    if len(own) > MOST_IN_SOURCE:
        return f"return runtime.pick({role!r}, runtime.{role}s, index).{_ATTRIBUTES.get(name, name)}"
    return f"return runtime.pick({role!r}, ({''.join(f'{value(port)!r}, ' for port in own).rstrip()}), index)"


def _method(method: Method, body: str) -> str:
    content = textwrap.indent(f"{_docstring(method.docstring)}\n{body}", "    ")
    return f"@staticmethod\n{method.header(method.result)}\n{content}"


def _docstring(text: str) -> str:
    return f'"""{text.rstrip()}\n"""' if "\n" in text else f'"""{text}"""'
