"""The command line: `python -m session_demo` and `session-demo`."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from .commands import exercises, mark, show
from .errors import SessionDemoError

COMMANDS = (show, exercises, mark)
"""Modules with a ``NAME``, a line of ``HELP``, ``add_arguments(parser)`` and ``run(arguments) -> int``."""

REFUSED, INTERRUPTED, BROKEN_PIPE = 1, 130, 141
"""Exit codes beside 0, and 2 for arguments that are not understood; the last two are those of shells."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command and return the exit code.

    Args:
        arguments: What follows the name of the program; None for what the program was called with.
    """
    told = _parser().parse_args(arguments)
    try:
        return int(told.run(told))
    except BrokenPipeError:
        # Whoever read along has enough. Python would flush once more at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except (SessionDemoError, OSError, UnicodeDecodeError) as error:
        print(f"session-demo: {_one_line(error)}", file=sys.stderr)  # noqa: T201 - the purpose
        return REFUSED


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="session-demo", description="See what a SQLAlchemy ORM Session did.")
    commands = parser.add_subparsers(metavar="command", required=True)
    for command in COMMANDS:
        own = commands.add_parser(command.NAME, help=command.HELP, description=f"{command.HELP}.")
        command.add_arguments(own)
        own.set_defaults(run=command.run)
    return parser


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"Can't open {error.filename}: {error.strerror}."
    return " ".join(str(error).split())


if __name__ == "__main__":
    sys.exit(main())
