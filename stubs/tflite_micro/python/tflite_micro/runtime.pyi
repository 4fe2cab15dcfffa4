import enum
from typing import Any

import numpy.typing as npt

class InterpreterConfig(enum.Enum):
    kAllocationRecording = 0
    kPreserveAllTensors = 1

class Interpreter:
    def __init__(
        self,
        model_data: bytes | bytearray,
        custom_op_registerers: list[str],
        arena_size: int | None,
        intrepreter_config: InterpreterConfig = InterpreterConfig.kAllocationRecording,
        alt_decompression_memory_size: int = 0,
    ) -> None: ...
    @classmethod
    def from_file(
        cls,
        model_path: str,
        custom_op_registerers: list[str] | None = None,
        arena_size: int | None = None,
        intrepreter_config: InterpreterConfig = InterpreterConfig.kAllocationRecording,
        alt_decompression_memory_size: int = 0,
    ) -> Interpreter: ...
    @classmethod
    def from_bytes(
        cls,
        model_data: bytes | bytearray,
        custom_op_registerers: list[str] | None = None,
        arena_size: int | None = None,
        intrepreter_config: InterpreterConfig = InterpreterConfig.kAllocationRecording,
        alt_decompression_memory_size: int = 0,
    ) -> Interpreter: ...
    def print_allocations(self) -> None: ...
    def invoke(self) -> int: ...
    def reset(self) -> int: ...
    def set_input(self, input_data: npt.NDArray[Any], index: int) -> None: ...
    def get_output(self, index: int) -> npt.NDArray[Any]: ...
