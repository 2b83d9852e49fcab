"""`manage.py pack_static`: what browsers load packed once, rather than sent at full length each time."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from engageai import packed


class Command(BaseCommand):
    help = "Pack scripts, styles and drawings with Brotli and gzip; what is packed already is left alone."

    def handle(self, *args: Any, **options: Any) -> None:
        count = sum(packed.pack(path, settings.PACKED_DIR) for path in packed.texts())
        self.stdout.write(f"{count} static files packed in {settings.PACKED_DIR}")
