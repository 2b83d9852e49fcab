"""From a recording's rows and files to the material of its exports. What is made of it is the business of exports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from django.conf import settings
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.module_loading import import_string

from analytics import evaluations, films, purposes, store, transcripts
from analytics.exports import bundle
from analytics.exports.bundle import Member
from analytics.exports.label import Label
from analytics.exports.material import Material
from analytics.models import Film, FilmStatus, Recording
from analytics.scoring import Environment
from analytics.transcript import Malformed, Transcript, parse

LONGEST_STEM: Final = 60
PIECE_BYTES: Final = 1024 * 1024


def material(recording: Recording, environment: Environment) -> Material:
    """Raises store.NotFound where nothing is known of the recording's pictures."""
    if recording.info is None:
        raise store.NotFound
    were_coming = transcripts.are_coming(recording)  # asked first: what ends in between has its words, and says so
    spoken = _transcript(recording)
    return Material(
        name=recording.name,
        source_sha256=recording.sha256,
        finished_at=(recording.finished_at or recording.created_at).astimezone(timezone.get_default_timezone()),
        info=recording.info,
        readings=store.load_readings(recording),
        label=label(recording, environment),
        stopped_at_s=recording.stopped_at_s,
        transcript=spoken,
        evaluation=evaluations.of(recording.model_sha256),
        notice=purposes.notice(recording.terms),
        words_are_coming=were_coming and spoken is None,
    )


def label(recording: Recording, environment: Environment) -> Label:
    return Label(
        version=settings.VERSION,
        model_name=recording.model_name,
        model_sha256=recording.model_sha256,
        backend=recording.backend,
        environment=environment,
        analysis_fps=recording.analysis_fps,
        reads_expressions=recording.reads_expressions,
        own_fps=recording.fps,
    )


def stem(name: str, label: Label) -> str:
    """The recording's own name without its ending, the version and the network, so that files tell themselves apart."""
    own = re.sub(r"\.\w{2,4}$", "", name).strip(". ")[:LONGEST_STEM] or "recording"
    return f"{own}-{label.version}-{label.model_id[:8]}".rstrip("-")


def disposition(name: str, label: Label, kind: str) -> str:
    """The header of a file to keep: called for its recording, so that two of a kind tell themselves apart."""
    return content_disposition_header(True, f"{stem(name, label)}-{kind}") or "attachment"


def everything(recording: Recording, found: Material, *, with_film: bool = False) -> Iterator[bytes]:
    """The ZIP, in pieces. Rows are read before the first of them, files with theirs."""
    film = films.of(recording) if with_film else None
    return bundle.streamed(found, _members(recording, found, film))


def _members(recording: Recording, found: Material, film: Film | None) -> Iterator[Member]:
    yield from bundle.members(found)
    for name in settings.BUNDLE_PARTS:
        yield from import_string(name)(recording, found)
    if film is not None and film.status == FilmStatus.DONE:
        is_large = film.size_bytes > bundle.PLAIN_BYTES
        yield Member("annotated.mp4", "the recording with what was read drawn over it", _film(recording), is_large)


def _film(recording: Recording) -> Iterator[bytes]:
    with suppress(FileNotFoundError), films.path(recording).open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _transcript(recording: Recording) -> Transcript | None:
    response = store.transcript_of(recording)
    with suppress(Malformed):
        return parse(response) if response is not None else None
    return None
