"""Every address of the server; each app names its own."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from engageai import health

urlpatterns = [
    path("", include("engageai.upload.urls")),
    path("", include("engageai.live.urls")),
    path("", include("engageai.content.urls")),
    path("", include("engageai.scholarly.urls")),
    path("", include("analytics.urls")),
    path("healthz", health.healthz, name="healthz"),
    path("admin/", admin.site.urls),
]

handler400 = "engageai.errors.bad_request"
handler403 = "engageai.errors.forbidden"
handler404 = "engageai.errors.not_found"
handler500 = "engageai.errors.server_error"
