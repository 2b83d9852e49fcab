"""Every answer of the real server, whoever gives it, carries the same policies, and shows nothing of our insides."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from contextlib import closing

import pytest

from engageai.conftest import Server, start_server
from engageai.tests.test_server import UPLOAD

NEEDED = ["default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"]
LARGE = str(5 * 1024 * 1024)
BOUNDARY = "multipart/form-data; boundary=edge"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Lets three pages an hour be opened by a visitor or an address, and says 507 to larger uploads than a MiB."""
    server = start_server(
        tmp_path_factory.mktemp("policy"), PAGES_PER_HOUR="3", ADDRESS_FACTOR="1", MIN_FREE_MIB=str(2**40)
    )
    yield server
    server.process.terminate()
    server.process.wait(20)


def ask(server: Server, method: str, path: str, **headers: str) -> http.client.HTTPResponse:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
        connection.request(method, path, headers={key.replace("_", "-"): value for key, value in headers.items()})
        response = connection.getresponse()
        response.msg = response.read().decode(errors="replace")  # type: ignore[assignment]  # kept with it
        return response


CASES = [
    (200, "GET", "/", {}),
    (200, "GET", "/live/", {}),
    (200, "GET", "/healthz", {}),
    (200, "GET", "/admin/login/", {}),
    (200, "GET", "/static/css/base.css", {}),
    (200, "GET", "/static/js/theme.js?v=1", {}),
    (200, "GET", "/static/plotly/plotly.min.js", {}),
    (200, "GET", "/static/admin/css/base.css", {}),
    (302, "GET", "/admin/", {}),
    (302, "GET", "/admin/analytics/recording/", {}),
    (400, "GET", "/", {"Host": "evil.example"}),
    (403, "POST", "/admin/login/", {}),
    (404, "GET", "/nowhere", {}),
    (404, "GET", "/nowhere", {"Accept": "application/json"}),
    (404, "GET", "/static/nothing.js", {}),
    (404, "GET", "/static/../engageai/settings.py", {}),
    (404, "GET", UPLOAD, {}),
    (405, "OPTIONS", "/", {}),
    (403, "PUT", "/", {}),
    (413, "POST", "/", {"Content_Length": LARGE}),
    (413, "POST", UPLOAD, {"Content_Length": LARGE, "Accept": "application/json"}),
    (507, "POST", UPLOAD, {"Content_Length": "3000000"}),
]


@pytest.mark.parametrize(("status", "method", "path", "headers"), CASES, ids=lambda each: str(each)[:40])
def test_every_kind_of_answer(status: int, method: str, path: str, headers: dict[str, str], server: Server) -> None:
    if path == UPLOAD and method == "GET":
        status = 405  # which methods it knows is no secret
    assert_careful(ask(server, method, path, **headers), status, path)


def test_who_comes_too_often_is_told(server: Server) -> None:
    found = [ask(server, "GET", "/", Cookie="sessionid=mine") for _ in range(4)]
    for answer, status in zip(found, (200, 200, 200, 429), strict=True):
        assert_careful(answer, status, "/")
    assert int(found[3].headers["Retry-After"]) > 0


def test_an_address_that_the_caller_writes_himself_is_not_believed(server: Server) -> None:
    """Nor may the server itself, as uvicorn would of this machine: other addresses are metered, this one is not."""
    found = [ask(server, "GET", "/live/", X_Forwarded_For="198.51.100.7").status for _ in range(5)]
    assert found == [200] * 5


def assert_careful(answer: http.client.HTTPResponse, status: int, path: str) -> None:
    headers = answer.headers
    assert answer.status == status
    policy = headers["Content-Security-Policy"]
    assert [each for each in NEEDED if each not in policy] == []
    assert not re.search(r"unsafe-|\*|http:|https:", policy)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert path.startswith("/static/") or "no-store" in headers["Cache-Control"]
    assert "Server" not in headers
    assert not re.search(r"Traceback|File &quot;|DEBUG = True|/site-packages/", str(answer.msg))
