"""See what a SQLAlchemy ORM Session does: record it, show it, learn from it."""

from .architecture import architecture
from .engine import create_engine, temporary_sqlite_url
from .expected import expect_error
from .tracing import ObjectState, Recording, Snapshot, Trace, load_trace, snapshot, state_of, trace

__version__ = "0.1.0"

__all__ = [
    "ObjectState",
    "Recording",
    "Snapshot",
    "Trace",
    "architecture",
    "create_engine",
    "expect_error",
    "load_trace",
    "snapshot",
    "state_of",
    "temporary_sqlite_url",
    "trace",
]
