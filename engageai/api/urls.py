"""The address of the interface; each operation names its own."""

from __future__ import annotations

from django.urls import path

from engageai.api.interface import api

urlpatterns = [path("api/v1/", api.urls)]
