"""Stubs for modules that hold model classes: exact lengths for type checkers that cannot read a model.

A checker that finds ``models.pyi`` beside ``models.py`` reads the stub alone: whatever the stub leaves out does not
exist for it, and code in the module goes unchecked. So a stub is written only where it can carry everything: a module
of model classes, imports and plain constants. Modules are parsed, never imported.
"""

from __future__ import annotations

import ast
import enum
import os
import tempfile
import textwrap
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ember_infer_core.errors import ModelError, ModelWarning
from ember_infer_macros.paths import literal_path, may_name_models, resolve
from ember_infer_macros.port_types import PORT_TYPES
from ember_infer_macros.spellings import Spellings, callee, spellings

__all__ = ["StubRefused", "StubReport", "StubState", "stub_source", "update_stubs"]

_HEADER = """# Written by `ember-infer stubs`. Write it again instead of changing it.
# ruff: noqa
# mypy: disable-error-code="explicit-override\""""
_OURS = b"# Written by `ember-infer stubs`"
# What every stub may need: module -> names.
_IMPORTS = {
    "typing": ("Literal", "overload"),
    "ember_infer_core": ("KernelBackend",),
    "ember_infer_macros": ("QuantizedModel", "Session", "ember_model"),
    "ember_infer_macros.arrays": ("AnyArray", "Arrays", *sorted(PORT_TYPES.values()), "RealValues", "Scratch"),
}
_WITH_CODE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# Modules that every stub imports, and the names it has for them.
_MODULES = {"np": "numpy", "npt": "numpy.typing"}
_OWN_NAMES = {*_MODULES, *(name for names in _IMPORTS.values() for name in names)}


class StubRefused(ValueError):
    """A module that no stub can carry, because it would hide something. The message says what, where, what to do."""


class StubState(enum.Enum):
    """What became of a stub."""

    WRITTEN = "wrote"
    UP_TO_DATE = "up to date"
    STALE = "stale"
    ORPHANED = "without a module of model classes"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StubReport:
    """What became of one stub.

    Attributes:
        path: of the stub, whether it is there or not.
        state: what became of it.
        reason: words on it where there is something to say.
        error: why there is none, where it failed: the module is unfit for one, or its model is wrong.
    """

    path: Path
    state: StubState
    reason: str = ""
    error: StubRefused | ModelError | None = None


def update_stubs(paths: Iterable[Path], *, check: bool = False) -> list[StubReport]:
    """Writes the stubs of all modules that hold model classes, each beside its module.

    Every stub is made before the first is written, and each is written at once or not at all. One that cannot be made
    stops no other.

    Args:
        paths: Python files, and folders to search for them. In a folder, a module that no stub can carry is skipped,
            with a word on why; a file that is named must be fit for one, or its stub failed.
        check: write nothing, and report what is not up to date.

    Raises:
        OSError: a file cannot be read or written.
    """
    reports: list[StubReport] = []
    wanted: list[tuple[Path, str]] = []
    for module, is_named in _modules(paths):
        stub = module.with_suffix(".pyi")
        try:
            source = _source_for(stub, module, is_named)
        except (StubRefused, ModelError) as error:
            reports.append(StubReport(stub, StubState.FAILED, error=error))
            continue
        if isinstance(source, StubRefused):
            reports.append(StubReport(stub, StubState.SKIPPED, str(source)))
        elif source is None:
            continue
        elif stub.exists() and _same(stub.read_bytes(), source):
            reports.append(StubReport(stub, StubState.UP_TO_DATE))
        elif check:
            reports.append(StubReport(stub, StubState.STALE, "missing" if not stub.exists() else ""))
        else:
            wanted.append((stub, source))
    for stub, source in wanted:
        _write(stub, source)
        reports.append(StubReport(stub, StubState.WRITTEN))
    reports += [StubReport(stub, StubState.ORPHANED) for stub in _orphans(paths)]
    return sorted(reports, key=lambda report: report.path)


def _source_for(stub: Path, module: Path, is_named: bool) -> str | StubRefused | None:
    """What belongs into a module's stub; None for nothing; the reason why it is skipped, if it was found in a folder.

    Raises:
        StubRefused: a module that was named, or that has a stub of ours, cannot have one, or others wrote what stands
            in its place.
        ModelError: a model is missing, damaged or not supported.
    """
    try:
        source = stub_source(module)
    except StubRefused as refusal:
        if is_named or _is_ours(stub):
            raise
        return refusal
    if source is None:
        if is_named:
            raise StubRefused(f"{module}: no class here is decorated with @ember_model('...')")
    elif stub.exists() and not _is_ours(stub):
        raise StubRefused(f"{stub}: not written by ember-infer stubs, and in the way: move or delete it")
    return source


def stub_source(module: Path) -> str | None:
    """The stub of a module; None where no class is decorated with ``@ember_model``.

    Raises:
        StubRefused: the stub would hide something, or the module does not parse.
        ModelError: a model is missing, damaged or not supported.
    """
    content = module.read_bytes()
    if not may_name_models(content):
        return None
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError) as error:
        raise StubRefused(f"{module}: does not parse: {error}") from None
    decorators = spellings(module, tree)
    models = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and _model_decorators(node, decorators)]
    return _StubWriter(module, decorators).write(tree) if models else None


# Which files


def _modules(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Python files, and whether each was named rather than found in a folder."""
    for path in paths:
        if path.is_dir():
            yield from ((found, False) for found in _walk(path, ".py"))
        else:
            yield path, True


def _walk(folder: Path, suffix: str) -> Iterator[Path]:
    """Files below a folder, leaving out hidden folders and virtual environments."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
        if "pyvenv.cfg" in files:
            folders.clear()
            continue
        yield from (Path(place, name) for name in sorted(files) if name.endswith(suffix))


def _orphans(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        for stub in _walk(path, ".pyi") if path.is_dir() else ():
            if _is_ours(stub) and not _holds_models(stub.with_suffix(".py")):
                yield stub


def _holds_models(module: Path) -> bool:
    try:
        return stub_source(module) is not None
    except OSError:
        return False
    except ValueError:  # a refusal, or a model that is wrong: reported elsewhere
        return True


def _is_ours(stub: Path) -> bool:
    return stub.exists() and stub.read_bytes().startswith(_OURS)


def _same(content: bytes, source: str) -> bool:
    """Whether two stubs say the same, however a formatter lays them out or sorts their imports."""
    try:
        return _meaning(ast.parse(content)) == _meaning(ast.parse(source))
    except (SyntaxError, ValueError):
        return False


def _meaning(tree: ast.Module) -> tuple[set[str], list[str]]:
    imports: set[str] = set()
    rest: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports.update(ast.dump(_single_import(node, alias)) for alias in node.names)
        else:
            rest.append(ast.dump(node))
    return imports, rest


def _write(stub: Path, source: str) -> None:
    """Replaces the file at once: a checker that runs meanwhile sees the old one or the new one."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{stub.name}.", dir=stub.parent)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(source)
        os.chmod(temporary, stub.stat().st_mode if stub.exists() else stub.with_suffix(".py").stat().st_mode & 0o666)
        os.replace(temporary, stub)
    except BaseException:
        os.unlink(temporary)
        raise


# What a module holds


def _model_decorators(node: ast.ClassDef, names: Spellings) -> list[ast.expr]:
    return [each for each in node.decorator_list if ast.unparse(callee(each)) in names.decorator]


class _StubWriter:
    """Turns one module into its stub."""

    def __init__(self, module: Path, names: Spellings) -> None:
        self.module = module
        self.names = names
        self.imports: list[tuple[ast.Import | ast.ImportFrom, ast.alias]] = []
        self.public: list[str] | None = None

    def refuse(self, node: ast.stmt, what: str, remedy: str) -> StubRefused:
        return StubRefused(f"{self.module}:{node.lineno}: {what}: {remedy}")

    def write(self, tree: ast.Module) -> str:
        body = list(tree.body)
        docstring = ast.get_docstring(tree)
        if docstring is not None:
            del body[0]
        for node in body:  # said before anything else: no change to the rest would help
            if isinstance(node, _WITH_CODE) and not self.is_model(node):
                raise self.hidden(node)
        parts = [part for node in body if (part := self.statement(node))]
        names = {"QuantizedModel"} | {
            node.id for part in parts for node in ast.walk(ast.parse(part)) if isinstance(node, ast.Name)
        }
        constants = [part for part in parts if not part.startswith("@")]
        classes = [part for part in parts if part.startswith("@")]
        blocks = [
            "\n".join([_HEADER, *([_docstring(docstring)] if docstring else [])]),
            "\n".join([*self.kept_imports(names), *self.own_imports(names)]),
            "\n".join(constants),
            *classes,
        ]
        return "\n\n".join(filter(None, blocks)) + "\n"

    def is_model(self, node: ast.stmt) -> bool:
        return isinstance(node, ast.ClassDef) and bool(_model_decorators(node, self.names))

    def statement(self, node: ast.stmt) -> str:
        """What the stub says for a statement at the top of the module; empty for nothing."""
        if isinstance(node, ast.ClassDef) and self.is_model(node):
            return self.model_class(node)
        if isinstance(node, ast.Import | ast.ImportFrom):
            self.imports += [(node, alias) for alias in node.names]
            return ""
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for inner in node.body:
                if not isinstance(inner, ast.Import | ast.ImportFrom):
                    raise self.hidden(inner)
                self.statement(inner)
            if not node.orelse:
                return ""
        return self.constant(node)

    def constant(self, node: ast.stmt) -> str:
        """An assignment of something that a stub can declare."""
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            self.free(node, node.target.id)
            if isinstance(node.value, ast.Constant):
                return ast.unparse(node)
            return f"{node.target.id}: {ast.unparse(node.annotation)}"
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            self.free(node, name)
            if name == "__all__":
                self.public = self.literal_names(node)
                return f"__all__ = [{', '.join(map(_quoted, self.public))}]"
            if isinstance(node.value, ast.Constant) and type(node.value.value) in (bool, bytes, float, int, str):
                return f"{name}: {type(node.value.value).__name__}"
            if name.startswith("_"):
                return ""
            raise self.refuse(node, f"a stub cannot tell the type of {name}", f"annotate it: {name}: ... = ...")
        if isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            return ""
        raise self.hidden(node)

    def free(self, node: ast.stmt, name: str) -> None:
        if name in _OWN_NAMES:
            raise self.refuse(node, f"a stub needs the name {name} for itself", "rename yours")

    def literal_names(self, node: ast.Assign) -> list[str]:
        try:
            return [str(name) for name in ast.literal_eval(node.value)]
        except (TypeError, ValueError):
            raise self.refuse(node, "__all__ is computed", "write it as a list of strings") from None

    def hidden(self, node: ast.stmt) -> StubRefused:
        name = getattr(node, "name", None)
        what = f"a stub would hide {name} from type checking" if name else "a stub would hide this code"
        return self.refuse(node, what, "keep model classes in a module of their own")

    def model_class(self, node: ast.ClassDef) -> str:
        self.free(node, node.name)
        decorator = _model_decorators(node, self.names)[0]
        path = literal_path(decorator) if isinstance(decorator, ast.Call) else None
        if path is None:
            raise self.refuse(node, f"the model of {node.name} is not a string literal", "write @ember_model('path')")
        if len(node.decorator_list) > 1:
            raise self.refuse(node, f"{node.name} has several decorators", "leave @ember_model alone on it")
        if node.keywords:
            raise self.refuse(node, f"{node.name} has class keywords", "a stub cannot keep them: leave them out")
        body = list(node.body)
        own_docstring = ast.get_docstring(node)
        if own_docstring is not None:
            del body[0]
        attributes = [part for each in body if (part := self.constant(each))]
        bases = [ast.unparse(base) for base in node.bases]
        bases = ["QuantizedModel" if base in self.names.base else base for base in bases]
        if "QuantizedModel" not in bases:
            bases.append("QuantizedModel")
        docstring, *methods = _class_body(resolve(str(self.module), path), own_docstring)
        content = textwrap.indent("\n\n".join(filter(None, [docstring, "\n".join(attributes), *methods])), "    ")
        # The decorator stays: mypy's plugin then sees a stub that no longer fits.
        return f"@ember_model({_quoted(path)})\nclass {node.name}({', '.join(bases)}):\n{content}"

    def own_imports(self, names: set[str]) -> list[str]:
        lines: list[str] = []
        for module, offered in _IMPORTS.items():
            used = [name for name in offered if name in names]
            if used:
                lines.append(f"from {module} import {', '.join(used)}")
        modules = [f"import {module} as {name}" for name, module in _MODULES.items()]
        return [*lines[:1], *modules, *lines[1:]]

    def kept_imports(self, names: set[str]) -> list[str]:
        """The module's own imports that the stub uses or that the module passes on."""
        lines = []
        for node, alias in self.imports:
            bound = alias.asname or alias.name.split(".")[0]
            passed_on = alias.asname == alias.name or (self.public is not None and bound in self.public)
            if isinstance(node, ast.ImportFrom) and alias.name == "*":
                raise self.refuse(node, "a stub cannot tell what this import brings", "name what is imported")
            if bound in _OWN_NAMES and not passed_on:
                if not _means_ours(node, alias):
                    raise self.refuse(node, f"a stub needs the name {bound} for itself", "import it under another")
            elif bound in names or passed_on:
                lines.append(ast.unparse(_single_import(node, alias)))
        return lines


def _means_ours(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> bool:
    """Whether an import binds a name of `_OWN_NAMES` to what it is in a stub."""
    if isinstance(node, ast.Import):
        return alias.name == _MODULES.get(alias.asname or "")
    home = (node.module or "").split(".")[0]
    return (alias.asname or alias.name) == alias.name and (
        home in ("typing", "ember_infer") or home.startswith("ember_infer_")
    )


def _single_import(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> ast.stmt:
    if isinstance(node, ast.Import):
        return ast.Import(names=[alias])
    return ast.ImportFrom(module=node.module, names=[alias], level=node.level)


def _class_body(path: str, own_docstring: str | None) -> list[str]:
    """Docstring, and the methods of which the model says more than :class:`QuantizedModel` does."""
    from ember_infer_macros.decorator import load_program
    from ember_infer_macros.interface import methods, summary

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)
        program = load_program(path)
    blocks = [_docstring(own_docstring if own_docstring is not None else summary(program))]
    for method in methods(program):
        docstring = textwrap.indent(_docstring(method.docstring), "    ")
        if len(method.exact) == 1:
            blocks.append(f"@staticmethod\n{method.header(method.exact[0])}\n{docstring}")
            continue
        for position, exact in enumerate(method.exact):
            default = " = 0" if position == 0 else ""
            blocks.append(
                f"@overload\n@staticmethod\n"
                f"def {method.name}(index: Literal[{position}]{default}) -> {exact}:\n{docstring}"
            )
        blocks.append(f"@overload\n@staticmethod\n{method.header(method.result)}\n{docstring}")
    return blocks


def _docstring(text: str) -> str:
    plain = text.rstrip().replace("\\", "\\\\").replace('"""', '\\"""')
    return f'"""{plain}\n"""' if "\n" in plain else f'"""{plain}"""'


def _quoted(path: str) -> str:
    plain = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'
