"""Addresses of a recording's results, each open to its owner alone; and of the page that compares two, open to all."""

from __future__ import annotations

from django.urls import path

from analytics import explain_views, export_views, media, views

RECORDING = "s/<uuid:session_id>/recordings/<uuid:recording_id>"

urlpatterns = [
    path(f"{RECORDING}/", views.show, name="recording-show"),
    path(f"{RECORDING}/figures/<slug:environment>.json", views.figures, name="recording-figures"),
    path(f"{RECORDING}/moments/", views.moments, name="recording-moments"),
    path(f"{RECORDING}/boxes.json", views.boxes, name="recording-boxes"),
    path(f"{RECORDING}/result.json", views.result, name="recording-result"),
    path(f"{RECORDING}/video", media.video, name="recording-video"),
    path(f"{RECORDING}/why/", explain_views.why, name="recording-why"),
    path(f"{RECORDING}/bench.json", explain_views.bench, name="recording-bench"),
    path(f"{RECORDING}/interval.json", explain_views.interval, name="recording-interval"),
    path(f"{RECORDING}/export/tables/<slug:name>.csv", export_views.table, name="export-table"),
    path(f"{RECORDING}/export/charts/<slug:name>.<slug:kind>", export_views.chart, name="export-chart"),
    path(f"{RECORDING}/export/report.pdf", export_views.printed, name="export-report"),
    path(f"{RECORDING}/export/everything.zip", export_views.everything, name="export-bundle"),
    path("compare/", export_views.compare, name="compare"),
]
