"""The application of the asyncio page on a real server, asked by many clients at once."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from typing import Any

import uvicorn

from serving import Server, eventually

PAGE = (Path(__file__).parents[1] / "book/asyncio.md").read_text(encoding="utf-8")
PROGRAM = "".join(re.findall(r"```python\n(.*?)```", PAGE.partition("One client asks")[0], re.DOTALL))


def test_many_clients_at_once() -> None:
    """Each write that was answered is there, none that failed is, and no session is left."""
    page: dict[str, Any] = {"__name__": "page"}
    exec(compile(PROGRAM, "asyncio.md", "exec", dont_inherit=True), page)
    asyncio.run(page["engine"].dispose())  # its connections belong to the loops of the page
    server = uvicorn.Server(uvicorn.Config(page["app"], host="127.0.0.1", port=0, log_level="critical"))
    thread = Thread(target=server.run)
    thread.start()
    assert eventually(lambda: server.started)
    asked = Server(server.servers[0].sockets[0].getsockname()[1])
    paths = [f"/{kind}/{kind}-{number}" for number in range(100) for kind in ("authors", "broken")]
    with ThreadPoolExecutor(16) as clients:
        found = list(clients.map(lambda path: asked.get(path, "POST").status, paths))
    total = asked.get("/count").text
    server.should_exit = True
    thread.join()
    assert found == [200, 409] * 100
    assert total == "102"
    assert page["request_session"].registry.registry == {}
    asyncio.run(page["engine"].dispose())
