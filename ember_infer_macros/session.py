"""A model bound to a backend, with memory of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from ember_infer_core.errors import InvalidShape, ScratchTooSmall
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

    __slots__ = ("_executable", "_make", "_program", "_started", "run")

    run: Run
    _executable: Executable
    _make: Callable[[], Executable]
    _program: Program
    _started: bool

    def __init__(self, program: Program, make: Callable[[], Executable]) -> None:
        executable = make()
        # Where the model itself initialises variables (CALL_ONCE), the first run counts; otherwise it is as any other.
        started = all(np.array_equal(variable.initial, variable.default) for variable in program.variables)
        attributes: dict[str, Any] = {
            "_executable": executable,
            "_make": make,
            "_program": program,
            "_started": started,
            # Bound once: nothing stands between a caller and the kernels.
            "run": executable.run if started else self._first_run,
        }
        for name, value in attributes.items():
            object.__setattr__(self, name, value)

    @property
    def inputs(self) -> tuple[AnyArray, ...]:
        """Arrays in the model's types and shapes; fill them before :meth:`run`, which leaves them as they are."""
        return self._executable.inputs

    @property
    def outputs(self) -> tuple[AnyArray, ...]:
        """Arrays in the model's types and shapes; valid until the next :meth:`run`."""
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
        return state_of_arrays(self._executable.save_state() if isinstance(self._executable, KeepsState) else ())

    @state.setter
    def state(self, state: ByteArray) -> None:
        wanted = self._program.state_len
        if not isinstance(state, np.ndarray) or state.dtype != np.uint8 or state.shape != (wanted,):
            found = f"{state.dtype} {state.shape}" if isinstance(state, np.ndarray) else type(state).__name__
            hint = "; np.frombuffer(state, np.uint8) makes one" if isinstance(state, bytes | bytearray) else ""
            raise InvalidShape(f"state: an array of {wanted} uint8 is wanted, as .state gives it, not {found}{hint}")
        if isinstance(self._executable, KeepsState):
            self._executable.load_state(arrays_of_state(self._program, state))
            self._start()

    def reset(self) -> None:
        """Forgets all runs, as ``MicroInterpreter::Reset()`` of TensorFlow Lite Micro does.

        Variables that the model itself initialises (CALL_ONCE) hold what it gave them until the first run; a reset
        after that sets them to their zero point, as on a device, where the model does not initialise them a second
        time. For a session as new, ``bind()`` another one, or put back the state of a new one.
        """
        if isinstance(self._executable, KeepsState):
            variables = self._program.variables
            self._executable.load_state([one.default if self._started else one.initial for one in variables])

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
        if isinstance(self._executable, KeepsState) and isinstance(other._executable, KeepsState):
            other._executable.load_state(self._executable.save_state())
        if self._started:
            other._start()
        return other

    def __deepcopy__(self, memo: dict[int, Any]) -> Session:
        """As :meth:`__copy__`: a session shares nothing but the backend."""
        return self.__copy__()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a session is memory of this process: pickle its .state, and bind() the model elsewhere")

    if not TYPE_CHECKING:  # or checkers would take any name

        def __setattr__(self, name: str, value: Any) -> None:
            """Only :attr:`state` can be set."""
            if name != "state":
                hint = f": write into the array, session.{name}[...] = values" if name in ("input", "output") else ""
                raise AttributeError(f"Session.{name} cannot be set{hint}")
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        shapes = " -> ".join(", ".join(str(a.shape) for a in arrays) for arrays in (self.inputs, self.outputs))
        state = f", {self._program.state_len} bytes of state" if self._program.variables else ""
        return f"<Session {shapes}{state}>"
