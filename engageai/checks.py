"""Misconfiguration that `manage.py check` can see. Only what Django's own checks leave open."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

SECRET_KEY_LENGTH = 50


@register(Tags.security)
def production(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    if settings.DEBUG:
        return []
    return [*_secret_key(), *_hosts(), *_origins()]


def _secret_key() -> list[CheckMessage]:
    if len(settings.SECRET_KEY) >= SECRET_KEY_LENGTH:
        return []
    hint = "Unset SECRET_KEY, and one is made and kept in DATA_DIR; or set 50 random characters."
    return [Error("SECRET_KEY is too short to keep sessions apart", hint=hint, id="engageai.E001")]


def _hosts() -> list[CheckMessage]:
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    hint = "Set ALLOWED_HOSTS to the names by which this server is called."
    return [Error("ALLOWED_HOSTS lets any host name in", hint=hint, id="engageai.E002")]


def _origins() -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    if any(not _is_exact(origin) for origin in settings.ORIGINS):
        hint = "Write each as scheme://host or scheme://host:port, in lower case, with nothing after it."
        messages.append(Error("ORIGINS holds something that no browser sends", hint=hint, id="engageai.E003"))
    if settings.HTTPS and not all(origin.startswith("https://") for origin in settings.ORIGINS):
        hint = "Set ORIGINS to the https:// addresses of this server."
        messages.append(Warning("HTTPS is on, but ORIGINS lets plain pages in", hint=hint, id="engageai.W001"))
    return messages


def _is_exact(origin: str) -> bool:
    return re.fullmatch(r"https?://[a-z0-9.\-\[\]:]+", origin) is not None
