"""What a recording's results are taken away as: the same files as on its page, and what that says as JSON."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, Final, TypeVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Query, Router

from analytics import explain_views, occasions, question, shelf, store, transcripts
from analytics.models import Recording
from analytics.transcript import parse
from engageai.api import seams, shapes
from engageai.api.operations.common import RECORDING, environment_of, file_of, read_of, refusals, result_of
from engageai.errors import Rejected

router = Router()
MOST_S: Final = 1e6
WORDS: Final = "text/plain application/x-subrip text/vtt application/json"
AT: Final = "Seconds: of a reading, or where a window that looks back ends."
TO: Final = "Seconds: where a span ends; without it, and at the latest, where the analysis did."

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def _file(path: str, media_types: str, url_name: str, summary: str) -> Callable[[View], View]:
    """Serves a file of a recording with results."""
    offered = file_of(media_types)
    return router.get(
        f"{RECORDING}/{path}", response=refusals(409), openapi_extra=offered, url_name=url_name, summary=summary
    )


def _page(
    request: HttpRequest, name: str, recording: Recording, environment: str | None, /, **names: str
) -> HttpResponseBase:
    """What the page of that name answers for an environment, the recording's own unless another was asked for."""
    query = {"environment": environment_of(recording, environment).name}
    return seams.page(request, name, recording.session_id, recording.id, query, **names)


@router.get(
    f"{RECORDING}/result.json",
    response={200: dict[str, Any], **refusals(409)},
    url_name="export-api-result",
    summary="The whole result",
)
def result(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponseBase:
    """Every score of every environment with its interval, series, faces, and what was left out and why."""
    result_of(request, session_id, recording_id)
    return seams.page(request, "recording-result", session_id, recording_id)


@router.get(
    f"{RECORDING}/figures/{{environment}}.json",
    response={200: dict[str, Any], **refusals(409)},
    url_name="export-api-figures",
    summary="The series that the page draws",
)
def figures(
    request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID, environment: shapes.EnvironmentName
) -> HttpResponseBase:
    """Reduced to what can be seen; the tables hold every value."""
    result_of(request, session_id, recording_id)
    return seams.page(request, "recording-figures", session_id, recording_id, environment=environment)


@_file("tables/{name}.csv", "text/csv", "export-api-table", "A table")
def table(
    request: HttpRequest,
    session_id: uuid.UUID,
    recording_id: uuid.UUID,
    name: shapes.TableName,
    environment: shapes.AskedEnvironment = None,
) -> HttpResponseBase:
    """404 where the recording has nothing of the kind, such as paragraphs without speech."""
    recording = result_of(request, session_id, recording_id)
    return _page(request, "export-table", recording, environment, name=name)


@_file("charts/{name}.{kind}", "image/svg+xml image/png", "export-api-chart", "A chart")
def chart(
    request: HttpRequest,
    session_id: uuid.UUID,
    recording_id: uuid.UUID,
    name: shapes.ChartName,
    kind: shapes.ChartKind,
    environment: shapes.AskedEnvironment = None,
) -> HttpResponseBase:
    """404 where it cannot be drawn: `presence` is of recordings whose expressions were not read, no other is."""
    recording = result_of(request, session_id, recording_id)
    return _page(request, "export-chart", recording, environment, name=name, kind=kind)


@_file("report.pdf", "application/pdf", "export-api-report", "The printable report")
def report(
    request: HttpRequest,
    session_id: uuid.UUID,
    recording_id: uuid.UUID,
    environment: shapes.AskedEnvironment = None,
) -> HttpResponseBase:
    return _page(request, "export-report", result_of(request, session_id, recording_id), environment)


@_file("everything.zip", "application/zip", "export-api-bundle", "Everything in one ZIP")
def everything(
    request: HttpRequest,
    session_id: uuid.UUID,
    recording_id: uuid.UUID,
    environment: shapes.AskedEnvironment = None,
    video: Annotated[bool, Query(description="With the annotated video, where it was made.")] = False,
) -> HttpResponseBase:
    """With a manifest that lists every file with its SHA-256. Without the words while they are being written down."""
    recording = result_of(request, session_id, recording_id)
    query = {"environment": environment_of(recording, environment).name, "video": "1" if video else "0"}
    return seams.page(request, "export-bundle", session_id, recording_id, query)


@router.get(
    f"{RECORDING}/transcript",
    response={200: shapes.Transcript, **refusals(409)},
    url_name="api-transcript",
    summary="What was said",
)
def transcript(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> dict[str, Any]:
    """Its paragraphs, once `status` is done; `note` says why there are none, or what is to be known of them."""
    recording = result_of(request, session_id, recording_id)
    row, response = transcripts.of(recording), store.transcript_of(recording)
    spoken = parse(response) if response is not None else None
    paragraphs = spoken.paragraphs if spoken else ()
    return {
        "status": str(transcripts.state_of(recording)),
        "progress": row.progress if row else 0.0,
        "engine": row.engine if row else "",
        "note": " ".join(filter(None, [row.note if row else "", spoken.caution if spoken else ""])),
        "language": spoken.language if spoken else "",
        "paragraphs": [{"start_s": each.start_s, "end_s": each.end_s, "text": each.text} for each in paragraphs],
    }


@_file(
    "transcript.{kind}",
    "text/plain application/x-subrip text/vtt application/json",
    "export-api-words",
    "What was said, as a file",
)
def words(
    request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID, kind: shapes.WordsKind
) -> HttpResponseBase:
    """Captions (srt, vtt), text, or every word with its time (json)."""
    result_of(request, session_id, recording_id)
    return seams.page(request, "content-file", session_id, recording_id, kind=kind)


@_file("engagement.vtt", "text/vtt", "export-api-engagement", "The score as metadata captions")
def engagement(
    request: HttpRequest,
    session_id: uuid.UUID,
    recording_id: uuid.UUID,
    environment: shapes.AskedEnvironment = None,
) -> HttpResponseBase:
    return _page(request, "content-engagement", read_of(request, session_id, recording_id), environment)


@router.get(
    f"{RECORDING}/moments",
    response={200: shapes.Moments, **refusals(409)},
    url_name="api-moments",
    summary="Moments that stand out",
)
def moments(
    request: HttpRequest,
    session_id: uuid.UUID,
    recording_id: uuid.UUID,
    environment: shapes.AskedEnvironment = None,
) -> dict[str, Any]:
    """Peaks, dips and lasting changes beyond what chance makes of a recording in which nothing happens."""
    recording = read_of(request, session_id, recording_id)
    chosen = environment_of(recording, environment)
    told, response = shelf.told(recording, chosen), store.transcript_of(recording)
    paragraphs = parse(response).paragraphs if response else ()
    found = [asdict(each.moment) | {"said": each.said} for each in occasions.occasions(told.found, paragraphs)]
    return {"environment": chosen.name, "is_long_enough": told.is_long_enough, "moments": found}


@router.get(
    f"{RECORDING}/why",
    response={200: shapes.Explanation, **refusals(409)},
    url_name="api-why",
    summary="Why a score is what it is",
)
def why(
    request: HttpRequest,
    session_id: uuid.UUID,
    recording_id: uuid.UUID,
    of: Annotated[shapes.StretchKind, Query(description="Which number.")] = "whole",
    at: Annotated[float, Query(ge=0, le=MOST_S, description=AT)] = 0.0,
    start: Annotated[float, Query(alias="from", ge=0, le=MOST_S, description="Seconds: where a span begins.")] = 0.0,
    end: Annotated[float, Query(alias="to", ge=0, le=MOST_S, description=TO)] = MOST_S,
    paragraph: Annotated[int, Query(ge=0, le=999_999, description="Of the transcript, from 0.")] = 0,
    environment: shapes.AskedEnvironment = None,
) -> dict[str, Any]:
    """Each expression's share times its value; what was counted, and what was left out. 404: no such stretch."""
    recording = read_of(request, session_id, recording_id)
    chosen = environment_of(recording, environment)
    said = {"of": of, "at": f"{at:f}", "from": f"{start:f}", "to": f"{end:f}", "paragraph": str(paragraph)}
    try:
        found = explain_views.explanation(recording, question.parse(said), chosen)
    except question.Refused as refusal:
        raise Rejected("no-such-stretch", str(refusal), 404) from None
    return explain_views.as_json(found, chosen)
