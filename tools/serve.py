"""Serve a folder on this machine only.

python tools/serve.py FOLDER [--port PORT]
"""

import argparse
import errno
import signal
import sys
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NoReturn

HOST = "127.0.0.1"
PORTS_TRIED = 50


class Handler(SimpleHTTPRequestHandler):
    """Serve files without a log and with the MIME types that browsers insist on."""

    # The system's own table may lack these, and a browser runs no module of another type.
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".svg": "image/svg+xml",
    }

    def end_headers(self) -> None:
        """Let the browser ask again, so that a rebuilt page is seen at once.

        What lies in folders named after their content never changes.
        """
        lasting = self.path.startswith("/_live/")
        self.send_header("Cache-Control", "max-age=31536000, immutable" if lasting else "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""


def make_server(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """Return a server of *folder*, bound to *port* or to the next free one.

    Args:
        folder: What to serve.
        port: The first port to try; 0 takes any free one.

    Raises:
        NotADirectoryError: There is no such folder.
        OSError: None of the ports tried is free.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"Can't serve {folder}: no such folder. `make html` builds the book.")
    handler = partial(Handler, directory=str(folder))
    for candidate in range(port, port + PORTS_TRIED):
        try:
            return ThreadingHTTPServer((HOST, candidate), handler)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise OSError(f"Can't serve on port {port}: it and those after it are taken. Name one with --port.")


def address(server: ThreadingHTTPServer) -> str:
    """Return what to type into a browser."""
    return f"http://{HOST}:{server.server_port}/"


def serve(folder: Path, port: int) -> None:
    """Serve *folder* until SIGINT or SIGTERM."""

    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    with suppress(KeyboardInterrupt), make_server(folder, port) as server:
        if server.server_port > port > 0:
            print(f"Port {port} is taken.")
        print(f"Serving {folder} at {address(server)} - Ctrl-C ends it.", flush=True)
        server.serve_forever()


def main() -> int:
    """Serve the folder that the command line names."""
    parser = argparse.ArgumentParser(description="Serve a folder on this machine only.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=8000, help="the first port to try (default: 8000)")
    arguments = parser.parse_args()
    try:
        serve(arguments.folder, arguments.port)
    except (OSError, OverflowError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
