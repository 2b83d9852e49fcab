"""What is sent as text is sent packed, and nothing else is touched."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import RequestFactory

from engageai.compression import pack

LONG = b"<p>the same words again and again</p>" * 200


def answered(response: Any, accepts: str = "gzip, br") -> Any:
    def view(_: HttpRequest) -> Any:
        return response

    return pack(view)(RequestFactory().get("/", headers={"Accept-Encoding": accepts}))


def test_a_page_is_packed_for_a_browser_that_can_unpack_it() -> None:
    answer = answered(HttpResponse(LONG))
    assert answer["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.content) == LONG
    assert int(answer["Content-Length"]) == len(answer.content) < len(LONG) / 5
    assert "Accept-Encoding" in answer["Vary"]


def test_and_not_for_one_that_cannot() -> None:
    answer = answered(HttpResponse(LONG), accepts="identity")
    assert answer.content == LONG
    assert not answer.has_header("Content-Encoding")
    assert "Accept-Encoding" in answer["Vary"]


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse(b"short"),
        HttpResponse(LONG, content_type="video/mp4"),
        HttpResponse(LONG, content_type="application/json", headers={"Content-Disposition": "attachment"}),
        HttpResponse(LONG, headers={"Content-Encoding": "br"}),
    ],
    ids=["short", "video", "download", "packed"],
)
def test_the_rest_is_left_alone(response: HttpResponse) -> None:
    before = response.content
    answer = answered(response)
    assert answer.content == before
    assert answer.get("Content-Encoding") != "gzip"


def test_a_stream_stays_one() -> None:
    answer = answered(StreamingHttpResponse(iter([LONG]), content_type="text/html"))
    assert list(answer) == [LONG]


def test_its_length_differs_from_time_to_time() -> None:
    """Or the length of a page would tell whether a guess at a secret in it repeats what is there."""
    assert len({len(answered(HttpResponse(LONG)).content) for _ in range(20)}) > 1


async def test_a_page_that_is_answered_asynchronously_is_packed_too() -> None:
    async def view(_: HttpRequest) -> HttpResponse:
        return HttpResponse(LONG)

    answer = await pack(view)(RequestFactory().get("/", headers={"Accept-Encoding": "gzip"}))  # type: ignore[misc]
    assert gzip.decompress(answer.content) == LONG
