"""A bench for people: who took how long, and where the time went."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ember_infer_tools.bench.bench import Bench, Measured
from ember_infer_tools.bench.layers import LayerTime, LayerTimes

__all__ = ["microseconds", "print_bench"]


def print_bench(found: Bench, console: Console) -> None:
    """Prints everything."""

    def say(text: str = "") -> None:
        console.print(text, soft_wrap=True, highlight=False)

    load = "" if found.load is None else f", load {found.load[0]:.1f} to {found.load[1]:.1f}"
    say(f"[bold]{escape(found.model)}[/bold], one thread, {found.turns} interleaved turns{load}")
    for note in found.notes:
        say(f"  note: {escape(note)}")
    say()
    console.print(_contestants(found), soft_wrap=True)
    say()
    if found.steps is not None:
        say(f"A step of a sequence of {found.steps}, each contestant in a state of its own.")
    say(f"µs: the median turn; least: the best one; equal: to what {escape(found.truth)} answers")
    if any(measured.times_faster for measured in found.measured):
        say("over: how many times as fast, the median over turns")
    for measured in found.measured:
        say(f"{escape(measured.name)}: {escape(measured.how)}")
    for library in found.libraries:
        built = f"built in {library.build_seconds:.2f} s" if library.build_seconds else "from the cache"
        say()
        say(f"{escape(library.backend)}: target {library.target}, library {library.size / 1000:.0f} kB, {built}")
    for times in found.layers:
        say()
        console.print(_layers(times), soft_wrap=True)
        say(escape(_layers_summary(times)))


def microseconds(seconds: float) -> str:
    """Three digits that mean something."""
    value = 1e6 * seconds
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _contestants(found: Bench) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    references = list(dict.fromkeys(name for measured in found.measured for name in measured.times_faster))
    table.add_column("", no_wrap=True)
    table.add_column("µs", justify="right")
    table.add_column("least", justify="right")
    for name in references:
        table.add_column(f"over {escape(name)}", justify="right", no_wrap=True)
    table.add_column("equal", no_wrap=True)
    for measured in found.measured:
        ratios = [_times(measured, name) for name in references]
        equal = "yes" if measured.equal else "[red]no[/red]"
        times = (microseconds(measured.seconds), microseconds(measured.least))
        table.add_row(escape(measured.name), *times, *ratios, equal)
    return table


def _times(measured: Measured, reference: str) -> str:
    ratio = measured.times_faster.get(reference)
    return "" if ratio is None else f"{ratio:.2f}"


def _layers(times: LayerTimes) -> Table:
    table = Table(title=escape(times.backend), title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in ("layer", "operator", "output"):
        table.add_column(name, overflow="fold")
    for name in ("µs", "share", "MACs", "GMAC/s", "of peak"):
        table.add_column(name, justify="right", no_wrap=True)
    total = sum(layer.seconds for layer in times.layers)
    for layer in times.layers:
        table.add_row(*_layer(layer, total))
    return table


def _layer(layer: LayerTime, total: float) -> tuple[str, ...]:
    rate, share = layer.macs_per_second, layer.peak_share
    return (
        escape(layer.layer),
        layer.operator,
        "x".join(map(str, layer.shape)),
        microseconds(layer.seconds),
        f"{layer.seconds / max(total, 1e-12):.0%}",
        "-" if layer.macs is None else f"{layer.macs:,}",
        "-" if rate is None else f"{rate / 1e9:.1f}",
        "-" if share is None else f"{share:.0%}",
    )


def _layers_summary(times: LayerTimes) -> str:
    """What all layers come to, against a whole run and against the peak."""
    total = sum(layer.seconds for layer in times.layers)
    macs = sum(layer.macs or 0 for layer in times.layers)
    parts = [f"all layers {microseconds(total)} µs, a whole run {microseconds(times.whole)} µs"]
    if times.peak is not None:
        parts.append(
            f"{macs:,} MACs at the measured peak of {times.peak / 1e9:.0f} GMAC/s ({times.peak_target}) would take "
            f"{microseconds(macs / times.peak)} µs"
        )
    return "; ".join(parts)
