"""Calls of ESP-NN, Espressif's library, where it computes what TensorFlow Lite Micro does on every chip of the family.

Which calls these are, and what scratch they need on which chip, is for :mod:`ember_esp` to say, a distribution of its
own. What stays with the reference kernels although ESP-NN has it: HARD_SWISH and LOGISTIC, which are a table of 256
results here and one that ESP-NN makes anew in every run, and RELU6, of which it knows one pair of scales alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import ember_esp  # without which none of these kernels can be planned: whoever asks for them is told at once

__all__ = ["KERNELS", "VERSION"]

# Of ESP-NN, which faults and scratch are of.
VERSION = ember_esp.EspBackend.ESP_NN

# Operator -> ``module:function`` here, which plans it and raises Declined for what is the reference kernels'.
KERNELS: Mapping[str, str] = {
    "add": "add:plan",
    "avg_pool": "pool:plan_avg_pool",
    "conv2d": "conv2d:plan",
    "depthwise_conv2d": "depthwise_conv2d:plan",
    "fully_connected": "fully_connected:plan",
    "max_pool": "pool:plan_max_pool",
    "mean": "mean:plan",
    "mul": "mul:plan",
    "softmax": "softmax:plan",
}
