"""The backend classes, one for each chip, and those made of them for another driver."""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias, TypeVar, cast, get_args

from typing_extensions import override

from ember_esp.calls import SCALED_PER_CHANNEL, Kernel, in_turn, scale_problem, with_constants, with_other_params
from ember_esp.classes import named_class, restored, with_driver
from ember_esp.effective_scales import EFFECTIVE_SCALES, EffectiveScales, with_float32_scales
from ember_esp.executable import EspExecutable, check_scratch
from ember_esp.faults import EspNnWarning, Fault
from ember_esp.find_faults import faulty_methods, find_faults, refuses_misaligned
from ember_esp.geometry import Geometry
from ember_esp.placement import ARENA, Spot, spot_of
from ember_esp.reserved import formulas_of, needed_under_tflm
from ember_esp.routes import ansi_reason, route
from ember_esp.scratch import FORMULAS, SCRATCH_ALIGNMENT, scratch_size
from ember_esp.skip_nudge import prepare_positions_without_nudge, vector_positions
from ember_esp.target import ANSI_SWITCHES, CHIPS, DRIVERS, Chip, Driver, Target
from ember_infer_core import RoutedBackend, UnsupportedOperator, check_buffers
from ember_infer_ref import RefBackend

if TYPE_CHECKING:
    from ember_infer_core import Executable, OperatorParams, Program
    from ember_infer_core.conformance import KnownException

    Shape4: TypeAlias = tuple[int, int, int, int]

__all__ = ["FAULT_POLICIES", "Esp32Backend", "Esp32C3Backend", "EspBackend", "EspP4Backend", "FaultPolicy"]

FaultPolicy: TypeAlias = Literal["refuse", "warn", "ignore"]
FAULT_POLICIES: tuple[FaultPolicy, ...] = get_args(FaultPolicy)

Made = TypeVar("Made", bound="EspBackend")

_HOW_TO_GO_ON = "faults='ignore' computes what the model says, which is not what the chip does then"

_REFUSED = "a call that meets a known fault of ESP-NN is refused by name"


class EspBackend(RoutedBackend):
    """What a device computes with ESP-NN, and what it needs: an ESP32-S3, by default as ``ember-esp-nn`` drives it.

    The results are TensorFlow Lite Micro's, bit for bit, but for ``skip_nudge`` and ``effective_scales``. Scratch
    sizes, alignment and known faults are those of the chip and its driver.

    Chip, driver and ``force_ansi`` decide how much scratch there is, which is asked of a class: :meth:`of` gives it,
    and an instance is one of it, whichever class is called.

    Args:
        chip: ``"esp32s3"``, ``"esp32p4"``, ``"esp32"`` or ``"esp32c3"``.
        driver: what calls ESP-NN: ``"rust"``, the backend ``ember-esp-nn``, or ``"tflm"``, Espressif's port of
            TensorFlow Lite Micro.
        force_ansi: operators that the Rust backend was built to run on ANSI C kernels: of ``"add"``, ``"conv2d"``,
            ``"depthwise_conv2d"``, ``"fully_connected"``, ``"mul"``, ``"pool"`` and ``"softmax"``.
        skip_nudge: how ESP-NN was built (``SKIP_NUDGE``): its vector kernel for pointwise convolutions then leaves out
            a rounding term, and one output in some hundreds differs by 1. ESP32-S3 only.
        effective_scales: ``"double"`` as TensorFlow Lite Micro computes ``input * weight / output``, or ``"float32"``
            as the Rust backend does, for convolutions and fully connected layers.
        esp_nn: version of the ESP-NN component.
        faults: what happens where a call meets a known fault: ``"refuse"``, with one error for all calls of a program
            when it is compiled; ``"warn"`` (:class:`EspNnWarning`) or ``"ignore"``, and compute what the model says,
            which is not what the device does then.

    Raises:
        ValueError: an argument is unknown, or does not go with the others.
    """

    CHIP: ClassVar[Chip] = "esp32s3"
    DRIVER: ClassVar[Driver] = "rust"
    FORCE_ANSI: ClassVar[frozenset[str]] = frozenset()
    ESP_NN: ClassVar[str] = "1.2.3"

    def __new__(
        cls: type[Made],
        chip: str | None = None,
        *,
        driver: str | None = None,
        force_ansi: Iterable[str] | None = None,
        **options: Any,
    ) -> Made:
        """An instance of the class that goes with chip, driver and ``force_ansi``."""
        found = cls.of(chip, driver=driver, force_ansi=force_ansi)
        if not issubclass(found, cls):  # nobody would call __init__
            raise ValueError(f"these arguments are those of {found.__qualname__}, not of {cls.__qualname__}")
        instance: Made = object.__new__(found)
        return instance

    def __init__(
        self,
        chip: Chip | None = None,
        *,
        driver: Driver | None = None,
        force_ansi: Iterable[str] | None = None,
        skip_nudge: bool = False,
        effective_scales: EffectiveScales = "double",
        esp_nn: str = "1.2.3",
        faults: FaultPolicy = "refuse",
    ) -> None:
        _one_of("effective_scales", effective_scales, EFFECTIVE_SCALES)
        _one_of("faults", faults, FAULT_POLICIES)
        _one_of("esp_nn", esp_nn, tuple(version for known, version in FORMULAS if known == self.CHIP))
        if esp_nn != self.ESP_NN:
            raise ValueError(f"{type(self).__name__} is for ESP-NN {self.ESP_NN}, not {esp_nn}")
        if skip_nudge and self.CHIP != "esp32s3":
            raise ValueError(f"skip_nudge is known for the ESP32-S3's kernels only, not for {self.CHIP!r}")
        self._skip_nudge = bool(skip_nudge)
        self._effective_scales: EffectiveScales = effective_scales
        self._faults: FaultPolicy = faults
        self._reference = RefBackend()
        self._cache_key = repr(self)

    @classmethod
    def of(
        cls: type[Made],
        chip: str | None = None,
        *,
        driver: str | None = None,
        force_ansi: Iterable[str] | None = None,
    ) -> type[Made]:
        """The class of instances made with these arguments: for ``scratch_len[EspBackend.of(driver="tflm")]()``.

        What is not given is as in the class that is asked.

        Raises:
            ValueError: an argument is unknown, or does not go with the others.
        """
        chip = cls.CHIP if chip is None else chip
        _one_of("chip", chip, CHIPS)
        driver = cls.DRIVER if driver is None else driver
        _one_of("driver", driver, DRIVERS)
        if isinstance(force_ansi, str):  # or its letters would be taken for operators
            raise ValueError(f"force_ansi must be a tuple of names, as in ({force_ansi!r},), not a string")
        forced = cls.FORCE_ANSI if force_ansi is None else frozenset(force_ansi)
        for operator in sorted(forced):
            _one_of("force_ansi", operator, ANSI_SWITCHES)
        if forced and driver != "rust":
            raise ValueError(f"force_ansi is a switch of the driver 'rust', not of {driver!r}")
        if (chip, driver, forced) == (cls.CHIP, cls.DRIVER, cls.FORCE_ANSI):
            return cls
        found: Any = with_driver(_of_chip(named_class(cls), chip), driver, forced)
        return cast("type[Made]", found)

    @override
    def __repr__(self) -> str:
        driver = "" if self.DRIVER == "rust" else f"driver={self.DRIVER!r}, "
        forced = f"force_ansi={self.force_ansi!r}, " if self.FORCE_ANSI else ""
        return (
            f"{type(self).__name__}(chip={self.CHIP!r}, {driver}{forced}skip_nudge={self._skip_nudge}, "
            f"effective_scales={self._effective_scales!r}, esp_nn={self.ESP_NN!r}, faults={self._faults!r})"
        )

    @override
    def __reduce__(self) -> tuple[object, ...]:
        """The class is made anew: only those that stand in modules are found there."""
        return restored, (named_class(type(self)), self.DRIVER, self.force_ansi), self.__dict__

    @classmethod
    def target(cls) -> Target:
        """The chip and the driver that the class stands for."""
        return Target(cls.CHIP, cls.DRIVER, cls.FORCE_ANSI)

    @property
    def chip(self) -> Chip:
        """The chip."""
        return self.CHIP

    @property
    def driver(self) -> Driver:
        """What calls ESP-NN."""
        return self.DRIVER

    @property
    def force_ansi(self) -> tuple[str, ...]:
        """Operators that the Rust backend was built to run on ANSI C kernels, sorted."""
        return tuple(sorted(self.FORCE_ANSI))

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
        """What a call, its constants bound, meets of the known faults, a line for each: for ``ember-infer inspect``."""
        return tuple(map(str, cls._find(method, params)))

    @classmethod
    def _find(
        cls, method: str, params: OperatorParams, spot: Spot = ARENA, scratch: int | None = None
    ) -> tuple[Fault, ...]:
        return find_faults(cls.target(), cls.ESP_NN, method, params, spot, scratch)

    @classmethod
    def _meets_faults(cls, methods: tuple[str, ...], params: OperatorParams) -> bool:
        return any(cls._find(method, params, spot_of(params)) for method in methods)

    @property
    def conformance_exceptions(self) -> tuple[KnownException, ...]:
        """Calls that are refused, for :mod:`ember_infer_core.conformance`."""
        from ember_infer_core.conformance import KnownException

        if self._faults != "refuse":
            return ()
        target = self.target()
        calls = [
            KnownException(reason=_REFUSED, operator=pattern, when=functools.partial(self._meets_faults, methods))
            for pattern, methods in faulty_methods(target).items()
        ]
        misaligned = [
            KnownException(reason=_REFUSED, test=f"test_misaligned_{what}{method}*")
            for method in sorted(refuses_misaligned(target))
            for what in (("buffers*", "inputs_of_") if method == "fully_connected" else ("buffers*",))
        ]
        return (*calls, *misaligned)

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
        formula = formulas_of(cls.target(), cls.ESP_NN, "conv2d").conv2d
        return cls._reserved(formula(Geometry.inferred(input_shape, weights_shape, output_shape)))

    @classmethod
    @override
    def depthwise_conv2d_scratch_size(cls, input_shape: Shape4, weights_shape: Shape4, output_shape: Shape4) -> int:
        """Bytes for a depthwise convolution, as :meth:`conv2d_scratch_size`."""
        formula = formulas_of(cls.target(), cls.ESP_NN, "depthwise_conv2d").depthwise_conv2d
        return cls._reserved(formula(Geometry.inferred(input_shape, weights_shape, output_shape)))

    @classmethod
    @override
    def softmax_scratch_size(cls, num_classes: int) -> int:
        """Bytes for a softmax over rows of ``num_classes``, 16 to align the base included."""
        return cls._reserved(formulas_of(cls.target(), cls.ESP_NN, "softmax").softmax(num_classes))

    @classmethod
    @override
    def scratch_size(cls, params: OperatorParams) -> int:
        """Bytes that the driver reserves for a call.

        The Rust backend sees shapes alone (:meth:`conv2d_scratch_size` and its like) and guesses stride and padding.
        TFLM's port passes the model's; where a kernel touches more than ESP-NN asks for, that is the number.
        """
        if cls.DRIVER == "rust":
            return super().scratch_size(params)
        return cls._reserved(needed_under_tflm(cls.target(), cls.ESP_NN, params))

    @classmethod
    def _reserved(cls, kernel_size: int) -> int:
        """The Rust backend takes more, to align the base in any memory; TFLM's arena is aligned."""
        return scratch_size(kernel_size) if cls.DRIVER == "rust" else kernel_size

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
        scratch = program.scratch_len(type(self)) - SCRATCH_ALIGNMENT
        self._report(
            program.name,
            [
                f"{call.name} (operator {call.operator}, {call.method}): {fault}"
                for call in program.calls
                for fault in self._find(call.method, with_constants(program, call), scratch=scratch)
            ],
        )
        return EspExecutable(self, program)

    def ansi_layers(self, program: Program) -> Mapping[str, str]:
        """The layers that run on ESP-NN's slower ANSI C kernels, and why."""
        reasons = {call.name: ansi_reason(self.target(), call.method, call.params) for call in program.calls}
        return {name: reason for name, reason in reasons.items() if reason is not None}

    def _check_scales(self, program: Program) -> None:
        if self._effective_scales == "double":
            return
        problems = [problem for call in program.calls if (problem := scale_problem(call)) is not None]
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
        if route(self.target(), method, params).kernel != "reference":
            check_buffers(params)
            where = f"{type(self).__name__}.{method}"
            check_scratch(params.scratch, type(self).scratch_size(params), where)
            if params.cache is None or self._faults == "refuse":
                # A program's calls have been looked at as a whole; here are the places of their buffers.
                scratch = params.scratch.size - SCRATCH_ALIGNMENT if params.cache is None else sys.maxsize
                found = self._find(method, params, spot_of(params), scratch)
                self._report(where, [str(fault) for fault in found])
        bound: Any = params
        kernel = exact
        if self._effective_scales == "float32" and method in SCALED_PER_CHANNEL:
            bound = with_float32_scales(bound)
            kernel = with_other_params(exact, bound)
        if self._skip_nudge and method == "conv2d" and (positions := vector_positions(self.target(), bound)):
            kernel = in_turn(kernel, prepare_positions_without_nudge(bound, positions))
        return kernel


class EspP4Backend(EspBackend):
    """:class:`EspBackend` for the ESP32-P4."""

    CHIP: ClassVar[Chip] = "esp32p4"


class Esp32Backend(EspBackend):
    """:class:`EspBackend` for the ESP32, which has ESP-NN's generic kernels."""

    CHIP: ClassVar[Chip] = "esp32"


class Esp32C3Backend(EspBackend):
    """:class:`EspBackend` for the ESP32-C3, which has ESP-NN's generic kernels."""

    CHIP: ClassVar[Chip] = "esp32c3"


_OF_CHIPS: Mapping[str, type[EspBackend]] = {
    backend.CHIP: backend for backend in (EspBackend, EspP4Backend, Esp32Backend, Esp32C3Backend)
}


def _of_chip(named: type[EspBackend], chip: str) -> type[EspBackend]:
    """The named class itself if it is for this chip; EspBackend knows the classes of the others."""
    if chip == named.CHIP:
        return named
    if named is EspBackend:
        return _OF_CHIPS[chip]
    raise ValueError(f"{named.__name__} is for the chip {named.CHIP!r}, not {chip!r}")


def _one_of(argument: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{argument} must be one of {', '.join(map(repr, known))}, not {value!r}")


def _listed(title: str, findings: list[str]) -> str:
    return "\n".join((title, *(f"  - {finding}" for finding in findings)))
