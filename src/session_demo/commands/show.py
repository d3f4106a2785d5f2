"""`session-demo show`: print or convert a trace that was saved."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TextIO

from ..tracing import Trace, load_trace
from ..tracing.render import terminal, text

NAME = "show"
HELP = "print a saved trace, or write it for a browser or for Perfetto"

FORMATS = ("text", "html", "perfetto")


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command understands."""
    parser.add_argument("file", help="what Trace.save() wrote; - reads standard input")
    parser.add_argument("--format", choices=FORMATS, default="text", help="what to write (text)")
    parser.add_argument("--output", metavar="FILE", help="where to write (standard output)")
    parser.add_argument("--width", type=_width, metavar="N", help="columns of text (those of the terminal)")
    parser.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto", help="colours in text (auto)"
    )


def _width(told: str) -> int:
    if not told.isdecimal() or int(told) < text.NARROWEST:
        raise ArgumentTypeError(f"{told!r} is no whole number from {text.NARROWEST}")
    return int(told)


def run(arguments: Namespace) -> int:
    """Carry the command out.

    Raises:
        OSError: A file cannot be read or written.
        TraceFormatError: The file holds no trace.
    """
    # The trace comes first: where it cannot be read, the output file stays as it was.
    story = _read(arguments.file)
    if arguments.output in (None, "-"):
        _write(story, arguments, sys.stdout)
    else:
        with Path(arguments.output).open("w", encoding="utf-8") as stream:
            _write(story, arguments, stream)
    return 0


def _read(file: str) -> Trace:
    if file == "-":
        return Trace.from_json(sys.stdin.read())
    return load_trace(file)


def _write(story: Trace, arguments: Namespace, stream: TextIO) -> None:
    match arguments.format:
        case "html":
            told = story.to_html()
        case "perfetto":
            told = story.to_perfetto()
        case _:
            auto = arguments.color == "auto"
            colour = terminal.has_colour(stream) if auto else arguments.color == "always"
            told = text.render(story, arguments.width or terminal.width_of(stream), colour) + "\n"
    # Line by line: a pipe that breaks within one long write goes unnoticed.
    stream.writelines(terminal.writable(told, stream).splitlines(keepends=True))
    stream.flush()
