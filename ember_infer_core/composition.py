"""Backends made of other backends: one way for every operator, and what the classes they are made of ask for."""

from __future__ import annotations

import functools
import types
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from typing_extensions import override

from ember_infer_core.backend import KernelBackend, operators_of, scratch_size_of, takes_of
from ember_infer_core.ops import DEFAULTS, OPERATORS

if TYPE_CHECKING:
    from ember_infer_core.ops.add import ElementwiseAddParams
    from ember_infer_core.ops.conv2d import Conv2dParams
    from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
    from ember_infer_core.ops.fully_connected import FullyConnectedParams
    from ember_infer_core.ops.pool import PoolParams
    from ember_infer_core.ops.softmax import SoftmaxParams
    from ember_infer_core.slots import OperatorParams, Shape4

__all__ = ["ComposedBackend", "RoutedBackend", "over"]

_KEPT_CLASSES = 64  # dropping one costs the making of it and nothing else

B = TypeVar("B", bound="ComposedBackend")


class RoutedBackend(KernelBackend):
    """A backend whose operators all go one way, :meth:`run_operator`.

    A class says in :meth:`operators` which ones those are; a subclass that overrides an operator's method adds it.
    """

    @abstractmethod
    def run_operator(self, operator: str, params: OperatorParams) -> None:
        """Runs one call of an operator, which is the name of a method of :class:`KernelBackend`.

        Raises:
            UnsupportedOperator: this backend does not have it.
        """

    @classmethod
    @override
    def operators(cls) -> frozenset[str]:
        """Those that the class overrides."""
        return frozenset(name for name in OPERATORS if getattr(cls, name) is not getattr(RoutedBackend, name))

    @classmethod
    @override
    def takes(cls, operator: str, params: OperatorParams) -> bool:
        """All that goes the common way, where :meth:`run_operator` says what it does not take."""
        if getattr(cls, operator) is getattr(RoutedBackend, operator):
            return True
        return super().takes(operator, params)

    @override
    def run_not_overridden(self, operator: str, params: OperatorParams) -> None:
        """An optional operator: goes the way of the others, unless only the contract itself has it."""
        if operator in DEFAULTS and not _has(type(self), operator):
            DEFAULTS[operator](params)
        else:
            self.run_operator(operator, params)

    @override
    def conv2d(self, params: Conv2dParams) -> None:
        """CONV_2D."""
        self.run_operator("conv2d", params)

    @override
    def depthwise_conv2d(self, params: DepthwiseConv2dParams) -> None:
        """DEPTHWISE_CONV_2D."""
        self.run_operator("depthwise_conv2d", params)

    @override
    def fully_connected(self, params: FullyConnectedParams) -> None:
        """FULLY_CONNECTED."""
        self.run_operator("fully_connected", params)

    @override
    def avg_pool(self, params: PoolParams) -> None:
        """AVERAGE_POOL_2D."""
        self.run_operator("avg_pool", params)

    @override
    def max_pool(self, params: PoolParams) -> None:
        """MAX_POOL_2D."""
        self.run_operator("max_pool", params)

    @override
    def softmax(self, params: SoftmaxParams) -> None:
        """SOFTMAX."""
        self.run_operator("softmax", params)

    @override
    def add(self, params: ElementwiseAddParams) -> None:
        """ADD."""
        self.run_operator("add", params)


@functools.lru_cache(maxsize=1024)
def _has(backend: type[RoutedBackend], operator: str) -> bool:
    """Whether a class has an operator; asked in every run, where going through all of them takes a tenth of a ms."""
    return operator in backend.operators()


class ComposedBackend(RoutedBackend):
    """Hands each call over to an instance of one of :attr:`PARTS`.

    Scratch sizes and operators are class methods, so what a composed backend asks for must be known to its class:
    :func:`over` makes it. For each call that is the largest that a part which has the operator asks for.
    """

    PARTS: ClassVar[tuple[type[Any], ...]] = ()

    @classmethod
    @override
    def operators(cls) -> frozenset[str]:
        """What any part has."""
        return frozenset().union(*map(operators_of, cls.PARTS))

    @classmethod
    @override
    def takes(cls, operator: str, params: OperatorParams) -> bool:
        """What any part that has the operator takes."""
        return operator in DEFAULTS or any(
            operator in operators_of(part) and takes_of(part, operator, params) for part in cls.PARTS
        )

    @classmethod
    @override
    def scratch_size(cls, params: OperatorParams) -> int:
        """The largest that a part asks for."""
        return max((scratch_size_of(part, params) for part in cls.PARTS), default=0)

    @classmethod
    @override
    def conv2d_scratch_size(cls, input_shape: Shape4, weights_shape: Shape4, output_shape: Shape4) -> int:
        """The largest that a part asks for."""
        return cls._largest("conv2d_scratch_size", input_shape, weights_shape, output_shape)

    @classmethod
    @override
    def depthwise_conv2d_scratch_size(cls, input_shape: Shape4, weights_shape: Shape4, output_shape: Shape4) -> int:
        """The largest that a part asks for."""
        return cls._largest("depthwise_conv2d_scratch_size", input_shape, weights_shape, output_shape)

    @classmethod
    @override
    def softmax_scratch_size(cls, num_classes: int) -> int:
        """The largest that a part asks for."""
        return cls._largest("softmax_scratch_size", num_classes)

    @classmethod
    def _largest(cls, method: str, *shapes: Any) -> int:
        return max((int(getattr(part, method)(*shapes)) for part in cls.PARTS if hasattr(part, method)), default=0)


@functools.lru_cache(maxsize=_KEPT_CLASSES)
def over(base: type[B], parts: tuple[type[Any], ...]) -> type[B]:
    """The subclass of ``base`` for instances that hand over to instances of ``parts``."""
    members = {
        "__module__": base.__module__,
        "__qualname__": f"{base.__qualname__}.over({', '.join(part.__name__ for part in parts)})",
        "__doc__": base.__doc__,
        "PARTS": parts,
    }
    made = types.new_class(base.__name__, (base,), exec_body=lambda namespace: namespace.update(members))
    return cast("type[B]", made)
