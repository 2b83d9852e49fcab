"""python -m engageai: bring the database up to date and serve. The flags are the ones that were measured.

SIGTERM and SIGINT stop it in order, within STOP_S: sockets are told (1012), jobs go back into the queue, the exit code
is 0. A second one ends it at once.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from types import FrameType

import django
import uvicorn
from django.conf import settings
from django.core.management import call_command
from uvicorn.config import STARTUP_FAILURE

from engageai import checks, tasks

# One message of a socket, and how many wait: beyond, the server stops reading and the sender has to wait. The
# defaults (16 MiB, 32) let one flooding client fill the memory.
WS_MAX_BYTES = 256 * 1024
WS_MAX_QUEUE = 2
SOCKETS_S = 3  # that open connections have to end
STOP_S = 9.0


class Server(uvicorn.Server):
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            os._exit(128 + sig)
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        tasks.stopping.set()  # jobs come to an end while connections do
        last_resort = threading.Timer(STOP_S, leave)
        last_resort.daemon = True
        last_resort.start()
        await super().shutdown(sockets)


def leave() -> None:
    """Without waiting for threads that a native library holds: what had to be stored is stored by now."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engageai.settings")
    django.setup()
    checks.refuse_to_start()
    call_command("migrate", verbosity=0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # the first process of a container has no default
    config = uvicorn.Config(
        "engageai.asgi:application",
        host=settings.HOST,
        port=settings.PORT,
        ws="websockets-sansio",
        ws_max_size=WS_MAX_BYTES,
        ws_max_queue=WS_MAX_QUEUE,
        ws_per_message_deflate=False,  # pictures do not shrink, and 64 KiB of zeros swell to 64 MiB before anybody asks
        timeout_graceful_shutdown=SOCKETS_S,
        proxy_headers=False,  # its own reading believes whoever comes from this machine; ours is engageai.proxies
        log_config=None,
        access_log=False,  # engageai.tracing has its own, without what follows the question mark
        server_header=False,
    )
    server = Server(config)
    server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)
    leave()


if __name__ == "__main__":
    main()
