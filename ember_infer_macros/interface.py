"""What one model makes of the interface: result types and docstrings, for the generated class and for stubs."""

from __future__ import annotations

import functools
import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ember_infer_core.program import Program
from ember_infer_core.slots import DType
from ember_infer_macros.port_types import PORT_TYPES
from ember_infer_macros.ports import Port, ports
from ember_infer_macros.quantized_model import QuantizedModel
from ember_infer_macros.tflite.schema import TensorType

__all__ = ["INTERFACE", "MOST_IN_SOURCE", "Method", "methods", "summary"]

INTERFACE: tuple[str, ...] = tuple(name for name in vars(QuantizedModel) if not name.startswith("_"))

# Inputs or outputs that generated source spells out one by one, and lines of a docstring for the parts of a model. Of a
# file with 100,000 of them the source of a class would take a gigabyte.
MOST_IN_SOURCE = 64
_MOST_LINES = 200
# Fits into 120 columns inside a class.
_LINE = 116
# Methods whose arrays are the model's: their docstrings end with its inputs and outputs.
_PORTS_OF = {
    "predict_quantized": ("input", "output"),
    "predict_quantized_with_scratch": ("input", "output"),
    "quantize": ("input",),
    "dequantize": ("output",),
    "predict": ("input", "output"),
    "predict_batch": ("input", "output"),
    "predict_sequence": ("input", "output"),
    "bind": ("input", "output"),
}


@dataclass(frozen=True, slots=True)
class Method:
    """A static method of a model class.

    Attributes:
        name: as in :class:`QuantizedModel`.
        parameters: with annotations and defaults, as source.
        result: annotation of the result, as source.
        exact: the same with every value known, for stubs: one, or one for each index.
        docstring: what it does, with this model's numbers.
    """

    name: str
    parameters: str
    result: str
    exact: tuple[str, ...]
    docstring: str

    def header(self, result: str) -> str:
        """The ``def`` line with this result, broken where it is long."""
        line = f"def {self.name}({self.parameters}) -> {result}:"
        return line if len(line) <= _LINE else f"def {self.name}(\n    {self.parameters}\n) -> {result}:"


@dataclass(frozen=True, slots=True)
class _Getter:
    """A method that tells something about an input or output."""

    title: str
    result: Callable[[Port], str]
    exact: Callable[[Port], str]
    value: Callable[[Port], str]


_GETTERS = {
    "len": _Getter(
        "Elements of {}",
        result=lambda port: "int",
        exact=lambda port: f"Literal[{port.length}]",
        value=lambda port: " = ".join([str(port.length)] + [" x ".join(map(str, port.shape))] * (len(port.shape) > 1)),
    ),
    "shape": _Getter(
        "Shape of {}, batch first",
        result=lambda port: _tuple(["int"] * len(port.shape)),
        exact=lambda port: _tuple([f"Literal[{size}]" for size in port.shape]),
        value=lambda port: str(port.shape),
    ),
    "dtype": _Getter(
        "Element type of {}",
        result=lambda port: _dtype(port),
        exact=lambda port: _dtype(port),
        value=lambda port: port.dtype.name,
    ),
    "scale": _Getter(
        "Scale of {}",
        result=lambda port: "float",
        exact=lambda port: "float",
        value=lambda port: f"{port.scale!r} in ``{_formula(port)}``",
    ),
    "zero_point": _Getter(
        "Zero point of {}",
        result=lambda port: "int",
        exact=lambda port: f"Literal[{port.zero_point}]",
        value=lambda port: f"{port.zero_point} in ``{_formula(port)}``",
    ),
}


def methods(program: Program) -> tuple[Method, ...]:
    """The static methods of a model class, in the order of :class:`QuantizedModel`."""
    inputs, outputs = ports(program, program.inputs, "input"), ports(program, program.outputs, "output")
    special = {
        f"{role}_{what}": _getter(f"{role}_{what}", getter, role, own)
        for what, getter in _GETTERS.items()
        for role, own in (("input", inputs), ("output", outputs))
    }
    special["arena_len"] = _plain("arena_len", f"Bytes of activations after planning: {program.arena_len}.")
    special["state_len"] = _plain("state_len", f"Bytes that a session keeps from run to run: {program.state_len}.")
    own = {"input": inputs, "output": outputs}
    results = {
        "predict": _one_or_all([_array(port.real_dtype) for port in outputs]),
        "predict_batch": _one_or_all([_array(port.dtype) for port in outputs]),
        "predict_sequence": _one_or_all([_array(port.dtype) for port in outputs]),
        "quantize": _only([_array(port.dtype) for port in inputs]),
        "dequantize": _only([_array(port.real_dtype) for port in outputs]),
    }
    names = [name for name in INTERFACE if callable(getattr(QuantizedModel, name, None))]
    return tuple(special.get(name) or _ported(name, own, results.get(name)) for name in names)


def summary(program: Program) -> str:
    """What the model takes, gives and consists of, for the class's docstring."""
    lines = [f"INT8 model {program.name!r}: {len(program.calls)} operator calls.", ""]
    for role, indices in (("Input", program.inputs), ("Output", program.outputs)):
        shown = enumerate(ports(program, indices[:MOST_IN_SOURCE], role))
        lines += _and_more([f"{role} {position}: {_describe(port)}." for position, port in shown], len(indices))
    state = f" State: {program.state_len} bytes." if program.variables else ""
    lines += ["", f"Arena: {program.arena_len} bytes.{state} Operators:", ""]
    calls = [f"  {call.name}: {call.method}" for call in program.calls[:_MOST_LINES]]
    lines += _and_more(calls, len(program.calls), "  ")
    return "\n".join(lines) + "\n"


def _and_more(lines: Iterable[str], count: int, indent: str = "") -> list[str]:
    """The first lines of ``count``, and how many there are beside them."""
    shown = list(lines)
    return shown if len(shown) == count else [*shown, f"{indent}and {count - len(shown):,} more"]


def _getter(name: str, getter: _Getter, role: str, own: Sequence[Port]) -> Method:
    if len(own) == 1:
        article = "the"
        values = f": {getter.value(own[0])}."
    else:
        article = "an"
        lines = [f"{port.role.capitalize()}: {getter.value(port)}." for port in own[:MOST_IN_SOURCE]]
        values = ".\n\n" + "\n".join(_and_more(lines, len(own)))
    results = list(dict.fromkeys(getter.result(port) for port in own))
    exact = tuple(getter.exact(port) for port in own) if len(own) <= MOST_IN_SOURCE else (" | ".join(results),)
    return Method(
        name=name,
        parameters=_parameters(name),
        result=" | ".join(results) or _result(name),
        exact=exact if len(set(exact)) > 1 else exact[:1],
        docstring=getter.title.format(f"{article} {role}") + values,
    )


def _plain(name: str, docstring: str) -> Method:
    return Method(name, _parameters(name), _result(name), (_result(name),), docstring)


def _ported(name: str, own: Mapping[str, Sequence[Port]], result: str | None) -> Method:
    """A method that takes or gives the model's arrays, and says of which types they are."""
    parameters = _parameters(name)
    for role, ports_ in own.items():
        arrays = " | ".join(dict.fromkeys(_array(port.dtype) for port in ports_)) or "AnyArray"
        for parameter in (role, f"{role}s"):
            parameters = parameters.replace(f" {parameter}: Arrays[AnyArray]", f" {parameter}: Arrays[{arrays}]")
    result = result or _result(name)
    return Method(name, parameters, result, (result,), _doc(name, own))


def _doc(name: str, own: Mapping[str, Sequence[Port]]) -> str:
    lines = []
    for role in _PORTS_OF.get(name, ()):
        shown = [f"{port.role}: {_describe(port)}" for port in own[role][:MOST_IN_SOURCE]]
        lines += _and_more(shown, len(own[role]))
    model = "\n\nModel:\n" + textwrap.indent("\n".join(lines), "    ") if lines else ""
    return _declared_doc(name) + model


def _declared_doc(name: str) -> str:
    return inspect.getdoc(getattr(QuantizedModel, name)) or ""


def _parameters(name: str) -> str:
    """The declared parameters; their annotations are strings, as no annotation of this package is evaluated."""
    declared = inspect.signature(getattr(QuantizedModel, name)).parameters.values()
    return ", ".join(
        f"{parameter.name}: {parameter.annotation}"
        + ("" if parameter.default is parameter.empty else f" = {parameter.default!r}")
        for parameter in declared
    )


def _result(name: str) -> str:
    return str(inspect.signature(getattr(QuantizedModel, name)).return_annotation)


def _tuple(items: Sequence[str]) -> str:
    return f"tuple[{', '.join(items) or '()'}]"


def _one_or_all(arrays: Sequence[str]) -> str:
    if len(arrays) > MOST_IN_SOURCE:
        return f"tuple[{' | '.join(dict.fromkeys(arrays))}, ...]"
    return arrays[0] if len(arrays) == 1 else _tuple(arrays)


def _only(arrays: Sequence[str]) -> str:
    """The type that all have, if they have one in common."""
    return arrays[0] if len(set(arrays)) == 1 else "AnyArray"


@functools.cache
def _array(dtype: DType) -> str:
    return PORT_TYPES[TensorType[dtype.name.upper()]]


def _dtype(port: Port) -> str:
    return _dtype_type(port.dtype)


@functools.cache
def _dtype_type(dtype: DType) -> str:
    name = "bool_" if dtype.kind == "b" else dtype.name
    return f"np.dtype[np.{name}]"


def _describe(port: Port) -> str:
    formula = "" if port.quant is None else f", {_formula(port)}"
    return f"{port.dtype} {list(port.shape)}{formula}"


def _formula(port: Port) -> str:
    if port.quant is None:
        return "real = q"
    if port.zero_point == 0:
        return f"real = {port.scale!r} * q"
    return f"real = {port.scale!r} * (q {'-' if port.zero_point > 0 else '+'} {abs(port.zero_point)})"
