"""Misconfiguration that `manage.py check` can see, and that the server refuses to start with: only what Django's own
checks leave open. Knows settings, and whether a name is this machine's own; no request.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from engageai import proxies

SECRET_KEY_LENGTH: Final = 50
SECRET_KEY_CHARACTERS: Final = 5  # different ones, as Django's own check for deployments asks
ANYWHERE: Final = ("0.0.0.0", "::", "")  # noqa: S104  # what a container listens on: who reaches it is not told by this


@register(Tags.security)
def production(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    parts = [_proxies, _debugging] if settings.DEBUG else [_proxies, _secret_key, _hosts, _origins, _https]
    return [message for part in parts for message in part()]


def refuse_to_start() -> None:
    """Ends the process, with the reasons, when the server must not serve like this."""
    serious = [message for message in production() if message.is_serious() and not message.is_silenced()]
    if serious:
        sys.exit("\n".join(["EngageAI does not start like this.", *map(str, serious)]))


def is_local(host: str) -> bool:
    """Whether only this machine can call something by this name."""
    bare = host.strip("[]").lower()
    try:
        return ip_address(bare).is_loopback
    except ValueError:
        return bare == "localhost" or bare.endswith(".localhost")


def _debugging() -> list[CheckMessage]:
    called = [*settings.ALLOWED_HOSTS, *map(_host_of, settings.ORIGINS)]
    if is_local(settings.HOST) and all(map(is_local, called)):
        return []
    hint = "Set DEBUG=False, or HOST, ALLOWED_HOSTS and ORIGINS to this machine alone."
    return [Error("DEBUG shows the insides of errors to other machines", hint=hint, id="engageai.E004")]


def _secret_key() -> list[CheckMessage]:
    key = settings.SECRET_KEY
    if len(key) >= SECRET_KEY_LENGTH and len(set(key)) >= SECRET_KEY_CHARACTERS and "insecure" not in key:
        return []
    hint = "Unset SECRET_KEY, and one is made and kept in DATA_DIR; or set 50 random characters."
    return [Error("SECRET_KEY is too weak to keep sessions apart", hint=hint, id="engageai.E001")]


def _hosts() -> list[CheckMessage]:
    if settings.ALLOWED_HOSTS and "*" not in settings.ALLOWED_HOSTS:
        return []
    hint = "Set ALLOWED_HOSTS to the names by which this server is called."
    return [Error("ALLOWED_HOSTS lets any host name in", hint=hint, id="engageai.E002")]


def _origins() -> list[CheckMessage]:
    if any(not _is_exact(origin) for origin in settings.ORIGINS):
        hint = "Write each as scheme://host or scheme://host:port, in lower case, with nothing after it."
        return [Error("ORIGINS holds something that no browser sends", hint=hint, id="engageai.E003")]
    plain = [origin for origin in settings.ORIGINS if not origin.startswith("https://")]
    if any(not is_local(_host_of(origin)) for origin in plain):
        hint = "Put a proxy that speaks https before it, and set ORIGINS to its https:// addresses."
        return [Error("ORIGINS lets plain pages of other machines in", hint=hint, id="engageai.E005")]
    if settings.HTTPS and plain:
        hint = "Set ORIGINS to the https:// addresses of this server."
        return [Warning("HTTPS is on, but ORIGINS lets plain pages in", hint=hint, id="engageai.W001")]
    return []


def _https() -> list[CheckMessage]:
    if not settings.HTTPS:
        names = [name for name in (settings.HOST, *settings.ALLOWED_HOSTS) if name not in ANYWHERE]
        if all(map(is_local, names)):
            return []
        hint = "Put a proxy that speaks https before it, and set HTTPS=True: cookies would travel in the open."
        return [Error("HTTPS is off, but other machines may call", hint=hint, id="engageai.E006")]
    if not settings.TRUSTED_PROXIES:
        hint = "Set TRUSTED_PROXIES to the address of the proxy that speaks https, such as 127.0.0.1."
        return [Error("HTTPS is on, but nobody is believed to speak it", hint=hint, id="engageai.E007")]
    return []


def _proxies() -> list[CheckMessage]:
    try:
        proxies.networks(settings.TRUSTED_PROXIES)
    except ValueError as error:
        hint = "Name addresses or networks, such as 127.0.0.1,10.0.0.0/8."
        return [Error(f"TRUSTED_PROXIES: {error}", hint=hint, id="engageai.E008")]
    return []


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).hostname or ""
    except ValueError:
        return ""


def _is_exact(origin: str) -> bool:
    return re.fullmatch(r"https?://[a-z0-9.\-\[\]:]+", origin) is not None
