"""What a model makes of the interface, as mypy's types. Needs no NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mypy.nodes import Decorator, TypeAlias, TypeInfo
from mypy.plugin import SemanticAnalyzerPluginInterface
from mypy.types import (
    AnyType,
    CallableType,
    Instance,
    LiteralType,
    TupleType,
    Type,
    TypeOfAny,
    UnionType,
)
from mypy.types import get_proper_type as proper

__all__ = ["Model", "Port", "array_parameters", "model_results", "signature"]


@dataclass(frozen=True)
class Port:
    """An input or output: ``array`` and ``real`` name the types of its own arrays and of real values."""

    length: int
    shape: tuple[int, ...]
    zero_point: int
    array: str
    real: str


@dataclass(frozen=True)
class Model:
    """What a model takes and gives."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]


def model_results(api: SemanticAnalyzerPluginInterface, base: TypeInfo, model: Model) -> dict[str, list[Type]]:
    """Exact result types of methods: one, or one for each ``index``; what is declared where a model adds nothing."""
    results: dict[str, list[Type]] = {}
    for role, ports in (("input", model.inputs), ("output", model.outputs)):
        dtype = signature(base, f"{role}_dtype").ret_type
        results[f"{role}_dtype"] = [_dtype(_array(api, port.array)) or dtype for port in ports]
        results[f"{role}_len"] = [_int(api, port.length) for port in ports]
        results[f"{role}_shape"] = [_tuple(api, [_int(api, size) for size in port.shape]) for port in ports]
        results[f"{role}_zero_point"] = [_int(api, port.zero_point) for port in ports]
    results["predict"] = [_one_or_all(api, [port.real for port in model.outputs])]
    for name in ("predict_batch", "predict_sequence"):
        results[name] = [_one_or_all(api, [port.array for port in model.outputs])]
    results["quantize"] = [_in_common(api, [port.array for port in model.inputs])]
    results["dequantize"] = [_in_common(api, [port.real for port in model.outputs])]
    for name in ("predict_quantized", "predict_quantized_with_scratch"):
        results[name] = [signature(base, name).ret_type]
    return results


def array_parameters(api: SemanticAnalyzerPluginInterface, model: Model) -> dict[str, Type]:
    """Types of the parameters that take the model's own arrays: one, a sequence of them, or each by its name."""
    types: dict[str, Type] = {}
    for role, ports in (("input", model.inputs), ("output", model.outputs)):
        names = dict.fromkeys(port.array for port in ports)
        if names:
            array = UnionType.make_union([_array(api, name) for name in names])
            by_name = api.named_type("typing.Mapping", [api.named_type("builtins.str"), array])
            types[role] = UnionType.make_union([array, api.named_type("typing.Sequence", [array]), by_name])
            types[f"{role}s"] = types[role]
    return types


def _array(api: SemanticAnalyzerPluginInterface, name: str) -> Type:
    """An array type by its name; Any where mypy does not find NumPy."""
    symbol = api.lookup_fully_qualified_or_none(f"ember_infer_macros.arrays.{name}")
    if symbol is None or not isinstance(symbol.node, TypeAlias):
        return AnyType(TypeOfAny.from_error)
    return symbol.node.target


def _dtype(array: Type) -> Type | None:
    """Of an array's elements; None where mypy does not find NumPy."""
    instance = proper(array)
    return instance.args[-1] if isinstance(instance, Instance) else None


def _one_or_all(api: SemanticAnalyzerPluginInterface, names: Sequence[str]) -> Type:
    arrays = [_array(api, name) for name in names]
    return arrays[0] if len(arrays) == 1 else _tuple(api, arrays)


def _in_common(api: SemanticAnalyzerPluginInterface, names: Sequence[str]) -> Type:
    """The type that all have, if they have one in common."""
    return _array(api, names[0] if len(set(names)) == 1 else "AnyArray")


def _int(api: SemanticAnalyzerPluginInterface, value: int) -> Type:
    """An int that is known to be ``value`` where a ``Literal`` is wanted, and can be calculated with elsewhere."""
    integer = api.named_type("builtins.int")
    return integer.copy_modified(last_known_value=LiteralType(value, integer))


def _tuple(api: SemanticAnalyzerPluginInterface, items: list[Type]) -> TupleType:
    item = items[0] if items else api.named_type("builtins.int")
    return TupleType(items, api.named_type("builtins.tuple", [item]))


def signature(base: TypeInfo, name: str, parameters: Mapping[str, Type] | None = None) -> CallableType:
    """What ``QuantizedModel`` declares for a static method, with these types for parameters of these names."""
    declared = base.names[name].node
    assert isinstance(declared, Decorator), f"QuantizedModel.{name} is no static method"
    found = proper(declared.func.type)
    assert isinstance(found, CallableType)
    exact = parameters or {}
    types = [exact.get(name or "", type_) for name, type_ in zip(found.arg_names, found.arg_types, strict=True)]
    return found.copy_modified(arg_types=types)
