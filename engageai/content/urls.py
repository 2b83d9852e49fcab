"""Addresses of what was said in a recording."""

from __future__ import annotations

from django.urls import path

from engageai.content import views

RECORDING = "s/<uuid:session_id>/recordings/<uuid:recording_id>"

urlpatterns = [
    path(f"{RECORDING}/transcript/", views.transcript, name="content-transcript"),
    path(f"{RECORDING}/transcript/cancel/", views.cancel, name="content-cancel"),
    path(f"{RECORDING}/transcript/again/", views.again, name="content-again"),
    path(f"{RECORDING}/transcript.<str:kind>", views.file, name="content-file"),
    path(f"{RECORDING}/engagement.vtt", views.engagement, name="content-engagement"),
]
