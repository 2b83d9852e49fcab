"""The app that finds what to read next."""

from __future__ import annotations

from django.apps import AppConfig


class Scholarly(AppConfig):
    name = "engageai.scholarly"

    def ready(self) -> None:
        from engageai.scholarly import hosts

        hosts.refuse_strange_stand_ins()
