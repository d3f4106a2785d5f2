"""Exercises that are judged by what the session did.

``start("load-once")`` gives a task, a fresh database and a session; its ``check(answer)`` runs an answer and
says what the session did, what is not as the task asks, and a hint.
"""

from .catalogue import names
from .exercise import Exercise, Verdict
from .progress import Progress, Standing
from .started import Started, check, progress, start

__all__ = ["Exercise", "Progress", "Standing", "Started", "Verdict", "check", "names", "progress", "start"]
