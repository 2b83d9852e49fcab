"""What the results page offers to take away: names and addresses, arranged for its template."""

from __future__ import annotations

from typing import Any, Final

from django import template
from django.urls import NoReverseMatch, reverse

from analytics import scoring, store, transcripts
from analytics import takeaway as made
from analytics.exports.tables import TABLES
from analytics.models import Recording
from analytics.results import Result

register = template.Library()

CHARTS: Final = (
    ("series", "series", "Over time"),
    ("environments", "environments", "Four environments"),
    ("distribution", "distribution", "Expressions"),
    ("faces", "lanes", "Face by face"),
)
PRESENCE: Final = (("presence", "series", "Faces in view"),)
"""(name of the file, place on the page, words)."""
WORDS: Final = (("vtt", "VTT"), ("srt", "SRT"), ("txt", "Text"), ("json", "JSON"))


@register.simple_tag
def takeaway(recording: Recording, result: Result) -> dict[str, Any]:
    keys = [recording.session_id, recording.id]
    label = made.label(recording, scoring.environment(recording.environment))
    has_scores = recording.reads_expressions and result.get("distribution") is not None
    tables = [table for table in TABLES if recording.reads_expressions or not table.is_expressive]
    return {
        "made_by": label.made_by,
        "made_with": f"{label.pace} · settings {label.settings_id}",
        "stem": made.stem(recording.name, label),
        "reads_expressions": recording.reads_expressions,
        "bundle": reverse("export-bundle", args=keys),
        "report": reverse("export-report", args=keys),
        "result": reverse("recording-result", args=keys),
        "charts": [_chart(keys, *chart) for chart in _charts(recording, has_scores=has_scores)],
        "tables": [
            {
                "name": each.name,
                "label": each.name.capitalize(),
                "url": reverse("export-table", args=[*keys, each.name]),
            }
            for each in tables
            if each.name != "moments" or has_scores
        ],
        "engagement": _known("content-engagement", keys),
        "words": [{"label": words, "url": _known("content-file", [*keys, kind])} for kind, words in WORDS],
        "has_words": store.transcript_of(recording) is not None,
        "words_are_coming": transcripts.are_coming(recording),
        "film": _known("film-state", keys) if store.has_video(recording) else "",
    }


def _charts(recording: Recording, *, has_scores: bool) -> tuple[tuple[str, str, str], ...]:
    if not recording.reads_expressions:
        return PRESENCE if recording.faces else ()
    return CHARTS if has_scores else ()


def _chart(keys: list[Any], name: str, place: str, label: str) -> dict[str, str]:
    svg, png = (reverse("export-chart", args=[*keys, name, kind]) for kind in ("svg", "png"))
    return {"label": label, "place": place, "svg": svg, "png": png}


def _known(name: str, keys: list[Any]) -> str:
    """The address in an app above this one; empty where that app is not installed."""
    try:
        return reverse(name, args=keys)
    except NoReverseMatch:
        return ""
