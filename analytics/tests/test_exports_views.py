"""Everything that can be taken away comes to its owner, named for what it is, and to nobody else."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import AsyncRequestFactory, Client
from django.urls import reverse

from analytics import export_views, transcripts
from analytics.models import Recording, Transcript
from analytics.tests.finished import finished, lively, owner

Record = Callable[..., Recording]


@pytest.fixture
def client(db: None) -> Client:
    return owner()


@pytest.fixture
def recording(db: None, data_dir: Path) -> Recording:
    return finished(data_dir, lively(), 180.0, said=[(k * 20.0, k * 20.0 + 18.0) for k in range(8)])


def address(recording: Recording, name: str, *more: str) -> str:
    return reverse(name, args=[recording.session_id, recording.id, *more])


def ask(client: Client, recording: Recording, name: str, *more: str, query: str = "") -> Any:
    return client.get(address(recording, name, *more) + query)


def content(answer: Any) -> bytes:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


ADDRESSES = [
    ("export-table", "readings"),
    ("export-chart", "series", "svg"),
    ("export-chart", "faces", "png"),
    ("export-report",),
    ("export-bundle",),
]


@pytest.mark.parametrize("asked", ADDRESSES, ids=lambda asked: "-".join(asked))
def test_it_is_a_file_to_keep_and_never_cached(asked: tuple[str, ...], client: Client, recording: Recording) -> None:
    answer = ask(client, recording, *asked)
    assert content(answer)
    assert answer["Content-Disposition"].startswith('attachment; filename="talk-')
    assert "-abababab-seminar-" in answer["Content-Disposition"]
    assert (answer["Cache-Control"], answer["X-Content-Type-Options"]) == ("no-store", "nosniff")


@pytest.mark.parametrize("asked", ADDRESSES, ids=lambda asked: "-".join(asked))
def test_a_stranger_finds_nothing(asked: tuple[str, ...], recording: Recording) -> None:
    assert ask(Client(), recording, *asked).status_code == 404


@pytest.mark.parametrize(
    "asked",
    [("export-table", "secrets"), ("export-chart", "series", "gif"), ("export-chart", "nothing", "svg")],
    ids=lambda asked: "-".join(asked),
)
def test_what_there_is_not_is_not_found(asked: tuple[str, ...], client: Client, recording: Recording) -> None:
    assert ask(client, recording, *asked).status_code == 404


def test_an_environment_that_does_not_exist_is_not_found(client: Client, recording: Recording) -> None:
    assert ask(client, recording, "export-report", query="?environment=church").status_code == 404


def test_the_environment_on_screen_is_the_one_exported(client: Client, recording: Recording) -> None:
    answer = ask(client, recording, "export-bundle", query="?environment=classroom")
    assert "-classroom-" in answer["Content-Disposition"]
    archive = zipfile.ZipFile(io.BytesIO(content(answer)))
    assert json.loads(archive.read("manifest.json"))["settings"]["environment"] == "classroom"
    assert b",classroom," in archive.read("tables/rolling.csv").splitlines()[1]


def test_the_bundle_holds_the_result_of_the_page_and_the_captions(client: Client, recording: Recording) -> None:
    archive = zipfile.ZipFile(io.BytesIO(content(ask(client, recording, "export-bundle"))))
    assert archive.read("result.json") == ask(client, recording, "recording-result").content
    assert {
        "captions/engagement.vtt",
        "captions/transcript.vtt",
        "captions/transcript.srt",
        "captions/transcript.txt",
        "captions/transcript.json",
        "tables/paragraphs.csv",
    } <= set(archive.namelist())
    assert b"EngageAI" in archive.read("captions/engagement.vtt")
    assert "annotated.mp4" not in archive.namelist()


def test_words_that_are_still_being_written_down_are_said_to_be_missing(client: Client, data_dir: Path) -> None:
    recording = finished(data_dir, lively(), 180.0)
    line = "without the words, which are still being written down"
    read_me = "still being written down when this was made"
    for status in ("waiting", "running", "absent", "done"):
        transcripts.open_for(recording)
        Transcript.objects.filter(recording_id=recording.id).update(status=status)
        is_coming = status in ("waiting", "running")
        assert (line in ask(client, recording, "recording-show").content.decode()) is is_coming, status
        archive = zipfile.ZipFile(io.BytesIO(content(ask(client, recording, "export-bundle"))))
        assert (read_me in " ".join(archive.read("README.txt").decode().split())) is is_coming, status


def test_a_name_of_any_letters_becomes_a_file_name(client: Client, recording: Recording) -> None:
    Recording.objects.filter(id=recording.id).update(name='Vorträge "漢字"; x.mp4')
    header = ask(client, recording, "export-report")["Content-Disposition"]
    assert header.startswith("attachment; filename*=utf-8''Vortr%C3%A4ge")
    assert "\n" not in header


def test_a_recording_without_expressions_exports_none(client: Client, recording: Recording) -> None:
    Recording.objects.filter(id=recording.id).update(reads_expressions=False)
    for asked in (("export-table", "rolling"), ("export-table", "environments"), ("export-table", "moments")):
        assert ask(client, recording, *asked).status_code == 404
    heading = content(ask(client, recording, "export-table", "readings")).splitlines()[0]
    assert b"happy" not in heading


def test_the_page_of_a_recording_without_expressions_offers_presence_alone(
    client: Client, recording: Recording
) -> None:
    Recording.objects.filter(id=recording.id).update(reads_expressions=False, faces=3)
    page = ask(client, recording, "recording-show").content.decode()
    section = page.split('id="exports"')[1].split("</section>")[0]
    assert f'href="{address(recording, "export-chart", "presence", "svg")}"' in section
    assert f'href="{address(recording, "export-table", "instants")}"' in section
    for asked in (("export-table", "rolling"), ("export-table", "moments"), ("export-chart", "series", "svg")):
        assert address(recording, *asked) not in section
    assert "Engagement" not in section
    assert content(ask(client, recording, "export-chart", "presence", "png")).startswith(b"\x89PNG")
    assert ask(client, recording, "export-chart", "series", "svg").status_code == 404


def test_there_is_nothing_to_take_while_it_runs(client: Client, recording: Recording) -> None:
    Recording.objects.filter(id=recording.id).update(status="running")
    assert ask(client, recording, "export-bundle").status_code == 404


async def test_a_server_of_requests_sends_piece_by_piece() -> None:
    made: list[int] = []

    def pieces() -> Any:
        for row in range(3):
            made.append(row)
            yield bytes([row])

    response = export_views._streamed(AsyncRequestFactory().get("/"), pieces(), "a.csv", "text/csv")
    first = await anext(aiter(response.streaming_content))  # type: ignore[arg-type]
    assert (first, made) == (b"\x00", [0])


def test_the_results_page_offers_all_of_it(client: Client, recording: Recording) -> None:
    page = ask(client, recording, "recording-show").content.decode()
    section = page.split('id="exports"')[1].split("</section>")[0]
    for asked in [*ADDRESSES, ("export-table", "paragraphs"), ("recording-result",), ("content-engagement",)]:
        assert f'href="{address(recording, *asked)}"' in section, asked
    assert f'hx-get="{address(recording, "film-state")}"' in section
    assert "resnet50 abababababab" in section


def test_the_page_that_compares_is_open_to_all_and_opens_no_session(db: None) -> None:
    client = Client()
    answer = client.get(reverse("compare"))
    assert answer.status_code == 200
    assert not client.cookies
