"""Packages that ship no types have them from `stubs/`."""

from ai_edge_litert.interpreter import Interpreter
from flatbuffers import Builder
from tflite_micro import runtime

runtime.Interpreter.from_bytes(b"", arena_size="large")  # P: reportArgumentType  # T: invalid-argument-type  # F: bad-argument-type
Builder().Finish(b"root")  # P: reportArgumentType  # T: invalid-argument-type  # F: bad-argument-type
Interpreter(model_content="text")  # P: reportArgumentType  # T: invalid-argument-type  # F: bad-argument-type
