"""The real server, in a process of its own, over real sockets."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import threading
import time
from contextlib import closing
from pathlib import Path

from emotion_ml.tests.patience import slack
from engageai.conftest import ROOT, Server, start_server
from engageai.tests.guest import wait_until_nothing_comes_in

MIB = 1024 * 1024
LIMIT = 4 * MIB
UPLOAD = "/s/00000000-0000-0000-0000-000000000000/recordings/"


def dial(server: Server) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), 10)
    connection.settimeout(10)
    return connection


def head(*headers: str) -> bytes:
    lines = [f"POST {UPLOAD} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer(connection: socket.socket) -> bytes:
    """All that comes until the server closes."""
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionResetError:
        pass
    return received


def pour(connection: socket.socket, pieces: list[bytes]) -> int:
    """Send until the server stops listening; how many bytes it took."""
    sent = 0
    try:
        for piece in pieces:
            connection.sendall(piece)
            sent += len(piece)
    except (BrokenPipeError, ConnectionResetError, TimeoutError):
        pass
    return sent


def get(server: Server, path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response, response.read()


def test_an_announced_body_that_is_too_large_is_refused_before_it_is_sent(server: Server) -> None:
    with dial(server) as connection:
        connection.sendall(head(f"Content-Length: {LIMIT + 1}"))
        received = answer(connection)
    assert received.startswith(b"HTTP/1.1 413 ")
    assert json.loads(received.partition(b"\r\n\r\n")[2])["error"]["code"] == "too-large"


def test_a_client_that_sends_without_listening_still_reads_the_answer(server: Server) -> None:
    with dial(server) as connection:
        connection.sendall(head(f"Content-Length: {64 * LIMIT}"))
        pour(connection, [bytes(MIB)] * 64)
        assert answer(connection).startswith(b"HTTP/1.1 413 ")


def test_a_body_without_a_length_is_cut_at_the_limit(server: Server) -> None:
    chunk = b"%x\r\n%s\r\n" % (64 * 1024, bytes(64 * 1024))
    with dial(server) as connection:
        connection.sendall(head("Transfer-Encoding: chunked"))
        received: list[bytes] = []
        listener = threading.Thread(target=lambda: received.append(answer(connection)))
        listener.start()
        sent = pour(connection, [chunk] * (64 * LIMIT // len(chunk)))
        listener.join(20)
    assert received[0].startswith(b"HTTP/1.1 413 ")
    # What the system's own socket buffers hold was sent, and never read.
    assert sent <= LIMIT + 16 * MIB


def test_a_length_that_is_a_lie_is_never_a_crash(server: Server) -> None:
    with dial(server) as connection:
        connection.sendall(head("Content-Length: 100"))
        pour(connection, [bytes(MIB)] * 8)
        received = answer(connection)
    assert b"HTTP/1.1 5" not in received
    assert get(server, "/healthz")[0].status == 200


def test_a_refused_body_leaves_no_file(server: Server) -> None:
    with dial(server) as connection:
        connection.sendall(head("Transfer-Encoding: chunked"))
        chunk = b"%x\r\n%s\r\n" % (MIB, bytes(MIB))
        pour(connection, [chunk] * 8)
        answer(connection)
    wait_until_nothing_comes_in(server)


def visit(server: Server) -> tuple[str, dict[str, str]]:
    """The address of the start page's form, and what to send along with it."""
    response, page = get(server, "/")
    text = page.decode()
    cookies = re.findall(r"(?:csrftoken|sessionid)=[^;,]+", str(response.headers))
    action = re.search(r'action="(/s/[^"]+/recordings/)"', text)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text)
    assert action
    assert token
    return action[1], {"Cookie": "; ".join(cookies), "X-CSRFToken": token[1], "Accept": "application/json"}


def test_a_recording_goes_in_over_the_wire_and_nothing_of_it_lies_elsewhere(server: Server, clip: Path) -> None:
    action, headers = visit(server)
    parts = [
        b'--edge\r\nContent-Disposition: form-data; name="environment"\r\n\r\nseminar\r\n',
        b'--edge\r\nContent-Disposition: form-data; name="file"; filename="talk.mp4"\r\n\r\n',
        clip.read_bytes(),
        b"\r\n--edge--\r\n",
    ]
    headers |= {"Content-Type": "multipart/form-data; boundary=edge", "Origin": server.origin}
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
        connection.request("POST", action, b"".join(parts), headers)
        response = connection.getresponse()
        body = json.loads(response.read())
    assert response.status == 201, body
    assert body["url"].startswith(action)
    wait_until_nothing_comes_in(server)
    assert get(server, body["url"], Cookie=headers["Cookie"])[0].status in (200, 302)
    assert get(server, body["url"])[0].status == 404


def handshake(server: Server, origin: str) -> bytes:
    lines = [
        "GET /ws/s/00000000-0000-0000-0000-000000000000/recordings/00000000-0000-0000-0000-000000000000/progress "
        "HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        f"Origin: {origin}",
    ]
    with dial(server) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return connection.recv(64)


def test_a_socket_of_nothing_is_refused_to_our_own_pages_too(server: Server) -> None:
    for origin in (server.origin, "http://127.0.0.1:1", "null"):
        assert handshake(server, origin).startswith(b"HTTP/1.1 403 ")


def test_every_answer_carries_the_security_headers(server: Server) -> None:
    for path in ("/", "/nowhere", "/admin/login/", "/healthz", "/static/css/base.css"):
        headers = get(server, path)[0].headers
        assert "default-src 'self'" in headers["Content-Security-Policy"], path
        assert headers["X-Content-Type-Options"] == "nosniff", path
        if not path.startswith("/static/"):
            assert "no-store" in headers["Cache-Control"], path


def test_static_files_are_served_as_they_lie(server: Server) -> None:
    page = get(server, "/")[1].decode()
    address = re.search(r"/static/css/base\.css\?v=[0-9a-f]{12}", page)
    assert address
    response, content = get(server, address[0])
    assert (response.status, content) == (200, (ROOT / "static/css/base.css").read_bytes())
    assert get(server, address[0], **{"If-None-Match": response.headers["ETag"]})[0].status == 304


def test_plotly_comes_out_of_its_package_and_stays_in_the_cache(server: Server) -> None:
    response, content = get(server, "/static/plotly/plotly.min.js?v=any")
    assert response.status == 200
    assert b"plotly.js v" in content[:200]
    assert "immutable" in response.headers["Cache-Control"]
    assert get(server, "/static/plotly/datasets/iris.csv.gz")[0].status == 404


def test_it_stops_when_asked_to(tmp_path: Path) -> None:
    server = start_server(tmp_path)
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(20) == 0
    assert time.monotonic() - began < 10 * slack()
