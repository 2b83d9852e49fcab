"""A visitor without a browser: real requests and sockets to a real server, and a look at what that has stored."""

from __future__ import annotations

import http.client
import json
import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from engageai.own_server import Server

Answer = tuple[http.client.HTTPResponse, bytes]


@dataclass
class Guest:
    server: Server
    session: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        response, page = get(self.server, "/")
        cookies = re.findall(r"(?:csrftoken|sessionid)=[^;,]+", str(response.headers))
        session = re.search(r'action="/s/([^"/]+)/recordings/"', page.decode())
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.decode())
        assert session
        assert token
        self.session = session[1]
        self.headers = {"Cookie": "; ".join(cookies), "X-CSRFToken": token[1], "Accept": "application/json"}

    def get(self, path: str) -> Answer:
        return get(self.server, path, **self.headers)

    def upload(self, clip: Path, name: str = "talk.mp4", query: str = "", **form: str) -> str:
        """The address of its progress page."""
        status, body = self.send(clip.read_bytes(), name, query, **form)
        assert status == 201, body
        return str(body["url"])

    def send(self, content: bytes, name: str, query: str = "", **form: str) -> tuple[int, dict[str, Any]]:
        fields = {"environment": "seminar"} | form
        parts = [
            f'--edge\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
            for field, value in fields.items()
        ]
        parts.append(f'--edge\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n')
        body = "".join(parts).encode() + content + b"\r\n--edge--\r\n"
        return self.post(f"/s/{self.session}/recordings/{query}", body, "multipart/form-data; boundary=edge")

    def post(self, path: str, body: bytes, kind: str) -> tuple[int, dict[str, Any]]:
        headers = self.headers | {"Content-Type": kind, "Origin": self.server.origin}
        with closing(http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)) as connection:
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())

    def socket(self, path: str) -> AbstractContextManager[ClientConnection]:
        address = f"ws://127.0.0.1:{self.server.port}/ws/s/{self.session}/{path}"
        headers = {"Cookie": self.headers["Cookie"]}
        return connect(address, origin=Origin(self.server.origin), additional_headers=headers, legacy=False)


def get(server: Server, path: str, **headers: str) -> Answer:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response, response.read()


def rows(server: Server, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(server.data_dir / "db.sqlite3", timeout=10)) as database:
        return database.execute(query).fetchall()


def recordings(server: Server) -> list[tuple[Any, ...]]:
    """Status, attempts, bytes of readings."""
    return rows(server, "SELECT status, attempts, readings_bytes FROM analytics_recording ORDER BY created_at")


def stored(server: Server) -> list[str]:
    """The names of all files of sessions, and of all that should not be there when nothing is being done.

    Without what is computed from them for the first look at the results (analytics.shelf).
    """
    folders = ("sessions", "incoming", "trash")
    found = [path for folder in folders for path in (server.data_dir / folder).rglob("*") if path.is_file()]
    names = (path.name if "sessions" in path.parts else f"{path.parent.name}/{path.name}" for path in found)
    return sorted(name for name in names if not name.endswith(".json"))


def wait_until_nothing_comes_in(server: Server) -> None:
    """Django deletes a request's files once the answer has gone out."""
    eventually(lambda: not list((server.data_dir / "incoming").iterdir()))


def eventually(condition: Callable[[], Any], limit_s: float = 60.0) -> float:
    """Seconds until it held."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < limit_s
        time.sleep(0.05)
    return time.monotonic() - began
