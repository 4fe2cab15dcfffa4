"""A bench for people: who took how long, and where the time went."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from ember_infer_tools.bench.bench import Bench, Measured
from ember_infer_tools.bench.layers import LayerTime, LayerTimes
from ember_infer_tools.terminal import Column, Fitted, fitted, printable

__all__ = ["microseconds", "print_bench"]


def print_bench(found: Bench, console: Console) -> None:
    """Prints everything."""

    def say(text: str = "") -> None:
        console.print(text, soft_wrap=True, highlight=False)

    load = "" if found.load is None else f", load {found.load[0]:.1f} to {found.load[1]:.1f}"
    say(f"[bold]{escape(printable(found.model))}[/bold], one thread, {found.turns} interleaved turns{load}")
    for note in found.notes:
        say(f"  note: {escape(printable(note))}")
    say()
    console.print(_contestants(found, console.width))
    say()
    if found.steps is not None:
        say(f"A step of a sequence of {found.steps}, each contestant in a state of its own.")
    say(f"µs: the median turn; least: the best one; equal: to what {escape(found.truth)} answers")
    if found.wrong:
        say(f"[red]wrong: {escape(', '.join(found.wrong))}[/red]: ember-infer compare says where it begins")
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
        say(f"[italic]{escape(times.backend)}[/italic]")
        console.print(_layers(times, console.width))
        say(escape(_layers_summary(times)))


def microseconds(seconds: float) -> str:
    """Three digits that mean something."""
    value = 1e6 * seconds
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _contestants(found: Bench, width: int) -> Fitted:
    references = list(dict.fromkeys(name for measured in found.measured for name in measured.times_faster))
    figures = ("µs", "least", *(f"over {name}" for name in references))
    columns = [Column("", breaks="name"), *(Column(name, right=True) for name in figures), Column("equal")]
    rows: list[list[str | Text]] = []
    for measured in found.measured:
        ratios = [_times(measured, name) for name in references]
        equal = Text("yes") if measured.equal else Text("no", "red")
        rows.append([measured.name, microseconds(measured.seconds), microseconds(measured.least), *ratios, equal])
    return fitted(columns, rows, width)


def _times(measured: Measured, reference: str) -> str:
    ratio = measured.times_faster.get(reference)
    return "" if ratio is None else f"{ratio:.2f}"


def _layers(times: LayerTimes, width: int) -> Fitted:
    names = [Column(name, breaks="name") for name in ("layer", "operator")]
    figures = [Column(name, right=True) for name in ("µs", "share", "MACs", "GMAC/s", "of peak")]
    total = sum(layer.seconds for layer in times.layers)
    rows = [_layer(layer, total) for layer in times.layers]
    return fitted([*names, Column("output"), *figures], rows, width)


def _layer(layer: LayerTime, total: float) -> tuple[str, ...]:
    rate, share = layer.macs_per_second, layer.peak_share
    return (
        layer.layer,
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
