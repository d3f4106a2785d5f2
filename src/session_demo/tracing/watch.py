"""Which sessions a recording hears: the one it was given, or each that a class makes."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Protocol

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from .hooks import SessionHooks

Make = Callable[[Session], SessionHooks]


class Watch(Protocol):
    """Attaches hooks to sessions, and takes them off."""

    def start(self) -> None:
        """Begin to hear."""

    def stop(self) -> None:
        """Hear nothing any more."""


class SessionWatch:
    """Hears one session.

    Args:
        session: The session; it is referenced weakly.
        make: Makes the hooks for it.
    """

    def __init__(self, session: Session, make: Make) -> None:
        self._session = weakref.ref(session)
        self._make = make
        self._hooks: SessionHooks | None = None

    def start(self) -> None:
        """Put the hooks on."""
        session = self._session()
        if session is not None:
            self._hooks = self._make(session)
            self._hooks.attach()

    def stop(self) -> None:
        """Take the hooks off."""
        if self._hooks is not None:
            self._hooks.detach()
        self._hooks = None


class ClassWatch:
    """Hears each session of a class from its next transaction on, whichever thread uses it.

    One listener per class tells of sessions that begin something. It is put there once and stays, for to
    take it away could disturb a thread that is just calling it; it sleeps while nobody watches.

    Args:
        watched: The class; its subclasses count too.
        make: Makes the hooks for one session.
    """

    def __init__(self, watched: type[Session], make: Make) -> None:
        self._watched = watched
        self._make = make
        self._over = False
        # Threads bring sessions while another one ends the recording.
        self._lock = threading.Lock()
        self._hooks: weakref.WeakKeyDictionary[Session, SessionHooks] = weakref.WeakKeyDictionary()

    def start(self) -> None:
        """Wait for sessions."""
        global _watches
        self._over = False
        _watches = (*_watches, self)
        if self._watched not in _guarded:
            _guarded.add(self._watched)
            event.listen(self._watched, "after_transaction_create", _session_at_work)

    def stop(self) -> None:
        """Take the hooks off."""
        global _watches
        self._over = True
        _watches = tuple(other for other in _watches if other is not self)
        with self._lock:
            heard = list(self._hooks.values())
            self._hooks.clear()
        for hooks in heard:
            hooks.detach()

    def meet(self, session: Session, transaction: SessionTransaction) -> None:
        """Put hooks on a session that is new here, and let them hear what it is beginning."""
        if not isinstance(session, self._watched) or session in self._hooks:
            return
        hooks = self._make(session)
        hooks.attach()
        hooks.transaction_begun(session, transaction)
        with self._lock:
            over = self._over
            if not over:
                self._hooks[session] = hooks
        if over:  # another thread has just ended the recording
            hooks.detach()


_watches: tuple[ClassWatch, ...] = ()
_guarded: weakref.WeakSet[type[Session]] = weakref.WeakSet()


def _session_at_work(session: Session, transaction: SessionTransaction) -> None:
    try:
        for watch in _watches:
            watch.meet(session, transaction)
    except Exception:  # noqa: BLE001 - a defect of the instrument must not become one of the program
        return
