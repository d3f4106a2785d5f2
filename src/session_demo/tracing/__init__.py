"""Watch a session: hooks -> records -> events -> trace -> pictures."""

from .events import ObjectState
from .loading import load_trace
from .recorder import trace
from .recording import Recording
from .snapshot import Snapshot, snapshot, state_of
from .traces import Trace

__all__ = ["ObjectState", "Recording", "Snapshot", "Trace", "load_trace", "snapshot", "state_of", "trace"]
