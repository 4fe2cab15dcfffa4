"""The kernels: for each operator a C header that computes it and a module of the same name that plans its steps."""
