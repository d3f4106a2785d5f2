"""See what a SQLAlchemy ORM Session does: record it, show it, learn from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .architecture import architecture
from .base_model import BaseModel
from .database import SQLAlchemy
from .engine import create_engine, temporary_sqlite_url
from .expected import expect_error
from .explaining import Explanation, explain
from .session import Session
from .tracing import ObjectState, Recording, Snapshot, Trace, load_trace, snapshot, state_of, trace

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__version__ = "0.1.0"

__all__ = [
    "BaseModel",
    "Explanation",
    "ObjectState",
    "Recording",
    "SQLAlchemy",
    "Session",
    "Snapshot",
    "Trace",
    "architecture",
    "create_engine",
    "expect_error",
    "explain",
    "load_trace",
    "snapshot",
    "state_of",
    "temporary_sqlite_url",
    "trace",
]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Answer ``%load_ext session_demo``."""
    from . import ipython

    ipython.load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Answer ``%unload_ext session_demo``."""
    from . import ipython

    ipython.unload(shell)
