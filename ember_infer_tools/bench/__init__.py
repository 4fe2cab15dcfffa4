"""Times a model on backends and other runtimes; ``ember-infer bench`` on the command line, and ``make bench``."""

from __future__ import annotations

from ember_infer_tools.bench.bench import Bench, BuiltLibrary, Measured, bench
from ember_infer_tools.bench.layers import LayerTime, LayerTimes

__all__ = ["Bench", "BuiltLibrary", "LayerTime", "LayerTimes", "Measured", "bench"]
