"""Addresses of the webcam page and its socket."""

from __future__ import annotations

from django.urls import path

from engageai.live import consumers, views

SOCKET = "ws/s/<uuid:session_id>/live/<slug:environment>"

urlpatterns = [
    path("live/", views.start, name="live-start"),
    path("s/<uuid:session_id>/live/", views.again, name="live-again"),
]

websocket_urlpatterns = [
    path(SOCKET, consumers.Live.as_asgi(), name="live-socket"),
    path(f"{SOCKET}/<uuid:recording_id>", consumers.Live.as_asgi(), name="live-socket-again"),
]
