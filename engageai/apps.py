"""The project as a Django app, for its system checks and commands; and the admin, on a site of our own."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class EngageAI(AppConfig):
    name = "engageai"

    def ready(self) -> None:
        from engageai import checks  # noqa: F401  (registers them, once the settings are read)


class Staff(AdminConfig):
    default_site = "engageai.staff.StaffSite"
