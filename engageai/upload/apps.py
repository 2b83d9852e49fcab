"""The app that takes recordings in."""

from __future__ import annotations

from django.apps import AppConfig


class Upload(AppConfig):
    name = "engageai.upload"
