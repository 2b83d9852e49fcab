"""The thread that ends sessions: those whose pages have closed, and those that nobody looks at.

It runs beside the server and looks every few seconds. Knows when a session has to end; how it ends is the store's.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings

from analytics import access, store
from engageai import arrivals, endings
from engageai.presence.registry import registry
from engageai.watchdog import Watchdog

log = logging.getLogger(__name__)


_thread = Watchdog()


def start() -> None:
    """Pages that were open when the last server ended have as long to come back as those that have just closed."""
    registry.expect(store.held())
    _thread.start([reap], settings.SWEEP_EVERY_S)


def stop() -> None:
    _thread.stop()


def reap() -> None:
    """One round. Before anything that is too old goes: an open page may have slept with the machine for a night."""
    access.remember(registry.browsers())
    in_use = {*registry.open(), *endings.listening()}  # a program has no page, and its upload may take an hour
    for session_id in store.keep_alive(in_use):
        endings.tell(session_id)  # wiped by another process, or while its page came in
    for session_id in registry.closed_for(settings.CLOSED_TAB_S):
        store.wipe(session_id, hash_s=0)  # there is nobody to read a receipt
        registry.forget(session_id)
        log.info("session %s ended with its last page", session_id)
    store.sweep(timedelta(minutes=settings.SESSION_IDLE_MIN), arriving=arrivals.files())
