"""The notice for the people in the picture: one sheet to print, filled in on the page. Nothing typed there is sent."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analytics.purposes import EXEMPTIONS, PURPOSES
from engageai.processors import processors


@require_safe
def notice(request: HttpRequest) -> HttpResponse:
    context = {
        "purposes": PURPOSES,
        "exemptions": EXEMPTIONS,
        "purpose": settings.PURPOSE_DEFAULT,
        "contact": settings.NOTICE_CONTACT,
        "processors": processors(),
        "idle_min": settings.SESSION_IDLE_MIN,
    }
    return render(request, "notice.html", context)
