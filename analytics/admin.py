"""The operator's pages: every session and every recording, how far they came and what they take up, and the three
things that may be done to them: wipe, cancel, requeue. All else is read-only.

Knows requests, rights and how a value is written in a list; what is shown is oversight's. What visitors call their
files is not shown: the operator tells recordings apart by time and size.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime
from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from analytics import oversight, purposes, scoring, store
from analytics.admin_filters import Age, Environment, Purpose, State
from analytics.models import AnalysisSession, Recording
from analytics.templatetags import reading

log = logging.getLogger(__name__)

NOTHING: Final = "\N{EN DASH}"
MEDIA: Final = {"all": ["css/admin.css"]}
LABELS: Final = {each.name: each.label for each in scoring.ENVIRONMENTS}

# Accounts are made on the command line alone.
admin.site.unregister([User, Group])


def since(moment: datetime) -> str:
    """How long ago, in one unit that fits a narrow column."""
    seconds = int((timezone.now() - moment).total_seconds())
    if seconds < 60:
        return f"{max(seconds, 0)} s"
    return f"{seconds // 60} min" if seconds < 2 * 60 * 60 else f"{seconds // 3600} h"


class ReadOnly(admin.ModelAdmin[Any]):
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_wipe_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("analytics.delete_analysissession")

    def has_job_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("analytics.change_recording")

    def told(self, request: HttpRequest, done: int, verb: str, otherwise: str) -> None:
        """What came of an action, on the page and in the log."""
        log.info("staff %s: %s %d", request.user.pk, verb, done)
        if done:
            messages.success(request, f"{done} {'job' if done == 1 else 'jobs'} {verb}.")
        else:
            messages.warning(request, otherwise)


@admin.register(AnalysisSession)
class SessionAdmin(ReadOnly):
    list_display = (  # what an operator acts on first: the rest may be off a narrow screen
        "short_id",
        "state",
        "jobs",
        "last_heartbeat",
        "errors",
        "age",
        "last_seen",
        "on_disk",
        "recordings",
        "faces",
        "environments",
        "said_to_be_for",
    )
    list_filter = (State, Environment, Purpose, "reads_expressions", Age)
    search_fields = ("id", "recordings__id", "recordings__environment", "recordings__message")
    ordering = ("-created_at",)
    actions = ("wipe_now", "cancel_jobs", "requeue_jobs")
    change_form_template = "admin/analytics/session.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[AnalysisSession]:
        return oversight.sessions()

    def get_urls(self) -> list[URLPattern]:
        figures = self.admin_site.admin_view(self.figures)
        own = path("<uuid:session_id>/figures/<uuid:recording_id>.json", figures, name="analytics_session_figures")
        return [own, *super().get_urls()]

    def figures(self, request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> JsonResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = Recording.objects.filter(id=recording_id, session_id=session_id, session__ending_at=None).first()
        if found is None:
            raise Http404
        return JsonResponse(oversight.drawn(found))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        session = self.get_object(request, object_id)
        context = self._page(request, session) if session is not None else {}
        return super().change_view(request, object_id, form_url, context)

    def _page(self, request: HttpRequest, session: AnalysisSession) -> dict[str, Any]:
        recordings = [
            {
                "row": recording,
                "jobs": oversight.jobs(recording),
                "errors": oversight.errors(recording),
                "environment": LABELS.get(recording.environment, recording.environment),
                "purpose": purposes.label(recording.terms),
                "size": reading.size(recording.size_bytes) if recording.size_bytes else NOTHING,
                "heartbeat": f"{since(recording.heartbeat_at)} ago" if recording.heartbeat_at else NOTHING,
                "figures": reverse("admin:analytics_session_figures", args=[session.id, recording.id]),
                "url": reverse("admin:analytics_recording_change", args=[recording.id]),
            }
            for recording in session.recordings.all()
        ]
        facts = [(str(getattr(self, name).short_description), getattr(self, name)(session)) for name in FACTS]
        actions = [action[1:] for action in self.get_actions(request).values() if action is not None]
        return {"session": session, "facts": facts, "recordings": recordings, "session_actions": actions}

    @admin.display(description="Session", ordering="id")
    def short_id(self, session: AnalysisSession) -> str:
        return str(session.id)[:8]

    @admin.display(description="Age", ordering="-created_at")
    def age(self, session: AnalysisSession) -> str:
        return since(session.created_at)

    @admin.display(description="Last seen", ordering="seen_at")
    def last_seen(self, session: AnalysisSession) -> str:
        return f"{since(session.seen_at)} ago"

    @admin.display(description="State", ordering="state")
    def state(self, session: Any) -> SafeString:
        words = oversight.STATES[session.state]
        return format_html('<span class="state" data-state="{}">{}</span>', session.state, words)

    @admin.display(description="Environment")
    def environments(self, session: AnalysisSession) -> str:
        found = {LABELS.get(recording.environment, recording.environment) for recording in session.recordings.all()}
        return ", ".join(sorted(found)) or NOTHING

    @admin.display(description="Said to be for", ordering="purpose")
    def said_to_be_for(self, session: AnalysisSession) -> str:
        words = purposes.label(session.terms) or NOTHING
        return words if session.reads_expressions else f"{words} (no expressions)"

    @admin.display(description="Recordings", ordering="recording_count")
    def recordings(self, session: Any) -> int:
        return int(session.recording_count)

    @admin.display(description="Jobs")
    def jobs(self, session: AnalysisSession) -> str | SafeString:
        lines = [(job.name, job.state) for recording in session.recordings.all() for job in oversight.jobs(recording)]
        return format_html_join("", '<span class="job">{}: {}</span>', lines) or NOTHING

    @admin.display(description="On disk")
    def on_disk(self, session: AnalysisSession) -> str:
        return reading.size(oversight.disk_bytes(session.id))

    @admin.display(description="Faces", ordering="most_faces")
    def faces(self, session: Any) -> str:
        return str(session.most_faces) if session.most_faces else NOTHING

    @admin.display(description="Last heartbeat", ordering="heartbeat_at")
    def last_heartbeat(self, session: Any) -> str:
        beats = [beat for beat in (session.heartbeat_at, session.heard_at) if beat is not None]
        return f"{since(max(beats))} ago" if beats else NOTHING

    @admin.display(description="Errors")
    def errors(self, session: AnalysisSession) -> str | SafeString:
        found = [(each,) for recording in session.recordings.all() for each in oversight.errors(recording)]
        return format_html_join("", '<span class="error">{}</span>', found) or NOTHING

    @admin.action(description="Wipe now", permissions=["wipe"])
    def wipe_now(self, request: HttpRequest, chosen: QuerySet[AnalysisSession]) -> HttpResponse | None:
        """Asks first: nobody can bring it back."""
        if request.POST.get("sure") != "yes":
            site = self.admin_site.each_context(request)
            context = site | {"title": "Wipe now?", "chosen": chosen, "media": self.media}
            return TemplateResponse(request, "admin/analytics/wipe.html", context)
        ids = list(chosen.values_list("id", flat=True))
        for session_id in ids:
            store.wipe(session_id)
        log.info("staff %s: wiped %d", request.user.pk, len(ids))
        messages.success(request, f"{len(ids)} {'session is' if len(ids) == 1 else 'sessions are'} gone.")
        return HttpResponseRedirect(reverse("admin:analytics_analysissession_changelist"))

    @admin.action(description="Cancel jobs", permissions=["job"])
    def cancel_jobs(self, request: HttpRequest, chosen: QuerySet[AnalysisSession]) -> None:
        done = sum(oversight.cancel(each) for session in chosen for each in session.recordings.all())
        self.told(request, done, "cancelled", NO_JOB)

    @admin.action(description="Requeue jobs", permissions=["job"])
    def requeue_jobs(self, request: HttpRequest, chosen: QuerySet[AnalysisSession]) -> None:
        done = sum(oversight.requeue(each) for session in chosen for each in session.recordings.all())
        self.told(request, done, "requeued", NOT_AGAIN)

    class Media:
        css = MEDIA


FACTS: Final = (
    "age",
    "last_seen",
    "state",
    "environments",
    "said_to_be_for",
    "on_disk",
    "faces",
    "last_heartbeat",
)
NO_JOB: Final = "Nothing was running or waiting there."
NOT_AGAIN: Final = "There was nothing to begin anew: of a failed analysis no file is left."


@admin.register(Recording)
class RecordingAdmin(ReadOnly):
    list_display = (
        "short_id",
        "in_session",
        "status",
        "stage",
        "done",
        "heartbeat_at",
        "message",
        "source",
        "environment",
        "reads_expressions",
        "length",
        "size",
        "faces",
    )
    list_filter = ("status", "stage", "source", "environment", "reads_expressions")
    list_select_related = ("session", "transcript")
    search_fields = ("id", "session__id", "environment", "message")
    ordering = ("-created_at",)
    exclude = ("name", "may_send_sound", "may_send_text", "may_search")
    actions = ("cancel", "requeue")

    @admin.display(description="Recording", ordering="id")
    def short_id(self, recording: Recording) -> str:
        return str(recording.id)[:8]

    @admin.display(description="Session", ordering="session")
    def in_session(self, recording: Recording) -> SafeString:
        url = reverse("admin:analytics_analysissession_change", args=[recording.session_id])
        return format_html('<a href="{}">{}</a>', url, str(recording.session_id)[:8])

    @admin.display(description="Done", ordering="progress")
    def done(self, recording: Recording) -> str:
        return f"{recording.progress:.0%}".replace("%", " %")

    @admin.display(description="Length", ordering="duration_s")
    def length(self, recording: Recording) -> str:
        return f"{recording.duration_s:.0f} s" if recording.duration_s is not None else NOTHING

    @admin.display(description="Size", ordering="size_bytes")
    def size(self, recording: Recording) -> str:
        return reading.size(recording.size_bytes) if recording.size_bytes else NOTHING

    @admin.action(description="Cancel jobs", permissions=["job"])
    def cancel(self, request: HttpRequest, chosen: QuerySet[Recording]) -> None:
        self.told(request, sum(map(oversight.cancel, chosen)), "cancelled", NO_JOB)

    @admin.action(description="Requeue jobs", permissions=["job"])
    def requeue(self, request: HttpRequest, chosen: QuerySet[Recording]) -> None:
        self.told(request, sum(map(oversight.requeue, chosen)), "requeued", NOT_AGAIN)

    class Media:
        css = MEDIA
