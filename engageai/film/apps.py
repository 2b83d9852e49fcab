"""The app of the annotated video: made when it is asked for, watched, stopped, taken away."""

from __future__ import annotations

from django.apps import AppConfig


class Film(AppConfig):
    name = "engageai.film"
