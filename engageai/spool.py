"""The temporary file of an upload: gone at once when it cannot be written, and with its request in any case.

Django leaves a file that it could not finish, or whose sender has gone, to the garbage collector, which an idle server
may not run for minutes.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.core.files.uploadhandler import TemporaryFileUploadHandler

from engageai import arrivals


class Spool(TemporaryFileUploadHandler):
    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        arrivals.of_request(self.request).files.append(self.file)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        try:
            super().receive_data_chunk(raw_data, start)
        except OSError:
            with suppress(OSError):  # closing writes what is left, which fails again, and deletes the file all the same
                self.upload_interrupted()
            raise
