"""Small models by the converters that people use, made by scripts that run in environments of their own.

All are made of ordinary layers with random, seeded weights. Real inputs are drawn from the standard normal
distribution, in calibration as well as in tests; integer inputs are ids below :data:`VOCABULARY`.
"""

VOCABULARY = 32
