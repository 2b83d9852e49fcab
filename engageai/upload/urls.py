"""Addresses of the way in: the start page, the upload, and how far its analysis has come."""

from __future__ import annotations

from django.urls import path

from engageai.upload import consumers, views

RECORDING = "s/<uuid:session_id>/recordings/<uuid:recording_id>"

urlpatterns = [
    path("", views.start, name="upload-start"),
    path("s/<uuid:session_id>/", views.again, name="upload-again"),
    path("s/<uuid:session_id>/recordings/", views.new, name="upload-new"),
    path(f"{RECORDING}/progress/", views.progress, name="upload-progress"),
    path(f"{RECORDING}/cancel/", views.cancel, name="upload-cancel"),
]

websocket_urlpatterns = [
    path(f"ws/{RECORDING}/progress", consumers.Progress.as_asgi(), name="upload-progress-socket"),
]
