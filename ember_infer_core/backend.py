"""The contract between a model and the kernels that run it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from ember_infer_core.errors import UnsupportedOperator
from ember_infer_core.ops.common import Shape4, check_buffers

if TYPE_CHECKING:
    from ember_infer_core.executable import Executable
    from ember_infer_core.ops.add import ElementwiseAddParams
    from ember_infer_core.ops.conv2d import Conv2dParams
    from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
    from ember_infer_core.ops.fully_connected import FullyConnectedParams
    from ember_infer_core.ops.mul import MulParams
    from ember_infer_core.ops.pool import PoolParams
    from ember_infer_core.ops.reshape import ReshapeParams
    from ember_infer_core.ops.softmax import SoftmaxParams
    from ember_infer_core.program import Program

__all__ = ["KernelBackend"]


class KernelBackend(ABC):
    """An implementation of the operators.

    A backend implements seven operators; every later one is optional and raises :class:`UnsupportedOperator` until it
    is overridden, so that a backend of today stays valid tomorrow. Each takes one parameter object, reads its input
    buffers, writes all of ``output`` and returns None; it raises a :class:`KernelError` before it writes anything, or
    not at all.

    *Scratch.* A kernel may use ``params.scratch`` (uint8, at least as long as the class's scratch-size method says) and
    nothing else. Its content is undefined at the start of each call.

    *Cache.* ``params.cache`` is None in a single call: the buffers may be anything next time, so nothing may be kept.
    Where it is a dict, the caller promises that the parameters, the constant buffers' content and the place of every
    buffer but the scratch stay as they are for as long as the dict lives; a kernel may keep there what it computed from
    them (packed weights, views, workspace). One parameter object is never used by two threads at once.
    """

    @abstractmethod
    def conv2d(self, params: Conv2dParams) -> None:
        """CONV_2D."""

    @abstractmethod
    def depthwise_conv2d(self, params: DepthwiseConv2dParams) -> None:
        """DEPTHWISE_CONV_2D."""

    @abstractmethod
    def fully_connected(self, params: FullyConnectedParams) -> None:
        """FULLY_CONNECTED."""

    @abstractmethod
    def avg_pool(self, params: PoolParams) -> None:
        """AVERAGE_POOL_2D."""

    @abstractmethod
    def max_pool(self, params: PoolParams) -> None:
        """MAX_POOL_2D."""

    @abstractmethod
    def softmax(self, params: SoftmaxParams) -> None:
        """SOFTMAX."""

    @abstractmethod
    def add(self, params: ElementwiseAddParams) -> None:
        """ADD."""

    def mul(self, params: MulParams) -> None:
        """MUL. Optional.

        Raises:
            UnsupportedOperator: unless overridden.
        """
        self._unsupported("mul")

    def reshape(self, params: ReshapeParams) -> None:
        """RESHAPE where an alias will not do. Optional: copies the elements in order unless overridden."""
        check_buffers(params)
        np.copyto(params.output.reshape(-1), params.input.reshape(-1))

    @classmethod
    def conv2d_scratch_size(cls, input_shape: Shape4, weights_shape: Shape4, output_shape: Shape4) -> int:
        """Bytes of scratch for a convolution of these shapes (NHWC, ``[C_out, KH, KW, C_in]``, NHWC)."""
        return 0

    @classmethod
    def depthwise_conv2d_scratch_size(cls, input_shape: Shape4, weights_shape: Shape4, output_shape: Shape4) -> int:
        """Bytes of scratch for a depthwise convolution of these shapes (NHWC, ``[1, KH, KW, C_out]``, NHWC)."""
        return 0

    @classmethod
    def softmax_scratch_size(cls, num_classes: int) -> int:
        """Bytes of scratch for a softmax over rows of ``num_classes``."""
        return 0

    def compile(self, program: Program) -> Executable:
        """Makes an executable with an arena of its own. By default it dispatches call by call; a backend that can do
        better overrides this.

        Raises:
            KernelError: the program cannot run on this backend.
        """
        from ember_infer_core.executable import DispatchExecutable

        return DispatchExecutable(self, program)

    def _unsupported(self, operator: str) -> NoReturn:
        name = type(self).__name__
        raise UnsupportedOperator(f"{name} does not implement {operator!r}: override {name}.{operator}")
