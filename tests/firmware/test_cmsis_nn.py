"""Code that calls CMSIS-NN: bit for bit the reference, by the library's plain C, its DSP and its vector kernels."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ember_infer_core import Padding, Program, QuantParam, Tensor
from ember_infer_core.conformance.programs import one_call, random_inputs
from ember_infer_core.conformance.strategies import drawn
from ember_infer_core.ops import conv2d
from ember_infer_firmware import FirmwareBackend
from ember_infer_firmware.boards import board_named
from ember_infer_firmware.cmsis_nn import KERNELS
from ember_infer_firmware.host import compiled
from ember_infer_firmware.plan import Plan, plan_program
from ember_infer_firmware.sources import generate
from ember_infer_firmware.verify import verify
from ember_infer_macros import load_program
from ember_infer_native.cache import LibraryCache
from ember_infer_native.toolchain import Compiler
from ember_infer_ref import RefBackend
from tests.conformance.test_toys import conformance
from tests.conftest import REPOSITORY
from tests.firmware.programs import board_tools
from tests.native.random_programs import join_programs
from tests.support.effort import draws, left_to_ci

_MOST_PORTS = 120  # of a program; C promises a function of 127 parameters


def planned(program: Program) -> Plan:
    return plan_program(program, "model", "cmsis-nn")


def library_calls(program: Program) -> int:
    return sum(step.kernel.name.startswith("cmsis_nn_") for step in planned(program).steps())


def calls_of(operator: str, count: int) -> list[Program]:
    """Of int8 alone: what the library is called for."""
    programs = [one_call(operator, params) for params in drawn(operator, count)]
    return [program for program in programs if all(tensor.dtype.itemsize == 1 for tensor in ports(program))]


def ports(program: Program) -> list[Tensor]:
    return [program.tensors[index] for index in (*program.inputs, *program.outputs)]


def joined(programs: Sequence[Program]) -> Iterator[Program]:
    """As many in one as a function has parameters."""
    some: list[Program] = []
    ports = 0
    for program in programs:
        needed = len(program.inputs) + len(program.outputs)
        if ports + needed > _MOST_PORTS:
            yield join_programs(some)
            some, ports = [], 0
        some.append(program)
        ports += needed
    yield join_programs(some)


@pytest.mark.parametrize("operator", KERNELS)
def test_calls_equal_the_reference(operator: str, cmsis_nn: Path, compiled_models: Path) -> None:
    backend = FirmwareBackend("cmsis-nn", library=cmsis_nn, cache=compiled_models)
    for program in joined(calls_of(operator, draws(ordinary=40, deep=1000))):
        assert library_calls(program) > 0
        ours, reference = backend.compile(program), RefBackend().compile(program)
        for seed in range(4):
            for executable in (ours, reference):
                for buffer, content in zip(executable.inputs, random_inputs(program, seed), strict=True):
                    np.copyto(buffer, content)
                executable.run()
            for number, (found, wanted) in enumerate(zip(ours.outputs, reference.outputs, strict=True)):
                assert np.array_equal(found, wanted), program.calls[number]


@left_to_ci
def test_the_backend_conforms(cmsis_nn: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMSIS_NN_PATH", str(cmsis_nn))
    backend = "tests.support.firmware_backends:OnCmsisNn"
    printed = conformance(f"--backend={backend}", f"--examples={draws(ordinary=40, deep=3000)}")
    assert f"{backend}: conforms" in printed, printed


@left_to_ci
@pytest.mark.parametrize("board", ["cortex-m4", "cortex-m55"])
def test_so_they_do_with_the_kernels_of_a_processor(board: str, cmsis_nn: Path) -> None:
    """QEMU runs the library's DSP and vector code, which this machine cannot."""
    processor = board_named(board)
    board_tools(processor)
    programs = [program for operator in KERNELS for program in calls_of(operator, draws(ordinary=6, deep=100))]
    for program in joined(programs):
        assert verify(planned(program), processor, None, 4, library=cmsis_nn).differing == 0


@left_to_ci
@pytest.mark.parametrize("board", ["cortex-m4", "cortex-m55"])
@pytest.mark.parametrize("model", ["sine", "digits", "speech"])
def test_models_answer_on_boards_as_they_must(model: str, board: str, cmsis_nn: Path, shared: Path) -> None:
    processor = board_named(board)
    board_tools(processor)
    folder = shared if model == "speech" else REPOSITORY
    program = load_program(folder / "models" / f"{model}.tflite")
    assert library_calls(program) > 0
    assert verify(planned(program), processor, None, 8, library=cmsis_nn).differing == 0


SIZES = """\
#include <arm_nnfunctions.h>
#define SIZES(core) \\
    int32_t conv_##core(int h, int w, int c, int n, int fh, int fw, int stride, int pad, int dilation, int oh, \\
                        int ow, int images) { \\
        const cmsis_nn_tile step = {stride, stride}, edge = {pad, pad}, gap = {dilation, dilation}; \\
        const cmsis_nn_conv_params params = {0, 0, step, edge, gap, {-128, 127}}; \\
        const cmsis_nn_dims input = {images, h, w, c}, filter = {n, fh, fw, c}, output = {images, oh, ow, n}; \\
        return arm_convolve_wrapper_s8_get_buffer_size_##core(&params, &input, &filter, &output); \\
    } \\
    int32_t dw_##core(int h, int w, int c, int n, int fh, int fw, int stride, int pad, int dilation, int oh, \\
                      int ow, int images) { \\
        const cmsis_nn_tile step = {stride, stride}, edge = {pad, pad}, gap = {dilation, dilation}; \\
        const cmsis_nn_dw_conv_params params = {0, 0, n / c, step, edge, gap, {-128, 127}}; \\
        const cmsis_nn_dims input = {images, h, w, c}, filter = {1, fh, fw, n}, output = {images, oh, ow, n}; \\
        return arm_depthwise_conv_wrapper_s8_get_buffer_size_##core(&params, &input, &filter, &output); \\
    } \\
    int32_t avg_##core(int c) { return arm_avgpool_s8_get_buffer_size_##core(1, c); }
SIZES(dsp)
SIZES(mve)
/* By name, for what looks for the files: arm_convolve_wrapper_s8_get_buffer_size_dsp,
   arm_depthwise_conv_wrapper_s8_get_buffer_size_dsp, arm_avgpool_s8_get_buffer_size_dsp. */
"""


def wrapper_sizes(functions: ctypes.CDLL, operator: str, params: Any) -> dict[str, int] | None:
    """What the library's wrapper asks for on each core; None where it would call another kernel than we do: of its own
    for rows, or an ordinary convolution for a depthwise one of one channel.
    """
    _, height, width, channels = params.input_shape
    is_square = (params.stride_h, params.pad_h, params.dilation_h_factor) == (
        params.stride_w,
        params.pad_w,
        params.dilation_w_factor,
    )
    if not is_square or (height == 1 if operator == "conv2d" else channels == 1):
        return None
    sizes = (height, width, channels, params.output_shape[3], *params.weights_shape[1:3], params.stride_h)
    sizes += (params.pad_h, params.dilation_h_factor, *params.output_shape[1:3], params.input_shape[0])
    prefix = "conv" if operator == "conv2d" else "dw"
    return {core: getattr(functions, f"{prefix}_{core}")(*map(ctypes.c_int, sizes)) for core in ("dsp", "mve")}


def test_scratch_is_what_the_library_asks_for(cmsis_nn: Path, compiled_models: Path) -> None:
    functions = FirmwareBackend("cmsis-nn", library=cmsis_nn, cache=compiled_models)._code(
        {"sizes.c": SIZES}, "sizes.c", "sizes"
    )
    seen = 0
    for operator in ("conv2d", "depthwise_conv2d"):
        for params in drawn(operator, 400):
            asked = wrapper_sizes(functions, operator, params)
            if asked is not None and getattr(params, "groups", 1) == 1:
                found = planned(one_call(operator, params)).scratch_len
                assert {core: found.on(core) for core in asked} == asked, params
                seen += max(asked.values()) > 0
    assert seen > 30
    for channels in (1, 7, 64):
        assert (functions.avg_dsp(channels), functions.avg_mve(channels)) == (4 * channels, 0)


def test_what_it_does_not_do_is_the_reference_kernels_and_says_why(cmsis_nn: Path) -> None:
    broadcast = next(one for one in calls_of("add", 60) if len({port.shape for port in ports(one)}) > 1)
    code = generate(planned(broadcast))["model.c"]
    assert "/* CMSIS-NN takes tensors of one shape alone */" in code
    assert "arm_" not in code


@pytest.mark.parametrize(("depth", "calls"), [(1023, 1), (1024, 0)])
def test_a_filter_of_more_taps_than_it_counts_is_the_reference_kernels(depth: int, calls: int) -> None:
    """On plain cores it would leave out all of them where the number of output pixels is odd."""
    params = conv2d.prepare(
        input_shape=(1, 8, 8, depth),
        weights_shape=(2, 8, 8, depth),
        output_shape=(1, 1, 1, 2),
        input_quant=QuantParam(0.1, 3),
        weights_quant=QuantParam(0.01, 0),
        output_quant=QuantParam(1.0, 0),
        padding=Padding.VALID,
    )
    params.weights = np.ones(params.weights_shape, np.int8)
    assert library_calls(one_call("conv2d", params)) == calls


def test_the_library_is_looked_for_before_anything_is_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cmsis_nn: Path
) -> None:
    monkeypatch.delenv("CMSIS_NN_PATH", raising=False)
    with pytest.raises(ValueError, match=r"cmsis-nn kernels need the library's sources: .* set CMSIS_NN_PATH"):
        FirmwareBackend("cmsis-nn")
    with pytest.raises(ValueError, match=r"does not hold CMSIS-NN: there is no Include/arm_nnfunctions\.h"):
        FirmwareBackend("cmsis-nn", library=tmp_path)
    with pytest.raises(ValueError, match="reference kernels call no library"):
        FirmwareBackend(library=cmsis_nn)
    monkeypatch.setenv("CMSIS_NN_PATH", str(cmsis_nn))
    assert repr(FirmwareBackend("cmsis-nn")) == "FirmwareBackend(kernels='cmsis-nn')"


def test_a_header_that_changes_is_compiled_anew(tmp_path: Path, c_compiler: Compiler) -> None:
    """CMSIS-NN's hold code, too."""
    (tmp_path / "Include").mkdir()
    (tmp_path / "Source").mkdir()
    (tmp_path / "Source" / "arm_answer.c").write_text(
        '#include "arm_nnfunctions.h"\nint arm_answer(void) { return ANSWER; }\n'
    )
    for answer in (1, 2, 1):
        (tmp_path / "Include" / "arm_nnfunctions.h").write_text(f"int arm_answer(void);\n#define ANSWER {answer}\n")
        cache = LibraryCache(tmp_path / "cache")
        sources = {"main.c": '#include "arm_nnfunctions.h"\nint ask(void) { return arm_answer(); }\n'}
        assert compiled(cache, c_compiler, sources, "main.c", "model", "cmsis-nn", tmp_path).ask() == answer
