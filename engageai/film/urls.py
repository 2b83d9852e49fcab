"""Addresses of the annotated video."""

from __future__ import annotations

from django.urls import path

from engageai.film import views

RECORDING = "s/<uuid:session_id>/recordings/<uuid:recording_id>"

urlpatterns = [
    path(f"{RECORDING}/film/", views.state, name="film-state"),
    path(f"{RECORDING}/film/begin/", views.begin, name="film-begin"),
    path(f"{RECORDING}/film/cancel/", views.cancel, name="film-cancel"),
    path(f"{RECORDING}/film.mp4", views.download, name="export-film"),
]
