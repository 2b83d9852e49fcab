"""A webcam page for tests: the real protocol over Channels' communicator, and pictures of a real face."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from functools import cache
from typing import Any, Self

from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from PIL import Image

from engageai import asgi
from engageai.conftest import FACE, Visitor
from engageai.live import protocol


@cache
def face_jpeg(width: int = 320, height: int = 240, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(FACE).resize((width, height)).save(file, "JPEG", **options)
    return file.getvalue()


class Camera:
    """One socket. Counts frames up, and acknowledges what it has received."""

    def __init__(
        self,
        visitor: Visitor,
        *,
        environment: str = "general",
        recording: str = "",
        query: str = "",
        origin: str | None = None,
        session: Any = None,
    ) -> None:
        cookie = visitor.client.cookies[settings.SESSION_COOKIE_NAME].value
        path = f"/ws/s/{session or visitor.session.id}/live/{environment}" + (f"/{recording}" if recording else "")
        path += f"?{query}" if query else ""
        headers = [
            (b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}".encode()),
            (b"origin", (settings.ORIGINS[0] if origin is None else origin).encode()),
        ]
        self.communicator: Any = WebsocketCommunicator(asgi.served, path, headers)
        self.frame_id = 0
        self.acknowledged = 0
        self.recording = ""

    async def refused(self) -> int | None:
        """The code of the refusal to connect, None when it connected."""
        connected, code = await self.communicator.connect(timeout=20)
        return None if connected else int(code)

    async def connect(self) -> Self:
        assert await self.refused() is None
        return self

    async def ready(self) -> Self:
        await self.connect()
        self.recording = (await self.receive())["recording"]
        return self

    async def send(self, jpeg: bytes | None = None, captured_ms: float | None = None) -> int:
        self.frame_id += 1
        captured_ms = 40.0 * self.frame_id if captured_ms is None else captured_ms
        jpeg = face_jpeg() if jpeg is None else jpeg
        await self.send_raw(protocol.pack_frame(self.frame_id, self.acknowledged, captured_ms, jpeg))
        return self.frame_id

    async def send_raw(self, message: bytes) -> None:
        await self.communicator.send_input({"type": "websocket.receive", "bytes": message})

    async def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self.communicator.receive_from(timeout=20))
        self.acknowledged = message.get("id", self.acknowledged)
        return message

    async def round_trip(self, jpeg: bytes | None = None) -> dict[str, Any]:
        await self.send(jpeg)
        return await self.receive()

    async def closing(self) -> tuple[int, str]:
        """How the server closes the socket, after whatever it still sends."""
        while (output := await self.communicator.receive_output(timeout=20))["type"] != "websocket.close":
            pass
        await self.leave()
        return int(output["code"]), str(output.get("reason", ""))

    async def stop(self) -> dict[str, Any]:
        await self.communicator.send_to(text_data=protocol.STOP)
        while (message := await self.receive())["kind"] != "stopped":
            pass
        await self.leave()
        return message

    async def leave(self) -> None:
        await self.communicator.disconnect(timeout=20)


async def in_thread(work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return await sync_to_async(work)(*args, **kwargs)
