"""Timing a model layer by layer, and against the peak of the machine's instructions."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest

from ember_infer_core import (
    OperatorParams,
)
from ember_infer_core.samples import random_inputs
from ember_infer_macros import load_program
from ember_infer_native import NativeBackend
from ember_infer_native.toolchain import host_isa
from ember_infer_ref import RefBackend
from ember_infer_tools.bench import bench
from ember_infer_tools.bench.layers import time_layers
from ember_infer_tools.bench.peak import Peak
from tests.conftest import REPOSITORY
from tests.tools.benching import OwnClock, printed

DIGITS = REPOSITORY / "models" / "digits.tflite"
SINE = REPOSITORY / "models" / "sine.tflite"


def test_layers_are_the_programs_calls_with_shares_of_the_time() -> None:
    found = bench(SINE, {"Mine": OwnClock()}, turns=1, per_layer=True)
    (times,) = found.layers
    assert [(layer.layer, layer.macs) for layer in times.layers] == [("dense1", 16), ("dense2", 256), ("sine", 16)]
    assert [layer.seconds for layer in times.layers] == pytest.approx([1e-6, 2e-6, 3e-6])
    assert times.layers[1].macs_per_second == pytest.approx(128e6)
    rows = {line.split()[0]: line.split() for line in printed(found).splitlines() if line.split()}
    assert rows["dense2"] == ["dense2", "fully_connected", "1x16", "2.00", "33%", "256", "0.1", "-"]


class _Ticking(RefBackend):
    """Runs in no time but for what it says: 1 s for each operator call."""

    now = 0.0

    def run_operator(self, operator: str, params: OperatorParams) -> None:
        super().run_operator(operator, params)
        _Ticking.now += 1.0


def test_a_backend_without_a_clock_of_its_own_has_its_layers_timed_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ember_infer_tools.bench.layers.time", SimpleNamespace(perf_counter=lambda: _Ticking.now))
    program = load_program(DIGITS)
    inputs = [samples[0] for samples in random_inputs(program, 1, seed=0)]
    times = time_layers("Ref", _Ticking(), program, inputs, rounds=10)
    assert [(layer.layer, layer.seconds) for layer in times.layers] == [(call.name, 1.0) for call in program.calls]
    assert times.whole == len(program.calls)
    assert times.peak is None


class _Peaked(OwnClock):
    """Compiled for a target whose peak is known."""

    target = "avx2"


def test_a_layers_share_is_of_the_best_peak_that_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = itertools.chain([1e9, 2e9], itertools.repeat(1e9))
    monkeypatch.setattr("ember_infer_tools.bench.layers.Peak", lambda target: SimpleNamespace(rate=lambda: next(rates)))
    (times,) = bench(SINE, {"Mine": _Peaked()}, turns=1, per_layer=True).layers
    assert (times.peak_target, times.peak) == ("avx2", 2e9)
    assert [layer.peak_share for layer in times.layers] == pytest.approx([16 / 2e3, 256 / 4e3, 16 / 6e3])


def test_the_machines_peak_is_measured(native: NativeBackend) -> None:
    if "avx2" not in host_isa():
        pytest.skip("no multiply instructions are known here")
    (times,) = bench(DIGITS, {"Native": native}, turns=1, per_layer=True).layers
    assert times.peak_target == native.target
    assert times.peak is not None
    shares = [layer.peak_share for layer in times.layers if layer.peak_share is not None]
    assert shares
    assert all(share > 0 for share in shares)


@pytest.mark.parametrize(("target", "wider"), [("avx2", "avxvnni"), ("avxvnni", "avx512vnni")])
def test_wider_instructions_do_twice_as_much_in_a_round(
    compiler: None, target: str, wider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = {"avx2": "avx2", "avxvnni": "avx_vnni", "avx512vnni": "avx512_vnni"}
    if not {needed[target], needed[wider]} <= host_isa():
        pytest.skip(f"this processor lacks {target} or {wider}")
    peaks = Peak(target), Peak(wider)
    assert all(peak.rate() > 0 for peak in peaks)  # whatever else this machine has to do
    monkeypatch.setattr(Peak, "_seconds", lambda self: 1e-9 * self._rounds)
    assert peaks[1].rate() == 2 * peaks[0].rate()
