"""Every address of the server; each app names its own."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from engageai import health, notice

urlpatterns = [
    path("", include("engageai.upload.urls")),
    path("", include("engageai.live.urls")),
    path("", include("engageai.presence.urls")),
    path("", include("engageai.content.urls")),
    path("", include("engageai.scholarly.urls")),
    path("", include("engageai.film.urls")),
    path("", include("engageai.api.urls")),
    path("", include("analytics.urls")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.numbers, name="metrics"),
    path("notice/", notice.notice, name="notice"),
    path("admin/", admin.site.urls),
]

handler400 = "engageai.errors.bad_request"
handler403 = "engageai.errors.forbidden"
handler404 = "engageai.errors.not_found"
handler500 = "engageai.errors.server_error"
