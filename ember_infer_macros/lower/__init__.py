"""Lowering: from a checked graph to a :class:`Program`. One file for each operator, named in ``operators.py``."""
