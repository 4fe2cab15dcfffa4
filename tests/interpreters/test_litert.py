"""``ember_infer.litert`` in place of LiteRT's interpreter."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ember_infer import ModelError, NativeBackend, RefBackend, load
from ember_infer.litert import Interpreter, OpResolverType, load_delegate
from ember_infer_tools.tflite_writer import ModelWriter, load_schema, pack_model
from tests.interpreters.originals import DIGITS, MODELS, SINE, assert_same, first, infer, outcome, ready


@pytest.mark.parametrize("name", [name for name in MODELS if name != "person_detect"])  # which LiteRT refuses
def test_details_are_litert_s_key_by_key(litert: Any, shared: Path, name: str) -> None:
    path = str(shared / "models" / f"{name}.tflite")
    ours, theirs = Interpreter(path), litert.Interpreter(path)
    for method in ("get_input_details", "get_output_details", "get_tensor_details", "get_signature_list"):
        assert_same(getattr(ours, method)(), getattr(theirs, method)(), f"{name} {method}")
    assert ours.num_subgraphs() == theirs.num_subgraphs()


TYPES = (
    *("bool", "float16", "float32", "float64", "int4", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64", "resource"),
)


def all_types() -> bytes:
    """RELU of int8, beside a tensor of each type that nobody uses."""
    writer = ModelWriter()
    first, second = (writer.tensor(name, (1, 4), scale=0.5, zero_point=3) for name in "xy")
    for dtype in TYPES:
        writer.tensor(dtype, (2, 3), dtype)
    writer.tensor("channels", (2, 3), scales=[0.5, 0.25, 2.0], quantized_dimension=1)
    writer.operator("RELU", [first], [second])
    return writer.finish([first], [second])


def test_tensors_of_every_type_have_litert_s_details(litert: Any, tflm_wheel: None) -> None:
    model = all_types()
    ours, theirs = Interpreter(model_content=model), litert.Interpreter(model_content=model)
    assert_same(ours.get_tensor_details(), theirs.get_tensor_details())


@pytest.mark.parametrize("name", ["STRING", "COMPLEX64", "VARIANT", "INT2", "UINT4", "FLOAT8_E4M3FN", "FLOAT8_E5M2"])
def test_types_that_the_writer_has_not_have_litert_s_details(litert: Any, tflm_wheel: None, name: str) -> None:
    schema = load_schema()
    model = schema.ModelT.InitFromPackedBuf(bytearray(all_types()), 0)
    model.subgraphs[0].tensors[2].type = getattr(schema.TensorType, name)
    content = pack_model(model)
    ours, theirs = Interpreter(model_content=content), litert.Interpreter(model_content=content)
    assert_same(ours.get_tensor_details()[2], theirs.get_tensor_details()[2])


def test_a_damaged_file_is_a_value_error(tflm_wheel: None) -> None:
    sound, random = signed(), np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        content = bytearray(sound)
        for place in random.integers(0, len(content), 2):
            content[place] = random.integers(256)
        try:
            interpreter = Interpreter(model_content=content)
        except ValueError:
            refused += 1
            continue
        for details in interpreter.get_tensor_details():
            with contextlib.suppress(ValueError):
                interpreter.get_tensor(details["index"])
    assert 100 < refused < 300


ACTIONS: dict[str, Callable[[Any], Any]] = {
    "get_tensor of no tensor": lambda one: one.get_tensor(99),
    "get_tensor below 0": lambda one: one.get_tensor(-1),
    "get_tensor of a subgraph that is not there": lambda one: one.get_tensor_details(3),
    "set_tensor of no tensor": lambda one: one.set_tensor(99, np.zeros((1, 1), np.int8)),
    "set_tensor of another type": lambda one: one.set_tensor(first(one), np.zeros((1, 1), np.float32)),
    "set_tensor of Python's integers": lambda one: one.set_tensor(first(one), [[1]]),
    "set_tensor of another rank": lambda one: one.set_tensor(first(one), np.zeros(1, np.int8)),
    "set_tensor of another size": lambda one: one.set_tensor(first(one), np.zeros((1, 2), np.int8)),
    "set_tensor of what is right": lambda one: one.set_tensor(first(one), np.ones((1, 1), np.int8)),
    "tensor of no tensor": lambda one: one.tensor(99)(),
    "tensor of an input": lambda one: [one.tensor(first(one))().fill(3), one.get_tensor(first(one))],
    "resizing no tensor": lambda one: one.resize_tensor_input(99, [1, 1]),
    "resizing strictly what is fixed": lambda one: one.resize_tensor_input(first(one), [1, 2], strict=True),
    "a signature that is not there": lambda one: one.get_signature_runner("nothing"),
    "allocating twice": lambda one: one.allocate_tensors(),
    "running": lambda one: one.invoke(),
    "forgetting": lambda one: one.reset_all_variables(),
    "constants": lambda one: [one.get_tensor(index) for index in range(1, 7)],
}


@pytest.mark.parametrize("what", ACTIONS)
def test_what_is_done_ends_as_in_litert(litert: Any, shared: Path, what: str) -> None:
    path = str(shared / "models" / "sine.tflite")
    interpreters = Interpreter(path), litert.Interpreter(path)
    for interpreter in interpreters:
        interpreter.allocate_tensors()
    ours, theirs = (outcome(ACTIONS[what], interpreter) for interpreter in interpreters)
    if isinstance(theirs, Exception):
        assert isinstance(ours, type(theirs)), (ours, theirs)
    else:
        assert_same(ours, theirs, what)


BEFORE_ALLOCATION: dict[str, Callable[[Any], Any]] = {
    "get_tensor": lambda one: one.get_tensor(first(one)),
    "set_tensor": lambda one: one.set_tensor(first(one), np.ones((1, 1), np.int8)),
    "tensor": lambda one: one.tensor(first(one))(),
    "invoke": lambda one: one.invoke(),
}


@pytest.mark.parametrize("what", BEFORE_ALLOCATION)
def test_tensors_must_be_allocated_first(litert: Any, what: str) -> None:
    ours, theirs = (outcome(BEFORE_ALLOCATION[what], kind(str(SINE))) for kind in (Interpreter, litert.Interpreter))
    assert isinstance(theirs, Exception)
    assert isinstance(ours, type(theirs))
    assert "allocate_tensors() first" in str(ours)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"model_path": "nowhere.tflite"},
        {"model_content": b"nonsense"},
        {"model_path": SINE, "model_content": b"nonsense"},
        {"model_path": SINE, "num_threads": 0},
        {"model_path": SINE, "num_threads": "2"},
        {"model_path": SINE, "experimental_op_resolver_type": 3},
    ],
    ids=str,
)
def test_wrong_arguments_are_value_errors_as_in_litert(litert: Any, arguments: dict[str, Any]) -> None:
    for kind in (Interpreter, litert.Interpreter):
        with pytest.raises(ValueError):
            kind(**arguments)


def test_what_steers_other_kernels_is_taken(litert: Any) -> None:
    for resolver in (OpResolverType.BUILTIN_REF, litert.OpResolverType.BUILTIN_REF):
        interpreter = ready(num_threads=4, experimental_op_resolver_type=resolver, experimental_delegates=[])
        assert infer(interpreter)[0].shape == (1, 1)


def test_delegates_are_refused_with_a_word_on_backends() -> None:
    with pytest.raises(ValueError, match=r"leave experimental_delegates out and choose kernels with .*backend="):
        Interpreter(SINE, experimental_delegates=[object()])
    with pytest.raises(ValueError, match="Failed to load delegate from libedgetpu"):
        load_delegate("libedgetpu.so.1")


@pytest.mark.usefixtures("c_compiler")
def test_a_backend_is_an_argument_or_an_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = infer(ready(DIGITS))
    single = infer(ready(DIGITS, backend=RefBackend("single")), seed=1)
    assert_same(infer(ready(DIGITS, backend="ref,rounding=single"), seed=1), single)
    monkeypatch.setenv("EMBER_BACKEND", "ref,rounding=single")
    assert_same(infer(ready(DIGITS), seed=1), single)
    assert_same(infer(ready(DIGITS, backend=NativeBackend())), expected)
    monkeypatch.setenv("EMBER_BACKEND", "nothing")
    with pytest.raises(ValueError, match="EMBER_BACKEND: backend 'nothing': write module:Class"):
        Interpreter(DIGITS)
    with pytest.raises(ValueError, match=r"did you mean RefBackend\(\)\?"):
        Interpreter(DIGITS, backend=RefBackend)  # type: ignore[arg-type]


def test_tensor_gives_the_memory_itself() -> None:
    interpreter = ready()
    output = interpreter.get_output_details()[0]["index"]
    interpreter.tensor(first(interpreter))().fill(7)
    result = interpreter.tensor(output)()
    interpreter.invoke()
    assert interpreter.get_tensor(first(interpreter)).tolist() == [[7]]
    assert result.tolist() == interpreter.get_tensor(output).tolist()
    interpreter.get_tensor(output).fill(99)
    assert result.tolist() != [[99]]


def test_intermediates_are_shown_on_request_alone(litert: Any, shared: Path) -> None:
    path = str(shared / "models" / "rock_paper_scissors.tflite")
    plain = ready(Path(path))
    infer(plain)
    (index, *_) = between = plain._file.between
    with pytest.raises(ValueError, match="experimental_preserve_all_tensors=True"):
        plain.get_tensor(index)
    ours = ready(Path(path), experimental_preserve_all_tensors=True)
    resolver = litert.OpResolverType.BUILTIN_REF
    theirs = litert.Interpreter(path, experimental_preserve_all_tensors=True, experimental_op_resolver_type=resolver)
    theirs.allocate_tensors()
    assert_same(infer(ours), infer(plain))
    infer(theirs)
    assert len(between) > 8
    for index in between:
        mine, its = ours.get_tensor(index), theirs.get_tensor(index)
        assert (mine.dtype, mine.shape) == (its.dtype, its.shape)
        if mine.dtype == np.int8:  # LiteRT's kernels round otherwise
            assert np.abs(mine.astype(int) - its).max() <= 3


def signed() -> bytes:
    """a - b and a * b, under names that are not those of the tensors, out of order."""
    writer = ModelWriter()
    a, b, difference, product = (writer.tensor(name, (1, 3), scale=0.5, zero_point=1) for name in "abcd")
    writer.operator("SUB", [a, b], [difference])
    writer.mul(a, b, product)
    model, schema = writer.model([a, b], [difference, product]), load_schema()

    def maps(**names: int) -> list[Any]:
        found = []
        for name, index in names.items():
            one = schema.TensorMapT()
            one.name, one.tensorIndex = name, index
            found.append(one)
        return found

    model.signatureDefs = []
    for key, inputs, outputs in (
        ("two", maps(y=a, x=b), maps(right=product, left=difference)),
        ("one", maps(second=b, first=a), maps(left=difference)),
    ):
        signature = schema.SignatureDefT()
        signature.signatureKey, signature.inputs, signature.outputs = key, inputs, outputs
        model.signatureDefs.append(signature)
    return pack_model(model)


def test_signatures_run_by_name(litert: Any, tflm_wheel: None) -> None:
    model = signed()
    ours, theirs = Interpreter(model_content=model), litert.Interpreter(model_content=model)
    assert_same(ours.get_signature_list(), theirs.get_signature_list())
    x, y = np.random.default_rng(0).integers(-20, 20, (2, 1, 3), np.int8)
    for key, arrays in (("two", {"x": x, "y": y}), ("one", {"first": x, "second": y})):
        mine, its = ours.get_signature_runner(key), theirs.get_signature_runner(key)
        for method in ("get_input_details", "get_output_details"):
            assert_same(getattr(mine, method)(), getattr(its, method)())
        answers, theirs_are = mine(**arrays), its(**arrays)
        assert list(answers) == list(theirs_are)
        both = load(model).predict_batch(RefBackend(), (y, x) if key == "two" else (x, y))
        for answer, its_own, expected in zip(answers.values(), theirs_are.values(), both, strict=False):
            assert_same(answer, expected)
            assert np.abs(its_own.astype(int) - expected).max() <= 1  # LiteRT's kernels round otherwise
    for wrong in ({}, {"x": x}, {"x": x, "z": y}, {"x": x, "y": y.astype(np.int16)}):
        for interpreter in (ours, theirs):
            with pytest.raises(ValueError):
                interpreter.get_signature_runner("two")(**wrong)
    for interpreter in (ours, theirs):
        with pytest.raises(ValueError, match="model has 2 Signatures"):
            interpreter.get_signature_runner()


def test_a_signature_of_no_tensor_is_damage(tflm_wheel: None) -> None:
    schema = load_schema()
    model = schema.ModelT.InitFromPackedBuf(bytearray(signed()), 0)
    model.signatureDefs[1].inputs[0].tensorIndex = 77
    with pytest.raises(ModelError, match="signature 'one': tensor 77 of subgraph 0 does not exist"):
        Interpreter(model_content=pack_model(model))
