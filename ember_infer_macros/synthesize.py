"""Program → the source of a model class, and the class's attributes from that source."""

from __future__ import annotations

import inspect
import linecache
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from ember_infer_core.executable import dispatch_source
from ember_infer_core.ops.common import element_count
from ember_infer_core.program import Program, Tensor
from ember_infer_core.quantization import QuantParam, dequantize, quantize
from ember_infer_macros.quantized_model import QuantizedModel
from ember_infer_macros.runtime import Runtime, ScratchLengths, Session

__all__ = ["SYNTHESIZED_NAMES", "class_source", "expanded_source", "synthesize"]

SYNTHESIZED_NAMES: tuple[str, ...] = (
    *(name for name in vars(QuantizedModel) if not name.startswith("_")),
    "program",
    "scratch_len",
)

_METHODS = {
    "predict_quantized": """
        inputs = runtime.check_inputs(input)
        outputs = runtime.check_outputs(output)
        executable = runtime.executable(backend)
        runtime.load(executable, inputs)
        executable.run()
        runtime.store(executable, outputs)
    """,
    "predict_quantized_with_scratch": """
        inputs = runtime.check_inputs(input)
        outputs = runtime.check_outputs(output)
        executable = runtime.executable(backend)
        memory = runtime.check_scratch(backend, scratch)
        runtime.load(executable, inputs)
        executable.run(memory)
        runtime.store(executable, outputs)
    """,
    "quantize": "return quantize(real, {input_quants}[index])",
    "dequantize": "return dequantize(q, {output_quants}[index])",
    "predict": "return runtime.predict(backend, real)",
    "predict_batch": "return runtime.predict_batch(backend, inputs)",
    "bind": "return Session(runtime.compile(backend))",
}


def synthesize(program: Program, class_name: str) -> dict[str, Any]:
    """The attributes of a model class: generated methods, ``program`` and ``scratch_len``.

    The source stays in ``linecache``, so that tracebacks, debuggers and ``inspect.getsource`` show it.
    """
    source = class_source(program, class_name)
    filename = f"<ember_model {class_name} at {id(program):#x}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {
        "QuantParam": QuantParam,
        "Session": Session,
        "dequantize": dequantize,
        "quantize": quantize,
        "runtime": Runtime(program),
    }
    exec(compile(source, filename, "exec"), namespace)
    generated = vars(namespace[class_name])
    attributes = {name: generated[name] for name in SYNTHESIZED_NAMES if name in generated}
    return attributes | {"program": program, "scratch_len": ScratchLengths(program)}


def expanded_source(program: Program, class_name: str, source: str) -> str:
    """All that :func:`ember_model` generates for a model, to be read: the operator calls and the class."""
    header = f"# What @ember_model makes of {source!r}.\n\n"
    return header + dispatch_source(program) + "\n\n" + class_source(program, class_name)


def class_source(program: Program, class_name: str) -> str:
    """Python source of the model class."""
    inputs = [program.tensors[index] for index in program.inputs]
    outputs = [program.tensors[index] for index in program.outputs]
    body = [f'"""{summary(program)}"""']
    body += [_getter(name, tensors, value) for name, tensors, value in _getters(inputs, outputs)]
    body.append(_method("arena_len", f"return {program.arena_len}"))
    quants = {"input_quants": _literal(inputs, _quant), "output_quants": _literal(outputs, _quant)}
    body += [_method(name, textwrap.dedent(code).strip().format(**quants)) for name, code in _METHODS.items()]
    return f"class {class_name}:\n" + textwrap.indent("\n\n".join(body), "    ") + "\n"


def summary(program: Program) -> str:
    """What the model takes, gives and consists of, for the class's docstring."""
    lines = [f"INT8 model {program.name!r}: {len(program.calls)} operator calls.", ""]
    for role, indices in (("Input", program.inputs), ("Output", program.outputs)):
        for position, index in enumerate(indices):
            tensor = program.tensors[index]
            quant = _quant_of(tensor)
            lines.append(
                f"{role} {position}: int8 {list(tensor.shape)}, real = {quant.scale!r} * (q - {quant.zero_point})."
            )
    lines += ["", f"Arena: {program.arena_len} bytes. Operators:", ""]
    lines += [f"  {call.name}: {call.method}" for call in program.calls]
    return "\n".join(lines) + "\n"


def _getters(inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> list[tuple[str, Sequence[Tensor], Any]]:
    table: Mapping[str, Any] = {
        "len": lambda tensor: str(element_count(tensor.shape)),
        "shape": lambda tensor: repr(tensor.shape),
        "scale": lambda tensor: repr(_quant_of(tensor).scale),
        "zero_point": lambda tensor: str(_quant_of(tensor).zero_point),
    }
    return [
        (f"{role}_{what}", tensors, value)
        for what, value in table.items()
        for role, tensors in (("input", inputs), ("output", outputs))
    ]


def _getter(name: str, tensors: Sequence[Tensor], value: Any) -> str:
    return _method(name, f"return {_literal(tensors, value)}[index]")


def _literal(tensors: Sequence[Tensor], value: Any) -> str:
    """A tuple display with one value for each tensor."""
    return "(" + "".join(f"{value(tensor)}, " for tensor in tensors).rstrip() + ")"


def _quant(tensor: Tensor) -> str:
    return repr(_quant_of(tensor))


def _quant_of(tensor: Tensor) -> QuantParam:
    assert isinstance(tensor.quant, QuantParam)
    return tensor.quant


def _method(name: str, code: str) -> str:
    """A static method with the signature and docstring that :class:`QuantizedModel` gives it."""
    declared = getattr(QuantizedModel, name)
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(declared).parameters.values()
    ]
    signature = inspect.Signature(parameters)
    docstring = (
        textwrap.indent(f'"""{inspect.getdoc(declared)}\n"""', "    ")
        if _is_long(declared)
        else (f'    """{inspect.getdoc(declared)}"""')
    )
    return f"@staticmethod\ndef {name}{signature}:\n{docstring}\n{textwrap.indent(code, '    ')}"


def _is_long(declared: object) -> bool:
    return "\n" in (inspect.getdoc(declared) or "")
