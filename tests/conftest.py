from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import settings

# Read when NumPy loads, so before anything here imports it, and by all that tests start. Workers have a processor each
# at most, where BLAS threads that wait for one another burn many times what these small models take.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from ember_infer_core.errors import CompilerNotFound
from ember_infer_native.toolchain import Compiler, find_compiler
from ember_infer_tools.tflite_writer import load_schema
from tests.support.effort import IN_CI
from tests.support.tflm import Tflm, tflm_is_installed

settings.register_profile("no deadlines", deadline=None)  # machines are busy, and a first call imports and compiles
settings.load_profile("no deadlines")

EXTRA_MEMORY = 1 << 30
REPOSITORY = Path(__file__).resolve().parent.parent


def pytest_configure() -> None:
    """Bytecode for workers, and for the hundreds of processes that tests start, where Python is told to write none, as
    it often is in containers: each would compile all that it imports, and pytest rewrite all of hypothesis, once more.
    """
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ.setdefault("PYTHONPYCACHEPREFIX", str(REPOSITORY / ".pytest_cache" / "bytecode"))


@pytest.hookimpl(optionalhook=True)  # xdist's: a run without it asks for no scheduler
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Half of the suite for each of two workers, who steal from each other when they are done, unless ``--dist`` asks
    for another way: tests that stand together share what is dear, such as compiled libraries and mypy's cache.
    """
    if config.getoption("dist") != "load":
        return None
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


def skip_or_fail(reason: str) -> NoReturn:
    """A gap in the environment: skips on a user's machine, fails where nothing may be missing."""
    if IN_CI:
        pytest.fail(f"{reason}; CI must have it", pytrace=False)
    pytest.skip(reason)


def shared_folder() -> Path:
    """Where published models, samples and golden outputs are, if they are there."""
    configured = os.environ.get("EMBER_TEST_DATA")
    return Path(configured) if configured else REPOSITORY.parent / "shared"


@pytest.fixture(scope="session", autouse=True)
def compiled_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The cache of compiled models for this run, all its workers and subprocesses: none writes to the user's."""
    temporary = tmp_path_factory.getbasetemp()
    folder = (temporary.parent if "PYTEST_XDIST_WORKER" in os.environ else temporary) / "compiled_models"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMBER_CACHE_DIR", str(folder))
        yield folder


@pytest.fixture(scope="session")
def c_compiler() -> Compiler:
    """The machine's C compiler."""
    try:
        return find_compiler()
    except CompilerNotFound as error:
        skip_or_fail(str(error))
        raise


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with published models, samples and golden outputs."""
    folder = shared_folder()
    if not (folder / "models").is_dir():
        skip_or_fail(f"no test data in {folder}: set EMBER_TEST_DATA to the folder that holds models/ and golden/")
    return folder


@pytest.fixture(scope="session")
def tflm_wheel() -> None:
    """TensorFlow Lite Micro's wheel is installed."""
    if not tflm_is_installed():
        skip_or_fail("TensorFlow Lite Micro is not installed: pip install 'ember-infer[tflm]'")


@pytest.fixture(scope="session")
def tflm(tflm_wheel: None) -> Iterator[Tflm]:
    """TensorFlow Lite Micro, the oracle."""
    with Tflm() as client:
        yield client


@pytest.fixture(scope="session")
def schema(tflm_wheel: None) -> Any:
    """The official schema's Python module."""
    return load_schema()


@pytest.fixture(scope="module")
def limited_memory() -> Iterator[None]:
    """Makes an allocation out of all proportion fail, where the platform can limit memory."""
    if sys.platform != "linux":
        yield
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + EXTRA_MEMORY, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
