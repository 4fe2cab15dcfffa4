"""Reading .tflite files: the schema, the checked FlatBuffer reader, and the graph it yields. Needs no NumPy."""
