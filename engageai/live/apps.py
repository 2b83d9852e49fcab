"""The app that reads a webcam as it runs."""

from __future__ import annotations

from django.apps import AppConfig


class Live(AppConfig):
    name = "engageai.live"
