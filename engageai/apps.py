"""The project as a Django app, for its system checks alone."""

from __future__ import annotations

from django.apps import AppConfig


class EngageAI(AppConfig):
    name = "engageai"

    def ready(self) -> None:
        from engageai import checks  # noqa: F401  (registers them, once the settings are read)
