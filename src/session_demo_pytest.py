"""A pytest plugin: fixtures that record sessions and undo what tests do, and markers that judge statements.

pytest loads it in each project that has session_demo installed. So it stands beside the package, whose
import would load SQLAlchemy, and imports nothing but pytest until the fixture or the marker is used.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from session_demo.isolation import TestTransaction
    from session_demo.tracing.recording import Recording
    from session_demo.tracing.target import Watchable
    from session_demo.tracing.traces import Trace

MARKERS = (
    "statements(max=None, exactly=None): how many statements the recordings of session_trace may hold",
    "no_lazy_loads: the recordings of session_trace may hold no lazy load",
)

_recordings = pytest.StashKey[list["Recording"]]()


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)


@pytest.fixture
def session_trace(request: pytest.FixtureRequest) -> Iterator[Callable[[Watchable], Recording]]:
    """Record sessions until the test is over.

    ``story = session_trace(session)`` starts a recording. Call it once for each session.

    With ``@pytest.mark.statements(max=3)`` or ``(exactly=3)`` the statements of all recordings of the test
    are counted together when its body ends. With ``@pytest.mark.no_lazy_loads`` none of them may be a lazy
    load.
    """
    from session_demo import trace

    recordings: list[Recording] = []
    request.node.stash[_recordings] = recordings
    with ExitStack() as running:

        def start(session: Watchable) -> Recording:
            recording = trace(session).start()
            running.push(recording)
            recordings.append(recording)
            return recording

        yield start


@pytest.fixture
def db_transaction(request: pytest.FixtureRequest) -> Iterator[TestTransaction]:
    """Undo after the test what it does to the database, even what it commits.

    The project defines a fixture ``db``, of any scope, that returns its ``SQLAlchemy``.
    """
    from session_demo import SQLAlchemy

    db = request.getfixturevalue("db")
    if not isinstance(db, SQLAlchemy):
        pytest.fail(
            f"Can't isolate this test: the fixture db gives {db!r}. "
            "Define a fixture db that returns the SQLAlchemy of your project.",
            pytrace=False,
        )
    with db.test_transaction() as transaction:
        yield transaction


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse a marker that cannot be judged before the test runs."""
    if marker := item.get_closest_marker("statements"):
        _read(marker)
    marker = item.get_closest_marker("no_lazy_loads")
    if marker and (marker.args or marker.kwargs):
        pytest.fail(f"Can't read {_spelled(marker)}: it takes nothing.", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Judge the statements of a marked test when its body has passed."""
    result = yield
    for name, judge in (("statements", _count), ("no_lazy_loads", _refuse_lazy_loads)):
        if marker := item.get_closest_marker(name):
            _judge(marker, judge, item.stash.get(_recordings, []))
    return result


def _judge(
    marker: pytest.Mark, judge: Callable[[pytest.Mark, Trace], None], recordings: list[Recording]
) -> None:
    from session_demo import Trace

    if not recordings:
        pytest.fail(
            f"Can't judge {_spelled(marker)}: this test recorded no session. "
            "Take the fixture session_trace, and call session_trace(session).",
            pytrace=False,
        )
    whole = Trace(event for recording in recordings for event in recording)
    try:
        judge(marker, whole)
    except AssertionError as error:
        found = str(error)
    else:
        return
    pytest.fail(f"{_spelled(marker)}: {found}", pytrace=False)  # here, so that it shows one error and not two


def _count(marker: pytest.Mark, whole: Trace) -> None:
    from session_demo.testing import assert_statements, at_most

    name, count = _read(marker)
    assert_statements(whole, total=at_most(count) if name == "max" else count)


def _refuse_lazy_loads(_marker: pytest.Mark, whole: Trace) -> None:
    from session_demo.testing import assert_no_lazy_loads

    assert_no_lazy_loads(whole)


def _read(marker: pytest.Mark) -> tuple[str, int]:
    """Return ``max`` or ``exactly`` and its count."""
    match marker.args, list(marker.kwargs.items()):
        case (), [("max" | "exactly" as name, int(count))] if count >= 0 and not isinstance(count, bool):
            return name, count
    pytest.fail(
        f"Can't read {_spelled(marker)}: it takes one count from 0. "
        "Write statements(max=3) or statements(exactly=3).",
        pytrace=False,
    )


def _spelled(marker: pytest.Mark) -> str:
    arguments = [*map(repr, marker.args), *(f"{name}={value!r}" for name, value in marker.kwargs.items())]
    brackets = f"({', '.join(arguments)})" if arguments or marker.name == "statements" else ""
    return f"@pytest.mark.{marker.name}{brackets}"
