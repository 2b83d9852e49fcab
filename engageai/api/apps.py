"""The app of the interface for programs."""

from __future__ import annotations

from django.apps import AppConfig


class Api(AppConfig):
    name = "engageai.api"
