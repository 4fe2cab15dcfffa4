"""The backend classes, one for each chip."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias, TypeVar, get_args

from typing_extensions import override

from ember_esp.effective_scales import EFFECTIVE_SCALES, EffectiveScales, with_float32_scales
from ember_esp.executable import EspExecutable, check_scratch
from ember_esp.fallbacks import ansi_reason, inputs_are_aligned
from ember_esp.faults import FAULTY_METHODS, EspNnWarning, find_faults
from ember_esp.geometry import Geometry
from ember_esp.scratch import CHIPS, FORMULAS, Chip, scratch_size
from ember_esp.skip_nudge import prepare_positions_without_nudge, vector_positions
from ember_infer_core import RoutedBackend, UnsupportedOperator, check_buffers
from ember_infer_core.slots import Role, slots
from ember_infer_ref import RefBackend

if TYPE_CHECKING:
    from ember_infer_core import (
        Call,
        Executable,
        OperatorParams,
        Program,
    )
    from ember_infer_core.conformance import KnownException

    Shape4: TypeAlias = tuple[int, int, int, int]

__all__ = ["FAULT_POLICIES", "EspBackend", "EspP4Backend", "FaultPolicy"]

FaultPolicy: TypeAlias = Literal["refuse", "warn", "ignore"]
FAULT_POLICIES: tuple[FaultPolicy, ...] = get_args(FaultPolicy)

Kernel: TypeAlias = Callable[[Any], None]
Made = TypeVar("Made", bound="EspBackend")

_SCALED_PER_CHANNEL = ("conv2d", "depthwise_conv2d", "fully_connected")
# On the chip, everything else runs TensorFlow Lite Micro's reference kernels.
_ESP_NN = frozenset(
    {"add", "avg_pool", "conv2d", "depthwise_conv2d", "fully_connected", "max_pool", "mul", "reshape", "softmax"}
)
_HOW_TO_GO_ON = "faults='ignore' computes what the model says, which is not what the chip does then"

_REFUSED = "a call that meets a known fault of ESP-NN is refused by name"


class EspBackend(RoutedBackend):
    """ESP-NN as the Rust backend ``ember-esp-nn`` drives it, on the ESP32-S3: what it computes, and what it needs.

    The results are TensorFlow Lite Micro's, bit for bit, but for ``skip_nudge`` and ``effective_scales``. Scratch
    sizes, alignment and known faults are the chip's.

    Args:
        chip: ``"esp32s3"``. ``EspBackend(chip="esp32p4")`` makes an :class:`EspP4Backend`, whose scratch sizes are
            those of the ESP32-P4.
        skip_nudge: how ESP-NN was built (``SKIP_NUDGE``): its vector kernel for pointwise convolutions then leaves out
            a rounding term, and one output in some hundreds differs by 1. ESP32-S3 only.
        effective_scales: ``"double"`` as TensorFlow Lite Micro computes ``input * weight / output``, or ``"float32"``
            as the Rust backend does, for convolutions and fully connected layers.
        esp_nn: version of the ESP-NN component.
        faults: what happens where the shapes of a call meet a known fault of a kernel: ``"refuse"``, with one error for
            all calls of a program when it is compiled; ``"warn"`` (:class:`EspNnWarning`) or
            ``"ignore"``, and compute what the model says, which is not what the chip does then.

    Raises:
        ValueError: an argument is unknown, or does not go with the chip.
    """

    CHIP: ClassVar[Chip] = "esp32s3"
    ESP_NN: ClassVar[str] = "1.2.3"

    def __new__(cls: type[Made], chip: str | None = None, **options: Any) -> Made:
        """Makes an :class:`EspP4Backend` for that chip, so that class and scratch sizes agree."""
        made: Any = EspP4Backend if cls is EspBackend and chip == EspP4Backend.CHIP else cls
        instance: Made = object.__new__(made)
        return instance

    def __init__(
        self,
        chip: Chip | None = None,
        *,
        skip_nudge: bool = False,
        effective_scales: EffectiveScales = "double",
        esp_nn: str = "1.2.3",
        faults: FaultPolicy = "refuse",
    ) -> None:
        chip = self.CHIP if chip is None else chip
        _one_of("chip", chip, CHIPS)
        _one_of("effective_scales", effective_scales, EFFECTIVE_SCALES)
        _one_of("faults", faults, FAULT_POLICIES)
        _one_of("esp_nn", esp_nn, tuple(version for known, version in FORMULAS if known == chip))
        if chip != self.CHIP:
            raise ValueError(f"{type(self).__name__} is for the chip {self.CHIP!r}, not {chip!r}")
        if esp_nn != self.ESP_NN:
            raise ValueError(f"{type(self).__name__} is for ESP-NN {self.ESP_NN}, not {esp_nn}")
        if skip_nudge and chip != "esp32s3":
            raise ValueError(f"skip_nudge is known for the ESP32-S3's kernels only, not for {chip!r}")
        self._skip_nudge = bool(skip_nudge)
        self._effective_scales: EffectiveScales = effective_scales
        self._faults: FaultPolicy = faults
        self._reference = RefBackend()
        self._cache_key = repr(self)

    @override
    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(chip={self.CHIP!r}, skip_nudge={self._skip_nudge}, "
            f"effective_scales={self._effective_scales!r}, esp_nn={self.ESP_NN!r}, faults={self._faults!r})"
        )

    @property
    def chip(self) -> Chip:
        """The chip."""
        return self.CHIP

    @property
    def skip_nudge(self) -> bool:
        """As given to the constructor."""
        return self._skip_nudge

    @property
    def effective_scales(self) -> EffectiveScales:
        """As given to the constructor."""
        return self._effective_scales

    @property
    def esp_nn(self) -> str:
        """Version of the ESP-NN component."""
        return self.ESP_NN

    @property
    def faults(self) -> FaultPolicy:
        """As given to the constructor."""
        return self._faults

    @classmethod
    def known_faults(cls, method: str, params: OperatorParams) -> tuple[str, ...]:
        """What a call meets of the kernels' known faults, a line for each: for ``ember-infer inspect``."""
        return tuple(map(str, find_faults(cls.CHIP, method, params)))

    @property
    def conformance_exceptions(self) -> tuple[KnownException, ...]:
        """Calls that are refused, for :mod:`ember_infer_core.conformance`."""
        from ember_infer_core.conformance import KnownException

        if self._faults != "refuse":
            return ()
        return tuple(
            KnownException(reason=_REFUSED, operator=method, when=functools.partial(_meets_faults, self.CHIP, method))
            for method in FAULTY_METHODS[self.CHIP]
        )

    # Operators

    @classmethod
    @override
    def operators(cls) -> frozenset[str]:
        """All: what ESP-NN has no kernel for runs on the reference kernels, as on the chip."""
        return super().operators().union(RefBackend.operators())

    @override
    def run_operator(self, operator: str, params: OperatorParams) -> None:
        """See :meth:`ember_infer_core.RoutedBackend.run_operator`."""
        cache = params.cache
        kernel: Kernel | None = None if cache is None else cache.get(self._cache_key)
        if kernel is None:
            kernel = self._prepare(operator, params)
            if cache is not None:
                cache[self._cache_key] = kernel
        kernel(params)

    # Scratch

    @classmethod
    @override
    def conv2d_scratch_size(cls, input_shape: Shape4, weights_shape: Shape4, output_shape: Shape4) -> int:
        """Bytes for a convolution, 16 to align the base included; stride and padding are inferred from the shapes."""
        formula = FORMULAS[cls.CHIP, cls.ESP_NN].conv2d
        return scratch_size(formula(Geometry.inferred(input_shape, weights_shape, output_shape)))

    @classmethod
    @override
    def depthwise_conv2d_scratch_size(cls, input_shape: Shape4, weights_shape: Shape4, output_shape: Shape4) -> int:
        """Bytes for a depthwise convolution, as :meth:`conv2d_scratch_size`."""
        formula = FORMULAS[cls.CHIP, cls.ESP_NN].depthwise_conv2d
        return scratch_size(formula(Geometry.inferred(input_shape, weights_shape, output_shape)))

    @classmethod
    @override
    def softmax_scratch_size(cls, num_classes: int) -> int:
        """Bytes for a softmax over rows of ``num_classes``, 16 to align the base included."""
        return scratch_size(FORMULAS[cls.CHIP, cls.ESP_NN].softmax(num_classes))

    # Programs

    @override
    def compile(self, program: Program) -> Executable:
        """See :meth:`ember_infer_core.KernelBackend.compile`. Every call is checked before any buffer is made.

        Raises:
            UnsupportedOperator: a call has an operator that is not here, meets a known fault of a kernel (unless
                ``faults`` says otherwise), or has an effective scale beyond float32. All such calls are named at once.
        """
        self.check_operators(program)
        self._check_scales(program)
        self._report(
            program.name,
            [
                f"{call.name} (operator {call.operator}, {call.method}): {fault}"
                for call in program.calls
                for fault in find_faults(self.CHIP, call.method, call.params)
            ],
        )
        return EspExecutable(self, program)

    def ansi_layers(self, program: Program) -> Mapping[str, str]:
        """The layers that run on ESP-NN's slower ANSI C kernels, and why."""
        reasons = {call.name: ansi_reason(self.CHIP, call.method, call.params, True) for call in program.calls}
        return {name: reason for name, reason in reasons.items() if reason is not None}

    def _check_scales(self, program: Program) -> None:
        if self._effective_scales == "double":
            return
        problems = [problem for call in program.calls if (problem := _scale_problem(call)) is not None]
        if problems:
            raise UnsupportedOperator(_listed(f"{program.name}: {self!r} cannot run this model:", problems))

    def _report(self, where: str, findings: list[str]) -> None:
        if not findings or self._faults == "ignore":
            return
        message = _listed(f"{where}: known faults of ESP-NN {self.ESP_NN} on {self.CHIP}:", findings)
        if self._faults == "refuse":
            raise UnsupportedOperator(f"{message}\n{_HOW_TO_GO_ON}")
        warnings.warn(message, EspNnWarning, stacklevel=3)

    # Calls

    def _prepare(self, method: str, params: OperatorParams) -> Kernel:
        """Checks a bound call and chooses its kernel."""
        exact: Kernel = getattr(self._reference, method)
        activations = [slot for slot in slots(params) if slot.role is not Role.CONSTANT]
        if method not in _ESP_NN or any(slot.dtype != "int8" for slot in activations):
            return exact
        check_buffers(params)
        where = f"{type(self).__name__}.{method}"
        check_scratch(params.scratch, type(self).scratch_size(params), where)
        if params.cache is None or self._faults == "refuse":  # a program's calls were warned of when it was compiled
            found = find_faults(self.CHIP, method, params, inputs_are_aligned(params))
            self._report(where, [str(fault) for fault in found])
        bound: Any = params
        kernel = exact
        if self._effective_scales == "float32" and method in _SCALED_PER_CHANNEL:
            bound = with_float32_scales(bound)
            kernel = _with_other_params(exact, bound)
        if self._skip_nudge and method == "conv2d" and (positions := vector_positions(bound)):
            kernel = _in_turn(kernel, prepare_positions_without_nudge(bound, positions))
        return kernel


class EspP4Backend(EspBackend):
    """:class:`EspBackend` for the ESP32-P4."""

    CHIP: ClassVar[Chip] = "esp32p4"


def _with_other_params(kernel: Kernel, bound: OperatorParams) -> Kernel:
    """The kernel on a call's parameters as they have been altered, whatever it is given."""
    return lambda _: kernel(bound)


def _in_turn(exact: Kernel, overwrite: Callable[[], None]) -> Kernel:
    """The exact kernel, which checks the activation before it writes, and then what differs."""

    def kernel(params: OperatorParams) -> None:
        exact(params)
        overwrite()

    return kernel


def _scale_problem(call: Call) -> str | None:
    """Why a call's effective scales cannot be computed in float32, if they cannot."""
    if call.method not in _SCALED_PER_CHANNEL:
        return None
    params: Any = call.params
    try:
        with_float32_scales(params)
    except UnsupportedOperator as error:
        return f"{call.name} (operator {call.operator}, {call.method}): {error}"
    return None


def _one_of(argument: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{argument} must be one of {', '.join(map(repr, known))}, not {value!r}")


def _listed(title: str, findings: list[str]) -> str:
    return "\n".join((title, *(f"  - {finding}" for finding in findings)))


def _meets_faults(chip: Chip, method: str, params: OperatorParams) -> bool:
    """Whether a call is refused, wherever its inputs lie."""
    return any(find_faults(chip, method, params, aligned) for aligned in (False, True))
