"""A backend that sends each operator to the first of several backends that has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from ember_infer_core.backend import in_words, operators_of, takes_of
from ember_infer_core.composition import ComposedBackend, over
from ember_infer_core.errors import UnsupportedActivation, UnsupportedOperator, listed
from ember_infer_core.ops import DEFAULTS, OPERATORS
from ember_infer_core.slots import OperatorParams

if TYPE_CHECKING:
    from ember_infer_core.program import Program

__all__ = ["FallbackBackend"]


class FallbackBackend(ComposedBackend):
    """Sends each operator to the first backend that has it, so that bring-up starts with one operator.

    ::

        class Mine:                       # no base class is needed until all operators are there
            def conv2d(self, params): ...

        SineModel.predict_quantized(FallbackBackend(Mine(), RefBackend()), x, y)

    A backend has the operators that its class says in :meth:`KernelBackend.operators`; a class of no base has those
    whose methods it defines. A kernel that raises :class:`UnsupportedOperator` or :class:`UnsupportedActivation`, for
    parameters that it does not take, hands the call on to the next backend; an executable remembers that from the
    first run on. Any other error is the caller's.

    Its class knows the classes it is made of: ``scratch_len[type(backend)]()`` and, without an instance,
    ``scratch_len[FallbackBackend.over(Mine, RefBackend)]()`` give for each call the largest that they ask for.

    Args:
        backends: instances, in the order in which they are asked; of any class that has a method named as one of
            :class:`KernelBackend`'s, with ``..._scratch_size`` class methods as there if it needs scratch.

    Raises:
        TypeError: none is given, one is a class, or one has no operator at all.
    """

    def __new__(cls, *backends: object) -> FallbackBackend:
        """An instance of the subclass that knows these backends' classes."""
        made = over(cls, tuple(type(backend) for backend in backends))
        instance: FallbackBackend = super().__new__(made)
        return instance

    def __init__(self, *backends: object) -> None:
        if not backends:
            raise TypeError("FallbackBackend needs one backend or more")
        for backend in backends:
            _check(backend)
        self._backends = backends
        self._having: dict[str, Sequence[object]] = {
            name: [backend for backend in backends if name in operators_of(type(backend))] for name in OPERATORS
        }
        # Under this name an executable's cache holds the kernel chosen; of the instance, because they may be nested.
        self._chosen = f"FallbackBackend at {id(self):#x}"

    @classmethod
    def over(cls, *classes: type[Any]) -> type[FallbackBackend]:
        """The class of instances made of instances of these classes, in this order."""
        return over(cls, classes)

    @property
    def backends(self) -> tuple[object, ...]:
        """The backends given, in order."""
        return self._backends

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self._backends))})"

    @override
    def __reduce__(self) -> tuple[object, ...]:
        return type(self).__mro__[1], self._backends  # the class is made anew

    @override
    def check_operators(self, program: Program) -> None:
        """See :meth:`KernelBackend.check_operators`.

        Raises:
            UnsupportedOperator: lists every layer whose operator no backend has.
        """
        missing = [
            f"{call.name} ({in_words(call.method, call.params)})"
            for call in program.calls
            if not self._kernels(call.method, call.params)
        ]
        if missing:
            raise UnsupportedOperator(f"{program.name}: none of {self._names()} implements {listed(missing)}")

    def _kernels(self, operator: str, params: OperatorParams) -> list[Callable[[Any], None]]:
        """Those for calls of these types, in the order in which they are asked; the contract's own comes last."""
        found = [
            getattr(backend, operator)
            for backend in self._having[operator]
            if takes_of(type(backend), operator, params)
        ]
        return [*found, DEFAULTS[operator]] if operator in DEFAULTS else found

    @override
    def run_operator(self, operator: str, params: OperatorParams) -> None:
        """By the first backend that has the operator and takes the parameters."""
        cache = params.cache
        chosen = None if cache is None else cache.get(self._chosen)
        if chosen is not None:
            chosen(params)
            return
        refusals: list[str] = []
        refusal: UnsupportedOperator | UnsupportedActivation | None = None
        for kernel in self._kernels(operator, params):
            try:
                kernel(params)
            except (UnsupportedOperator, UnsupportedActivation) as error:
                refusal = error
                refusals.append(str(error))
                continue
            if cache is not None:
                cache[self._chosen] = kernel
            return
        if refusal is None:
            raise UnsupportedOperator(f"none of {self._names()} implements {in_words(operator, params)!r}")
        raise type(refusal)("; ".join(refusals)) from refusal

    def _names(self) -> str:
        return ", ".join(type(backend).__name__ for backend in self._backends)


def _check(backend: object) -> None:
    if isinstance(backend, type):
        raise TypeError(f"FallbackBackend takes instances: did you mean {backend.__name__}()?")
    if not operators_of(type(backend)):
        raise TypeError(f"{backend!r} has no operator: define a method such as conv2d(self, params)")
