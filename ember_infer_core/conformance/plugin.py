"""The suite's part in pytest: options, one run of every test for each backend, reports, a summary."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis.errors import Flaky

from ember_infer_core.conformance.report import Finding
from ember_infer_core.conformance.subject import OPTIONAL, Subject, load_subject

_ORDER = ("test_operators", "test_regressions", "test_scratch", "test_alignment", "test_executables", "test_threads")
_OPTIONAL_SHARE = 4
_SUBJECTS = pytest.StashKey[tuple[Subject, ...]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds ``--backend`` and ``--examples``."""
    group = parser.getgroup("ember-infer conformance")
    group.addoption(
        "--backend",
        action="append",
        metavar="MODULE:ATTRIBUTE",
        help="the backend to test: a class or function without arguments, or an instance; may be given again",
    )
    group.addoption(
        "--examples", type=int, default=100, metavar="N", help="random calls for each operator and property"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Loads the backends."""
    if config.option.help:
        return
    specs = config.getoption("--backend") or ()
    if not specs:
        raise pytest.UsageError("which backend? add --backend module:attribute, such as ember_infer_ref:RefBackend")
    if config.getoption("--examples") < 1:
        raise pytest.UsageError("--examples must be 1 or more")
    here = str(config.invocation_params.dir)
    if here not in sys.path:
        sys.path.insert(0, here)  # as `python -m pytest` does: a new backend is a file in the current folder
    try:
        config.stash[_SUBJECTS] = tuple(load_subject(spec) for spec in specs)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs a test for each backend, or for each known exception of each."""
    if "known" in metafunc.fixturenames:
        pairs = [(one, known) for one in metafunc.config.stash[_SUBJECTS] for known in one.exceptions if known.operator]
        ids = [f"{subject.name}-{known.operator}: {known.reason}" for subject, known in pairs]
        metafunc.parametrize(("subject", "known"), pairs, ids=ids)
    elif "subject" in metafunc.fixturenames:
        subjects = metafunc.config.stash[_SUBJECTS]
        metafunc.parametrize("subject", subjects, ids=[subject.name for subject in subjects])


@pytest.fixture
def examples(request: pytest.FixtureRequest) -> int:
    """How many random calls a test is to make; fewer of an optional operator, which shares its ways with others."""
    count: int = request.config.getoption("--examples")
    callspec = getattr(request.node, "callspec", None)
    optional = callspec is not None and callspec.params.get("operator") in OPTIONAL
    return max(1, count // _OPTIONAL_SHARE) if optional else count


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts what tells most first, and marks the tests that known exceptions name: they must fail, or it can go."""
    items[:] = [item for item in items if not _is_about_no_exception(item)]
    items.sort(key=_place)
    for item in items:
        subject = _subject_of(item)
        for known in subject.exceptions if subject else ():
            if subject and known.covers_test(_name_without_backend(item, subject)):
                item.add_marker(pytest.mark.xfail(reason=f"known exception: {known.reason}", strict=True))


def _is_about_no_exception(item: pytest.Item) -> bool:
    """What pytest makes of a test over the known exceptions where there are none."""
    return "known" in getattr(item, "fixturenames", ()) and _subject_of(item) is None


def _place(item: pytest.Item) -> int:
    name = item.path.stem
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def _subject_of(item: pytest.Item) -> Subject | None:
    callspec = getattr(item, "callspec", None)
    found = callspec.params.get("subject") if callspec else None
    return found if isinstance(found, Subject) else None


def _name_without_backend(item: pytest.Item, subject: Subject) -> str:
    name, _, rest = item.name.partition("[")
    others = rest.removesuffix("]").removeprefix(subject.name).removesuffix(subject.name).strip("-")
    return f"{name}[{others}]" if others else name


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows a finding as what it is, without the traceback of the suite's own code."""
    report = yield
    subject = _subject_of(item)
    if subject:
        report.user_properties.append(("subject", subject.name))
    finding = _finding(call.excinfo.value) if call.excinfo else None
    if finding and subject and report.failed:
        report.longrepr = f"{subject.name}.{finding}"
    return report


def _finding(error: BaseException) -> Finding | None:
    if isinstance(error, Finding):
        return error
    if isinstance(error, Flaky):
        found = next((one for one in getattr(error, "exceptions", ()) if isinstance(one, Finding)), None)
        if found:
            found.notes.append("state: the same call gave another answer when it was made again")
        return found
    return None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What it came to, a line for each backend."""
    config: pytest.Config = terminalreporter.config
    if _SUBJECTS not in config.stash:
        return
    terminalreporter.section("conformance")
    for subject in config.stash[_SUBJECTS]:
        terminalreporter.write_line(f"{subject.spec}: {', '.join(_summary(terminalreporter.stats, subject))}")


def _summary(stats: dict[str, list[Any]], subject: Subject) -> Iterator[str]:
    name = subject.name

    def of(outcome: str) -> list[Any]:
        return [one for one in stats.get(outcome, ()) if ("subject", name) in getattr(one, "user_properties", ())]

    failed = len(of("failed")) + len(of("error"))
    yield f"{failed} tests failed" if failed else "conforms"
    yield f"{len(of('passed'))} passed"
    if of("xfailed"):
        yield f"{len(of('xfailed'))} failed as its known exceptions say"
    missing = {reason.split("not implemented: ")[1] for reason in _skip_reasons(of("skipped"))}
    if missing:
        yield f"not implemented: {', '.join(sorted(missing))}"
    refused = {
        f"{operator} of {' and '.join(types)}"
        for (operator, *types), refuses in subject.refused_types.items()
        if refuses
    }
    if refused:
        yield f"not taken: {', '.join(sorted(refused))}"


def _skip_reasons(reports: list[Any]) -> list[str]:
    reasons = [str(report.longrepr[2]) for report in reports if isinstance(report.longrepr, tuple)]
    return [reason for reason in reasons if "not implemented: " in reason]
