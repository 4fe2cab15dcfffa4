"""The command line ``ember-infer`` and what it does."""
