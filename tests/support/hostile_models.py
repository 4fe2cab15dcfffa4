"""Files built to hurt, each a family that grows with a number: sharing, repetition, chains, wide lists, long names.

They are valid as FlatBuffers go. Most are models that run; some are refused, and then the message is what may hurt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ember_infer_macros.tflite.schema import BuiltinOperator as Op
from ember_infer_macros.tflite.schema import TensorType
from tests.support.flat_file import FlatFile, Int, Ref
from tests.support.shared_parts import Options, SharedModel

__all__ = ["FAMILIES", "Family"]

Family = Callable[[int], bytes]

ADD: Options = (11, {0: Int(0)})


def name_of(length: int) -> str:
    return "n" * length


def one_operator_many_times(count: int) -> bytes:
    """References to one operator with a long custom name."""
    model = SharedModel()
    input, output = model.tensor(), model.tensor()
    for _ in range(count):
        model.operator(Op.CUSTOM, [input], [output], custom=name_of(4 * count))
    return model.finish([input], [output])


def one_output_many_times(count: int) -> bytes:
    model = SharedModel()
    input, output = model.tensor(), model.tensor(name=name_of(4 * count))
    model.operator(Op.ADD, [input, input], [output], ADD)
    return model.finish([input], [output] * count)


def one_odd_output_many_times(count: int) -> bytes:
    """As many refusals that name a long name."""
    model = SharedModel()
    input, output = model.tensor(), model.tensor(type=TensorType.INT64, name=name_of(4 * count))
    model.operator(Op.ADD, [input, input], [output], ADD)
    return model.finish([input], [output] * count)


def many_outputs_of_unwritten(count: int) -> bytes:
    model = SharedModel()
    input = model.tensor()
    return model.finish([input], [model.tensor(name=name_of(4 * count)) for _ in range(count)])


def dense_layers_of_one_constant(count: int) -> bytes:
    model = SharedModel()
    side = 200
    weights = model.tensor((side, side), data=np.ones(side * side, np.int8))
    last = input = model.tensor((1, side))
    for _ in range(count):
        output = model.tensor((1, side))
        model.operator(Op.FULLY_CONNECTED, [last, weights], [output], (8, {0: Int(0)}))
        last = output
    return model.finish([input], [last])


def tensors_of_one_name(count: int) -> bytes:
    model = SharedModel()
    last = input = model.tensor(name="the same")
    for _ in range(count):
        output = model.tensor(name="the same")
        model.operator(Op.ADD, [last, input], [output], ADD)
        last = output
    return model.finish([input], [last])


def names_that_collide_when_numbered(count: int) -> bytes:
    """Half are called ``a``, half what those would be called as the second, third, ... of their name."""
    model = SharedModel()
    last = input = model.tensor()
    for number in range(count):
        output = model.tensor(name=f"a_{number // 2}" if number % 2 else "a")
        model.operator(Op.ADD, [last, input], [output], ADD)
        last = output
    return model.finish([input], [last])


def reshapes_of_one_tensor(count: int) -> bytes:
    model = SharedModel()
    input = model.tensor()
    total = model.tensor()
    model.operator(Op.ADD, [input, input], [total], ADD)
    outputs = [model.tensor() for _ in range(count)]
    for output in outputs:
        model.operator(Op.RESHAPE, [total], [output])
    return model.finish([input], outputs[-2:])


def chain_of_reshapes(count: int) -> bytes:
    model = SharedModel()
    input = model.tensor()
    last = model.tensor()
    model.operator(Op.ADD, [input, input], [last], ADD)
    for _ in range(count):
        output = model.tensor()
        model.operator(Op.RESHAPE, [last], [output])
        last = output
    return model.finish([input], [last])


def chain_of_adds(count: int) -> bytes:
    model = SharedModel()
    last = input = model.tensor()
    for _ in range(count):
        output = model.tensor()
        model.operator(Op.ADD, [last, last], [output], ADD)
        last = output
    return model.finish([input], [last])


def functions_that_all_differ(count: int) -> bytes:
    """Of two elements, each with an output scale of its own: no two have a table in common."""
    functions: list[tuple[Op, Options | None]] = [
        (Op.ADD, ADD),
        (Op.SUB, (28, {0: Int(0)})),
        (Op.MUL, (21, {0: Int(0)})),
        (Op.SQUARED_DIFFERENCE, None),
        (Op.PRELU, None),
    ]
    model = SharedModel()
    last = input = model.tensor()
    for number in range(count):
        code, options = functions[number % len(functions)]
        output = model.tensor(scale=_scale(number))
        model.operator(code, [last, input], [output], options)
        last = output
    return model.finish([input], [last])


def layers_that_all_differ(count: int) -> bytes:
    """FULLY_CONNECTED of one constant, each time with another scale: nothing but the bytes is in common."""
    model = SharedModel()
    side = 60
    data = np.ones(side * side, np.int8)
    last = input = model.tensor((1, side))
    for number in range(count):
        weights = model.tensor((side, side), scale=_scale(number), data=data)
        output = model.tensor((1, side))
        model.operator(Op.FULLY_CONNECTED, [last, weights], [output], (8, {0: Int(0)}))
        last = output
    return model.finish([input], [last])


def very_many_channels(count: int) -> bytes:
    """Of one weight each, in a few layers that share them."""
    model = SharedModel()
    channels = 1000 * count
    input = model.tensor((1, 1))
    outputs = [model.tensor((1, channels)) for _ in range(4)]
    for number, output in enumerate(outputs):
        weights = model.tensor((channels, 1), scale=_scale(number), data=np.ones(channels, np.int8))
        model.operator(Op.FULLY_CONNECTED, [input, weights], [output], (8, {0: Int(0)}))
    return model.finish([input], outputs)


def _scale(number: int) -> float:
    return float(np.float32(0.25 + number * 1e-5))


def many_inputs(count: int) -> bytes:
    model = SharedModel()
    inputs = [model.tensor() for _ in range(count)]
    output = model.tensor()
    model.operator(Op.ADD, [inputs[0], inputs[-1]], [output], ADD)
    return model.finish(inputs, [output])


def many_outputs(count: int) -> bytes:
    model = SharedModel()
    input = model.tensor()
    outputs = [model.tensor() for _ in range(count)]
    for output in outputs:
        model.operator(Op.ADD, [input, input], [output], ADD)
    return model.finish([input], outputs)


def inputs_as_outputs(count: int) -> bytes:
    model = SharedModel()
    inputs = [model.tensor() for _ in range(count)]
    return model.finish(inputs, inputs)


def alive_together(count: int) -> bytes:
    """Tensors of many sizes that are all in use at once: hard to plan."""
    model = SharedModel()
    inputs = [model.tensor((1, 16 * size)) for size in range(1, 100)]
    outputs = [model.tensor((1, 16 * (1 + number % len(inputs)))) for number in range(count)]
    for number, output in enumerate(outputs):
        input = inputs[number % len(inputs)]
        model.operator(Op.ADD, [input, input], [output], ADD)
    return model.finish(inputs, outputs)


def empty_tables(count: int) -> bytes:
    """References to one empty table, in every list of tables."""
    file = FlatFile()
    empty = file.table({})
    distances = np.full(count, empty.distance, np.int64)
    many = file.references(distances)
    subgraph = file.table({0: many, 3: many})
    fields: Mapping[int, Int | Ref] = {0: Int(3), 1: many, 2: file.references([subgraph]), 4: many}
    return file.finish(file.table(fields))


def overlapping_tables(count: int) -> bytes:
    """Tables of four bytes, one after the other, that share their layout."""
    file = FlatFile()
    layout = file.part(np.array([4, 4], "<u2").tobytes())
    places = layout.distance + 4 * np.arange(1, count + 1, dtype=np.int64)
    file.part(np.array(layout.distance - places[::-1], "<i4").tobytes())
    subgraph = file.table({0: file.references(places)})
    return file.finish(file.table({0: Int(3), 2: file.references([subgraph]), 4: file.references(places)}))


def subgraphs_of_one_tensor(count: int) -> bytes:
    """References to one subgraph of references to one tensor."""
    file = FlatFile()
    tensor = file.table({0: file.numbers([1] * count)})
    subgraph = file.table({0: file.references(np.full(count, tensor.distance, np.int64))})
    subgraphs = file.references(np.full(count, subgraph.distance, np.int64))
    return file.finish(file.table({0: Int(3), 2: subgraphs}))


def shape_as_long_as_the_file(count: int) -> bytes:
    model = SharedModel()
    tensor = model.tensor([1] * count)
    model.operator(Op.ADD, [tensor, tensor], [tensor], ADD)
    return model.finish([tensor], [tensor])


def operators_of_one_wide_list(count: int) -> bytes:
    """As many operators as each has inputs, of one list."""
    model = SharedModel()
    inputs = [model.tensor()] * count
    for _ in range(count):
        model.operator(Op.CONCATENATION, inputs, [model.tensor((1, 2 * count))], (10, {0: Int(1)}))
    return model.finish([0], [count])


def wide_concatenation(count: int) -> bytes:
    model = SharedModel()
    input, output = model.tensor(), model.tensor((1, 2 * count))
    model.operator(Op.CONCATENATION, [input] * count, [output], (10, {0: Int(1)}))
    return model.finish([input], [output])


def wide_pack(count: int) -> bytes:
    model = SharedModel()
    input, output = model.tensor((2,)), model.tensor((count, 2))
    model.operator(Op.PACK, [input] * count, [output], (59, {0: Int(count), 1: Int(0)}))
    return model.finish([input], [output])


def wide_unpack(count: int) -> bytes:
    model = SharedModel()
    input = model.tensor((count, 2))
    outputs = [model.tensor((2,)) for _ in range(count)]
    model.operator(Op.UNPACK, [input], outputs, (64, {0: Int(count), 1: Int(0)}))
    return model.finish([input], outputs[:1])


def wide_split(count: int) -> bytes:
    model = SharedModel()
    axis = model.tensor((), TensorType.INT32, data=np.int32(0))
    input = model.tensor((count, 2))
    outputs = [model.tensor((1, 2)) for _ in range(count)]
    model.operator(Op.SPLIT, [axis, input], outputs, (35, {0: Int(count)}))
    return model.finish([input], outputs[-1:])


def wide_sum(count: int) -> bytes:
    model = SharedModel()
    input, output = model.tensor(), model.tensor()
    model.operator(Op.ADD_N, [input] * count, [output])
    return model.finish([input], [output])


def slices_of_one_large_constant(count: int) -> bytes:
    """Each folds the whole constant."""
    model = SharedModel()
    size = 1000 * count
    constant = model.tensor((1, size), data=np.ones(size, np.int8))
    axis = model.tensor((1,), TensorType.INT32, data=np.array([1], np.int32))
    last = input = model.tensor((1, 1))
    for _ in range(count):
        largest, output = model.tensor((1, 1)), model.tensor((1, 1))
        model.operator(Op.REDUCE_MAX, [constant, axis], [largest], (27, {0: Int(1)}))
        model.operator(Op.ADD, [last, largest], [output], ADD)
        last = output
    return model.finish([input], [last])


def lookups_beyond_the_table(count: int) -> bytes:
    """Each is tried when the model is lowered, and fails at its last index."""
    model = SharedModel()
    size = 1000 * count
    table = model.tensor((2,), data=np.ones(2, np.int8))
    places = np.zeros(size, np.int32)
    places[-1] = 2
    indices = model.tensor((size,), TensorType.INT32, data=places)
    outputs = [model.tensor((size,)) for _ in range(min(count, 60))]
    for output in outputs:
        model.operator(Op.GATHER, [table, indices], [output], (23, {0: Int(0)}))
    return model.finish([], outputs)


def shapes_read_from_one_large_constant(count: int) -> bytes:
    """Each looks at all of the axes."""
    model = SharedModel()
    size = 100 * count
    axes = model.tensor((size,), TensorType.INT32, data=np.ones(size, np.int32))
    input = model.tensor((1, 2))
    outputs = [model.tensor((1, 1)) for _ in range(count)]
    for output in outputs:
        model.operator(Op.MEAN, [input, axes], [output], (27, {0: Int(1)}))
    return model.finish([input], outputs[:1])


def mirrored_in_many_axes(count: int) -> bytes:
    model = SharedModel()
    rank = 5
    paddings = model.tensor((rank, 2), TensorType.INT32, data=np.full(2 * rank, 1, np.int32))
    input = model.tensor((2,) * rank)
    outputs = [model.tensor((4,) * rank) for _ in range(count)]
    for output in outputs:
        model.operator(Op.MIRROR_PAD, [input, paddings], [output], (77, {0: Int(1)}))
    return model.finish([input], outputs[:1])


def with_variables(count: int) -> bytes:
    model = SharedModel()
    input = model.tensor()
    outputs = []
    for number in range(count):
        handle, read, output = model.tensor((), TensorType.RESOURCE, scale=None), model.tensor(), model.tensor()
        options: Options = (111, {1: model.shared_string(f"variable {number}")})
        model.operator(Op.VAR_HANDLE, [], [handle], options)
        model.operator(Op.READ_VARIABLE, [handle], [read])
        model.operator(Op.ADD, [input, read], [output], ADD)
        model.operator(Op.ASSIGN_VARIABLE, [handle, output], [])
        outputs.append(output)
    return model.finish([input], outputs[-1:])


def one_variable_many_times(count: int) -> bytes:
    """Read and assigned in turns."""
    return _one_variable(count, assigned_each_time=True)


def reads_of_one_variable(count: int) -> bytes:
    """Read many times, and assigned at last."""
    return _one_variable(count, assigned_each_time=False)


def _one_variable(count: int, assigned_each_time: bool) -> bytes:
    model = SharedModel()
    last = input = model.tensor()
    handle = model.tensor((), TensorType.RESOURCE, scale=None)
    model.operator(Op.VAR_HANDLE, [], [handle], (111, {1: model.shared_string("variable")}))
    for _ in range(count):
        read, output = model.tensor(), model.tensor()
        model.operator(Op.READ_VARIABLE, [handle], [read])
        model.operator(Op.ADD, [last, read], [output], ADD)
        last = output
        if assigned_each_time:
            model.operator(Op.ASSIGN_VARIABLE, [handle, last], [])
    if not assigned_each_time:
        model.operator(Op.ASSIGN_VARIABLE, [handle, last], [])
    return model.finish([input], [last])


def subgraphs_that_initialise(count: int) -> bytes:
    """Each names every variable, of which each assigns one."""
    model = SharedModel()
    names: list[Options] = [(111, {1: model.shared_string(f"variable {number}")}) for number in range(count)]
    input, output = model.tensor(), model.tensor()
    for number in range(count):
        start, index = model.subgraph()
        handles = [start.tensor((), TensorType.RESOURCE, scale=None) for _ in range(count)]
        for handle, options in zip(handles, names, strict=True):
            start.operator(Op.VAR_HANDLE, [], [handle], options)
        value = start.tensor(data=np.ones(2, np.int8))
        start.operator(Op.ASSIGN_VARIABLE, [handles[number], value], [])
        model.operator(Op.CALL_ONCE, [], [], (103, {0: Int(index)}))
    model.operator(Op.ADD, [input, input], [output], ADD)
    return model.finish([input], [output])


FAMILIES: Mapping[str, Family] = {
    function.__name__: function
    for function in (
        one_operator_many_times,
        one_output_many_times,
        one_odd_output_many_times,
        many_outputs_of_unwritten,
        dense_layers_of_one_constant,
        tensors_of_one_name,
        names_that_collide_when_numbered,
        reshapes_of_one_tensor,
        chain_of_reshapes,
        chain_of_adds,
        functions_that_all_differ,
        layers_that_all_differ,
        very_many_channels,
        many_inputs,
        many_outputs,
        inputs_as_outputs,
        alive_together,
        empty_tables,
        overlapping_tables,
        subgraphs_of_one_tensor,
        shape_as_long_as_the_file,
        operators_of_one_wide_list,
        wide_concatenation,
        wide_pack,
        wide_unpack,
        wide_split,
        wide_sum,
        slices_of_one_large_constant,
        lookups_beyond_the_table,
        shapes_read_from_one_large_constant,
        mirrored_in_many_axes,
        with_variables,
        one_variable_many_times,
        reads_of_one_variable,
        subgraphs_that_initialise,
    )
}
