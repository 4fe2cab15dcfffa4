"""The operators: for each, its parameters, shape rules and scratch signature."""
