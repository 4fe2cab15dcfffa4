"""Compares two ways of running a model layer by layer; ``ember-infer compare`` on the command line."""

from __future__ import annotations

from ember_infer_tools.compare.comparison import Comparison, Difference, Element, LayerComparison, SideDialect, compare

__all__ = ["Comparison", "Difference", "Element", "LayerComparison", "SideDialect", "compare"]
