"""The mypy plugin: exact lengths for decorated classes, and what is wrong with a model file at type-check time.

One line in the configuration turns it on::

    [tool.mypy]
    plugins = ["ember_infer_macros.mypy_plugin"]

It comes up without NumPy, so that mypy may run in an environment of its own. What it reports has the error code
``ember-model``. See docs/typing.md.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mypy.errorcodes import ErrorCode
from mypy.mro import MroError, calculate_mro
from mypy.nodes import (
    ARG_POS,
    MDEF,
    Argument,
    Block,
    CallExpr,
    Decorator,
    Expression,
    FuncDef,
    OverloadedFuncDef,
    PassStmt,
    StrExpr,
    SymbolTableNode,
    TypeInfo,
    Var,
)
from mypy.plugin import ClassDefContext, Plugin, ReportConfigContext
from mypy.semanal_shared import SemanticAnalyzerCoreInterface
from mypy.types import CallableType, Instance, LiteralType, Overloaded, TupleType, Type
from mypy.types import get_proper_type as proper
from typing_extensions import override

from ember_infer_macros.mypy_types import Model, Port, array_parameters, model_results, signature
from ember_infer_macros.paths import literal_path, may_name_models, resolve

__all__ = ["MODEL_ERROR", "EmberInferPlugin", "plugin"]

MODEL_ERROR = ErrorCode("ember-model", "Check that a class and its model file fit", "Ember Infer")

_DECORATOR = "ember_infer_macros.decorator.ember_model"
_BASE = "ember_infer_macros.quantized_model.QuantizedModel"
_MISSING = "missing"
# What this process has seen in model files, newest last. Global because mypy asks a module, not a plugin, for its
# version; see `__getattr__`.
_seen: dict[str, list[str]] = {}


def plugin(version: str) -> type[Plugin]:
    """The entry point that mypy calls."""
    return EmberInferPlugin


def __getattr__(name: str) -> str:
    """``__version__``: what mypy compares to tell whether a cache, or a running daemon, is of the same plugin.

    It stands for the sources that read models. In a daemon it changes as well when a model file is no longer what some
    module was checked with: ``dmypy run`` then starts again.
    """
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    changed = [path for path, digests in sorted(_seen.items()) if set(digests) != {_digest(path)}]
    return "; ".join([_source_digest(), *(f"{path} has changed" for path in changed)])


class EmberInferPlugin(Plugin):
    """Understands ``@ember_model``."""

    @override
    def get_class_decorator_hook(self, fullname: str) -> Callable[[ClassDefContext], None] | None:
        """Called for every decorator of a class as soon as the class is known, and before any class derived from it."""
        return _inherit if fullname == _DECORATOR else None

    @override
    def get_class_decorator_hook_2(self, fullname: str) -> Callable[[ClassDefContext], bool] | None:
        """Called for every decorator of a class, once its module has been analysed."""
        return _apply if fullname == _DECORATOR else None

    @override
    def report_config_data(self, ctx: ReportConfigContext) -> Any:
        """What a module's cached result depends on besides its source: the content of the models it names."""
        paths = _model_paths(ctx.path)
        if not paths:
            return None
        if ctx.is_check:
            for path in paths:
                _saw(path, _digest(path))
        # While a result is written, what counts is the content that it was made from.
        digests = {path: _seen[path][-1] if path in _seen else _digest(path) for path in paths}
        return {"models": digests, "lowering": _can_lower()}


# What a class is made of


def _apply(ctx: ClassDefContext) -> bool:
    """Gives a decorated class the interface of ``QuantizedModel``, with what its model makes exact.

    mypy calls this again when it re-analyses part of a module, so everything here may be done twice.
    """
    base = ctx.api.lookup_fully_qualified_or_none(_BASE)
    if base is None or not isinstance(base.node, TypeInfo):
        return True
    is_stub = ctx.api.modules[ctx.api.cur_mod_id].is_stub
    interface = {name for name in base.node.names if not name.startswith("_")}
    declared = {name: symbol for name, symbol in ctx.cls.info.names.items() if not symbol.plugin_generated}
    if not is_stub:
        _report_taken(ctx, sorted(interface & declared.keys()))
    model = _model(ctx)
    if base.node not in ctx.cls.info.mro:
        message = f'the bases of "{ctx.cls.name}" leave no room for QuantizedModel: put it among them yourself'
        ctx.api.fail(message, ctx.reason, code=MODEL_ERROR)
    if model is None:
        return True
    results = model_results(ctx.api, base.node, model)
    parameters = array_parameters(ctx.api, model)
    stale = [name for name in results if is_stub and name in declared and not _fits(declared[name], results[name])]
    if stale:
        what = ", ".join(stale)
        message = f'the stub of "{ctx.cls.name}" no longer fits its model ({what}): write it again, "ember-infer stubs"'
        ctx.api.fail(message, ctx.reason, code=MODEL_ERROR)
    for name in results:
        if is_stub or name not in declared:
            method = _method(ctx.cls.info, name, signature(base.node, name, parameters), results[name])
            ctx.cls.info.names[name] = method
    return True


def _report_taken(ctx: ClassDefContext, names: Sequence[str]) -> None:
    for name in names:
        message = f'class "{ctx.cls.name}" defines "{name}", which @ember_model generates: rename it'
        ctx.api.fail(message, ctx.reason, code=MODEL_ERROR)


def _inherit(ctx: ClassDefContext) -> None:
    """Makes a bare class a subclass of ``QuantizedModel``, as it is at run time, wherever its own heirs will be."""
    info = ctx.cls.info
    base = ctx.api.lookup_fully_qualified_or_none(_BASE)
    if base is None or not isinstance(base.node, TypeInfo) or base.node in info.mro:
        return
    bases, order = info.bases, info.mro
    info.bases = [Instance(base.node, []), *(each for each in bases if each.type.fullname != "builtins.object")]
    info.mro = []
    try:
        calculate_mro(info)
    except MroError:  # said once the module is analysed
        info.bases, info.mro = bases, order
    info.metaclass_type = info.calculate_metaclass_type()


def _method(info: TypeInfo, name: str, declared: CallableType, results: list[Type]) -> SymbolTableNode:
    """A static method with these parameters; overloaded where the index decides."""
    if len(results) == 1 or len(set(map(str, results))) == 1:
        node: Decorator | OverloadedFuncDef = _static(info, name, declared.copy_modified(ret_type=results[0]))
    else:
        index = proper(declared.arg_types[0])
        assert isinstance(index, Instance)
        signatures = [
            declared.copy_modified(
                arg_types=[LiteralType(position, index)],
                arg_kinds=declared.arg_kinds if position == 0 else [ARG_POS],
                ret_type=result,
            )
            for position, result in enumerate(results)
        ]
        signatures.append(declared)
        node = _overloaded(info, [_static(info, name, signature) for signature in signatures])
    symbol = SymbolTableNode(MDEF, node)
    symbol.plugin_generated = True
    return symbol


def _static(info: TypeInfo, name: str, signature: CallableType) -> Decorator:
    arguments = [
        Argument(Var(argument or "", type_), type_, None, kind)
        for argument, type_, kind in zip(signature.arg_names, signature.arg_types, signature.arg_kinds, strict=True)
    ]
    function = FuncDef(name, arguments, Block([PassStmt()]))
    function.type = signature.copy_modified(name=f"{name} of {info.name}", definition=function)
    function.info = info
    function.is_static = True
    function.is_decorated = True
    function._fullname = f"{info.fullname}.{name}"
    function.line = info.line
    variable = Var(name, function.type)
    variable.info = info
    variable.is_staticmethod = True
    variable._fullname = function._fullname
    decorator = Decorator(function, [], variable)
    decorator.line = info.line
    return decorator


def _overloaded(info: TypeInfo, items: list[Decorator]) -> OverloadedFuncDef:
    for item in items:
        item.is_overload = True
    node = OverloadedFuncDef(list(items))
    node.info = info
    node.is_static = True
    node._fullname = items[0].func._fullname
    node.type = Overloaded([_callable(item.func) for item in items])
    node.line = info.line
    return node


def _callable(function: FuncDef) -> CallableType:
    type_ = proper(function.type)
    assert isinstance(type_, CallableType)
    return type_


# Stubs


def _fits(symbol: SymbolTableNode, exact: Sequence[Type]) -> bool:
    """Whether what a stub declares for a method is still true."""
    node = symbol.node
    if isinstance(node, Decorator):
        results = [_callable(node.func).ret_type] * len(exact)
    elif isinstance(node, OverloadedFuncDef) and isinstance(node.type, Overloaded):
        *by_index, _ = (item.ret_type for item in node.type.items)
        results = by_index
    else:
        return False
    return len(results) == len(exact) and all(map(_agree, results, exact))


def _agree(declared: Type, exact: Type) -> bool:
    declared, exact = proper(declared), proper(exact)
    if isinstance(declared, LiteralType):
        return isinstance(exact, Instance) and exact.last_known_value == declared
    if isinstance(declared, TupleType):
        return (
            isinstance(exact, TupleType)
            and len(declared.items) == len(exact.items)
            and all(map(_agree, declared.items, exact.items))
        )
    if isinstance(declared, Instance) and isinstance(exact, Instance) and declared.type.module_name.startswith("numpy"):
        return declared == exact
    if isinstance(declared, Instance):
        return isinstance(exact, Instance) or declared.type.fullname == "builtins.tuple"
    return True


# Models


def _model(ctx: ClassDefContext) -> Model | None:
    """What the decorator's model takes and gives; None, and a report, where that cannot be known."""
    if not isinstance(ctx.reason, CallExpr):
        message = f'write @ember_model("path/to/model.tflite") above class {ctx.cls.name}, with path and parentheses'
        ctx.api.fail(message, ctx.reason, code=MODEL_ERROR)
        return None
    literal = _path_argument(ctx.reason)
    if literal is None:
        message = (
            "the path must be a string literal for the model to be read at type-check time; "
            "where it cannot be, lengths stay plain ints: add # type: ignore[ember-model]"
        )
        ctx.api.fail(message, ctx.reason, code=MODEL_ERROR)
        return None
    return _read_or_report(ctx, literal, resolve(ctx.api.modules[ctx.api.cur_mod_id].path, literal))


def _read_or_report(ctx: ClassDefContext, literal: str, path: str) -> Model | None:
    from ember_infer_core.errors import ModelError, UnsupportedModelError

    try:
        return _read(path)
    except UnsupportedModelError as error:
        count = len(error.problems)
        message = f'"{_shown(literal)}" is not supported ({count} reasons below): change the model or its conversion'
        ctx.api.fail(message, ctx.reason, code=MODEL_ERROR)
        if isinstance(ctx.api, SemanticAnalyzerCoreInterface):  # notes are not in the plugins' interface
            for note in (*error.shown, *error.advice):
                ctx.api.note(note, ctx.reason, code=MODEL_ERROR)
    except ModelError as error:
        ctx.api.fail(f'"{_shown(literal)}": {error.reason}; {_advice(path)}', ctx.reason, code=MODEL_ERROR)
    return None


def _shown(literal: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in literal)


def _advice(path: str) -> str:
    try:
        with open(path, "rb") as file:
            start = file.read(100)
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return "the path counts from the folder of this source file"
    if start.startswith(b"version https://git-lfs"):
        return "this is a Git LFS pointer: fetch the file with git lfs pull"
    return "copy or convert the file again"


def _path_argument(call: CallExpr) -> str | None:
    for name, argument in zip(call.arg_names, call.args, strict=True):
        if name in (None, "path"):
            return _string(argument)
    return None


def _string(expression: Expression) -> str | None:
    return expression.value if isinstance(expression, StrExpr) else None


def _read(path: str) -> Model:
    """Reads and checks a model: all that an import checks where NumPy is there, everything but the shapes' arithmetic
    where it is not.

    Raises:
        ModelError: the file is missing, damaged, contradictory or not supported.
    """
    from ember_infer_core.errors import ModelError
    from ember_infer_macros.port_types import PORT_TYPES, QUANTIZED_TYPES
    from ember_infer_macros.support import check_supported
    from ember_infer_macros.tflite.read import read_graph, read_source

    try:
        source, content = read_source(path)
    except ModelError:
        _saw(path, _MISSING)
        raise
    _saw(path, hashlib.sha256(content).hexdigest())
    graph = read_graph(source, content)
    check_supported(graph)
    if _can_lower():
        from ember_infer_macros.lower.program import lower_graph

        lower_graph(graph)

    def port(index: int) -> Port:
        tensor = graph.tensors[index]
        array = PORT_TYPES[tensor.type]
        quantized = tensor.quantization is not None and tensor.type in QUANTIZED_TYPES
        zero_point = tensor.quantization.zero_points[0] if tensor.quantization is not None and quantized else 0
        return Port(math.prod(tensor.shape), tensor.shape, zero_point, array, "FloatArray" if quantized else array)

    return Model(tuple(map(port, graph.inputs)), tuple(map(port, graph.outputs)))


def _can_lower() -> bool:
    return importlib.util.find_spec("numpy") is not None


# What results depend on


def _model_paths(module_path: str) -> list[str]:
    """The model files that a module's decorators name, in order, each once."""
    try:
        with open(module_path, "rb") as file:
            content = file.read()
    except OSError:  # a namespace package, or `-c`
        return []
    if not may_name_models(content):
        return []
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return []  # mypy reports it
    calls = (
        decorator
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call)
    )
    # Every decorator counts, whatever its name: an import, here or elsewhere, may have renamed it.
    literals = (literal for call in calls for literal in [literal_path(call)] if literal is not None)
    return list(dict.fromkeys(resolve(module_path, literal) for literal in literals))


def _saw(path: str, digest: str) -> None:
    digests = _seen.setdefault(path, [])
    if digest in digests:
        digests.remove(digest)
    digests.append(digest)


def _digest(path: str) -> str:
    from ember_infer_core.errors import ModelError
    from ember_infer_macros.tflite.read import read_source

    try:
        return hashlib.sha256(read_source(path)[1]).hexdigest()
    except ModelError:
        return _MISSING


def _source_digest() -> str:
    """Of the sources that decide what a model's module is told: another release must not trust this one's cache."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
