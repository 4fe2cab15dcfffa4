"""The command line ``ember-infer`` and what it does."""

__all__: list[str] = []
