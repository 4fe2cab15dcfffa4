"""TensorFlow Lite Micro's Python package: ``from ember_infer.tflm import runtime``."""
