"""Single operator calls: the same plans and kernels, in a library that is compiled once for all shapes."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ember_infer_core.dispatch import aligned_bytes
from ember_infer_core.errors import InternalError, KernelError
from ember_infer_core.single_call import Run, program_of_call, run_call
from ember_infer_core.slots import AnyArray, OperatorParams, Role, bound
from ember_infer_firmware.c_source import header_text, headers_of, struct_fields
from ember_infer_firmware.plan import plan_program
from ember_infer_firmware.step import Constant, Kernel, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.slots import ByteArray

__all__ = ["MAIN", "SingleCalls", "library_sources"]

MAIN = "kernels.c"
_KEY = "firmware.operator"
_FORMATS = {
    "float": "f",
    "int8_t": "b",
    "int16_t": "h",
    "int32_t": "i",
    "int64_t": "q",
    "uint8_t": "B",
    "uint16_t": "H",
    "uint32_t": "I",
}


def library_sources(kernels: tuple[Kernel, ...]) -> dict[str, str]:
    """The sources of a library with all these kernels: ``ember_call_<name>(struct, pointers)``, and where in its struct
    each field lies.
    """
    headers = headers_of(kernels)
    lines = [f'#include "ember_{name}.h"' for name in headers]
    for kernel in kernels:
        pointers = "".join(f", pointers[{number}]" for number in range(kernel.operands))
        call = f"ember_{kernel.name}(p{pointers})"
        body = f"return {call};" if kernel.fails else f"{call}; return 0;"
        offsets = [
            f"offsetof(struct ember_{kernel.struct}, {field.name})"
            for field in struct_fields(kernel.struct, kernel.header)
        ]
        offsets.append(f"sizeof(struct ember_{kernel.struct})")
        lines += [
            f"int ember_call_{kernel.name}(const void *p, void *const *pointers) {{ (void)pointers; {body} }}",
            f"const int32_t ember_offsets_{kernel.name}[] = {{{', '.join(offsets)}}};",
        ]
    return {MAIN: "\n".join(lines) + "\n"} | {f"ember_{name}.h": header_text(name) for name in headers}


class SingleCalls:
    """Runs single calls. Nothing in it changes: any number of threads may share it.

    Args:
        library: compiled from :func:`library_sources`.
        kernels: which kind the plans are for.
    """

    def __init__(self, library: ctypes.CDLL, kernels: str) -> None:
        self._library = library
        self._kernels = kernels

    def run(self, method: str, params: OperatorParams) -> None:
        """Computes one call; what can be kept for the next run of an executable is kept in ``params.cache``."""
        run_call(_KEY, method, params, self._prepare)

    def _prepare(self, method: str, params: OperatorParams) -> Run:
        plan = plan_program(program_of_call(method, params), "call", self._kernels)
        memory = {
            **{role.value: list(bound(params, role).values()) for role in (Role.INPUT, Role.OUTPUT, Role.STATE)},
            "scratch": [aligned_bytes(plan.scratch_len.plain)],
        }
        numbers = {variable.place.offset: number for number, variable in enumerate(plan.variables)}
        calls = [(step, self._bound(step, memory, numbers)) for step in plan.steps()]

        def run() -> None:
            for step, call in calls:
                if call():
                    raise KernelError(f"{method}: {step.failure}")

        return run

    def _bound(self, step: Step, memory: Mapping[str, list[AnyArray]], states: Mapping[int, int]) -> Callable[[], int]:
        kernel = step.kernel
        packed = self._struct(kernel, step.fields)
        addresses: list[int | None] = []
        for place in step.operands:
            if place is None:
                addresses.append(None)
            elif place.constant is not None:
                addresses.append(place.constant.array.ctypes.data)
            elif place.base == "state":  # each in memory of its own
                addresses.append(memory["state"][states[place.offset]].ctypes.data)
            else:
                addresses.append(memory[place.base][place.number].ctypes.data + place.offset)
        pointers = (ctypes.c_void_p * max(len(addresses), 1))(*addresses)
        function = getattr(self._library, f"ember_call_{kernel.name}")
        held = (step, memory, packed)  # the addresses are of their arrays

        def call() -> int:
            assert held
            status: int = function(ctypes.c_void_p(packed.ctypes.data), pointers)
            return status

        return call

    def _struct(self, kernel: Kernel, values: Mapping[str, Value]) -> ByteArray:
        """The struct of a call, as C lays it out."""
        fields = struct_fields(kernel.struct, kernel.header)
        names = [field.name for field in fields]
        if set(names) != set(values):
            raise InternalError(
                f"struct ember_{kernel.struct} and its plan differ in {sorted(set(names) ^ set(values))}"
            )
        offsets = (ctypes.c_int32 * (len(fields) + 1)).in_dll(self._library, f"ember_offsets_{kernel.name}")
        packed = aligned_bytes(offsets[-1])
        for field, offset in zip(fields, offsets, strict=False):
            value = values[field.name]
            many = value if isinstance(value, tuple) else (value,)
            code = "P" if field.type.endswith("*") else _FORMATS[field.type]
            struct.pack_into(f"={field.count}{code}" if code != "P" else "P", packed.data, offset, *map(_plain, many))
        return packed


def _plain(value: int | float | Constant | None) -> int | float:
    if isinstance(value, Constant):
        address: int = value.array.ctypes.data
        return address
    return 0 if value is None else value
