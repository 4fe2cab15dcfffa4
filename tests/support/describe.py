"""A model in words, for the messages of failing tests: what its tensors and operators say."""

from __future__ import annotations

from typing import Any

import numpy as np

from ember_infer_tools.tflite_writer import load_schema

LONGEST = 12


def describe_model(model: bytes) -> str:
    """Every tensor and every operator of the first subgraph, one a line."""
    schema = load_schema()
    root = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    types, operators = _names(schema.TensorType), _names(schema.BuiltinOperator)
    subgraph = root.subgraphs[0]
    lines = []
    for index, tensor in enumerate(subgraph.tensors):
        lines.append(
            f"  {index}: {types[tensor.type].lower()}{_list(tensor.shape)}{_quantization(tensor.quantization)}"
        )
        content = root.buffers[tensor.buffer].data
        if content is not None:
            lines[-1] += f" = {_constant(types[tensor.type].lower(), bytes(content))}"
    for operator in subgraph.operators:
        code = root.operatorCodes[operator.opcodeIndex]
        name = operators[max(code.builtinCode, code.deprecatedBuiltinCode)]
        options = "" if operator.builtinOptions is None else f" {vars(operator.builtinOptions)}"
        lines.append(f"  {name}{options}: {_list(operator.inputs)} -> {_list(operator.outputs)}")
    return "\n".join((*lines, f"  inputs {_list(subgraph.inputs)}, outputs {_list(subgraph.outputs)}"))


def _names(enumeration: Any) -> dict[int, str]:
    return {number: name for name, number in vars(enumeration).items() if not name.startswith("_")}


def _quantization(quantization: Any) -> str:
    if quantization is None or quantization.scale is None:
        return ""
    return f" scales {_list(quantization.scale)} zero points {_list(quantization.zeroPoint)}"


def _constant(dtype: str, content: bytes) -> str:
    if dtype == "int4" or dtype not in np.sctypeDict:
        return f"{len(content)} bytes"
    return _list(np.frombuffer(content, dtype))


def _list(values: Any) -> str:
    items = [] if values is None else [item.item() if isinstance(item, np.generic) else item for item in values]
    shown = ", ".join(map(repr, items[:LONGEST]))
    return f"[{shown}, ... {len(items)}]" if len(items) > LONGEST else f"[{shown}]"
