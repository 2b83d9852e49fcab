"""The app of what was said: transcripts, their paragraphs beside the readings, captions."""

from __future__ import annotations

from django.apps import AppConfig


class Content(AppConfig):
    name = "engageai.content"
