"""python -m engageai: bring the database up to date and serve. The flags are the ones that were measured."""

from __future__ import annotations

import os
import signal
import sys

import django
import uvicorn
from django.conf import settings
from django.core.management import call_command

# One message of a socket, and how many wait: beyond, the server stops reading and the sender has to wait. The
# defaults (16 MiB, 32) let one flooding client fill the memory.
WS_MAX_BYTES = 256 * 1024
WS_MAX_QUEUE = 2
STOP_S = 10


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engageai.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises it again when it has stopped in order
    uvicorn.run(
        "engageai.asgi:application",
        host=settings.HOST,
        port=settings.PORT,
        ws="websockets-sansio",
        ws_max_size=WS_MAX_BYTES,
        ws_max_queue=WS_MAX_QUEUE,
        ws_per_message_deflate=False,  # pictures do not shrink, and 64 KiB of zeros swell to 64 MiB before anybody asks
        timeout_graceful_shutdown=STOP_S,
        log_config=None,
        server_header=False,
    )


if __name__ == "__main__":
    main()
