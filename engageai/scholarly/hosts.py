"""The hosts that this app may call, and no other. Knows their addresses; refuses to know what is asked of them.

A stand-in takes a host's place in tests and lies on this machine: any other address is refused when the server starts,
so that no setting can turn a search into a way to somebody else's network.
"""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

HOSTS: Final = {
    "crossref": "https://api.crossref.org",
    "arxiv": "https://export.arxiv.org",
    "openalex": "https://api.openalex.org",
    "gemini": "https://generativelanguage.googleapis.com",
}


def origin(name: str) -> str:
    """scheme://host:port of a service."""
    return _stand_ins().get(name, HOSTS[name])


def refuse_strange_stand_ins() -> None:
    _stand_ins()


def _stand_ins() -> dict[str, str]:
    return dict(_stand_in(pair) for pair in settings.SCHOLARLY_STAND_INS)


def _stand_in(pair: str) -> tuple[str, str]:
    name, _, address = pair.partition("=")
    if name not in HOSTS or not _is_of_this_machine(address):
        msg = f"Unexpected value SCHOLARLY_STAND_INS={pair}, use NAME=http://127.0.0.1:PORT, NAME of {', '.join(HOSTS)}"
        raise ImproperlyConfigured(msg)
    return name, address


def _is_of_this_machine(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return (
            ipaddress.ip_address(parts.hostname or "").is_loopback
            and address == f"http://{parts.netloc}"
            and parts.port is not None
            and parts.username is None
        )
    except ValueError:
        return False
