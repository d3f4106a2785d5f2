"""The error clinic has every error, each runs, and what the package says of it is what the page says."""

from __future__ import annotations

import ast
import asyncio
import gc
import inspect
import re
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
import sqlalchemy as sa
from sqlalchemy import SingletonThreadPool
from sqlalchemy.ext.asyncio import AsyncEngine
from tools import claims

from session_demo import Explanation, explain
from session_demo.explaining import Entry, entries

BOOK = claims.ROOT / "book"
PAGES = sorted(BOOK.glob("errors-*.ipynb"))
# Answers elsewhere link to these. One may be added, but none may go.
ADDRESSES = (Path(__file__).parent / "addresses-clinic.txt").read_text(encoding="utf-8").split()
# Their errors are made in tests/test_explaining.py: the one needs PostgreSQL, the other is caught by FastAPI.
ELSEWHERE = {"current transaction is aborted", "DetachedInstanceError"}


def sections() -> dict[str, tuple[str, str, list[str]]]:
    """Return heading, text and code of each section by its address."""
    found: dict[str, tuple[str, str, list[str]]] = {}
    for path in PAGES:
        address = ""
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                if address:
                    found[address][2].append(cell.source)
                continue
            if heading := re.match(r"## (.+)", cell.source):
                address = f"book/{path.stem}.html#{claims.html_id(heading[1])}"
                assert address not in found
                found[address] = (heading[1], cell.source, [])
            elif address:
                title, text, code = found[address]
                found[address] = (title, f"{text}\n\n{cell.source}", code)
    return found


SECTIONS = sections()


@pytest.fixture(scope="module")
def raised() -> dict[str, list[Explanation]]:
    """What is said of the errors that each section raises, from running all pages."""
    found: defaultdict[str, list[Explanation]] = defaultdict(list)
    for path in PAGES:
        with asyncio.Runner() as runner, module(path.stem) as page:
            for address, source in programs(path.stem):

                @contextmanager
                def collect(kind: type[BaseException], address: str = address) -> Iterator[None]:
                    # Only the explanation is kept: an error would keep alive what its frames hold.
                    try:
                        yield
                    except kind as error:
                        found[address].append(explain(error))
                    else:
                        pytest.fail(f"{address} raises no {kind.__name__}")

                page.__dict__["expect_error"] = collect
                run(source, page, runner)
            for value in list(vars(page).values()):
                if isinstance(value, AsyncEngine):
                    runner.run(value.dispose())
                elif isinstance(value, sa.Engine) and not isinstance(value.pool, SingletonThreadPool):
                    value.dispose()
    return found


@contextmanager
def module(name: str) -> Iterator[ModuleType]:
    """Make a module for the code of a page, so that its mapped classes find each other."""
    page = sys.modules[name] = ModuleType(name)
    try:
        yield page
    finally:
        del sys.modules[name]
        # A connection in memory can be closed by its own thread alone, and one of those has ended.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            vars(page).clear()
            gc.collect()


def programs(stem: str) -> Iterator[tuple[str, str]]:
    """Yield the code cells of a page, each with the address of its section."""
    first = next(cell for cell in nbformat.read(BOOK / f"{stem}.ipynb", 4).cells if cell.cell_type == "code")
    yield "", first.source
    for address, (_, _, code) in SECTIONS.items():
        if address.startswith(f"book/{stem}.html"):
            yield from ((address, source) for source in code)


def run(source: str, page: ModuleType, runner: asyncio.Runner) -> None:
    # The pages import it; the collecting one shall stay.
    source = re.sub(r"(?m)^(from session_demo import .*), expect_error\b", r"\1", source)
    code = compile(source, page.__name__, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    result = eval(code, vars(page))
    if inspect.iscoroutine(result):
        runner.run(result)


def test_every_error_is_on_show() -> None:
    """Each error and confusion that people meet has its entry."""
    known = {one for one in claims.known() if one[0] == "P"}
    assert {one for one in claims.places(PAGES) if one[0] == "P"} == known
    assert len(SECTIONS) == len(known)


def test_index_lists_every_entry() -> None:
    """The first page of the clinic has all headings, in their order, linked."""
    index = (BOOK / "errors.md").read_text(encoding="utf-8")
    listed = re.findall(r"^- \[(.+)\]\((errors-[\w-]+)\.ipynb#([^)]+)\)$", index, re.MULTILINE)
    assert [anchor for _, _, anchor in listed] == [claims.slug(title) for title, _, _ in listed]
    assert {f"book/{stem}.html#{claims.html_id(title)}": title for title, stem, _ in listed} == {
        address: title for address, (title, _, _) in SECTIONS.items()
    }


def test_addresses_stay() -> None:
    """An entry that once was there can still be linked to."""
    assert set(ADDRESSES) == set(SECTIONS)


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.words[0])
class TestEntry:
    def test_page_says_the_same(self, entry: Entry) -> None:
        """Cause and cure stand on the page in the words of the package."""
        _, text, _ = SECTIONS[entry.page]
        assert f"**Cause.** {entry.cause}\n\n**Cure.** {entry.cure}" in text

    def test_error_is_recognised(self, entry: Entry, raised: dict[str, list[Explanation]]) -> None:
        """The error that the program of the entry raises is explained by this entry."""
        if ELSEWHERE.intersection(entry.words):
            return
        assert entry.page in [told.page for told in raised[entry.page]]

    def test_heading_has_words_of_the_message(self, entry: Entry) -> None:
        """Who knows the message finds it among the headings."""
        heading, _, _ = SECTIONS[entry.page]
        said = " ".join(entry.words).lower()
        assert len(set(re.findall(r"\w+", heading.lower())) & set(re.findall(r"\w+", said))) >= 1


def test_errors_on_the_way_are_known_too(raised: dict[str, list[Explanation]]) -> None:
    """What the programs of the clinic raise besides has an entry as well; two are shown as a remedy."""
    unknown = {told.error.partition(";")[0] for section in raised.values() for told in section if not told}
    assert unknown == {
        "InvalidRequestError: 'Author.books' is not available due to lazy='raise'",
        "InvalidRequestError: Autobegin is disabled on this Session",
    }
