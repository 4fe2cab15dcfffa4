"""``ember-infer export`` as a function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ember_infer_core.program import Program
from ember_infer_core.samples import checked_inputs
from ember_infer_firmware.context import model_name
from ember_infer_firmware.folder import check_target, write_folder
from ember_infer_firmware.golden import Golden, golden_vectors, samples_of
from ember_infer_firmware.kinds import checked_kind
from ember_infer_firmware.origin import Origin, tool
from ember_infer_firmware.plan import Plan, plan_program
from ember_infer_firmware.project import project_files

if TYPE_CHECKING:
    from ember_infer_core.samples import Inputs

__all__ = ["Exported", "HasProgram", "export", "plan_export", "write_export"]

_SAMPLES = 8
_STEPS = 64  # of a model with state: the first answers of a stream are often all the same
_GOLDEN_BYTES = 64 << 10  # that the golden vectors may take, unless one alone takes more
# What one may take: as text it is four times as much, and a hundred times as much memory while that is written. A file
# of some hundred bytes may ask for inputs of a gigabyte.
_GOLDEN_MOST = 4 << 20


class HasProgram(Protocol):
    """A model class of ``@ember_model``."""

    @property
    def program(self) -> Program:
        """The lowered model."""
        ...


@dataclass(frozen=True, slots=True)
class Exported:
    """What was exported.

    Attributes:
        folder: where it is.
        plan: the model.
        files: all of them, by path in the folder.
        golden: what the self-test runs.
        given: how many samples there were; the self-test takes the first of them if all are too many for flash.
    """

    folder: Path
    plan: Plan
    files: Mapping[str, str]
    golden: Golden
    given: int


def export(
    model: Program | HasProgram,
    folder: str | Path,
    *,
    kernels: str = "reference",
    name: str | None = None,
    inputs: Inputs | None = None,
    force: bool = False,
    origin: Origin | None = None,
) -> Exported:
    """Writes a model as plain C99 for microcontrollers, with a self-test and what build systems want.

    Args:
        model: a model class, or what :func:`ember_infer_macros.load_program` makes of a file.
        folder: to write: a new one, or an empty one.
        kernels: which kind the code calls: ``"reference"``, its own; ``"cmsis-nn"`` or ``"esp-nn"``, a library's where
            it computes the same.
        name: of the model in C, an identifier; by default made from the file's.
        inputs: samples for the self-test, in the model's own types, ``(samples, *shape)`` for each input: of a model
            with state, one sequence. As many as 64 kB hold; random ones only where they are few, and in no sequence.
            Where one sample takes more than 4 MB with its answer, the self-test has none.
        force: replace the folder, as a whole, if it is as an export made it.
        origin: the model's file, which the folder then names.

    Raises:
        TypeError: the model is something else, such as a path.
        UnsupportedOperator, KernelError: the model cannot be exported; names every layer that stands in the way.
        ValueError: a name that C has no use for, no such kernels, or inputs that do not fit the model.
        OSError: the folder cannot be written, or holds what no export made. Whatever is raised, nothing has changed.
    """
    plan = plan_export(model, kernels, name)
    return write_export(plan, Path(folder), inputs, force=force, origin=origin)


def plan_export(model: Program | HasProgram, kernels: str, name: str | None) -> Plan:
    """What :func:`export` would write, planned."""
    program = model if isinstance(model, Program) else getattr(model, "program", None)
    if not isinstance(program, Program):
        wanted = "a model class of @ember_model, or what ember_infer_macros.load_program(path) gives"
        raise TypeError(f"export() takes {wanted}, not {type(model).__name__}")
    return plan_program(program, model_name(program.name) if name is None else name, checked_kind(kernels))


def write_export(
    plan: Plan, folder: Path, inputs: Inputs | None, *, force: bool, origin: Origin | None = None
) -> Exported:
    """Writes a planned model as :func:`export` does."""
    check_target(folder, force)
    real = None if inputs is None else checked_inputs(inputs, plan.program)
    given = max(map(len, real or ()), default=0)
    count = _golden_count(plan, given)
    first = None if real is None else [rows[:count] for rows in real]
    golden = golden_vectors(plan.program, samples_of(plan.program, first, count))
    source = "" if origin is None else f" from {origin.file}, SHA-256 {origin.sha256}"
    files = project_files(plan, golden, folder.resolve().name, f"{tool()}{source}")
    about = {
        "tool": tool(),
        "model": None if origin is None else {"file": origin.file, "sha256": origin.sha256},
        "name": plan.name,
        "kernels": plan.kernels,
        "samples": len(golden),
        "inputs": inputs is not None,
    }
    write_folder(folder, files, about, force=force)
    return Exported(folder, plan, files, golden, given)


def _golden_count(plan: Plan, given: int) -> int:
    tensors = plan.program.tensors
    each = sum(tensors[index].size for index in (*plan.program.inputs, *plan.program.outputs))
    if each > _GOLDEN_MOST:
        return 0
    wanted = max(given, _STEPS if plan.variables else _SAMPLES)
    return max(1, min(wanted, _GOLDEN_BYTES // max(each, 1)))
