"""Cells run in Firefox as they do in Chromium, where the machine has one.

Firefox speaks WebDriver BiDi by itself, over a WebSocket: no driver has to be installed beside it.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from living import CELLS, QUIET
from test_live_parity import WITH_CELLS, excused
from test_site import site  # noqa: F401 - a fixture

pytestmark = pytest.mark.browser

PROGRAM = shutil.which("firefox") or shutil.which("firefox-esr")
CHAPTERS = [page for page in WITH_CELLS if page.startswith("notebooks/")]
LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
SECONDS = 120
CONTROL, SHIFT, ENTER = "\ue009", "\ue008", "\ue007"


class Firefox:
    """A Firefox without a window, with one tab.

    Args:
        program: Where it is.
        profile: An empty folder for its profile.
    """

    def __init__(self, program: str, profile: Path) -> None:
        from websocket import create_connection

        command = [program, "--headless", "--no-remote", "--profile", str(profile)]
        self._process = subprocess.Popen(
            [*command, "--remote-debugging-port", "0"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr
        told = next(filter(None, map(LISTENING.search, self._process.stderr)))
        self._socket = create_connection(f"{told[1]}/session", timeout=SECONDS, suppress_origin=True)
        self._numbers = count(1)
        self._call("session.new", capabilities={})
        self._tab = self._call("browsingContext.create", type="tab")["context"]

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (answer := json.loads(self._socket.recv())).get("id") != number:
            pass
        assert answer["type"] == "success", answer
        result: dict[str, Any] = answer["result"]
        return result

    def open(self, address: str) -> None:
        self._call("browsingContext.navigate", context=self._tab, url=address, wait="complete")
        self.wait("() => Boolean(document.querySelector('.live-bar'))")

    def evaluate(self, function: str) -> Any:
        """Call a function of the page; what it returns must be JSON."""
        told = self._call(
            "script.evaluate",
            expression=f"JSON.stringify(({function})() ?? null)",
            target={"context": self._tab},
            awaitPromise=True,
        )
        assert told["type"] == "success", told
        return json.loads(told["result"]["value"])

    def wait(self, condition: str) -> None:
        until = monotonic() + SECONDS
        while not self.evaluate(condition):
            assert monotonic() < until, condition
            sleep(0.1)

    def click(self, name: str) -> None:
        self.evaluate(f"() => document.querySelector('button[aria-label^=\"{name}\"]').click()")

    def press(self, *keys: str) -> None:
        """Press keys one by one; those of a text in a row hold each other down."""
        strokes: list[dict[str, str]] = []
        for chord in keys:
            strokes += [{"type": "keyDown", "value": key} for key in chord]
            strokes += [{"type": "keyUp", "value": key} for key in reversed(chord)]
        actions = [{"type": "key", "id": "keyboard", "actions": strokes}]
        self._call("input.performActions", context=self._tab, actions=actions)

    def close(self) -> None:
        self._socket.close()
        self._process.kill()
        self._process.wait()
        assert self._process.stderr
        self._process.stderr.close()


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """One for all pages; they share its cache, as a reader's do."""
    if not PROGRAM:
        pytest.skip("No Firefox is found: install one")
    if not CHAPTERS:
        pytest.skip("The book is not built, or without Node: make html")
    pytest.importorskip("websocket", reason="websocket-client is not installed")
    firefox = Firefox(PROGRAM, tmp_path_factory.mktemp("profile"))
    yield firefox
    firefox.close()


@pytest.mark.parametrize("page", CHAPTERS)
def test_live_output_is_the_stored_output(site: str, firefox: Firefox, page: str) -> None:  # noqa: F811
    """Run all: each cell that can run gives what is stored."""
    firefox.open(site + page)
    before = firefox.evaluate(CELLS)
    firefox.click("Run all")
    firefox.wait(QUIET)
    wrong = {
        number: (now["state"], now["output"])
        for number, (then, now) in enumerate(zip(before, firefox.evaluate(CELLS), strict=True), start=1)
        if now["state"] != ("stored" if now["need"] else "passed") or excused(now["output"]) != then["output"]
    }
    assert wrong == {}


def test_cell_is_edited_and_an_endless_loop_ended(site: str, firefox: Firefox) -> None:  # noqa: F811
    """By keyboard a cell is changed and run; Restart ends one that never ends, and the next one runs."""
    cell = "document.querySelector('div.cell[data-live]')"
    firefox.open(site + CHAPTERS[0])
    firefox.click("Edit cell 1")
    firefox.wait("() => document.activeElement.getAttribute('aria-label') === 'Code of cell 1'")
    firefox.press(CONTROL + "a", *"print(6 * 7)", SHIFT + ENTER)
    firefox.wait(f"() => {cell}.dataset.live === 'passed'")
    assert firefox.evaluate(f"() => {cell}.querySelector('.cell_output').innerText").strip() == "42"

    firefox.press(CONTROL + "a", *"while True: pass", SHIFT + ENTER)
    firefox.wait(f"() => {cell}.dataset.live === 'running'")
    firefox.click("Restart")
    firefox.wait("() => document.querySelector('.live-status').innerText.startsWith('Python is stopped')")
    firefox.press(CONTROL + "a", *"print('alive')", SHIFT + ENTER)
    firefox.wait(f"() => {cell}.dataset.live === 'passed'")
    assert firefox.evaluate(f"() => {cell}.querySelector('.cell_output').innerText").strip() == "alive"
