"""What a series of readings means, and the record of it, as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class Analytics(AppConfig):
    name = "analytics"
