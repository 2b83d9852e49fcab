"""Addresses of a recording's results; each is open to its owner alone."""

from __future__ import annotations

from django.urls import path

from analytics import media, views

RECORDING = "s/<uuid:session_id>/recordings/<uuid:recording_id>"

urlpatterns = [
    path(f"{RECORDING}/", views.show, name="recording-show"),
    path(f"{RECORDING}/figures/<slug:environment>.json", views.figures, name="recording-figures"),
    path(f"{RECORDING}/boxes.json", views.boxes, name="recording-boxes"),
    path(f"{RECORDING}/result.json", views.result, name="recording-result"),
    path(f"{RECORDING}/video", media.video, name="recording-video"),
]
