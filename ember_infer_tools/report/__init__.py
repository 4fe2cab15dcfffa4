"""One page about a model, to look at: graph, arena, costs, quantisation, and where two sides differ.

``ember-infer report`` on the command line. What is shown comes from the other tools (:mod:`ember_infer_tools.inspect`,
:mod:`~ember_infer_tools.compare`, :mod:`~ember_infer_tools.bench`); ``gather`` asks them, ``page`` draws. The
page is one file, whose templates need the extra ``report``.
"""

from __future__ import annotations

from ember_infer_tools.report.gather import make_report
from ember_infer_tools.report.results import Report

__all__ = ["Report", "make_report"]
