"""A model bound to a backend, with memory of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from typing_extensions import override

from ember_infer_core.errors import InvalidShape, ScratchTooSmall
from ember_infer_core.notebook import html_table, shown_shapes
from ember_infer_core.slots import AnyArray, ByteArray
from ember_infer_core.state import KeepsState, arrays_of_state, state_of_arrays

if TYPE_CHECKING:
    from ember_infer_core.executable import Executable, Run
    from ember_infer_core.program import Program

__all__ = ["Session"]


class Session:
    """A model bound to a backend, with buffers and state of its own. For one thread at a time.

    ``copy.copy`` gives an independent session that goes on from the same state.

    Attributes:
        run: computes the outputs from the inputs; ``run(scratch)`` does it in scratch memory (uint8) of yours.
    """

    __slots__ = ("_executable", "_make", "_program", "_started", "_stateful", "run")

    run: Run
    _executable: Executable
    _make: Callable[[], Executable]
    _program: Program
    _started: bool
    _stateful: KeepsState | None

    def __init__(self, program: Program, make: Callable[[], Executable]) -> None:
        executable = make()
        # Where the model itself initialises variables (CALL_ONCE), the first run counts; otherwise it is as any other.
        started = all(np.array_equal(variable.initial, variable.default) for variable in program.variables)
        attributes: dict[str, Any] = {
            "_executable": executable,
            "_make": make,
            "_program": program,
            "_started": started,
            "_stateful": executable if isinstance(executable, KeepsState) else None,
            # Bound once: nothing stands between a caller and the kernels.
            "run": executable.run if started else self._first_run,
        }
        for name, value in attributes.items():
            object.__setattr__(self, name, value)

    @property
    def inputs(self) -> tuple[AnyArray, ...]:
        """Arrays in the model's types and shapes; fill them before ``run()``, which leaves them as they are."""
        return self._executable.inputs

    @property
    def outputs(self) -> tuple[AnyArray, ...]:
        """Arrays in the model's types and shapes; valid until the next ``run()``."""
        return self._executable.outputs

    @property
    def input(self) -> AnyArray:
        """The only (or first) input."""
        return self._executable.inputs[0]

    @property
    def output(self) -> AnyArray:
        """The only (or first) output."""
        return self._executable.outputs[0]

    @property
    def state(self) -> ByteArray:
        """What the model remembers from its runs, as ``state_len()`` bytes: a copy, to be kept, pickled or sent, and
        put back into this session or another one of the same model, on any backend and machine.

        Raises:
            InvalidShape: what is put back is no uint8 array of that length; nothing was changed.
        """
        return state_of_arrays(() if self._stateful is None else self._stateful.save_state())

    @state.setter
    def state(self, state: ByteArray) -> None:
        wanted = self._program.state_len
        if not isinstance(state, np.ndarray) or state.dtype != np.uint8 or state.shape != (wanted,):
            found = f"{state.dtype} {state.shape}" if isinstance(state, np.ndarray) else type(state).__name__
            hint = "; np.frombuffer(state, np.uint8) makes one" if isinstance(state, bytes | bytearray) else ""
            raise InvalidShape(f"state: an array of {wanted} uint8 is wanted, as .state gives it, not {found}{hint}")
        if self._stateful is not None:
            self._stateful.load_state(arrays_of_state(self._program, state))
            self._start()

    @property
    def answered(self) -> bool:
        """Whether the last run came to its end, so that all outputs are its own. Always, unless the model has a
        CIRCULAR_BUFFER that waits for more input: then outputs may still be those of an earlier run, or 0.
        """
        endings = {call.operands[call.params.ending] for call in self._program.calls if call.params.ending is not None}
        if self._stateful is None or not endings:
            return True
        pairs = zip(self._program.variables, self._stateful.save_state(), strict=True)
        return not any(content.any() for variable, content in pairs if variable.tensor in endings)

    def reset(self) -> None:
        """Forgets all runs, as ``MicroInterpreter::Reset()`` of TensorFlow Lite Micro does.

        Variables that the model itself initialises (CALL_ONCE) hold what it gave them until the first run; a reset
        after that sets them to their zero point, as on a device, where the model does not initialise them a second
        time. For a session as new, ``bind()`` another one, or put back the state of a new one.
        """
        if self._stateful is not None:
            variables = self._program.variables
            self._stateful.load_state([one.default if self._started else one.initial for one in variables])

    def _first_run(self, scratch: ByteArray | None = None) -> None:
        try:
            self._executable.run(scratch)
        except ScratchTooSmall:
            raise  # and nothing has run
        except BaseException:
            self._start()
            raise
        self._start()

    def _start(self) -> None:
        object.__setattr__(self, "_started", True)
        object.__setattr__(self, "run", self._executable.run)

    def __copy__(self) -> Session:
        """An independent session with the same inputs, outputs and state."""
        other = Session(self._program, self._make)
        for mine, its in zip((*self.inputs, *self.outputs), (*other.inputs, *other.outputs), strict=True):
            np.copyto(its, mine)
        if self._stateful is not None and other._stateful is not None:
            other._stateful.load_state(self._stateful.save_state())
        if self._started:
            other._start()
        return other

    def __deepcopy__(self, memo: dict[int, Any]) -> Session:
        """As :meth:`__copy__`: a session shares nothing but the backend."""
        return self.__copy__()

    @override
    def __reduce__(self) -> NoReturn:
        raise TypeError("a session is memory of this process: pickle its .state, and bind() the model elsewhere")

    if not TYPE_CHECKING:  # or checkers would take any name

        def __setattr__(self, name: str, value: Any) -> None:
            """Only :attr:`state` can be set."""
            if name != "state":
                hint = f": write into the array, session.{name}[...] = values" if name in ("input", "output") else ""
                raise AttributeError(f"Session.{name} cannot be set{hint}")
            object.__setattr__(self, name, value)

        def __delattr__(self, name: str) -> None:
            """Nothing can be deleted."""
            raise AttributeError(f"Session.{name} cannot be deleted")

    @override
    def __repr__(self) -> str:
        shapes = " -> ".join(shown_shapes([a.shape for a in arrays]) for arrays in (self.inputs, self.outputs))
        return f"<Session {shapes}{self._state_in_words()}>"

    def _state_in_words(self) -> str:
        return f", {self._program.state_len} bytes of state" if self._program.variables else ""

    def _repr_html_(self) -> str:
        """For notebooks: the arrays to fill and to read."""
        arrays = [("inputs", self.inputs), ("outputs", self.outputs)]
        rows = [
            (f"{name}[{place}]", str(array.dtype), str(array.shape))
            for name, own in arrays
            for place, array in enumerate(own)
        ]
        caption = f"Session of {self._program.name}{self._state_in_words()}"
        return html_table(caption, ("array", "type", "shape"), rows, len(rows))
