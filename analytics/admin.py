"""What the operator may see: that sessions and recordings exist, how large they are and how far they came."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from analytics.models import AnalysisSession, Recording


class ReadOnly(admin.ModelAdmin[Any]):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(AnalysisSession)
class AnalysisSessionAdmin(ReadOnly):
    list_display = ("id", "created_at", "seen_at")
    exclude = ("owner_hash",)


@admin.register(Recording)
class RecordingAdmin(ReadOnly):
    list_display = ("id", "session", "status", "stage", "progress", "size_bytes", "heartbeat_at", "finished_at")
    list_filter = ("status", "stage")
    exclude = ("name",)
