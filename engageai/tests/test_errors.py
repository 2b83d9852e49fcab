"""One shape of an error, for programs and for people, and never a trace of our insides."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.test import Client
from django.urls import path

from engageai import errors, urls
from engageai.errors import Rejected

RAISED: list[Exception] = []


def broken(request: HttpRequest) -> HttpResponse:
    raise RAISED[-1]


urlpatterns = [*urls.urlpatterns, path("broken", broken)]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500

CASES = [
    (Rejected("too-many", "Let one finish first.", 429), 429, "too-many"),
    (RuntimeError("/secret/path"), 500, "crashed"),
    (OSError(errno.ENOSPC, "/secret/path"), 507, "disk-full"),
    (PermissionDenied("/secret/path"), 403, "forbidden"),
    (SuspiciousOperation("/secret/path"), 400, "bad-request"),
]


@pytest.fixture
def client(settings: Any, db: None) -> Iterator[Client]:
    settings.ROOT_URLCONF = __name__
    yield Client(raise_request_exception=False)
    RAISED.clear()


@pytest.mark.parametrize(("raised", "status", "code"), CASES)
def test_programs_get_a_code_and_a_sentence(raised: Exception, status: int, code: str, client: Client) -> None:
    RAISED.append(raised)
    answer = client.get("/broken", headers={"Accept": "application/json"})
    error = answer.json()
    assert (answer.status_code, error["error"]["code"]) == (status, code)
    assert error == {"error": {"code": code, "message": error["error"]["message"]}}
    assert error["error"]["message"].endswith(".")
    assert "secret" not in answer.content.decode()


@pytest.mark.parametrize(("raised", "status", "code"), CASES)
def test_people_get_a_page(raised: Exception, status: int, code: str, client: Client) -> None:
    RAISED.append(raised)
    answer = client.get("/broken", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    page = answer.content.decode()
    assert answer.status_code == status
    assert answer["Content-Type"].startswith("text/html")
    assert "<h1>" in page
    assert "secret" not in page
    assert "Traceback" not in page
    assert answer["Cache-Control"] == "no-store"


def test_an_address_of_nothing(client: Client) -> None:
    assert client.get("/nowhere").status_code == 404
    answer = client.get("/nowhere", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not-found")


def test_a_wrong_method_is_refused(client: Client) -> None:
    answer = client.post("/", headers={"Accept": "application/json"})
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert answer.json()["error"] == {"code": "wrong-method", "message": "This address answers GET, HEAD alone."}
    assert "<h1>" in client.post("/", headers={"Accept": "text/html"}).content.decode()


def test_a_page_that_cannot_be_made_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: Any) -> str:
        raise loader.TemplateDoesNotExist("error.html")

    monkeypatch.setattr(loader, "render_to_string", missing)
    answer = errors.as_page(Rejected("too-many", "Let one finish first.", 429))
    assert (answer.status_code, answer.content) == (429, b"Let one finish first.")
