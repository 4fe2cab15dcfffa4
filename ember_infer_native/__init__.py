"""NativeBackend: C for one model, compiled on this machine, kept in a cache and called without the GIL."""
