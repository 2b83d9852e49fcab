"""Addresses by which a tab holds its session, and lets it go."""

from __future__ import annotations

from django.urls import path

from engageai.presence import consumers, views

urlpatterns = [
    path("s/<uuid:session_id>/wipe/", views.wipe, name="session-wipe"),
]

websocket_urlpatterns = [
    path("ws/s/<uuid:session_id>/presence", consumers.Presence.as_asgi(), name="session-presence-socket"),
]
