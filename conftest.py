"""How examples run: each docstring on a fresh library database, each page as it stands."""

import doctest
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from _pytest.doctest import DoctestItem
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

import session_demo
from session_demo import models

pytest_plugins = ["pytester"]

# It is for mypy alone, which a reader does not need.
collect_ignore = ["src/session_demo_mypy.py"]

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(doctest_optionflags=doctest.NORMALIZE_WHITESPACE)],
    patterns=["README.md", "book/*.md"],
).pytest()


@pytest.fixture(autouse=True)
def _example_namespace(request: pytest.FixtureRequest) -> Iterator[None]:
    """Give every docstring its own engine with tables, a session, the models and the public names."""
    if not isinstance(request.node, DoctestItem):
        yield
        return
    namespace: dict[str, Any] = request.getfixturevalue("doctest_namespace")
    engine = session_demo.create_engine("sqlite://")
    models.Base.metadata.create_all(engine)
    public = {name: getattr(session_demo, name) for name in session_demo.__all__}
    mapped = {mapper.class_.__name__: mapper.class_ for mapper in models.Base.registry.mappers}
    with session_demo.Session(engine) as session:
        namespace.update(public, **mapped, sa=sa, engine=engine, session=session)
        namespace["__name__"] = "__main__"  # examples are the reader's code, not the package's
        yield
    engine.dispose()
