"""Real WSGI servers on loopback, in a thread of the test."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any, NamedTuple


class Response(NamedTuple):
    """What a server answered."""

    status: int
    text: str


class Server(NamedTuple):
    """A server that runs, and how to ask it."""

    port: int

    def get(self, path: str, method: str = "GET") -> Response:
        """Send a request on a connection of its own, and read the whole answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return Response(answer.status, answer.read().decode())
        finally:
            connection.close()

    def leave_after(self, path: str, size: int = 20) -> bytes:
        """Read *size* bytes of the answer, and be gone."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n".encode())
        seen = client.recv(size)
        # A reset instead of a polite end: the server notices at its next write.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        return seen


@contextmanager
def waitress_server(app: Any, threads: int = 4) -> Iterator[Server]:
    """Waitress with its pool of threads."""
    from waitress.server import create_server

    # It notices that a client is gone when it waits for it to read.
    server = create_server(
        app,
        host="127.0.0.1",
        port=0,
        threads=threads,
        outbuf_high_watermark=2**16,
        connection_limit=500,
        clear_untrusted_proxy_headers=True,
    )
    thread = Thread(target=server.run)
    thread.start()
    try:
        yield Server(server.effective_port)
    finally:
        server.task_dispatcher.shutdown()
        pulled = Event()

        def close() -> None:
            # A worker may have woken the loop already: the trigger must not be closed while we pull it.
            pulled.wait(10)
            server.close()

        server.trigger.pull_trigger(close)
        pulled.set()
        thread.join(10)


@contextmanager
def werkzeug_server(app: Any, threads: int = 0) -> Iterator[Server]:
    """Werkzeug with a new thread for each request."""
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, *_: Any) -> None:
            """Say nothing."""

    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Server(server.server_port)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def eventually(true: Callable[[], object], seconds: float = 10) -> bool:
    """Wait until something that another thread does has happened."""
    end = monotonic() + seconds
    while not true():
        if monotonic() > end:
            return False
        sleep(0.005)
    return True
