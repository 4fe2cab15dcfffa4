from tflite_micro.python.tflite_micro import runtime as runtime

__version__: str
