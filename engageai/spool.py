"""The temporary file of an upload: gone at once when it cannot be written.

Django leaves a file that it could not finish to the garbage collector, which an idle server may not run for minutes.
"""

from __future__ import annotations

from contextlib import suppress

from django.core.files.uploadhandler import TemporaryFileUploadHandler


class Spool(TemporaryFileUploadHandler):
    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        try:
            super().receive_data_chunk(raw_data, start)
        except OSError:
            with suppress(OSError):  # closing writes what is left, which fails again, and deletes the file all the same
                self.upload_interrupted()
            raise
