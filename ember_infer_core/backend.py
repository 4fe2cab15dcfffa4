"""The contract between a model and the kernels that run it."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from ember_infer_core.contract_names import check_names
from ember_infer_core.dispatch import DispatchExecutable
from ember_infer_core.errors import UnsupportedOperator, listed
from ember_infer_core.ops import DEFAULTS, INT8_AT_FIRST, OPERATORS
from ember_infer_core.ops.conv2d import Conv2dParams
from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
from ember_infer_core.ops.softmax import SoftmaxParams
from ember_infer_core.optional_operators import OptionalOperators
from ember_infer_core.slots import Role, Shape4, slots

if TYPE_CHECKING:
    from ember_infer_core.executable import Executable
    from ember_infer_core.ops.add import ElementwiseAddParams
    from ember_infer_core.ops.fully_connected import FullyConnectedParams
    from ember_infer_core.ops.pool import PoolParams
    from ember_infer_core.program import Program
    from ember_infer_core.slots import OperatorParams

__all__ = ["KernelBackend", "activation_types", "in_words", "operators_of", "scratch_size_of", "takes_of"]


class KernelBackend(OptionalOperators):
    """An implementation of the operators.

    A backend implements seven operators; every later one is optional, so that a backend of today stays valid tomorrow.
    Those that only move elements the contract itself can do (``ember_infer_core.ops.DEFAULTS``: RESHAPE, PAD,
    CONCATENATION, ...); the others raise :class:`UnsupportedOperator` until they are overridden. Each takes one
    parameter object, reads its input buffers, writes all of its outputs and returns None; it raises a
    :class:`KernelError` before it writes anything, or not at all.

    *State.* Some operators remember: a buffer of the role ``STATE`` holds what the last call left, or what the caller
    has put there since. The kernel reads it, and writes what the next call is to find. Nothing that depends on it may
    be kept elsewhere.

    *Scratch.* A kernel may use ``params.scratch`` (uint8, at least as long as the class's scratch-size method says) and
    nothing else. Its content is undefined at the start of each call.

    *Cache.* ``params.cache`` is None in a single call: the buffers may be anything next time, so nothing may be kept.
    Where it is a dict, the caller promises that the parameters, the constant buffers' content and the place of every
    buffer but the scratch stay as they are for as long as the dict lives; a kernel may keep there what it computed from
    them (packed weights, views, workspace). One parameter object is never used by two threads at once.
    """

    @override
    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        check_names(cls, _WITH_DEFAULTS)

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

    @classmethod
    def scratch_size(cls, params: OperatorParams) -> int:
        """Bytes of scratch that this class asks for in one call: what the three methods above say, unless overridden.

        Shapes alone do not tell stride and padding; a backend whose kernels need to know them overrides this.
        """
        return _scratch_size_from_shapes(cls, params)

    @classmethod
    def operators(cls) -> frozenset[str]:
        """The operators that this class has kernels for: those that it overrides.

        Those of ``ember_infer_core.ops.DEFAULTS`` run in any case.
        """
        return frozenset(name for name in OPERATORS if getattr(cls, name) is not getattr(KernelBackend, name))

    @classmethod
    def takes(cls, operator: str, params: OperatorParams) -> bool:
        """Whether the kernel that this class has for an operator is for operands of the types of this call.

        Unless overridden, of the operators that the contract began with those over int8 alone, for which a class of
        that time was written, and of all others every type.
        """
        return _taken_by_default(operator, params)

    def compile(self, program: Program) -> Executable:
        """Makes an executable with an arena of its own. By default it dispatches call by call; a backend that can do
        better overrides this.

        Raises:
            UnsupportedOperator: lists every layer whose operator this backend does not have.
            KernelError: the program cannot run on this backend.
        """
        self.check_operators(program)
        return DispatchExecutable(self, program)

    def check_operators(self, program: Program) -> None:
        """Checks that this backend has every operator of a program.

        Raises:
            UnsupportedOperator: lists every layer whose operator is missing.
        """
        have = self.operators().union(DEFAULTS)
        missing = [
            f"{call.name} ({in_words(call.method, call.params)})"
            for call in program.calls
            if call.method not in have or not self.takes(call.method, call.params)
        ]
        if missing:
            raise UnsupportedOperator(f"{program.name}: {self!r} does not implement {listed(missing)}")

    @override
    def run_not_overridden(self, operator: str, params: OperatorParams) -> None:
        """A call of an optional operator that this class does not override.

        Raises:
            UnsupportedOperator: unless the contract itself can do it.
        """
        default = DEFAULTS.get(operator)
        if default is None:
            name = type(self).__name__
            raise UnsupportedOperator(f"{name} does not implement {operator!r}: override {name}.{operator}")
        default(params)


# What a class may leave out without anybody noticing: all but the operators.
_WITH_DEFAULTS = frozenset(name for name in vars(KernelBackend) if not name.startswith("_")) - set(OPERATORS)


def operators_of(backend: type[Any]) -> frozenset[str]:
    """The operators of a class of whatever base: of one that is no KernelBackend, the methods it has by their names."""
    if issubclass(backend, KernelBackend):
        return backend.operators()
    return frozenset(name for name in OPERATORS if callable(getattr(backend, name, None)))


def takes_of(backend: type[Any], operator: str, params: OperatorParams) -> bool:
    """Whether a class, of whatever base, takes a call of an operator that it has; see :meth:`KernelBackend.takes`."""
    if hasattr(backend, "takes"):
        return bool(backend.takes(operator, params))
    return _taken_by_default(operator, params)


def _taken_by_default(operator: str, params: OperatorParams) -> bool:
    return operator not in INT8_AT_FIRST or activation_types(params) <= {"int8"}


def activation_types(params: OperatorParams) -> set[str]:
    """The types of what a call reads and writes, constants aside."""
    return {slot.dtype.name for slot in slots(params) if slot.role is not Role.CONSTANT}


def in_words(operator: str, params: OperatorParams) -> str:
    """The operator and, where it is not over int8 alone, its types."""
    types = activation_types(params)
    return operator if types <= {"int8"} else f"{operator} of {' and '.join(sorted(types))}"


def scratch_size_of(backend: type[Any], params: OperatorParams) -> int:
    """Bytes of scratch that a class, of whatever base, asks for in one call of an operator that it has."""
    if hasattr(backend, "scratch_size"):
        return int(backend.scratch_size(params))
    return _scratch_size_from_shapes(backend, params)


def _scratch_size_from_shapes(backend: type[Any], params: OperatorParams) -> int:
    """What a class's shape-only methods say; one that lacks them asks for none."""
    if isinstance(params, SoftmaxParams):
        return _asked(backend, "softmax", params.input_shape[-1])
    if isinstance(params, Conv2dParams | DepthwiseConv2dParams):
        operator = "conv2d" if isinstance(params, Conv2dParams) else "depthwise_conv2d"
        return _asked(backend, operator, params.input_shape, params.weights_shape, params.output_shape)
    return 0


def _asked(backend: type[Any], operator: str, *arguments: Any) -> int:
    size = getattr(backend, f"{operator}_scratch_size", None)
    return 0 if size is None or not hasattr(backend, operator) else int(size(*arguments))
