"""The address of what to read next; open to the recording's owner alone."""

from __future__ import annotations

from django.urls import path

from engageai.scholarly import views

urlpatterns = [
    path(
        "s/<uuid:session_id>/recordings/<uuid:recording_id>/resources/",
        views.resources,
        name="scholarly-resources",
    ),
]
