"""Cells in the page, as a reader uses them: run, edit, break, restart, reset, reload, solve."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from accessibility import findings, switch_theme
from living import LivePage, live_page
from test_live_parity import WITH_CELLS, context  # noqa: F401 - a fixture
from test_site import SITE, browser, site, unavailable  # noqa: F401 - fixtures
from tools.serve import address, make_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

pytestmark = pytest.mark.browser

CHAPTER = "notebooks/03-identity-map.html"
MODELS = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
class Base(DeclarativeBase): pass
class Thing(Base):
    __tablename__ = "thing"
    id: Mapped[int] = mapped_column(primary_key=True)
Thing(id=1).id"""


@pytest.fixture
def live(site: str, context: BrowserContext) -> Iterator[LivePage]:  # noqa: F811
    """A chapter that nobody has touched."""
    if CHAPTER not in WITH_CELLS:
        unavailable("The book was built without Node: its cells don't run")
    with live_page(context, site + CHAPTER) as page:
        yield page
        page.tab.evaluate("localStorage.clear()")
        assert page.errors == []


def downloads(live: LivePage) -> list[str]:
    """Name what was fetched of Python."""
    return [url for url in live.requests if re.search(r"\.(wasm|whl|zip)$", url)]


def test_page_is_whole_before_the_first_run(live: LivePage) -> None:
    """Nothing is loaded that only a run needs; the bar says how much will come."""
    assert downloads(live) == []
    assert not any("editor" in url or "worker" in url for url in live.requests)
    assert re.search(r"about \d MB", live.status)
    assert {cell["state"] for cell in live.cells()} == {"stored"}


def test_run_first_runs_what_is_above(live: LivePage) -> None:
    """A cell finds the variables of those above it; those below stay as they are."""
    assert live.run(3) == "True"
    assert [cell["state"] for cell in live.cells()[:4]] == ["passed", "passed", "passed", "stored"]
    assert live.status.startswith("Python 3.14")
    assert downloads(live)


def test_cell_is_edited_and_run_by_keyboard(live: LivePage) -> None:
    """Tab leads to Edit, Enter opens the editor, Shift and Enter run, Escape and Tab lead out of it."""
    live.button("Edit cell 1").focus()
    live.tab.keyboard.press("Enter")
    live.editor(1).wait_for()
    focused = "() => document.activeElement.getAttribute('aria-label')"
    assert live.tab.evaluate(focused) == "Code of cell 1"
    live.tab.keyboard.press("Control+a")
    live.tab.keyboard.type("for letter in 'äß∀':\nprint(letter)")  # the editor indents
    live.tab.keyboard.press("Shift+Enter")
    live.settle()
    assert live.output(1).split() == ["ä", "ß", "∀"]
    live.tab.keyboard.press("Tab")
    assert live.tab.evaluate(focused) == "Run cell 1"
    live.tab.keyboard.press("Shift+Tab")
    live.tab.keyboard.press("Escape")
    assert live.tab.evaluate(focused) == "Run cell 1"


def test_code_is_highlighted_while_it_is_edited(live: LivePage) -> None:
    """The editor colours what the page colours."""
    live.write(1, "def f(): return 'x'  # why")
    live.cell(1).locator(".cm-content .k", has_text="def").wait_for()
    assert live.cell(1).locator(".cm-content .s2").inner_text() == "'x'"
    assert live.cell(1).locator(".cm-content .c1").inner_text() == "# why"


def test_line_that_is_too_long_goes_on_below_itself(live: LivePage) -> None:
    """On a telephone a line in the editor breaks as one of the page does: indented further than it began."""
    live.tab.set_viewport_size({"width": 390, "height": 800})
    live.write(1, "if True:\n    long = [" + "1000, " * 20 + "]")
    lefts = live.tab.evaluate("""() => {
        const line = [...document.querySelectorAll('.cm-line')].at(-1);
        const words = document.createRange();
        words.setStart(line, 0);
        words.setEnd(line, line.childNodes.length);
        return [...new Set([...words.getClientRects()].map(one => Math.round(one.top)))].map(top =>
            Math.min(...[...words.getClientRects()].filter(one => Math.round(one.top) === top)
                .map(one => one.left)));
    }""")
    live.tab.set_viewport_size({"width": 1280, "height": 900})
    assert len(lefts) > 2
    assert all(left > lefts[0] + 20 for left in lefts[1:])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_editor_and_error_are_accessible(live: LivePage, theme: str) -> None:
    """axe-core finds nothing on a page with an open editor, an error and what is stale because of it."""
    live.run(2)
    live.execute(1, "def f(): return 'x', 1 / 0  # why\nf()")
    switch_theme(live.tab, theme)
    assert [cell["state"] for cell in live.cells()[:2]] == ["failed", "stale"]
    assert findings(live.tab) == []


@pytest.mark.parametrize("page", [CHAPTER, "book/installing.html"])
def test_injected_script_does_not_run(site: str, browser: Browser, page: str) -> None:  # noqa: F811
    """The policy of a page lets nothing run that the page did not come with, and says so."""
    tab = browser.new_page()
    refused: list[str] = []
    tab.on("console", lambda said: refused.append(said.text))
    tab.goto(site + page, wait_until="load")
    refused.clear()
    ran = tab.evaluate("""() => {
        const script = document.createElement('script');
        script.textContent = 'window.injected = true';
        const button = document.createElement('button');
        button.setAttribute('onclick', 'window.injected = true');
        document.body.append(script, button);
        button.click();
        return window.injected ?? false;
    }""")
    tab.close()
    assert ran is False
    assert len(refused) == 2
    assert all("Content Security Policy" in one for one in refused)


def test_click_into_the_code_opens_the_editor(live: LivePage) -> None:
    """No button is needed with a pointer."""
    live.cell(2).locator("pre").first.click()
    live.editor(2).wait_for()


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("1 / 0", ["Cell 1, line 1", "ZeroDivisionError: division by zero"]),
        ("for x in", ["Cell 1, line 1", "SyntaxError: invalid syntax"]),
        ("import threading\nthreading.Thread(target=print).start()", ["can't start new thread"]),
        ("input('Name?')", ["Cell 1, line 1", "write the value into the cell instead"]),
        ("%timeit 1", ["open this chapter as a notebook"]),
        ("import nonsense", ["ModuleNotFoundError: No module named 'nonsense'"]),
    ],
)
def test_error_is_short_and_points_at_the_line(live: LivePage, source: str, shown: list[str]) -> None:
    """An error shows the reader's line and the message, and the cell says that it failed."""
    told = live.execute(1, source)
    assert all(one in told for one in shown), told
    assert len(told.splitlines()) <= 6
    assert live.state(1) == "failed"
    assert live.cells()[0]["note"] == "raised an error"


def test_error_stops_what_would_follow(live: LivePage) -> None:
    """Below a cell that fails nothing runs, and the bar says which it was."""
    live.write(1, "raise ValueError('no')")
    live.run(3)
    assert live.status == "Stopped: cell 1 raised an error."
    assert [cell["state"] for cell in live.cells()[:3]] == ["failed", "stored", "stored"]


def test_restart_ends_an_endless_loop(live: LivePage) -> None:
    """The page stays alive while a cell never ends; Restart ends it, and the next Run starts anew."""
    live.write(1, "x = 1\nwhile True: pass")
    live.tab.keyboard.press("Shift+Enter")
    live.tab.wait_for_function(
        "() => document.querySelector('.live-status').textContent.startsWith('Python 3')"
    )
    assert live.state(1) == "running"
    live.button("Restart Python and forget all variables").click()
    live.settle()
    assert live.status.startswith("Python is stopped")
    assert "NameError" in live.execute(1, "x")


def test_many_lines_are_shown(live: LivePage) -> None:
    """20,000 printed lines are all there."""
    told = live.execute(1, "for number in range(20_000): print(number)")
    assert told.splitlines() == [str(number) for number in range(20_000)]


def test_output_runs_no_script(live: LivePage) -> None:
    """Neither a script element nor a handler in an attribute runs, however it is put into the page."""
    live.execute(
        1,
        "class Bad:\n    def _repr_html_(self):\n        return BAD\n"
        'BAD = \'<b>shown</b><script>window.bad = 1</script><img src="x:" onerror="window.bad = 2">\'\n'
        "Bad()",
    )
    assert live.cell(1).locator(".cell_output b").inner_text() == "shown"
    live.tab.wait_for_timeout(200)
    assert live.tab.evaluate("typeof window.bad") == "undefined"
    # The browser reports what it has refused.
    assert any(
        "Content Security Policy" in error or "ERR_UNKNOWN_URL_SCHEME" in error for error in live.errors
    )
    live.errors.clear()


def test_mapped_classes_can_be_defined_again(live: LivePage) -> None:
    """A cell with models runs twice."""
    assert live.execute(1, MODELS) == "1"
    assert live.execute(1, f"{MODELS}  # again") == "1"


def test_edit_marks_what_is_below_as_stale(live: LivePage) -> None:
    """After a change the outputs below are of another program, and say so; a run makes them fresh."""
    live.run(3)
    live.write(1, f"# changed\n{live.cell(1).locator('pre').first.text_content()}")
    states = [cell["state"] for cell in live.cells()[:4]]
    assert states == ["stale", "stale", "stale", "stored"]
    assert live.cells()[0]["note"] == "edited, not run yet"
    assert "stale" in live.cells()[2]["note"]
    assert live.run(3) == "True"
    assert [cell["state"] for cell in live.cells()[:3]] == ["passed"] * 3


def test_reset_brings_back_what_the_book_says(live: LivePage) -> None:
    """Code and output are the stored ones, and nothing is remembered."""
    before = live.cells()[2]["output"], live.cell(3).locator(".cell_input").inner_html()
    live.execute(3, "'other'")
    live.button("Reset cell 3 to what the book says").click()
    assert (live.cells()[2]["output"], live.cell(3).locator(".cell_input").inner_html()) == before
    assert live.state(3) == "stored"
    assert live.tab.evaluate("Object.keys(localStorage).filter(key => key.includes('edits'))") == []


def test_edits_survive_a_reload(live: LivePage) -> None:
    """What was changed is there after a reload, in the middle of a run or not, until it is forgotten."""
    live.write(3, "while True: pass")
    live.tab.keyboard.press("Shift+Enter")
    live.tab.wait_for_timeout(300)
    live.tab.reload()
    live.tab.wait_for_selector(".live-bar")
    assert live.cell(3).locator("pre").first.inner_text().strip() == "while True: pass"
    assert live.cells()[2]["note"] == "edited, not run yet"
    live.button("Forget them: my changes and solved exercises").click()
    assert live.cell(3).locator("pre").first.inner_text().strip() == "first is second"
    live.tab.reload()
    live.tab.wait_for_selector(".live-bar")
    assert live.cell(3).locator("pre").first.inner_text().strip() == "first is second"


def test_copy_button_copies_what_is_edited(live: LivePage) -> None:
    """The text that the copy button takes is the changed one."""
    live.write(3, "first is not second")
    assert live.cell(3).locator("pre").first.text_content() == "first is not second"


def test_exercise_is_solved_on_the_page(live: LivePage) -> None:
    """A right answer is accepted, and a new Python still knows."""
    number = live.tab.evaluate(
        "() => [...document.querySelectorAll('div.cell[data-live]')].findIndex("
        "cell => cell.textContent.includes('load-once')) + 1"
    )
    solved = live.execute(
        number,
        "from session_demo import exercises\nfrom sqlalchemy import select\n"
        "from session_demo.models import Author\n"
        "def answer(session):\n"
        "    queried = session.scalars(select(Author).where(Author.id == 1)).one()\n"
        "    return session.get(Author, 1), queried\n"
        "exercises.start('load-once').check(answer)",
    )
    assert solved.startswith("Right")
    assert live.tab.get_by_text("kept in this browser").is_visible()
    live.tab.reload()
    live.tab.wait_for_selector(".live-bar")
    told = live.execute(1, "from session_demo import exercises\nprint(exercises.progress())")
    assert "1 of" not in told.splitlines()[0]  # the file is read when the cell has ended
    told = live.execute(1, "print(exercises.progress())")
    assert re.search(r"load-once +done, 1 try", told)


def test_exercise_on_threads_says_that_it_cannot_be_solved_here(
    site: str,  # noqa: F811
    context: BrowserContext,  # noqa: F811
) -> None:
    """Its cell offers no Run; the next exercise, which needs none, runs without it."""
    with live_page(context, f"{site}notebooks/13-scopes.html") as page:
        cell = page.tab.locator("div.cell").filter(has_text='start("two-writers")')
        assert cell.get_by_role("button", name="Run").count() == 0
        assert "needs threads" in cell.inner_text()
        page.run_all()
        done = page.tab.locator("div.cell").filter(has_text='start("end-the-requests")')
        assert done.get_attribute("data-live") == "passed"
        assert done.inner_text().strip().endswith("Not yet: End the requests.")


def test_drawing_without_its_library_is_one_sentence(live: LivePage) -> None:
    """Where matplotlib can't be had, the cell says so, and the next one runs."""
    told = live.execute(1, "import matplotlib.pyplot as plt\nplt.plot([1])")
    assert told == (
        "This cell asks for matplotlib, which comes from cdn.jsdelivr.net and could not be had; "
        "all else on this page runs without it."
    )
    assert any("cdn.jsdelivr.net/pyodide/v314" in url for url in live.requests)
    assert live.execute(1, "1 + 1") == "2"
    live.errors.clear()


def test_other_dialects_come_when_they_are_asked_for(live: LivePage) -> None:
    """SQL for another database is to be had, and its files are loaded with it."""
    told = live.execute(
        1,
        "from sqlalchemy import select\nfrom sqlalchemy.dialects import postgresql\n"
        "from session_demo.models import Author\n"
        "print(select(Author.id).limit(1).compile(dialect=postgresql.dialect()))",
    )
    assert "LIMIT %(param_1)s" in told
    assert any("sqlalchemy_more" in url for url in live.requests)


def test_nothing_comes_from_elsewhere(site: str, live: LivePage) -> None:  # noqa: F811
    """A whole run asks this site alone."""
    live.run(3)
    live.execute(1, "1")
    assert [url for url in live.requests if not url.startswith((site, "data:", "blob:"))] == []


def test_cell_that_cannot_run_says_what_it_needs(site: str, context: BrowserContext) -> None:  # noqa: F811
    """It has no button, keeps its output, and leads to the page that says how to run it."""
    with live_page(context, f"{site}notebooks/13-scopes.html") as page:
        cell = page.tab.locator("div.cell.tag_needs-threads").first
        assert cell.locator("button.live-button").count() == 0
        told = cell.locator(".live-tools").inner_text()
        assert told.startswith(
            "Stored output: this cell needs threads, which Python in the browser hasn't got."
        )
        assert cell.locator(".live-tools a").get_attribute("href") == "../book/installing.html"


def test_book_works_below_a_folder_of_its_site(browser: Browser, tmp_path: Path) -> None:  # noqa: F811
    """Nothing depends on the book being at the root of its host."""
    (tmp_path / "session-book").symlink_to(SITE)
    with make_server(tmp_path) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        context = browser.new_context()
        with live_page(context, f"{address(server)}session-book/{CHAPTER}") as page:
            assert page.run(3) == "True"
            assert page.execute(3, "2 + 2") == "4"
        context.close()
        server.shutdown()


def test_file_is_a_page_to_read(browser: Browser) -> None:  # noqa: F811
    """Opened from a disk the page has its outputs, and no buttons that do nothing."""
    tab = browser.new_page()
    tab.goto((SITE / CHAPTER).as_uri(), wait_until="load")
    assert tab.locator(".live-button").count() == 0
    assert tab.locator(".cell_output").count() > 10
    assert tab.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily") != "serif"
    tab.close()


def test_site_without_its_files_has_no_buttons(browser: Browser, tmp_path: Path) -> None:  # noqa: F811
    """Where Python's files are missing, a page is what it was."""
    shutil.copytree(
        SITE, tmp_path / "site", ignore=shutil.ignore_patterns("lock-*", "lab", "wheels", "pyodide-*")
    )
    with make_server(tmp_path / "site") as server:
        Thread(target=server.serve_forever, daemon=True).start()
        tab = browser.new_page()
        tab.goto(address(server) + CHAPTER, wait_until="networkidle")
        assert tab.locator(".live-button").count() == 0
        tab.close()
        server.shutdown()
