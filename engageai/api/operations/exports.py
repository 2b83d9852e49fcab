"""What a recording's results are taken away as: the same files as on its page, and what that says as JSON."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Annotated, Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Query, Router

from analytics import explain_views, occasions, question, shelf, store, transcripts
from analytics.models import TranscriptStatus
from analytics.transcript import parse
from engageai.api import seams, shapes
from engageai.api.operations.common import RECORDING, environment_of, file_of, read_of, refusals, result_of
from engageai.errors import Rejected

router = Router()
MOST_S: Final = 1e6
AT: Final = "Seconds: of a reading, or where a window that looks back ends."


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


@router.get(
    f"{RECORDING}/tables/{{name}}.csv",
    response=refusals(409),
    openapi_extra=file_of("text/csv"),
    url_name="export-api-table",
    summary="A table",
)
def table(
    request: HttpRequest,
    session_id: uuid.UUID,
    recording_id: uuid.UUID,
    name: shapes.TableName,
    environment: shapes.AskedEnvironment = None,
) -> HttpResponseBase:
    """404 where the recording has nothing of the kind, such as paragraphs without speech."""
    query = _query(environment_of(result_of(request, session_id, recording_id), environment).name)
    return seams.page(request, "export-table", session_id, recording_id, query, name=name)


@router.get(
    f"{RECORDING}/charts/{{name}}.{{kind}}",
    response=refusals(409),
    openapi_extra=file_of("image/svg+xml image/png"),
    url_name="export-api-chart",
    summary="A chart",
)
def chart(
    request: HttpRequest,
    session_id: uuid.UUID,
    recording_id: uuid.UUID,
    name: shapes.ChartName,
    kind: shapes.ChartKind,
    environment: shapes.AskedEnvironment = None,
) -> HttpResponseBase:
    """404 where it cannot be drawn: `presence` is of recordings whose expressions were not read, no other is."""
    query = _query(environment_of(result_of(request, session_id, recording_id), environment).name)
    return seams.page(request, "export-chart", session_id, recording_id, query, name=name, kind=kind)


@router.get(
    f"{RECORDING}/report.pdf",
    response=refusals(409),
    openapi_extra=file_of("application/pdf"),
    url_name="export-api-report",
    summary="The printable report",
)
def report(
    request: HttpRequest,
    session_id: uuid.UUID,
    recording_id: uuid.UUID,
    environment: shapes.AskedEnvironment = None,
) -> HttpResponseBase:
    query = _query(environment_of(result_of(request, session_id, recording_id), environment).name)
    return seams.page(request, "export-report", session_id, recording_id, query)


@router.get(
    f"{RECORDING}/everything.zip",
    response=refusals(409),
    openapi_extra=file_of("application/zip"),
    url_name="export-api-bundle",
    summary="Everything in one ZIP",
)
def everything(
    request: HttpRequest,
    session_id: uuid.UUID,
    recording_id: uuid.UUID,
    environment: shapes.AskedEnvironment = None,
    video: Annotated[bool, Query(description="With the annotated video, where it was made.")] = False,
) -> HttpResponseBase:
    """With a manifest that lists every file with its SHA-256."""
    query = _query(environment_of(result_of(request, session_id, recording_id), environment).name)
    return seams.page(request, "export-bundle", session_id, recording_id, query | {"video": "1" if video else "0"})


@router.get(
    f"{RECORDING}/transcript",
    response={200: shapes.Transcript, **refusals(409)},
    url_name="api-transcript",
    summary="What was said",
)
def transcript(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> dict[str, Any]:
    """Its paragraphs, once `status` is done; `note` says why there are none."""
    recording = result_of(request, session_id, recording_id)
    row, response = transcripts.of(recording), store.transcript_of(recording)
    spoken = parse(response) if response is not None else None
    paragraphs = spoken.paragraphs if spoken else ()
    return {
        "status": str(row.status) if row else str(TranscriptStatus.WAITING),
        "progress": row.progress if row else 0.0,
        "engine": row.engine if row else "",
        "note": row.note if row else "",
        "language": spoken.language if spoken else "",
        "paragraphs": [{"start_s": each.start_s, "end_s": each.end_s, "text": each.text} for each in paragraphs],
    }


@router.get(
    f"{RECORDING}/transcript.{{kind}}",
    response=refusals(409),
    openapi_extra=file_of("text/plain application/x-subrip text/vtt application/json"),
    url_name="export-api-words",
    summary="What was said, as a file",
)
def words(
    request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID, kind: shapes.WordsKind
) -> HttpResponseBase:
    """Captions (srt, vtt), text, or every word with its time (json)."""
    result_of(request, session_id, recording_id)
    return seams.page(request, "content-file", session_id, recording_id, kind=kind)


@router.get(
    f"{RECORDING}/engagement.vtt",
    response=refusals(409),
    openapi_extra=file_of("text/vtt"),
    url_name="export-api-engagement",
    summary="The score as metadata captions",
)
def engagement(
    request: HttpRequest,
    session_id: uuid.UUID,
    recording_id: uuid.UUID,
    environment: shapes.AskedEnvironment = None,
) -> HttpResponseBase:
    query = _query(environment_of(read_of(request, session_id, recording_id), environment).name)
    return seams.page(request, "content-engagement", session_id, recording_id, query)


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
    end: Annotated[float, Query(alias="to", ge=0, le=MOST_S, description="Seconds: where a span ends.")] = MOST_S,
    paragraph: Annotated[int, Query(ge=0, le=999_999, description="Of the transcript, from 0.")] = 0,
    environment: shapes.AskedEnvironment = None,
) -> dict[str, Any]:
    """Each expression's share times its value; what was counted, and what was left out. 404: no such stretch."""
    recording = read_of(request, session_id, recording_id)
    chosen = environment_of(recording, environment)
    end = min(end, recording.duration_s or 0.0)
    said = {"of": of, "at": f"{at:f}", "from": f"{start:f}", "to": f"{end:f}", "paragraph": str(paragraph)}
    try:
        found = explain_views.explanation(recording, question.parse(said), chosen)
    except question.Refused as refusal:
        raise Rejected("no-such-stretch", str(refusal), 404) from None
    return explain_views.as_json(found, chosen)


def _query(environment: str) -> dict[str, str]:
    return {"environment": environment}
