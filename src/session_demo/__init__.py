"""See what a SQLAlchemy ORM Session does: record it, show it, learn from it."""

from .architecture import architecture
from .base_model import BaseModel
from .database import SQLAlchemy
from .engine import create_engine, temporary_sqlite_url
from .expected import expect_error
from .session import Session
from .tracing import ObjectState, Recording, Snapshot, Trace, snapshot, state_of, trace

__version__ = "0.1.0"

__all__ = [
    "BaseModel",
    "ObjectState",
    "Recording",
    "SQLAlchemy",
    "Session",
    "Snapshot",
    "Trace",
    "architecture",
    "create_engine",
    "expect_error",
    "snapshot",
    "state_of",
    "temporary_sqlite_url",
    "trace",
]
